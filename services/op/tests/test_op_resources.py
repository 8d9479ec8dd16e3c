"""The endpoints for tokens: UserInfo (Core §5.3), introspection (RFC 7662), revocation (RFC 7009)."""

from typing import Any

import pytest
from jose import jwt
from op_testing import ISSUER, SECRET, RunningProvider, assert_refused, basic, query_of, verification_key

FORMATS = pytest.mark.parametrize("client_id", ["web", "jwt"], ids=["opaque", "jwt"])


async def tokens_of(provider: RunningProvider, client_id: str = "web", **changes: Any) -> dict[str, Any]:
    await provider.register(client_id)
    code = await provider.code(client_id=client_id, **changes)
    body: dict[str, Any] = await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json()
    return body


# --- UserInfo --------------------------------------------------------------------------------------------------------


@FORMATS
@pytest.mark.spec("OpenID Connect Core §5.3.2, §5.4")
async def test_userinfo_returns_claims_by_scope(provider: RunningProvider, client_id: str) -> None:
    token = (await tokens_of(provider, client_id))["access_token"]
    response = await provider.userinfo(token)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert await response.get_json() == {
        "sub": "user0",
        "email": "user0@example.com",
        "email_verified": True,
        "name": "User Zero",
        "nickname": "Zero",
    }
    email_only = (await tokens_of(provider, client_id, scope="openid email"))["access_token"]
    claims = await (await provider.userinfo(email_only)).get_json()
    assert claims == {"sub": "user0", "email": "user0@example.com", "email_verified": True}


@FORMATS
@pytest.mark.spec("OpenID Connect Core §5.3.1", "RFC 6750 §2.2")
async def test_userinfo_accepts_post(provider: RunningProvider, client_id: str) -> None:
    """RFC 6750 §2.2: UserInfo also accepts a token in a form body; the resource server, which is called with GET,
    rejects it.

    OpenID Connect Core §5.3.1: UserInfo accepts GET and POST; the relying party sends the token in the header.
    """
    token = (await tokens_of(provider, client_id))["access_token"]
    by_header = await provider.client.post("/userinfo", headers={"Authorization": f"Bearer {token}"})
    by_body = await provider.client.post("/userinfo", form={"access_token": token})
    assert (by_header.status_code, by_body.status_code) == (200, 200)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.spec("OpenID Connect Core §5.3.2")
async def test_userinfo_is_signed_if_registered(provider: RunningProvider, algorithm: str, method: str) -> None:
    """Signed UserInfo is application/jwt with iss and aud."""
    client_id = f"signed-{algorithm.lower()}"
    token = (await tokens_of(provider, client_id, scope="openid email"))["access_token"]
    if method == "GET":
        response = await provider.userinfo(token)
    else:
        response = await provider.client.post("/userinfo", form={"access_token": token})
    assert response.headers["Content-Type"] == "application/jwt"
    assert response.headers["Cache-Control"] == "no-store"
    signed = await response.get_data(as_text=True)
    key = await verification_key(provider, signed, algorithm)
    assert jwt.decode(signed, key, [algorithm], audience=client_id, issuer=ISSUER) == {
        "iss": ISSUER,
        "aud": client_id,
        "sub": "user0",
        "email": "user0@example.com",
        "email_verified": True,
    }
    hint = await provider.authorize(client_id=client_id, id_token_hint=signed)
    assert query_of(hint.location)["error"] == "invalid_request", "it is not an ID token"


@pytest.mark.spec("OpenID Connect Core §5.3.2", "RFC 6750 §3")
async def test_errors_of_signed_userinfo_are_json(provider: RunningProvider) -> None:
    """OpenID Connect Core §5.3.2: A client that is registered for it gets UserInfo as a JWT with `iss` and
    `aud`, signed with its algorithm. It is not accepted as an id_token.
    """
    token = (await tokens_of(provider, "signed-rs256", scope="email", nonce=None))["access_token"]
    await assert_refused(await provider.userinfo(token), "insufficient_scope", 403)


@pytest.mark.spec("RFC 6750 §3.1")
async def test_userinfo_without_a_token_gets_401_without_an_error_code(provider: RunningProvider) -> None:
    """If no token was sent, the challenge has no error code."""
    response = await provider.client.get("/userinfo")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="Trefoil"'


