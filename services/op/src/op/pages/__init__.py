"""The pages that people see, one file each; every function takes the context and the request."""
