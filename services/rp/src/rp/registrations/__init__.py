"""The registration of this client at each provider, and the list in RP_PROVIDERS."""
