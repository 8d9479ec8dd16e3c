"""What the specs ask of a relying party, as pure functions: bytes and records in, checked values or a refusal out.

No network, no Redis, no pages. What comes out of one check is the only thing that the next step accepts.
"""
