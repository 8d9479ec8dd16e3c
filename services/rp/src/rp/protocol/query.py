"""URLs that carry parameters."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit


def with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    """`endpoint` with parameters; a query that it has already is kept, a fragment is not (RFC 6749 §3.1)."""
    parts = urlsplit(endpoint)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=query, fragment="").geturl()
