"""The pages, one file for each path. A view is a function of the context and the request."""
