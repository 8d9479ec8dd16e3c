"""The stores of grants, codes and tokens; all records of a grant are in one slot."""
