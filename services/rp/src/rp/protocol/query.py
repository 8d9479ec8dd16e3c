"""URLs with query parameters."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit


def with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    """`endpoint` with parameters added. Its own query is kept, a fragment is removed (RFC 6749 §3.1)."""
    parts = urlsplit(endpoint)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=query, fragment="").geturl()
