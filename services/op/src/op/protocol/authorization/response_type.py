"""Response types: what an authorization request wants back (RFC 6749 §3.1.1, OpenID Connect Core §3)."""

CODE = "code"
ID_TOKEN = "id_token"
ID_TOKEN_TOKEN = "id_token token"
IMPLICIT = (ID_TOKEN, ID_TOKEN_TOKEN)  # straight from the authorization endpoint (Core §3.2)

GRANT_TYPE_OF = {CODE: "authorization_code", ID_TOKEN: "implicit", ID_TOKEN_TOKEN: "implicit"}
"""The grant type that a client is registered for beside a response type (Dynamic Client Registration 1.0 §2)."""


def canonical(response_type: str) -> str:
    """The same response type in its registered spelling: the order of its values does not matter (RFC 6749 §3.1.1)."""
    return " ".join(sorted(response_type.split(" ")))


def answers_in_fragment(response_type: str | None) -> bool:
    """Whether the answer must not travel in a query: it holds more than a code (Multiple Response Types §5)."""
    return not {"token", "id_token"}.isdisjoint((response_type or "").split(" "))
