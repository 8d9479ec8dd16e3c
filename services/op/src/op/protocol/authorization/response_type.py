"""Response types: what an authorization response contains (RFC 6749 §3.1.1, OpenID Connect Core §3)."""

CODE = "code"
ID_TOKEN = "id_token"
ID_TOKEN_TOKEN = "id_token token"
IMPLICIT = (ID_TOKEN, ID_TOKEN_TOKEN)  # the implicit flow (Core §3.2)

GRANT_TYPE_OF = {CODE: "authorization_code", ID_TOKEN: "implicit", ID_TOKEN_TOKEN: "implicit"}
"""The grant type that a client needs for a response type (Dynamic Client Registration 1.0 §2)."""


def canonical(response_type: str) -> str:
    """The registered spelling of a response type; the order of the values does not matter (RFC 6749 §3.1.1)."""
    return " ".join(sorted(response_type.split(" ")))


def needs_fragment(response_type: str | None) -> bool:
    """Whether the response must not be sent in a query, because it contains tokens (Multiple Response Types §5)."""
    return not {"token", "id_token"}.isdisjoint((response_type or "").split(" "))
