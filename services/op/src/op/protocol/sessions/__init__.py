"""Checks of logout requests, and what is in a logout token."""
