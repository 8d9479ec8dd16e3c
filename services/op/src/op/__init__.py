"""The OpenID Provider: signs users in and issues codes, access tokens, refresh tokens and ID tokens."""
