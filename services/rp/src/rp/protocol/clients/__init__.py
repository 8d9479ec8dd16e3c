"""How this client authenticates to the provider, and the key that it signs with."""
