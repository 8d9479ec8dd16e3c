"""The token response, and the tokens in it that the provider signs."""
