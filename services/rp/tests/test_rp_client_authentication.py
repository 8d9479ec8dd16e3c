"""OpenID Connect Core §9: how this client proves itself, by every method."""

import json
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk, jws
from rp_testing import CLIENT_ID, CLIENT_SECRET, refused

from rp.protocol.clients.client_authentication import ClientIdentity, authenticate
from rp.protocol.clients.client_key import ClientKey

NOW = 1_800_000_000
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
KEYS = {"RS256": RSA_KEY, "ES256": EC_KEY}


def pem(key, form=PrivateFormat.PKCS8):
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def as_jwk(key, algorithm, **members):
    return json.dumps({**jwk.construct(pem(key), algorithm).to_dict(), **members})


def public(key, algorithm):
    return jwk.construct(pem(key), algorithm).public_key()


def client(**changes):
    fields = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "client_key": None, "method": None, **changes}
    return ClientIdentity(**fields)


def credentials(identity, supported=(), algorithms=()):
    return authenticate(identity, supported, algorithms, audience="http://op/token", now=NOW + 0.5)


def test_client_secret_basic_encodes_both_halves_first():
    """RFC 6749 §2.3.1."""
    found = credentials(client(client_id="a:b", client_secret="c d&ö"))
    encoded = found.headers["Authorization"].removeprefix("Basic ")
    assert (b64decode(encoded), found.form) == (b"a%3Ab:c+d%26%C3%B6", {})


def kind(found):
    if found.headers:
        return "client_secret_basic"
    if "client_assertion" in found.form:
        return jws.get_unverified_header(found.form["client_assertion"])["alg"]
    return "client_secret_post" if "client_secret" in found.form else "none"


@pytest.mark.parametrize(
    ("identity", "supported", "used"),
    [
        pytest.param({}, (), "client_secret_basic", id="nothing said: basic"),
        pytest.param({}, ("client_secret_post",), "client_secret_post", id="post where basic is not offered"),
        pytest.param({}, ("client_secret_jwt",), "HS256", id="a secret signs where nothing else is offered"),
        pytest.param({}, ("client_secret_jwt", "client_secret_basic"), "client_secret_basic", id="basic goes first"),
        pytest.param({"method": "client_secret_jwt"}, ("client_secret_basic",), "HS256", id="what is set goes first"),
        pytest.param({"client_key": "ES256"}, ("private_key_jwt", "client_secret_basic"), "ES256", id="a key first"),
        pytest.param({"client_key": "RS256"}, ("client_secret_basic",), "client_secret_basic", id="a key not offered"),
        pytest.param({"client_secret": None}, ("none",), "none", id="no credentials"),
        pytest.param({"method": "none"}, (), "none", id="none, though there is a secret"),
    ],
)
def test_the_method_that_both_know(identity, supported, used):
    key = identity.get("client_key")
    own = {**identity, "client_key": ClientKey.parse(pem(KEYS[key])) if key else None}
    assert kind(credentials(client(**own), supported)) == used


@pytest.mark.parametrize(
    ("identity", "supported", "algorithms"),
    [
        pytest.param({}, ("private_key_jwt",), (), id="a key is needed and there is none"),
        pytest.param({}, ("tls_client_auth",), (), id="a method that is not known"),
        pytest.param({"client_secret": None}, (), (), id="basic without a secret"),
        pytest.param({"client_secret": "x" * 31}, ("client_secret_jwt",), (), id="too short a secret to sign with"),
        pytest.param({"method": "client_secret_jwt"}, (), ("HS512",), id="an algorithm that is not offered"),
    ],
)
def test_no_method_that_both_know(identity, supported, algorithms):
    with pytest.raises(ValueError, match=r"it (supports none of|does not support)"):
        credentials(client(**identity), supported, algorithms)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
def test_an_assertion(algorithm):
    """RFC 7523 §3: who, to whom, for how long, and once."""
    key = None if algorithm == "HS256" else ClientKey.parse(pem(KEYS[algorithm]))
    method = "client_secret_jwt" if key is None else "private_key_jwt"
    verify_with = CLIENT_SECRET.encode() if key is None else public(KEYS[algorithm], algorithm)
    seen = []
    for _ in range(2):
        form = credentials(client(client_key=key, method=method), (), (algorithm,)).form
        assert form.keys() == {"client_assertion_type", "client_assertion"}
        seen.append(json.loads(jws.verify(form["client_assertion"], verify_with, [algorithm])))
    ids = {claims.pop("jti") for claims in seen}
    assert [len(one) for one in ids] == [43, 43]
    assert seen[0] == {
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "aud": "http://op/token",
        "iat": NOW,
        "exp": NOW + 60,
    }


