"""The client of the certification modules: it asks as the OpenID Foundation's suite asks, and looks at what it gets.

`CertificationClient` is one client at the provider, by the directory or by its own registration; its steps are those
that the suite's modules have in common. What a module adds stands in the module's test.
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
    """A state or nonce; a long one ends with every character that needs no escape in a URL (RFC 3986 §2.3)."""
    tail = "-._~" if length > 10 else ""
    return "".join(secrets.choice(_UNRESERVED) for _ in range(length - len(tail))) + tail


@dataclass(frozen=True)
class AuthorizationRequest:
    """What is sent to the authorization endpoint; `asked` is what is meant, wherever in the request it stands."""

    endpoint: str
    parameters: dict[str, str]
    asked: dict[str, str]

    @property
    def url(self) -> str:
        return f"{self.endpoint}?{urlencode(self.parameters)}"


@dataclass(frozen=True)
class Tokens:
    """What a code or a refresh token brought."""

    access_token: str
    refresh_token: str | None
    id_token: Jwt | None
    scope: str

    @property
    def identity(self) -> Jwt:
        assert self.id_token is not None, "no id_token"
        return self.id_token


class Op:
    """The provider as its discovery document describes it, and the suite's connection to it."""

    def __init__(self, issuer: str, trust: str) -> None:
        self.issuer = issuer
        self._http = requests.Session()
        self._http.trust_env = False  # this machine's own certificates must not go before the one that is given
        self._http.verify = trust
        self.metadata: dict[str, Any] = self.get(f"{issuer}/.well-known/openid-configuration").json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def keys(self) -> dict[str, Any]:
        """The published keys, which are looked at each time."""
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
    """One client, the browser that it sends a person's way, and the response mode of its plan."""

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
        """The suite's authorization request: no PKCE, the scope openid, `changes` on top, and `without` some of it."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": random_text(state_length),
            "nonce": random_text(),
            "response_type": "code",
            **({"response_mode": self.response_mode} if self.response_mode else {}),
            **changes,
        }
        asked = {name: value for name, value in asked.items() if name not in without}
        return AuthorizationRequest(self.op.metadata["authorization_endpoint"], dict(sorted(asked.items())), asked)

    def with_request_object(self, request: AuthorizationRequest, **beside: str) -> AuthorizationRequest:
        """The same in an unsigned request object, with what must stand beside it too (OpenID Connect Core §6.1)."""
        doubled = ("response_type", "client_id", "scope", "redirect_uri")
        outside = {name: request.asked[name] for name in doubled} | beside
        return AuthorizationRequest(
            request.endpoint, {**outside, "request": unsigned_jwt(request.asked)}, request.asked
        )

    def authorize(self, request: AuthorizationRequest) -> dict[str, str]:
        """Send a person there, who comes back: the parameters of the answer, at the place where they belong."""
        return self.answer(self.browser.open(request.url), request)

    def answer(self, arrival: Arrival | Page, request: AuthorizationRequest) -> dict[str, str]:
        """The answer's parameters, whatever they say (Multiple Response Types §2.1, Form Post Response Mode §2)."""
        assert isinstance(arrival, Arrival), f"{arrival.status} {arrival.text}"
        asked_for, _, query = request.asked["redirect_uri"].partition("?")
        own = dict(pair.split("=") for pair in query.split("&")) if query else {}
        assert arrival.address == asked_for
        assert own.items() <= arrival.query.items(), "the redirect_uri's own query comes back"
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
        """The code of an answer that is no error (RFC 6749 §4.1.2)."""
        assert "error" not in parameters, parameters
        assert parameters.get("state") == request.asked.get("state")
        return parameters["code"]

    def refused(self, parameters: dict[str, str], request: AuthorizationRequest, *expected: str) -> None:
        """An error, and nothing that does not belong to one (OpenID Connect Core §3.1.2.6)."""
        check_error(parameters, *expected)
        assert parameters.get("state") == request.asked.get("state")
        assert parameters.keys() <= {"error", "error_description", "state", "iss"}

    # --- Tokens -------------------------------------------------------------------------------------------------------

    def token_request(self, form: Mapping[str, str], **assertion: Any) -> requests.Response:
        """POST to the token endpoint, with the client's own proof of itself."""
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
        """A signed JWT that proves the client (OpenID Connect Core §9); its audience is the token endpoint."""
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
        """A token response, with an id_token that answers the request."""
        body = check_token_response(response)
        id_token = self.verified(body["id_token"])
        check_id_token(id_token, issuer=self.op.issuer, client_id=self.client_id, nonce=request.asked.get("nonce"))
        check_hashes(id_token, access_token=body["access_token"], code=code)
        return Tokens(body["access_token"], body.get("refresh_token"), id_token, request.asked["scope"])

    def verified(self, token: str) -> Jwt:
        """A token that the provider signed, by the keys that it publishes now."""
        return verified(token, self.op.keys())

    def refresh(self, refresh_token: str, **changes: str) -> requests.Response:
        return self.token_request({"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})

    def complete(self, parameters: dict[str, str], request: AuthorizationRequest, **changes: str) -> Tokens:
        """From an answer to tokens that are good at UserInfo."""
        code = self.code(parameters, request)
        check_entropy(code)
        tokens = self.tokens(self.redeem(code, **changes), request, code)
        assert self.userinfo(tokens)["sub"] == tokens.identity.claims["sub"]
        return tokens

    def sign_in(self, **changes: Any) -> Tokens:
        """The whole flow that nearly every module has, with `changes` in its request."""
        request = self.request(**changes)
        return self.complete(self.authorize(request), request)

    # --- UserInfo -----------------------------------------------------------------------------------------------------

    def call_userinfo(self, tokens: Tokens) -> requests.Response:
        bearer = f"Bearer {tokens.access_token}"
        return self.op.get(self.op.metadata["userinfo_endpoint"], Authorization=bearer, Accept="application/json")

    def userinfo(self, tokens: Tokens) -> dict[str, Any]:
        return self.claims_of(self.call_userinfo(tokens), tokens)

    def claims_of(self, response: requests.Response, tokens: Tokens) -> dict[str, Any]:
        """What UserInfo says, as JSON or signed (OpenID Connect Core §5.3.2)."""
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
