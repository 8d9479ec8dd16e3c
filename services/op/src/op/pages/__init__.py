"""The pages for users, one file each; every view takes the context and the request."""
