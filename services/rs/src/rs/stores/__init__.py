"""The stores of the records in Redis, one for each record; `records.py` lists their keys and fields."""
