"""The checks of a logout request (OpenID Connect RP-Initiated Logout 1.0 §2, §3)."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from op.errors import InvalidRequest
from op.records import Client

_SEGMENTS = 3


def audience_of_hint(hint: str) -> str:
    """The audience of an id_token_hint before its signature is verified; raises InvalidRequest.

    OpenID Connect RP-Initiated Logout §2.
    """
    segments = hint.split(".")
    try:
        payload = segments[1] if len(segments) == _SEGMENTS else ""
        audience = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"]
    except (binascii.Error, ValueError, RecursionError, KeyError, TypeError):
        raise InvalidRequest("The id_token_hint is not an ID token.") from None
    if not isinstance(audience, str) or not audience.isascii():
        raise InvalidRequest("The id_token_hint is not an ID token of this provider.")
    return audience


def check_hint_claims(claims: Mapping[str, Any], issuer: str) -> str | None:
    """The `sid` of a hint with a valid signature; raises InvalidRequest if it is not an ID token of this issuer.

    OpenID Connect RP-Initiated Logout §2.
    """
    if claims.get("iss") != issuer:
        raise InvalidRequest("The id_token_hint was issued by another provider.")
    if "sub" not in claims:
        raise InvalidRequest("The id_token_hint is not an ID token.")
    sid = claims.get("sid")
    return sid if isinstance(sid, str) else None


def check_post_logout_redirect_uri(uri: str | None, client: Client | None) -> str | None:
    """The URI must exactly match a registered one; raises InvalidRequest (§3)."""
    if uri is None:
        return None
    if client is None:
        raise InvalidRequest("The post_logout_redirect_uri requires an id_token_hint or a client_id.")
    if uri not in client.post_logout_redirect_uris:
        raise InvalidRequest("The post_logout_redirect_uri must exactly match one of the client's registered URIs.")
    return uri
