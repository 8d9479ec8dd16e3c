"""The provider's tokens: verified when they arrive, and refreshed when they expire."""
