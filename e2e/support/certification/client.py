"""The client of the certification modules, which sends the requests of the OpenID Foundation's suite.

`CertificationClient` is one client at the provider, from the directory or self-registered, with the steps and checks
that the suite's modules have in common. The tests add those of each module.
"""

import base64
import json
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote_plus, urlencode

import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

from support.certification.browser import TIMEOUT, Arrival, Browser, Page
from support.certification.checks import (
    Jwt,
    check_entropy,
    check_error,
    check_hashes,
    check_id_token,
    check_keys,
    check_token_response,
    check_userinfo,
    verified,
)

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALL_SCOPES = "openid email phone address profile"
_UNRESERVED = string.ascii_letters + string.digits


def random_text(length: int = 10) -> str:
    """A state or nonce; a long one ends with all unreserved characters of URLs (RFC 3986 §2.3)."""
    tail = "-._~" if length > 10 else ""
    return "".join(secrets.choice(_UNRESERVED) for _ in range(length - len(tail))) + tail


@dataclass(frozen=True)
class AuthorizationRequest:
    """An authorization request; `intended` are its parameters, wherever in the request they are."""

    endpoint: str
    parameters: dict[str, str]
    intended: dict[str, str]

    @property
    def url(self) -> str:
        return f"{self.endpoint}?{urlencode(self.parameters)}"


@dataclass(frozen=True)
class Tokens:
    """The tokens of a token response."""

    access_token: str
    refresh_token: str | None
    id_token: Jwt | None
    scope: str

    @property
    def identity(self) -> Jwt:
        assert self.id_token is not None, "no ID token"
        return self.id_token


class Op:
    """The provider as its discovery document describes it, and the suite's connection to it."""

    def __init__(self, issuer: str, trust: str) -> None:
        self.issuer = issuer
        self._http = requests.Session()
        self._http.trust_env = False  # the machine's certificates must not override the given one
        self._http.verify = trust
        self.metadata: dict[str, Any] = self.get(f"{issuer}/.well-known/openid-configuration").json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def keys(self) -> dict[str, Any]:
        """The published keys, which are checked each time."""
        keys: dict[str, Any] = self.get(self.metadata["jwks_uri"]).json()
        check_keys(keys)
        return keys

    def get(self, url: str, **headers: str) -> requests.Response:
        return self._http.get(url, headers=headers, timeout=TIMEOUT)

    def post(self, url: str, form: Mapping[str, str], **headers: str) -> requests.Response:
        return self._http.post(url, dict(form), headers=headers, timeout=TIMEOUT)

    def post_json(self, url: str, value: Mapping[str, Any], **headers: str) -> requests.Response:
        return self._http.post(url, json=value, headers=headers, timeout=TIMEOUT)

    def delete(self, url: str, **headers: str) -> requests.Response:
        return self._http.delete(url, headers=headers, timeout=TIMEOUT)


