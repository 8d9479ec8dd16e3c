"""Checks of clients: their metadata, their authentication and their subject identifiers."""
