"""The infrastructure of all three services, without any protocol.

It reads settings, connects to Redis and to other services, logs, counts requests, dispatches requests to endpoints and
serves applications. It does not import the services, and does not know claims, codes or tokens.
"""
