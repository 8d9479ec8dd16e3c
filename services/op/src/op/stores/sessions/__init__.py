"""Sessions, what was granted in them, and failed logins."""
