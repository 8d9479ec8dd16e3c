"""Checks of logout requests, and the claims of logout tokens."""
