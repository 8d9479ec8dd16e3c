"""When a signing key is published, signs and is withdrawn."""
