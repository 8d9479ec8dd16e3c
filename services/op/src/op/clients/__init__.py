"""Clients: their authentication, their public keys, and HTTP requests to them."""
