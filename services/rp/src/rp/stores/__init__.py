"""The records that the relying party keeps in Redis, one store for each, with the verbs of the protocol."""
