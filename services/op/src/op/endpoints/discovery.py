"""The discovery documents (OpenID Connect Discovery 1.0 §3, RFC 8414 §2): what works, and nothing else."""

from typing import Any

from op.context import Context
from op.grants import GRANT_TYPES
from op.protocol.authorization.authentication_context import ACR_VALUES
from op.protocol.authorization.pkce import METHODS as CODE_CHALLENGE_METHODS
from op.protocol.authorization.request import DISPLAYS, PROMPTS
from op.protocol.authorization.request_object import REQUEST_OBJECT_ALGORITHMS
from op.protocol.authorization.response import RESPONSE_MODES
from op.protocol.authorization.response_type import GRANT_TYPE_OF
from op.protocol.authorization.scope import CLAIMS_BY_SCOPE, STANDARD_CLAIMS
from op.protocol.clients.assertion import ASSERTION_ALGORITHMS
from op.protocol.clients.authentication import METHODS
from op.protocol.clients.metadata import ID_TOKEN_ALGORITHMS
from op.protocol.clients.subject import SUBJECT_TYPES
from op.protocol.tokens.claims import ID_TOKEN_CLAIMS
from servicekit.web.machine import Reply, Request, json_reply

_CACHE = (("cache-control", "public, max-age=300"),)


async def discovery(op: Context, _request: Request) -> Reply:
    """The provider's metadata, one document for both well-known addresses."""
    document = metadata(
        op.issuer,
        require_pushed=op.settings.require_pushed_authorization_requests,
        response_types=op.settings.response_types,
        languages=op.languages.tags,
    )
    return json_reply(200, document | _configured(op), _CACHE)


def _configured(op: Context) -> dict[str, str]:
    """What there is only if it is configured."""
    configured = {}
    if op.settings.registration != "off":
        configured["registration_endpoint"] = f"{op.issuer}/register"
    if op.settings.service_documentation:
        configured["service_documentation"] = op.settings.service_documentation
    return configured


def metadata(
    issuer: str, *, require_pushed: bool, response_types: tuple[str, ...], languages: tuple[str, ...]
) -> dict[str, Any]:
    """The metadata of an issuer; RFC 9207 §3 and RP-Initiated Logout 1.0 §2.1 add to it."""
    grant_types = dict.fromkeys([*GRANT_TYPES, *(GRANT_TYPE_OF[response_type] for response_type in response_types)])
    confidential = [method for method in METHODS if method != "none"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "end_session_endpoint": f"{issuer}/logout",
        "scopes_supported": list(CLAIMS_BY_SCOPE),
        "response_types_supported": list(response_types),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(grant_types),
        "subject_types_supported": list(SUBJECT_TYPES),
        "id_token_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "authorization_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "code_challenge_methods_supported": list(CODE_CHALLENGE_METHODS),
        "claim_types_supported": ["normal"],
        "claims_supported": [*ID_TOKEN_CLAIMS, *STANDARD_CLAIMS],
        "prompt_values_supported": list(PROMPTS),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "display_values_supported": list(DISPLAYS),
        "ui_locales_supported": list(languages),
        "acr_values_supported": list(ACR_VALUES),
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": list(REQUEST_OBJECT_ALGORITHMS),
        "require_signed_request_object": False,
        "require_pushed_authorization_requests": require_pushed,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "authorization_response_iss_parameter_supported": True,
    }
