"""The connection to Redis, and the commands that the services use."""
