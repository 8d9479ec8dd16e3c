"""What the replies to machines have in common."""

from servicekit.web.endpoints import HeaderList

NO_STORE: HeaderList = (("cache-control", "no-store"), ("pragma", "no-cache"))
"""For whatever holds a token or speaks of one (RFC 6749 §5.1)."""
