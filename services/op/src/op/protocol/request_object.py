"""Request objects by value: an authorization request as a JWT (RFC 9101, OpenID Connect Core §6.1)."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from jose import jws
from jose.exceptions import JOSEError
from jose.utils import base64url_decode

from op.errors import InvalidRequestObject, RequestNotSupported
from op.records import Client
from servicekit.parameters import MalformedParameters, Parameters

SIGNED = ("RS256", "ES256")
UNSIGNED = "none"
REQUEST_OBJECT_ALGORITHMS = (*SIGNED, UNSIGNED)

_KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
_JWT_CLAIMS = ("iss", "aud", "exp", "nbf", "iat", "jti", "sub")
_CLOCK_SKEW = 60
_SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class Header:
    """How a request object says that it is signed, before anything is checked."""

    algorithm: str
    kid: str | None

    @property
    def is_signed(self) -> bool:
        return self.algorithm != UNSIGNED


def header_of(request_object: str, client: Client) -> Header:
    """The header, when its algorithm is one that this client is registered for.

    Raises InvalidRequestObject, and RequestNotSupported for a client that is registered for none (Core §6.1).
    """
    registered = client.request_object_signing_alg
    if registered is None and not client.has_keys:
        raise RequestNotSupported("this client is not registered for request objects")
    header = _part(request_object, 0)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in (SIGNED if registered is None else (registered,)):
        raise InvalidRequestObject("the request object's alg is not the one that this client is registered for")
    if "crit" in header:
        raise InvalidRequestObject("the request object has a critical extension")
    return Header(str(algorithm), kid if isinstance(kid, str) else None)


def suitable_keys(keys: Sequence[Mapping[str, Any]], header: Header) -> list[Mapping[str, Any]]:
    """The keys of a client that may have signed it (RFC 7517 §4)."""
    return [
        key
        for key in keys
        if key.get("kty") == _KEY_TYPES.get(header.algorithm)
        and key.get("use", "sig") == "sig"
        and key.get("alg", header.algorithm) == header.algorithm
        and (header.kid is None or key.get("kid") == header.kid)
    ]


def open_request_object(
    request_object: str, header: Header, keys: Sequence[Any], *, client_id: str, issuer: str, now: int
) -> Parameters:
    """The parameters in a request object of this client (RFC 9101 §6); raises InvalidRequestObject."""
    claims = _verified(request_object, header, keys) if header.is_signed else _unsigned(request_object)
    _check_claims(claims, client_id, issuer, now)
    values = {name: _text(name, value) for name, value in claims.items() if name not in _JWT_CLAIMS}
    try:
        return Parameters.parse(urlencode(values).encode())
    except (MalformedParameters, UnicodeEncodeError):
        raise InvalidRequestObject("a parameter in the request object cannot be read") from None


def merged(outside: Parameters, inside: Parameters) -> Parameters:
    """Both together; what is inside goes first (Core §6.1). Raises InvalidRequestObject where they must agree."""
    for name in ("client_id", "response_type"):
        if name in outside and name in inside and outside[name] != inside[name]:
            raise InvalidRequestObject(f"{name} differs inside and outside of the request object")
    together = {name: value for name, value in outside.items() if name != "request"} | dict(inside)
    return Parameters(together, outside.repeated)


def _check_claims(claims: Mapping[str, Any], client_id: str, issuer: str, now: int) -> None:
    """From this client, for this provider, now (RFC 9101 §4, RFC 7519 §4.1)."""
    if claims.get("iss", client_id) != client_id or claims.get("client_id", client_id) != client_id:
        raise InvalidRequestObject("the request object is of another client")
    if claims.get("sub") == client_id:
        raise InvalidRequestObject("this is a client assertion, and no request object")  # RFC 9101 §10.8
    audience = claims.get("aud", issuer)
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidRequestObject("the request object is for another provider")
    if {"request", "request_uri"} & claims.keys():
        raise InvalidRequestObject("a request object in a request object is not allowed")
    if now >= _time(claims, "exp", math.inf):
        raise InvalidRequestObject("the request object has expired")
    if _time(claims, "nbf", 0) > now + _CLOCK_SKEW or _time(claims, "iat", 0) > now + _CLOCK_SKEW:
        raise InvalidRequestObject("the request object is not valid yet")


def _time(claims: Mapping[str, Any], name: str, default: float) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise InvalidRequestObject(f"{name} of the request object is no time")
    return value


def _text(name: str, value: Any) -> str:
    """A member as the parameter that it stands for: JSON has numbers and objects, a query has not."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if name == "claims" and isinstance(value, dict):
        return json.dumps(value)
    raise InvalidRequestObject("a member of the request object has the wrong type")


def _verified(request_object: str, header: Header, keys: Sequence[Any]) -> dict[str, Any]:
    for key in keys:
        try:
            claims = json.loads(jws.verify(request_object, key, [header.algorithm]))
        except (JOSEError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue  # a key that cannot be read is one that did not sign it
        if isinstance(claims, dict):
            return claims
    raise InvalidRequestObject("no key of the client fits the request object")


def _unsigned(request_object: str) -> dict[str, Any]:
    """RFC 7519 §6: nothing where the signature would be."""
    if not request_object.endswith("."):
        raise InvalidRequestObject("an unsigned request object has no signature")
    return _part(request_object, 1)


def _part(request_object: str, index: int) -> dict[str, Any]:
    """The header or the payload as it came, before anything is checked."""
    segments = request_object.split(".")
    try:
        part = json.loads(base64url_decode(segments[index].encode("ascii"))) if len(segments) == _SEGMENTS else None
    except (ValueError, RecursionError):
        part = None
    if not isinstance(part, dict):
        raise InvalidRequestObject("the request object is no JWT")
    return part
