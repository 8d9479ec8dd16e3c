"""Checks of token requests, and the claims of tokens."""
