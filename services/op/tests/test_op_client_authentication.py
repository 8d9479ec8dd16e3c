"""Client authentication by secret (RFC 6749 §2.3, OpenID Connect Core §9)."""

import pytest
from op_testing import REDIRECT_URI, SECRET, VERIFIER, RunningProvider, assert_refused, basic


@pytest.mark.parametrize(
    ("client_id", "how"),
    [("web", "basic"), ("web", "post"), ("basic", "basic"), ("post", "post"), ("spa", "none")],
    ids=["none registered, basic", "none registered, post", "basic", "post", "none, a public client"],
)
@pytest.mark.spec("OpenID Connect Core §9", "RFC 6749 §2.1, §2.3.1, §3.2.1", "RFC 7591 §2")
async def test_client_is_authenticated(provider: RunningProvider, client_id: str, how: str) -> None:
    """RFC 6749 §2.1, §3.2.1: A public client has no secret and is identified by its client_id alone; a
    confidential client must authenticate.
    """
    await provider.register(client_id)
    form = {
        "grant_type": "authorization_code",
        "code": await provider.code(client_id=client_id),
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    form |= {"client_id": client_id} if how != "basic" else {}
    form |= {"client_secret": SECRET} if how == "post" else {}
    headers = basic(client_id, SECRET) if how == "basic" else {}
    assert (await provider.client.post("/token", form=form, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("client_id", "registered"), [("basic", "client_secret_basic"), ("post", "client_secret_post")]
)
@pytest.mark.spec("OpenID Connect Core §9", "RFC 7591 §2")
async def test_only_the_registered_method_is_accepted(
    provider: RunningProvider, client_id: str, registered: str
) -> None:
    """client_secret_basic, client_secret_post and none are supported. A client uses the one that it is registered for;
    a client of the directory without one uses basic or post.

    A client with the right secret is told which method it is registered for; nobody else is.
    """
    await provider.register(client_id)
    for secret, told in ((SECRET, True), ("wrong", False)):
        if registered == "client_secret_basic":
            form, headers = {"client_id": client_id, "client_secret": secret}, {}
        else:
            form, headers = {}, basic(client_id, secret)
        response = await provider.client.post("/token", form=form | {"grant_type": "refresh_token"}, headers=headers)
        await assert_refused(response, "invalid_client", 401)
        assert (registered in (await response.get_json())["error_description"]) is told


@pytest.mark.spec("RFC 6749 §2.3.1")
async def test_basic_credentials_are_form_encoded(provider: RunningProvider) -> None:
    """Both parts of HTTP Basic credentials are form-decoded after base64."""
    client = await provider.op.clients.read("web")
    assert client is not None
    await provider.op.clients.save(type(client)(client_id="a:b", client_secret="s+ %é", redirect_uris=(REDIRECT_URI,)))
    headers = basic("a%3Ab", "s%2B+%25%C3%A9")
    response = await provider.client.post("/token", form={"grant_type": "x"}, headers=headers)
    await assert_refused(response, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        pytest.param({}, {}, id="no authentication"),
        pytest.param(basic("web", "wrong"), {}, id="wrong secret by basic"),
        pytest.param(basic("nobody", "wrong"), {}, id="unknown client"),
        pytest.param({}, {"client_id": "web", "client_secret": "wrong"}, id="wrong secret by post"),
        pytest.param({}, {"client_id": "web"}, id="a confidential client without its secret"),
        pytest.param(basic("spa", ""), {}, id="basic by a public client"),
        pytest.param({"Authorization": "Basic !!!"}, {}, id="no base64"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §9")
@pytest.mark.spec("RFC 6749 §2.1, §3.2.1, §5.2")
@pytest.mark.spec("RFC 7591 §2")
async def test_failed_client_authentication_gets_401_with_a_challenge(
    provider: RunningProvider, headers: dict[str, str], form: dict[str, str]
) -> None:
    """RFC 6749 §5.2: Failed client authentication is a 401 with a challenge, and is the same for an unknown
    client and for a wrong secret.
    """
    await provider.register("post", "spa")
    response = await provider.client.post(
        "/token", form={"grant_type": "authorization_code", "code": "x", **form}, headers=headers
    )
    await assert_refused(response, "invalid_client", 401)
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.spec("RFC 6749 §2.3")
async def test_two_authentication_methods_are_rejected(provider: RunningProvider) -> None:
    """A request uses one authentication method, not two; a client_id in the form must be that of the header."""
    response = await provider.client.post(
        "/token",
        form={"grant_type": "authorization_code", "client_id": "web", "client_secret": SECRET},
        headers=basic("web", SECRET),
    )
    await assert_refused(response, "invalid_request")
