"""A sign-in up to the code: its start, the authorization request, and the authorization response."""
