"""Grants, and their codes and tokens, all in one slot."""