@pytest.mark.parametrize("token", ["fake", "A" * 22 + "." + "B" * 43, "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
@pytest.mark.spec("OpenID Connect Core §5.3.3")
@pytest.mark.spec("RFC 6750 §3")
async def test_userinfo_with_a_fake_token_gets_401(provider: RunningProvider, token: str) -> None:
    """RFC 6750 §3: A rejected request to UserInfo is told how to authenticate by WWW-Authenticate: Bearer.

    OpenID Connect Core §5.3.3: Errors of UserInfo are those of RFC 6750.
    """
    response = await provider.userinfo(token)
    await assert_refused(response, "invalid_token", 401)
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.spec("OpenID Connect Core §5.3")
@pytest.mark.spec("RFC 6750 §3.1")
async def test_userinfo_without_openid_gets_403(provider: RunningProvider) -> None:
    token = (await tokens_of(provider, scope="email", nonce=None))["access_token"]
    response = await provider.userinfo(token)
    await assert_refused(response, "insufficient_scope", 403)
    assert 'scope="openid"' in response.headers["WWW-Authenticate"]


@pytest.mark.spec("OpenID Connect Core §5.3", "RFC 8725 §3.12")
async def test_userinfo_rejects_an_id_token(provider: RunningProvider) -> None:
    """RFC 8725 §3.12: No token is accepted as one of the other kind: type, audience and claims all differ."""
    await assert_refused(await provider.userinfo((await tokens_of(provider))["id_token"]), "invalid_token", 401)


@pytest.mark.spec("OpenID Connect Core §5.3")
async def test_userinfo_rejects_a_refresh_token(provider: RunningProvider) -> None:
    """UserInfo requires an access token with `openid`. An id_token or a refresh token is rejected."""
    tokens = await tokens_of(provider)
    await assert_refused(await provider.userinfo(tokens["refresh_token"]), "invalid_token", 401)


@pytest.mark.parametrize("query", ["access_token=x", "%61ccess_token=x", "a=b&access_token=x&access_token=y"])
@pytest.mark.spec("RFC 6750 §2.3, §5.3")
async def test_userinfo_rejects_a_token_in_the_query(provider: RunningProvider, query: str) -> None:
    """A token in the query is rejected, since URLs are logged. It is recognized by the name of its parameter.

    It is rejected even beside a valid token in the header.
    """
    token = (await tokens_of(provider))["access_token"]
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        response = await provider.client.get(f"/userinfo?{query}", headers=headers)
        await assert_refused(response, "invalid_request")
        assert 'error="invalid_request"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("hint=no_access_token", 200), ("my_access_token=x", 200), ("a=access_token%3Dx", 200), ("a=%ff", 400)],
)
@pytest.mark.spec("RFC 6750 §2.3, §5.3")
async def test_userinfo_checks_only_names_in_the_query(provider: RunningProvider, query: str, status: int) -> None:
    """RFC 6750 §2.3: Only a parameter with the name `access_token` is a token in the query."""
    token = (await tokens_of(provider))["access_token"]
    response = await provider.client.get(f"/userinfo?{query}", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == status


@pytest.mark.spec("RFC 6750 §2")
async def test_userinfo_rejects_two_tokens(provider: RunningProvider) -> None:
    """A request to UserInfo carries one token, in one way."""
    token = (await tokens_of(provider))["access_token"]
    response = await provider.client.post(
        "/userinfo", form={"access_token": token}, headers={"Authorization": f"Bearer {token}"}
    )
    await assert_refused(response, "invalid_request")


@FORMATS
@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 401)], ids=["before", "after"])
async def test_access_token_expires(provider: RunningProvider, client_id: str, seconds: int, status: int) -> None:
    token = (await tokens_of(provider, client_id))["access_token"]
    provider.clock.pass_seconds(seconds)
    assert (await provider.userinfo(token)).status_code == status


async def test_modified_jwt_is_rejected(provider: RunningProvider) -> None:
    token = (await tokens_of(provider, "jwt"))["access_token"]
    header, payload, signature = token.split(".")
    swapped = "A" if signature[0] != "A" else "B"
    response = await provider.userinfo(f"{header}.{payload}.{swapped}{signature[1:]}")
    await assert_refused(response, "invalid_token", 401)


async def test_jti_of_a_jwt_is_not_a_token(provider: RunningProvider) -> None:
    """A `jti` has the format of an opaque token, but must not be accepted as one."""
    token = (await tokens_of(provider, "jwt"))["access_token"]
    jti = jwt.get_unverified_claims(token)["jti"]
    await assert_refused(await provider.userinfo(jti), "invalid_token", 401)


# --- Introspection ---------------------------------------------------------------------------------------------------


@FORMATS
@pytest.mark.spec("RFC 7662 §2.2")
async def test_introspection_describes_an_active_token(provider: RunningProvider, client_id: str) -> None:
    """The response describes an active token, whether it is opaque or a JWT."""
    await provider.register("resource-server")
    token = (await tokens_of(provider, client_id))["access_token"]
    now = int(provider.clock())
    assert await provider.introspect(token, "resource-server", SECRET + "3") == {
        "active": True,
        "iss": "http://localhost:25000",
        "sub": "user0",
        "client_id": client_id,
        "scope": "openid email profile",
        "aud": "resource-server",
        "token_type": "Bearer",
        "iat": now,
        "exp": now + 300,
    }


@pytest.mark.spec("RFC 7662 §2.2, §4")
async def test_introspection_describes_own_refresh_token(provider: RunningProvider) -> None:
    await provider.register("resource-server")
    tokens = await tokens_of(provider)
    result = await provider.introspect(tokens["refresh_token"])
    assert result["active"] is True
    assert "token_type" not in result
    stranger = await provider.introspect(tokens["refresh_token"], "resource-server", SECRET + "3")
    assert stranger == {"active": False}


