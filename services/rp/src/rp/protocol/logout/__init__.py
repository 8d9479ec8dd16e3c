"""Logout: the request to the provider, and the logout token that the provider sends."""
