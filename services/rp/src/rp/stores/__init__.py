"""The records of the relying party in Redis, one store for each, with the verbs of the protocol."""
