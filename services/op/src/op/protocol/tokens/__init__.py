"""Checks of token requests, and what is in a token."""
