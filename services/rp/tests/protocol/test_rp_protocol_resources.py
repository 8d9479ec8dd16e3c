"""The responses of protected resources (RFC 6750 §3, OpenID Connect Core §5.3)."""

import re
from typing import Any

import pytest
from rp_protocol_testing import refused

from rp.check import Check
from rp.errors import ResourceNotFound, ResourceRefused, UserInfoRefused
from rp.protocol.resources import protected_resource, userinfo
from rp.protocol.resources.userinfo import UserInfo

DENIED = {"WWW-Authenticate": 'Bearer realm="x", error="insufficient_scope", scope="email"'}
UNAVAILABLE = "The service is temporarily unavailable. Try again in a moment."
UNEXPECTED = "The response has an unexpected status."
BAD_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no Content-Type"),
        pytest.param({"Content-Type": "application/json; charset=utf-8"}, id="JSON"),
        pytest.param({"Content-Type": "text/plain; x=application/jwt"}, id="a parameter is not a type"),
    ],
)
def test_json_object_of_a_resource_is_returned(headers: dict[str, str]) -> None:
    assert protected_resource.process("UserInfo", 200, headers, b'{"sub":"user0"}') == {"sub": "user0"}


@pytest.mark.parametrize(
    ("status", "headers", "explanation"),
    [
        pytest.param(401, BAD_TOKEN, "401 invalid_token. The access token was rejected.", id="401"),
        pytest.param(401, {}, "401. The access token was rejected.", id="401 without a challenge"),
        pytest.param(403, DENIED, "403 insufficient_scope. The granted scope does not allow this request.", id="403"),
        pytest.param(404, {}, "404. There is no data about this user.", id="404"),
        pytest.param(500, {}, f"500. {UNAVAILABLE}", id="500"),
        pytest.param(503, {}, f"503. {UNAVAILABLE}", id="503"),
        pytest.param(429, {}, f"429. {UNAVAILABLE}", id="429"),
        pytest.param(302, {}, f"302. {UNEXPECTED}", id="302"),
        pytest.param(204, {}, f"204. {UNEXPECTED}", id="204"),
        pytest.param(400, {"WWW-Authenticate": 'Bearer error="a\\b"'}, f"400. {UNEXPECTED}", id="not a code"),
    ],
)
@pytest.mark.spec("RFC 6750 §3")
def test_error_of_a_resource_names_it_and_the_reason(status: int, headers: dict[str, str], explanation: str) -> None:
    """The relying party says which server rejected the token, and repeats the error of the challenge."""
    with pytest.raises(ResourceRefused, match=f"^{re.escape(f'The API responded with {explanation}')}$") as error:
        protected_resource.process("The API", status, headers, b'{"sub":"user0"}')
    assert isinstance(error.value, ResourceNotFound) is (status == 404)


@pytest.mark.parametrize("kind", ["application/jwt", " Application/JWT ; charset=utf-8"])
@pytest.mark.spec("OpenID Connect Core §5.3.2")
def test_userinfo_as_a_jwt_is_rejected(kind: str) -> None:
    """OpenID Connect Core §5.3.2: this client is not registered for it."""
    with pytest.raises(ResourceRefused, match=r"^UserInfo responded with a JWT\."):
        protected_resource.process("UserInfo", 200, {"Content-Type": kind}, b"{}")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"<html>", "not valid JSON", id="HTML"),
        pytest.param(b"[]", "not a JSON object", id="a list"),
        pytest.param(b'{"a":' * 10_000, "nested more than 16 levels deep", id="nested too deep"),
        pytest.param(b'{"a":"\\ud800"}', "text that is not valid Unicode", id="lone surrogate"),
    ],
)
def test_anything_but_a_json_object_is_rejected(body: bytes, reason: str) -> None:
    with pytest.raises(ResourceRefused, match=f"^The response of The API is not a usable JSON object: {reason}.$"):
        protected_resource.process("The API", 200, {}, body)


def test_userinfo_of_the_same_user_is_returned() -> None:
    claims = {"sub": "user0", "name": "Zero"}
    assert userinfo.verify(claims, "user0") == UserInfo(claims, Check("sub", "OIDC Core §5.3.2", "user0", "user0"))


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        pytest.param({}, "absent", id="no sub"),
        pytest.param({"sub": "user1"}, "user1", id="another user"),
        pytest.param({"sub": "USER0"}, "USER0", id="another case"),
        pytest.param({"sub": "user0 "}, "user0 ", id="one more space"),
        pytest.param({"sub": None}, "absent", id="null"),
        pytest.param({"sub": ""}, "an empty string", id="empty"),
        pytest.param({"sub": ["user0"]}, '["user0"]', id="a list"),
        pytest.param({"sub": 7}, "7", id="a number"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.3.2")
def test_userinfo_of_another_user_is_rejected(claims: dict[str, Any], found: str) -> None:
    """OpenID Connect Core §5.3.2."""
    with refused(UserInfoRefused, Check("sub", "OIDC Core §5.3.2", "user0", found)):
        userinfo.verify(claims, "user0")
