"""What rests in Redis: one store per record, with the protocol's verbs. `op.records` has the table of keys.

Every write of what is not administration has a TTL. What may be used once goes through an atomic gate.
"""
