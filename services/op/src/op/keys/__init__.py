"""The signing keys: the key ring, the only component that signs, and their rotation."""