@pytest.mark.parametrize("token", ["fake", "A" * 22 + "." + "B" * 43, "a.b.c", "[" * 5000 + ".b.c", "é"])
@pytest.mark.spec("RFC 7662 §2.2")
async def test_introspection_of_other_text_is_inactive(provider: RunningProvider, token: str) -> None:
    """The response for an inactive token is successful and says nothing else about it."""
    assert await provider.introspect(token) == {"active": False}


@pytest.mark.spec("RFC 7662 §4")
async def test_introspection_by_another_client_is_inactive(provider: RunningProvider) -> None:
    """A caller can introspect its own tokens and those that are meant for it."""
    await provider.register("other")
    token = (await tokens_of(provider))["access_token"]
    assert await provider.introspect(token, "other", SECRET + "2") == {"active": False}


@pytest.mark.parametrize(
    ("headers", "form", "error", "status"),
    [
        pytest.param({}, {"token": "x"}, "invalid_client", 401, id="unauthenticated"),
        pytest.param(basic("web", "wrong"), {"token": "x"}, "invalid_client", 401, id="wrong secret"),
        pytest.param({}, {"token": "x", "client_id": "spa"}, "unauthorized_client", 400, id="a public client"),
        pytest.param(basic("web", SECRET), {}, "invalid_request", 400, id="no token"),
    ],
)
@pytest.mark.spec("RFC 7662 §2, §2.1, §2.3")
async def test_introspection_requires_authentication(
    provider: RunningProvider, headers: dict[str, str], form: dict[str, str], error: str, status: int
) -> None:
    """RFC 7662 §2, §2.1: The caller authenticates; a public client cannot introspect.

    RFC 7662 §2.3: A request without valid credentials is a 401 with `invalid_client`.
    """
    await provider.register("spa")
    await assert_refused(await provider.client.post("/introspect", form=form, headers=headers), error, status)


async def test_introspection_takes_one_round_trip_to_redis(provider: RunningProvider) -> None:
    """Also for the token of another client, since clients are cached."""
    await provider.register("resource-server")
    token = (await tokens_of(provider))["access_token"]
    await provider.introspect(token, "resource-server", SECRET + "3")
    redis = provider.redis
    before = (await redis.info("stats"))["total_commands_processed"]
    await provider.introspect(token, "resource-server", SECRET + "3")
    after = (await redis.info("stats"))["total_commands_processed"]
    assert after - before == 2, "one MGET, and the INFO that counts"


# --- Revocation ------------------------------------------------------------------------------------------------------


async def revoke(provider: RunningProvider, token: str, client_id: str = "web", secret: str = SECRET) -> Any:
    return await provider.client.post("/revoke", form={"token": token}, headers=basic(client_id, secret))


@FORMATS
@pytest.mark.spec("RFC 7009 §2.1")
async def test_revoking_an_access_token_keeps_the_grant(provider: RunningProvider, client_id: str) -> None:
    """Revoking an access token revokes nothing else."""
    tokens = await tokens_of(provider, client_id)
    assert (await revoke(provider, tokens["access_token"], client_id)).status_code == 200
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
    again = await provider.refresh(tokens["refresh_token"], client_id=client_id, client_secret=SECRET)
    assert again.status_code == 200


@pytest.mark.spec("RFC 7009 §2.1")
async def test_revoking_a_refresh_token_ends_its_grant(provider: RunningProvider) -> None:
    """Revoking a refresh token revokes its whole grant."""
    tokens = await tokens_of(provider)
    assert (await revoke(provider, tokens["refresh_token"])).status_code == 200
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
    await assert_refused(await provider.refresh(tokens["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("token", ["fake", "A" * 22 + "." + "B" * 43])
@pytest.mark.spec("RFC 7009 §2.2")
async def test_revoking_an_unknown_token_succeeds(provider: RunningProvider, token: str) -> None:
    """Revoking an unknown token succeeds, like revoking a known one."""
    assert (await revoke(provider, token)).status_code == 200


@pytest.mark.spec("RFC 7009 §2.1")
async def test_revoking_the_token_of_another_client_is_rejected(provider: RunningProvider) -> None:
    """A client can revoke only its own tokens."""
    await provider.register("other")
    tokens = await tokens_of(provider)
    response = await revoke(provider, tokens["access_token"], "other", SECRET + "2")
    await assert_refused(response, "unauthorized_client")
    assert (await provider.userinfo(tokens["access_token"])).status_code == 200


@pytest.mark.spec("RFC 7009 §2, §2.1")
async def test_revocation_requires_authentication(provider: RunningProvider) -> None:
    """The client authenticates, or sends its client_id if it is public."""
    response = await provider.client.post("/revoke", form={"token": "x"})
    await assert_refused(response, "invalid_client", 401)


@pytest.mark.spec("RFC 7009 §2, §2.1")
async def test_public_client_revokes_its_own_token(provider: RunningProvider) -> None:
    """RFC 7009 §2.1."""
    await provider.register("spa")
    code = await provider.code(client_id="spa")
    tokens = await (await provider.redeem(code, client_id="spa")).get_json()
    form = {"token": tokens["refresh_token"], "client_id": "spa"}
    assert (await provider.client.post("/revoke", form=form)).status_code == 200
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
