"""Headers that replies to machines have in common."""

from servicekit.web.machine import HeaderList

NO_STORE: HeaderList = (("cache-control", "no-store"), ("pragma", "no-cache"))
"""For replies with tokens or about tokens (RFC 6749 §5.1)."""
