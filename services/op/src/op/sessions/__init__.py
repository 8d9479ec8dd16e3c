"""Login with a password, and the end of a session at all clients."""
