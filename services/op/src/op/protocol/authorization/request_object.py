"""Request objects: an authorization request as a JWT, by value or by reference (RFC 9101, OpenID Connect Core §6)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from op.errors import InvalidRequestObject, InvalidRequestUri, RequestNotSupported, RequestUriNotSupported
from op.protocol.signed_jwt import UNSIGNED, SignedJwt, numeric_date
from op.records import Client
from servicekit.clock import CLOCK_AHEAD
from servicekit.web.parameters import MalformedParameters, Parameters

SIGNED = ("RS256", "ES256")
REQUEST_OBJECT_ALGORITHMS = (*SIGNED, UNSIGNED)
REQUEST_URI_LIMIT = 512  # characters (Core §6.2)

_JWT_CLAIMS = ("iss", "aud", "exp", "nbf", "iat", "jti", "sub")


def without_fragment(uri: str) -> str:
    """The request_uri to fetch: the fragment only identifies the version of the contents (Core §6.2)."""
    return uri.partition("#")[0]


def check_request_uri(request_uri: str, client: Client) -> None:
    """The client must have registered it (RFC 9101 §10.4.1): nobody else chooses what the provider fetches.

    Raises InvalidRequestUri, and RequestUriNotSupported for a client without registered request URIs.
    """
    if not client.request_uris:
        raise RequestUriNotSupported("This client may not use request_uri. Register the URL in its request_uris.")
    if len(request_uri) > REQUEST_URI_LIMIT:
        raise InvalidRequestUri(f"The request_uri must not be longer than {REQUEST_URI_LIMIT} characters.")
    if without_fragment(request_uri) not in map(without_fragment, client.request_uris):
        raise InvalidRequestUri("The request_uri must be one of the client's registered request_uris.")


def acceptable_algorithms(client: Client) -> tuple[str, ...]:
    """The algorithms with which this client may sign request objects (Dynamic Client Registration 1.0 §2).

    A client that registered itself without an algorithm may use any. One that an administrator registered must sign
    with its keys, unless it is registered for `none`.
    """
    if client.request_object_signing_alg is not None:
        return (client.request_object_signing_alg,)
    signed = SIGNED if client.has_keys else ()
    return signed if client.registered_at is None else (*signed, UNSIGNED)


@dataclass(frozen=True, slots=True)
class RequestObject:
    """A parsed request object with an `alg` that its client may use; its signature is not verified yet.

    Only `parse` creates one.
    """

    algorithm: str
    jwt: SignedJwt = field(repr=False)

    @classmethod
    def parse(cls, text: str, client: Client) -> "RequestObject":
        """Parse a request object and check its header (RFC 9101 §4, §6.1).

        Raises InvalidRequestObject, and RequestNotSupported for a client that may not use one (Core §6.1).
        """
        acceptable = acceptable_algorithms(client)
        if not acceptable:
            raise RequestNotSupported(
                "This client may not use request objects. Register its keys or its request_object_signing_alg."
            )
        try:
            jwt = SignedJwt.parse(text)
        except ValueError:
            raise InvalidRequestObject("The request object is not a JWT.") from None
        algorithm = jwt.algorithm
        if algorithm == UNSIGNED and client.request_object_signing_alg is None and UNSIGNED not in acceptable:
            raise RequestNotSupported("This client may not use unsigned request objects. Sign the request object.")
        if not isinstance(algorithm, str) or algorithm not in acceptable:
            raise InvalidRequestObject("The request object must use the algorithm that the client is registered for.")
        if "crit" in jwt.header:
            raise InvalidRequestObject("The request object has a crit header. Critical extensions are not supported.")
        return cls(algorithm, jwt)

    @property
    def is_signed(self) -> bool:
        return self.algorithm != UNSIGNED


def open_request_object(
    request_object: RequestObject, keys: Sequence[Mapping[str, Any]], *, client_id: str, issuer: str, now: int
) -> Parameters:
    """The parameters in a request object of this client (RFC 9101 §6); raises InvalidRequestObject."""
    jwt = request_object.jwt
    if request_object.is_signed:
        if not jwt.is_signed_by(keys, request_object.algorithm):
            raise InvalidRequestObject("The signature of the request object does not match any key of the client.")
    elif jwt.signature:  # RFC 7519 §6
        raise InvalidRequestObject("An unsigned request object must not have a signature.")
    _check_claims(jwt.claims, client_id, issuer, now)
    values = {name: _text(name, value) for name, value in jwt.claims.items() if name not in _JWT_CLAIMS}
    try:
        return Parameters.parse(urlencode(values).encode())
    except (MalformedParameters, UnicodeEncodeError):
        raise InvalidRequestObject("A parameter in the request object is malformed.") from None


def merged(outside: Parameters, inside: Parameters) -> Parameters:
    """Combine the parameters; those of the request object have precedence (Core §6.1).

    Raises InvalidRequestObject if parameters that must agree do not.
    """
    for name in ("client_id", "response_type"):
        if name in outside and name in inside and outside[name] != inside[name]:
            raise InvalidRequestObject(f"A parameter differs inside and outside the request object: {name}.")
    together = {name: value for name, value in outside.items() if name not in ("request", "request_uri")} | dict(inside)
    return Parameters(together, outside.repeated)


def _check_claims(claims: Mapping[str, Any], client_id: str, issuer: str, now: int) -> None:
    """Issued by this client for this provider, and valid now (RFC 9101 §4, RFC 7519 §4.1; RFC 9101 §10.8)."""
    if claims.get("iss", client_id) != client_id or claims.get("client_id", client_id) != client_id:
        raise InvalidRequestObject("The request object was issued by another client.")
    if claims.get("sub") == client_id:
        raise InvalidRequestObject(
            "The request object is a client assertion. Its sub must not be the client_id."
        )  # RFC 9101 §10.8
    audience = claims.get("aud", issuer)
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidRequestObject(
            "The request object was issued for another provider. Its aud must contain the issuer."
        )
    if {"request", "request_uri"} & claims.keys():
        raise InvalidRequestObject("A request object must not contain request or request_uri.")
    expires_at = _time(claims, "exp")
    if expires_at is not None and now >= expires_at:
        raise InvalidRequestObject("The request object has expired.")
    if any((_time(claims, name) or 0) > now + CLOCK_AHEAD for name in ("nbf", "iat")):
        raise InvalidRequestObject("The request object is not valid yet.")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    try:
        return numeric_date(claims, name)
    except ValueError:
        raise InvalidRequestObject(f"A time in the request object is invalid: {name}.") from None


def _text(name: str, value: Any) -> str:
    """A JSON member as the text of its parameter."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if name == "claims" and isinstance(value, dict):
        return json.dumps(value)
    raise InvalidRequestObject("A member of the request object has the wrong type.")
