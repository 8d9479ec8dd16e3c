"""The records in Redis, one store each; `records.py` has their keys and fields."""
