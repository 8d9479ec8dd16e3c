"""Plumbing that all three services need, and no protocol.

It owns how a service reads its settings, connects to Redis and to other services, logs, counts, responds to
machines and is served. It imports none of the services, and knows nothing of claims, codes or tokens.
"""
