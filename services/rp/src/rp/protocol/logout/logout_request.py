"""The logout request (OpenID Connect RP-Initiated Logout §2)."""

from rp.protocol.query import with_query


def logout_request(
    endpoint: str,
    *,
    id_token: str,
    client_id: str,
    post_logout_redirect_uri: str,
    state: str,
    ui_locales: str | None = None,
) -> str:
    """The URL at which the provider ends its session (OpenID Connect RP-Initiated Logout §2)."""
    return with_query(
        endpoint,
        {
            "id_token_hint": id_token,
            "client_id": client_id,
            "post_logout_redirect_uri": post_logout_redirect_uri,
            "state": state,
            **({} if ui_locales is None else {"ui_locales": ui_locales}),
        },
    )
