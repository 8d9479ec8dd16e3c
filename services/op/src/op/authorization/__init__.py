"""The processing of an authorization request from /authorize to its response, without a web framework."""
