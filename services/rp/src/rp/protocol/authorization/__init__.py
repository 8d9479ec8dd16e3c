"""A sign-in from its start to the code: what starts it, the authorization request, and the response to it."""
