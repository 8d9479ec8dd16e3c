"""What a browser opens, one file for each path; each view is a function of the context and the request."""
