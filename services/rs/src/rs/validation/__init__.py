"""The two ways to validate an access token: introspection at the provider, or verification of the JWT.

`validator.Validator` is what both provide. They raise InvalidToken for faults of the token, and ProviderUnavailable,
ProviderMisconfigured or ProviderUnusable if the provider is the reason that the token cannot be validated.
"""
