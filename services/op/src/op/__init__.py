"""The OpenID Provider: logs people in and issues codes, access tokens, refresh tokens and id_tokens."""
