"""POST /token with an authorization code (RFC 6749 §4.1.3, §5, OpenID Connect Core §3.1.3)."""

import asyncio
import json
from typing import Any

import pytest
from jose import jwt
from op_testing import (
    ISSUER,
    REDIRECT_URI,
    SECRET,
    VERIFIER,
    ProviderFactory,
    RunningProvider,
    assert_refused,
    basic,
)

from op.protocol.tokens.claims import at_hash


def header_of(token: str) -> dict[str, Any]:
    return jwt.get_unverified_header(token)


def claims_of(token: str) -> dict[str, Any]:
    return jwt.get_unverified_claims(token)


@pytest.mark.spec("OpenID Connect Core §3.1.3, §3.1.3.3", "RFC 6749 §5.1")
async def test_code_is_exchanged_for_tokens(provider: RunningProvider) -> None:
    """RFC 6749 §5.1: The token response is JSON with the token, its type, lifetime and scope, and must not be cached.

    OpenID Connect Core §3.1.3.3: The token response has token_type Bearer and an id_token, and must not be cached.
    """
    response = await provider.redeem(await provider.code())
    tokens = await response.get_json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 300
    assert tokens["scope"] == "openid email profile"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.spec("OpenID Connect Core §2", "OpenID Connect Front-Channel Logout §3")
async def test_id_token_has_exactly_the_expected_claims(provider: RunningProvider) -> None:
    """OpenID Connect Core §2: The id_token has issuer, subject, audience, times, auth_time and nonce, and none of the
    claims of an access token.

    There is no client_id, scope or jti.
    """
    tokens = await provider.tokens()
    now = int(provider.clock())
    claims = claims_of(tokens["id_token"])
    sid = claims.pop("sid")
    assert sid
    assert claims == {
        "iss": ISSUER,
        "sub": "user0",
        "aud": "web",
        "exp": now + 60,
        "iat": now,
        "auth_time": now,
        "nonce": "nonce-of-the-test",
        "at_hash": at_hash(tokens["access_token"]),
        "email": "user0@example.com",
        "email_verified": True,
        "name": "User Zero",
        "nickname": "Zero",
    }


@pytest.mark.spec("OpenID Connect Core §5.4")
async def test_claims_follow_the_granted_scope(provider: RunningProvider) -> None:
    """`email`, `profile`, `address` and `phone` give access to their claims."""
    claims = claims_of((await provider.tokens(scope="openid email"))["id_token"])
    assert "email" in claims
    assert "name" not in claims