@dataclass
class CertificationClient:
    """One client, the browser of its user, and the response mode of its plan."""

    op: Op
    browser: Browser
    client_id: str
    redirect_uri: str
    client_secret: str = ""
    auth_method: str = "client_secret_basic"
    key: RSAKey | None = None
    response_mode: str | None = None

    # --- Authorization ------------------------------------------------------------------------------------------------

    def request(self, *, state_length: int = 10, without: tuple[str, ...] = (), **changes: str) -> AuthorizationRequest:
        """The suite's authorization request: the scope openid, no PKCE, `changes`, and `without` some parameters."""
        intended = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": random_text(state_length),
            "nonce": random_text(),
            "response_type": "code",
            **({"response_mode": self.response_mode} if self.response_mode else {}),
            **changes,
        }
        intended = {name: value for name, value in intended.items() if name not in without}
        return AuthorizationRequest(
            self.op.metadata["authorization_endpoint"], dict(sorted(intended.items())), intended
        )

    def with_request_object(self, request: AuthorizationRequest, **beside: str) -> AuthorizationRequest:
        """The same in an unsigned request object, with what must also be outside (OpenID Connect Core §6.1)."""
        doubled = ("response_type", "client_id", "scope", "redirect_uri")
        outside = {name: request.intended[name] for name in doubled} | beside
        return AuthorizationRequest(
            request.endpoint, {**outside, "request": unsigned_jwt(request.intended)}, request.intended
        )

    def authorize(self, request: AuthorizationRequest) -> dict[str, str]:
        """Open the request in the browser; the parameters of the authorization response."""
        return self.receive(self.browser.open(request.url), request)

    def receive(self, arrival: Arrival | Page, request: AuthorizationRequest) -> dict[str, str]:
        """The parameters of any response (Multiple Response Types §2.1, Form Post Response Mode §2)."""
        assert isinstance(arrival, Arrival), f"{arrival.status} {arrival.text}"
        intended_uri, _, query = request.intended["redirect_uri"].partition("?")
        own = dict(pair.split("=") for pair in query.split("&")) if query else {}
        assert arrival.address == intended_uri
        assert own.items() <= arrival.query.items(), "the query of the redirect_uri is kept"
        if self.response_mode == "form_post":
            assert arrival.method == "POST"
            assert arrival.content_type == "application/x-www-form-urlencoded"
            assert arrival.query.keys() == own.keys()
            parameters = arrival.form
        else:
            assert arrival.method == "GET"
            parameters = {name: value for name, value in arrival.query.items() if name not in own}
        assert parameters["iss"] == self.op.issuer
        return parameters

    def code(self, parameters: dict[str, str], request: AuthorizationRequest) -> str:
        """The code of a successful response (RFC 6749 §4.1.2)."""
        assert "error" not in parameters, parameters
        assert parameters.get("state") == request.intended.get("state")
        return parameters["code"]

    def refused(self, parameters: dict[str, str], request: AuthorizationRequest, *expected: str) -> None:
        """Check an error response, which must have no other parameters (OpenID Connect Core §3.1.2.6)."""
        check_error(parameters, *expected)
        assert parameters.get("state") == request.intended.get("state")
        assert parameters.keys() <= {"error", "error_description", "state", "iss"}

    # --- Tokens -------------------------------------------------------------------------------------------------------

    def token_request(self, form: Mapping[str, str], **assertion: Any) -> requests.Response:
        """POST to the token endpoint with client authentication."""
        endpoint, form, headers = self.op.metadata["token_endpoint"], dict(form), {}
        if self.auth_method == "client_secret_basic":
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif self.auth_method == "client_secret_post":
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        else:
            form |= {"client_assertion": self.assertion(**assertion), "client_assertion_type": ASSERTION_TYPE}
        return self.op.post(endpoint, form, Accept="application/json", **headers)

    def assertion(self, **changes: Any) -> str:
        """A client assertion (OpenID Connect Core §9); its audience is the token endpoint."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.op.metadata["token_endpoint"],
            "jti": random_text(20),
            "nbf": now,
            "iat": now,
            "exp": now + 60,
            **changes,
        }
        assert self.key is not None
        kid = {"kid": self.key.kid} if self.key.kid else {}
        return jwt.encode({"alg": "RS256", **kid}, claims, self.key)

    def redeem(self, code: str, **changes: str) -> requests.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri, **changes}
        return self.token_request(form)

    def tokens(self, response: requests.Response, request: AuthorizationRequest, code: str) -> Tokens:
        """A token response with an ID token for the request."""
        body = check_token_response(response)
        id_token = self.verified(body["id_token"])
        check_id_token(id_token, issuer=self.op.issuer, client_id=self.client_id, nonce=request.intended.get("nonce"))
        check_hashes(id_token, access_token=body["access_token"], code=code)
        return Tokens(body["access_token"], body.get("refresh_token"), id_token, request.intended["scope"])

    def verified(self, token: str) -> Jwt:
        """A token that the provider signed with one of its current keys."""
        return verified(token, self.op.keys())

    def refresh(self, refresh_token: str, **changes: str) -> requests.Response:
        return self.token_request({"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})

    def complete(self, parameters: dict[str, str], request: AuthorizationRequest, **changes: str) -> Tokens:
        """Exchange the code of a response, and check the tokens at UserInfo."""
        code = self.code(parameters, request)
        check_entropy(code)
        tokens = self.tokens(self.redeem(code, **changes), request, code)
        assert self.userinfo(tokens)["sub"] == tokens.identity.claims["sub"]
        return tokens

    def sign_in(self, **changes: Any) -> Tokens:
        """The complete flow of nearly every module, with `changes` of its request."""
        request = self.request(**changes)
        return self.complete(self.authorize(request), request)

    # --- UserInfo -----------------------------------------------------------------------------------------------------

    def call_userinfo(self, tokens: Tokens) -> requests.Response:
        bearer = f"Bearer {tokens.access_token}"
        return self.op.get(self.op.metadata["userinfo_endpoint"], Authorization=bearer, Accept="application/json")

    def userinfo(self, tokens: Tokens) -> dict[str, Any]:
        return self.claims_of(self.call_userinfo(tokens), tokens)

    def claims_of(self, response: requests.Response, tokens: Tokens) -> dict[str, Any]:
        """The UserInfo response, as JSON or signed (OpenID Connect Core §5.3.2)."""
        assert response.status_code == requests.codes.ok, response.text
        content_type = response.headers["Content-Type"].partition(";")[0]
        if content_type == "application/jwt":
            claims = self.verified(response.text).claims
            claims = {name: value for name, value in claims.items() if name not in ("iss", "aud")}
        else:
            assert content_type == "application/json"
            claims = response.json()
        check_userinfo(claims, tokens.scope)
        return claims


def unsigned_jwt(claims: Mapping[str, Any]) -> str:
    """RFC 7519 §6."""
    return ".".join((_base64url({"alg": "none"}), _base64url(claims), ""))


def _base64url(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
