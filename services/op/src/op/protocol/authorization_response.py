"""The authorization response in the query of the redirect_uri (RFC 6749 §4.1.2, RFC 9207 §2)."""

from urllib.parse import urlencode

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
    """`uri`, a registered one and so without a fragment, as it is, with parameters added (RFC 6749 §3.1.2)."""
    added = urlencode({name: value for name, value in parameters.items() if value is not None})
    separator = "" if not added or uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{separator}{added}"