@pytest.mark.spec("OpenID Connect Core §3.1.2.1", "RFC 6749 §3.3")
async def test_unknown_scope_is_ignored(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.2.1."""
    assert (await provider.tokens(scope="openid unknown"))["scope"] == "openid"


@pytest.mark.spec("OpenID Connect Core §3.1.2.1, §3.1.3")
async def test_request_without_openid_is_oauth_only(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.2.1: A request without `openid` is plain OAuth. Unknown scopes are ignored.

    OpenID Connect Core §3.1.3: The authorization code grant gives an id_token if the scope of the code has `openid`.
    """
    tokens = await provider.tokens(scope="email", nonce=None)
    assert "id_token" not in tokens
    assert tokens["scope"] == "email"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.spec("OpenID Connect Core §10.1", "RFC 7515 §3.1, §4.1.4", "RFC 7517 §4")
async def test_id_token_is_signed_with_a_published_key(provider: RunningProvider, algorithm: str) -> None:
    """RFC 7515 §3.1: Tokens use the compact serialization.

    RFC 7515 §4.1.4: `kid` names the key that signed the token.
    """
    client_id = {"RS256": "web", "ES256": "es256"}[algorithm]
    await provider.register(client_id)
    code = await provider.code(client_id=client_id)
    response = await provider.redeem(code, client_id=client_id, client_secret=SECRET)
    tokens = await response.get_json()
    header = header_of(tokens["id_token"])
    keys = (await (await provider.client.get("/jwks")).get_json())["keys"]
    key = next(k for k in keys if k["kid"] == header["kid"])
    assert header == {"alg": algorithm, "typ": "JWT", "kid": key["kid"]}
    assert not {"d", "p", "q"} & key.keys(), "a private member is published"
    options = {"verify_exp": False, "verify_iat": False}
    jwt.decode(tokens["id_token"], key, [algorithm], options, "web" if client_id == "web" else client_id,
               access_token=tokens["access_token"])  # fmt: skip


@pytest.mark.spec("OpenID Connect Core §10.1")
async def test_hs256_key_is_the_client_secret(provider: RunningProvider) -> None:
    """RS256 and ES256 use published keys, and HS256 the octets of the client's secret."""
    await provider.register("hs256")
    code = await provider.code(client_id="hs256")
    response = await provider.redeem(code, client_id="hs256", client_secret=SECRET)
    tokens = await response.get_json()
    assert header_of(tokens["id_token"]) == {"alg": "HS256", "typ": "JWT"}
    jwt.decode(tokens["id_token"], SECRET, ["HS256"], {"verify_exp": False}, "hs256",
               access_token=tokens["access_token"])  # fmt: skip


@pytest.mark.parametrize("by", ["setting", "client"])
@pytest.mark.spec("RFC 8725 §3.12", "RFC 9068 §2, §2.1, §2.2")
async def test_jwt_access_token_follows_rfc_9068(provider_with: ProviderFactory, by: str) -> None:
    """RFC 9068 §2.1: The header says `at+jwt`, and the signature is asymmetric.

    RFC 9068 §2.2: An access token has issuer, subject, audience, client_id, times, jti and scope.

    Type, audience and claims differ from those of the id_token.
    """
    provider = await provider_with(access_token_format="jwt" if by == "setting" else "opaque")
    client_id = "web" if by == "setting" else "jwt"
    await provider.register(client_id)
    code = await provider.code(client_id=client_id)
    tokens = await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json()
    assert header_of(tokens["access_token"])["typ"] == "at+jwt"
    assert header_of(tokens["access_token"])["alg"] == "RS256"
    claims = claims_of(tokens["access_token"])
    now = int(provider.clock())
    assert claims.pop("jti")
    assert claims == {
        "iss": ISSUER,
        "sub": "user0",
        "aud": "resource-server",
        "client_id": client_id,
        "scope": "openid email profile",
        "iat": now,
        "exp": now + 300,
    }


async def test_opaque_tokens_are_stored_hashed(provider: RunningProvider) -> None:
    code = await provider.code()
    tokens = await (await provider.redeem(code)).get_json()
    redis = provider.redis
    stored = ""
    async for key in redis.scan_iter():
        kind = await redis.type(key)
        index = {"hash": redis.hvals, "zset": lambda key: redis.zrange(key, 0, -1)}.get(kind)
        stored += f"{key}{await index(key) if index else await redis.get(key)}"
    for secret in (code, tokens["access_token"], tokens["refresh_token"], SECRET, VERIFIER, "PRIVATE KEY"):
        assert secret.split(".")[-1] not in stored


# --- The code's bindings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"code": None}, "invalid_request", id="§4.1.3 missing code"),
        pytest.param({"code": "A" * 22 + "." + "B" * 43}, "invalid_grant", id="an unknown code"),
        pytest.param({"redirect_uri": REDIRECT_URI + "/"}, "invalid_grant", id="§4.1.3 another redirect_uri"),
        pytest.param({"code_verifier": "x" * 43}, "invalid_grant", id="RFC 7636 §4.6 wrong verifier"),
        pytest.param(
            {"client_id": "other", "client_secret": SECRET + "2"}, "invalid_grant", id="§4.1.3 code of another client"
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.3.2, §3.1.3.4", "RFC 6749 §4.1.3", "RFC 7636 §4.4, §4.6")
async def test_code_with_another_binding_is_rejected(
    provider: RunningProvider, changes: dict[str, Any], error: str
) -> None:
    """A request that fails a check leaves the code usable."""
    await provider.register("other")
    code = await provider.code()
    await assert_refused(await provider.redeem(code, **changes), error)
    assert (await provider.redeem(code)).status_code == 200


@pytest.mark.spec("RFC 9700 §4.8.2")
async def test_verifier_without_challenge_is_rejected(provider_with: ProviderFactory) -> None:
    """A verifier for a code without a challenge is rejected (PKCE downgrade)."""
    provider = await provider_with(require_pkce=False)
    code = await provider.code(code_challenge=None, code_challenge_method=None)
    await assert_refused(await provider.redeem(code), "invalid_grant")
    assert (await provider.redeem(code, code_verifier=None)).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400)], ids=["before", "after"])
@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_code_expires_after_60_seconds(provider: RunningProvider, seconds: int, status: int) -> None:
    """A code expires after a short time, here 60 seconds."""
    code = await provider.code()
    provider.clock.pass_seconds(seconds)
    assert (await provider.redeem(code)).status_code == status


@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_code_has_a_ttl_of_60_seconds_in_redis(provider: RunningProvider) -> None:
    await provider.code()
    redis = provider.redis
    ttls = [await redis.ttl(key) async for key in redis.scan_iter(match="op:{*")]
    assert len(ttls) == 2
    assert all(0 < ttl <= 60 for ttl in ttls)


