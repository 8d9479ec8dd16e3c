"""Checks of clients: their metadata, their authentication, what they call a person."""
