"""Clients, their used assertions, and the count of registrations."""
