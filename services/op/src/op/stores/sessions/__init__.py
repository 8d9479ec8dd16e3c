"""The stores of sessions and their grants, and the counters of failed logins."""
