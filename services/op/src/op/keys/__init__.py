"""The signing keys: the ring, which alone signs, and their rotation."""
