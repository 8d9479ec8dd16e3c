"""URIs that a client has written down, and that may be anything."""

from urllib.parse import SplitResult, urlsplit


def split_uri(uri: str) -> SplitResult:
    """The parts of a URI (RFC 3986 §3); all of them are empty where it is none."""
    try:
        return urlsplit(uri)
    except ValueError:
        return SplitResult("", "", "", "", "")
