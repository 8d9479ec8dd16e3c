"""The methods of client authentication (RFC 6749 §2.3)."""

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from op.errors import InvalidClient, InvalidRequest
from op.protocol.clients.assertion import ALGORITHMS_BY_METHOD, ASSERTION_TYPE, ClientAssertion
from op.records import Client
from servicekit.web.parameters import Parameters

METHODS = ("client_secret_basic", "client_secret_post", *ALGORITHMS_BY_METHOD, "none")

_BASIC = "basic "
_BY_SECRET = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a request; `method` is one of METHODS, or empty for an assertion, whose client decides."""

    method: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    assertion: ClientAssertion | None = field(default=None, repr=False)


def presented_credentials(authorization: str | None, form: Parameters) -> Credentials:
    """The credentials of a request, which must use one method only (RFC 6749 §2.3; RFC 7521 §4.2).

    Raises InvalidRequest for two methods, InvalidClient for none or for a malformed header.
    """
    if "client_assertion" in form or "client_assertion_type" in form:
        if authorization is not None or "client_secret" in form:
            raise InvalidRequest("The request uses two methods of client authentication. Use only one.")
        return _assertion(form)
    if authorization is not None:
        credentials = _basic(authorization)
        if "client_secret" in form:
            raise InvalidRequest("The request uses two methods of client authentication. Use only one.")
        if form.get("client_id", credentials.client_id) != credentials.client_id:
            raise InvalidRequest("The client_id differs from the one in the Authorization header.")
        return credentials
    if "client_id" not in form:
        raise InvalidClient(
            "Client authentication is missing. Send the client's credentials, or the client_id of a public client."
        )
    secret = form.get("client_secret")
    return Credentials("none" if secret is None else "client_secret_post", form["client_id"], secret)


def check_credentials(credentials: Credentials, client: Client | None) -> Client:
    """The client, if the credentials are correct and it may use their method; raises InvalidClient.

    An unknown client and a wrong secret lead to the same error (RFC 6749 §5.2).

    OpenID Connect Core §9; RFC 6749 §2.1, §3.2.1; RFC 7591 §2.
    """
    if client is None:
        raise InvalidClient("Client authentication failed.", "unknown client")
    registered = client.token_endpoint_auth_method
    if credentials.method == "none":
        if registered == "none":
            return client
        raise InvalidClient("Client authentication failed.", "no secret was sent")
    expected, presented = client.client_secret or "", credentials.client_secret or ""
    if not expected or not hmac.compare_digest(expected.encode(), presented.encode()):
        raise InvalidClient("Client authentication failed.", "wrong secret")
    if credentials.method not in (_BY_SECRET if registered is None else (registered,)):
        # Only a caller with the correct secret learns this. It is the most frequent configuration error.
        raise InvalidClient(f"This client must authenticate with {registered}, not with {credentials.method}.")
    return client


def _assertion(form: Parameters) -> Credentials:
    """A signed JWT (RFC 7521 §4.2); a client_id in the form must be the same as in the JWT."""
    presented = form.get("client_assertion")
    if presented is None or form.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidRequest(f"A client_assertion requires the client_assertion_type {ASSERTION_TYPE}.")
    assertion = ClientAssertion.parse(presented)
    if form.get("client_id", assertion.client_id) != assertion.client_id:
        raise InvalidRequest("The client_id differs from the one in the client_assertion.")
    return Credentials("", assertion.client_id, assertion=assertion)


def _basic(authorization: str) -> Credentials:
    """HTTP Basic with form-encoded credentials (RFC 6749 §2.3.1)."""
    if authorization[: len(_BASIC)].lower() != _BASIC:
        raise InvalidClient("The Authorization header must use the Basic scheme.")
    try:
        decoded = base64.b64decode(authorization[len(_BASIC) :].strip(), validate=True).decode("utf-8")
        client_id, separator, secret = decoded.partition(":")
        if not separator:
            raise InvalidClient("The credentials in the Authorization header must contain a colon.")
        return Credentials(
            "client_secret_basic", unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except (binascii.Error, ValueError):
        raise InvalidClient("The Authorization header is malformed.") from None
