"""The authorization response in the query of the redirect_uri (RFC 6749 §4.1.2, RFC 9207 §2)."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from op.errors import OAuthError


def code_redirect(redirect_uri: str, code: str, state: str | None, issuer: str) -> str:
    """Where the browser goes with a code."""
    return with_query(redirect_uri, {"code": code, "state": state, "iss": issuer})


def redirect_error(redirect_uri: str, error: OAuthError, state: str | None, issuer: str) -> str:
    """Where the browser goes with an error (RFC 6749 §4.1.2.1)."""
    return with_query(
        redirect_uri,
        {"error": error.code, "error_description": error.description, "state": state, "iss": issuer},
    )


def with_query(uri: str, parameters: dict[str, str | None]) -> str:
    """`uri` with parameters added to those that it has (RFC 6749 §3.1.2)."""
    parts = urlsplit(uri)
    added = urlencode({name: value for name, value in parameters.items() if value is not None})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))