@pytest.mark.spec("OpenID Connect Core §3.1.3.2", "RFC 6749 §4.1.2, §10.5", "RFC 7662 §2.2")
async def test_second_use_of_a_code_revokes_the_tokens(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.3.2: The provider checks the client, the code, that the code was not used before,
    and redirect_uri.
    """
    code = await provider.code()
    tokens = await (await provider.redeem(code)).get_json()
    assert (await provider.userinfo(tokens["access_token"])).status_code == 200
    await assert_refused(await provider.redeem(code), "invalid_grant")
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
    assert await provider.introspect(tokens["access_token"]) == {"active": False}
    await assert_refused(await provider.refresh(tokens["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client_id": "other", "client_secret": SECRET + "2"}, id="another client"),
        pytest.param({"code_verifier": "x" * 43}, id="a wrong verifier"),
        pytest.param({"code_verifier": None}, id="no verifier"),
        pytest.param({"redirect_uri": "http://other.test/callback"}, id="another redirect_uri"),
    ],
)
@pytest.mark.spec("RFC 6749 §4.1.2, §10.5")
async def test_stolen_code_cannot_revoke_the_grant(provider: RunningProvider, changes: dict[str, Any]) -> None:
    """A second redemption revokes the tokens of the first if it passes the same checks: whoever has only seen the code
    cannot revoke anything.

    A second redemption must pass the same checks as the first; a public client has only these.
    """
    await provider.register("spa", "other")
    code = await provider.code(client_id="spa")
    tokens = await (await provider.redeem(code, client_id="spa")).get_json()
    await assert_refused(await provider.redeem(code, **({"client_id": "spa"} | changes)), "invalid_grant")
    assert (await provider.userinfo(tokens["access_token"])).status_code == 200
    await assert_refused(await provider.redeem(code, client_id="spa"), "invalid_grant")
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401


@pytest.mark.spec("RFC 6749 §4.1.2")
async def test_one_of_fifty_parallel_uses_of_a_code_succeeds(provider: RunningProvider) -> None:
    """A code can be redeemed once, even by parallel requests.

    Fifty requests on open connections redeem the code in parallel.
    """
    await asyncio.gather(*(provider.redis.ping() for _ in range(50)))
    code = await provider.code()
    responses = await asyncio.gather(*(provider.redeem(code) for _ in range(50)))
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [200] + [400] * 49
    winner = next(response for response in responses if response.status_code == 200)
    tokens = await winner.get_json()
    assert await provider.introspect(tokens["access_token"]) == {"active": False}


# --- The request itself ----------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Core §3.1.3.4", "RFC 6749 §5.2")
async def test_missing_or_unknown_grant_type_is_rejected(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.3.4: Errors of the token endpoint are those of OAuth 2.0."""
    await assert_refused(await provider.token(code="x"), "invalid_request")
    await assert_refused(await provider.token(grant_type="password"), "unsupported_grant_type")


@pytest.mark.spec("RFC 6749 §5.2")
async def test_unregistered_grant_type_is_rejected(provider: RunningProvider) -> None:
    """An error is JSON with its code. A request with a missing or unknown grant_type gets the code that the
    specification gives it.
    """
    await provider.register("no-refresh")
    form = {"client_id": "no-refresh", "client_secret": SECRET}
    await assert_refused(await provider.refresh("x", **form), "unauthorized_client")


async def test_client_without_refresh_grant_gets_no_refresh_token(provider: RunningProvider) -> None:
    await provider.register("no-refresh")
    code = await provider.code(client_id="no-refresh")
    tokens = await (await provider.redeem(code, client_id="no-refresh", client_secret=SECRET)).get_json()
    assert "refresh_token" not in tokens


FORM = {"Content-Type": "application/x-www-form-urlencoded", **basic("web", SECRET)}


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        pytest.param(b"grant_type=a&grant_type=b", FORM, 400, id="§3.2 a repeated parameter"),
        pytest.param(b"grant_type=%ff", FORM, 400, id="invalid UTF-8, encoded"),
        pytest.param(b"grant_type=\xff", FORM, 400, id="invalid UTF-8, raw"),
        pytest.param(b"grant_type=a%00b", FORM, 400, id="NUL"),
        pytest.param(b"code=" + b"x" * 50_000, FORM, 400, id="a parameter of 50 KB"),
        pytest.param(b"a=1&" * 100, FORM, 400, id="too many parameters"),
        pytest.param(b"x" * 70_000, FORM, 413, id="a body over the limit"),
        pytest.param(b"", FORM, 400, id="an empty body"),
        pytest.param(json.dumps({"grant_type": "x"}).encode(), {"Content-Type": "application/json"}, 400, id="JSON"),
        pytest.param(b"grant_type=x", {"Content-Type": "text/plain"}, 400, id="another content type"),
        pytest.param(b"grant_type=x", {}, 400, id="no content type"),
    ],
)
@pytest.mark.spec("RFC 6749 §3.2")
async def test_malformed_request_gets_a_4xx(
    provider: RunningProvider, data: bytes, headers: dict[str, str], status: int
) -> None:
    """A token request is a form without duplicate parameters, and is parsed once."""
    response = await provider.client.post("/token", data=data, headers=headers)
    body = await response.get_json()
    assert (response.status_code, body["error"]) == (status, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.spec("RFC 6749 §3.2")
async def test_other_methods_get_405(provider: RunningProvider, method: str) -> None:
    """The token endpoint accepts only POST."""
    client: Any = provider.client
    response = await client.open("/token", method=method)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


async def test_scripts_of_other_origins_may_call_the_endpoint(provider: RunningProvider) -> None:
    """For single-page applications: CORS without credentials."""
    response = await provider.client.options("/token", headers={"Origin": "http://spa.test"})
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in response.headers["Access-Control-Allow-Headers"]
    introspect = await provider.client.options("/introspect", headers={"Origin": "http://spa.test"})
    assert "Access-Control-Allow-Origin" not in introspect.headers
