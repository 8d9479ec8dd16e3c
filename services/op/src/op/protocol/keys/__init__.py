"""The life cycle of signing keys."""
