"""Checks of authorization requests and responses."""
