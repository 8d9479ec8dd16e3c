"""Plumbing that all three services need, and no protocol.

It owns how a service reads its settings, reaches Redis and other services, logs, counts, answers
machines and is served. It imports none of the services, and knows nothing of a claim, a code or a token;
`discovery` fetches the provider's documents for the two clients and leaves their meaning to them.
"""
