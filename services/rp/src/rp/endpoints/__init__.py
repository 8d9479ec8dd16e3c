"""The endpoints that the provider calls, one file each; each is a function of the context and the request."""
