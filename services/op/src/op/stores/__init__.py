"""The stores of the records in Redis, one for each record; `op.records` lists the keys.

Every write has a TTL, except those of administration. Single use is enforced by an atomic operation.
"""
