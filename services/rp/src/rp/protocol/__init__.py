"""What the specifications require of a relying party, as pure functions.

They take bytes and records, and return checked values or raise an error. No network, no Redis, no pages. The type that
one check returns is the only one that the next step accepts.
"""
