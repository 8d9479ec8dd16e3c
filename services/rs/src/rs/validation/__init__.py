"""The two ways to validate an access token: ask the provider (introspection), or verify the JWT here.

`validator.Validator` is what both provide. They raise InvalidToken for faults of the token, and ProviderUnavailable,
ProviderMisconfigured or ProviderUnusable if the provider is the reason that the token cannot be validated.
"""
