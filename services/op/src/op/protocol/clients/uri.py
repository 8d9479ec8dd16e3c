"""URIs from client metadata, which are untrusted input."""

from urllib.parse import SplitResult, urlsplit


def split_uri(uri: str) -> SplitResult:
    """The parts of a URI (RFC 3986 §3); all are empty if it is malformed."""
    try:
        return urlsplit(uri)
    except ValueError:
        return SplitResult("", "", "", "", "")
