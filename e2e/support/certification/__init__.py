"""The client side of the OpenID Foundation's certification modules."""
