"""The store of users, and the indexes of their sessions and grants."""