@pytest.mark.parametrize(
    ("text", "algorithm", "kid"),
    [
        pytest.param(pem(RSA_KEY), "RS256", None, id="RSA, PKCS #8"),
        pytest.param(pem(RSA_KEY, PrivateFormat.TraditionalOpenSSL), "RS256", None, id="RSA, PKCS #1"),
        pytest.param(pem(EC_KEY), "ES256", None, id="EC, PKCS #8"),
        pytest.param(pem(EC_KEY, PrivateFormat.TraditionalOpenSSL), "ES256", None, id="EC, SEC 1"),
        pytest.param(as_jwk(RSA_KEY, "RS256", kid="mine"), "RS256", "mine", id="RSA, JWK"),
        pytest.param(f" {as_jwk(EC_KEY, 'ES256', kid='k')}", "ES256", "k", id="EC, JWK"),
        pytest.param(as_jwk(EC_KEY, "ES256", kid=7), "ES256", None, id="JWK with a kid that is no string"),
    ],
)
def test_a_key_that_is_accepted(text, algorithm, kid):
    key = ClientKey.parse(text)
    assert (key.algorithm, key.kid) == (algorithm, kid)
    form = credentials(client(client_key=key, method="private_key_jwt")).form
    assert jws.verify(form["client_assertion"], public(KEYS[algorithm], algorithm), [algorithm])
    assert jws.get_unverified_header(form["client_assertion"]).get("kid") == kid


def without(text, member):
    return json.dumps({name: value for name, value in json.loads(text).items() if name != member})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("rubbish", id="rubbish"),
        pytest.param("{", id="no JSON"),
        pytest.param('{"kty":"oct","k":"c2VjcmV0LXNlY3JldA"}', id="a symmetric key"),
        pytest.param(without(as_jwk(RSA_KEY, "RS256"), "d"), id="a public RSA key"),
        pytest.param(without(as_jwk(EC_KEY, "ES256"), "d"), id="a public EC key"),
        pytest.param(as_jwk(RSA_KEY, "RS256", alg="PS256"), id="a JWK of another algorithm"),
        pytest.param(pem(ec.generate_private_key(ec.SECP384R1())), id="another curve"),
        pytest.param(pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), id="1024 bits"),  # noqa: S505
        pytest.param(pem(RSA_KEY)[:200], id="cut off"),
    ],
)
def test_what_is_no_key(text):
    with pytest.raises(ValueError, match="must be a private key") as refusal:
        ClientKey.parse(text)
    assert text[:40] not in str(refusal.value)
    assert "c2VjcmV0" not in str(refusal.value)


def test_a_key_printed_by_accident_shows_nothing():
    assert "PRIVATE" not in repr(client(client_key=ClientKey.parse(pem(RSA_KEY))))
    assert CLIENT_SECRET not in repr(client())


@pytest.mark.parametrize(
    "way",
    [
        ("client_secret_basic", {}),
        ("client_secret_post", {}),
        ("client_secret_jwt", {}),
        ("private_key_jwt", {"CLIENT_SECRET": "", "CLIENT_KEY": pem(RSA_KEY)}),
        ("private_key_jwt", {"CLIENT_SECRET": "", "CLIENT_KEY": as_jwk(EC_KEY, "ES256", kid="mine")}),
        ("none", {"CLIENT_SECRET": "", "TOKEN_ENDPOINT_AUTH_METHOD": "none"}),
    ],
    ids=["basic", "post", "secret jwt", "RSA key", "EC key", "none"],
)
@pytest.mark.parametrize("by_setting", [True, False], ids=["by setting", "by discovery"])
async def test_every_method_signs_in(environment, open_browser, provider, way, by_setting):
    """§9: code, refresh and revocation, against a provider that takes this method alone."""
    method, variables = way
    provider.metadata = {"token_endpoint_auth_methods_supported": [method]}
    environment.update(variables)
    if by_setting:
        environment["TOKEN_ENDPOINT_AUTH_METHOD"] = method
    if method == "private_key_jwt":
        used = "ES256" if "kty" in variables["CLIENT_KEY"] else "RS256"
        provider.client_key = public(KEYS[used], used)
    browser = await open_browser()
    assert (await browser.sign_in()).status_code == 303
    provider.expire()
    assert "user0@example.com" in await browser.see("/profile")
    response = await browser.sign_out()
    assert response.headers["Location"].startswith(f"{provider.url}/logout?")
    assert provider.revoked == [provider.refresh_token]
    audiences = [claims["aud"] for claims in provider.assertions.values()]
    token = f"{provider.url}/token"
    assert audiences == ([token, token, provider.url] if method.endswith("_jwt") else [])


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
async def test_an_assertion_may_name_the_issuer_alone(environment, open_browser, provider, method):
    """RFC 7523 §3 (3): some providers take no other audience."""
    environment |= {"CLIENT_KEY": pem(RSA_KEY), "TOKEN_ENDPOINT_AUTH_METHOD": method}
    environment["CLIENT_ASSERTION_AUDIENCE"] = "issuer"
    provider.client_key, provider.audience = public(RSA_KEY, "RS256"), "issuer"
    provider.metadata = {"token_endpoint_auth_methods_supported": [method]}
    assert (await (await open_browser()).sign_in()).status_code == 303
    assert [claims["aud"] for claims in provider.assertions.values()] == [provider.url]


async def test_a_provider_that_takes_none_of_our_methods(browser, provider):
    provider.metadata = {"token_endpoint_auth_methods_supported": ["tls_client_auth"]}
    await refused(await browser.sign_in(), says="supports none of client_secret_basic", status=502)
