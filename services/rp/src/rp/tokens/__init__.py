"""The provider's tokens at this client: verified when they arrive, and refreshed when they expire."""
