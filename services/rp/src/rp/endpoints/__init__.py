"""The endpoints that the provider calls, one file for each: a function of the context and the request."""
