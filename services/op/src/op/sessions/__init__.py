"""Logins: passwords, sessions, and how a session ends everywhere."""
