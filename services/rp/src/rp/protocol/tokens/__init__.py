"""The token response, and the tokens that the provider signs."""
