"""The settings: types, faults, and secrets from files, which are never shown."""

import subprocess
import sys

import pytest

from rp.settings import Settings
from servicekit.settings import SettingsError, read

ENVIRONMENT = {
    "REDIS_URL": "redis://localhost/0",
    "OIDC_ISSUER": "http://localhost:25000",
    "CLIENT_ID": "demo-client",
    "CLIENT_SECRET": "a-secret",
    "RP_BASE_URL": "http://localhost:25001",
    "RESOURCE_SERVER_URL": "http://localhost:25002",
}


def test_defaults_of_the_settings():
    settings = read(Settings, ENVIRONMENT)
    assert (settings.rp_scope, settings.session_ttl, settings.id_token_alg, settings.bind) == (
        "openid email profile",
        28800,
        "RS256",
        "127.0.0.1:25001",
    )
    assert [one.callback_path for one in settings.registrations] == ["/callback"]
    assert settings.post_logout_redirect_uri == "http://localhost:25001/logout/callback"
    assert not settings.secure


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://localhost:25000//"),
        ("OIDC_ISSUER", "localhost:25000"),
        ("RP_BASE_URL", "http://localhost:25001/app"),
        ("RP_RESPONSE_MODE", "fragment"),
        ("RP_SCOPE", "email profile"),
        ("RP_SCOPE", 'openid "email"'),
        ("SESSION_TTL", "0"),
        ("SESSION_TTL", "1h"),
        ("HTTP_TIMEOUT", "0"),
        ("HTTP_TIMEOUT", "30.1"),
        ("DISCOVERY_CACHE_TTL", "-1"),
        ("ID_TOKEN_ALG", "NONE"),
        ("ID_TOKEN_ALG", "RS512"),
        ("OIDC_CONNECT_TO", "localhost:25000"),
        ("RESOURCE_SERVER_URL", "ftp://localhost"),
        ("CLIENT_ID", ""),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1", "RFC 6749 §3.3")
def test_invalid_value_names_its_variable(name, value):
    """OpenID Connect Core §3.1.2.1: The relying party sends `openid` and a new state and nonce with each request."""
    with pytest.raises(SettingsError) as error:
        read(Settings, {**ENVIRONMENT, name: value})
    assert [fault.partition(":")[0] for fault in error.value.faults] == [name]


@pytest.mark.parametrize("issuer", ["http://localhost:25000/", "https://op.example/tenant/"])
@pytest.mark.spec("OpenID Connect Discovery §4.1")
def test_issuer_may_end_with_a_slash(issuer):
    """OpenID Connect Discovery §4.1: the slash is part of the issuer."""
    assert read(Settings, {**ENVIRONMENT, "OIDC_ISSUER": issuer}).oidc_issuer == issuer


@pytest.mark.parametrize(
    ("issuer", "accepted"),
    [
        ("https://op.example", True),
        ("http://localhost:25000", True),
        ("http://[::1]:25000", True),
        ("http://op.example", False),
    ],
)
@pytest.mark.spec("OpenID Connect Core §2, §3.1.3.7 (6)")
def test_unsigned_id_tokens_require_https_or_this_machine(issuer, accepted):
    """OpenID Connect Core §2: `none` is allowed only if the token comes from the provider over TLS."""
    environment = {**ENVIRONMENT, "ID_TOKEN_ALG": "none", "OIDC_ISSUER": issuer}
    if accepted:
        assert read(Settings, environment).id_token_alg == "none"
        return
    with pytest.raises(SettingsError, match=r"^ID_TOKEN_ALG: "):
        read(Settings, environment)


@pytest.mark.spec("RFC 7518 §3.2")
def test_hs256_needs_a_secret_of_32_octets():
    """HS256 needs a secret of 256 bits, at the provider and at the relying party."""
    with pytest.raises(SettingsError, match=r"^CLIENT_SECRET: .*32") as error:
        read(Settings, {**ENVIRONMENT, "ID_TOKEN_ALG": "HS256", "CLIENT_SECRET": "x" * 31})
    assert "x" * 31 not in str(error.value)
    assert read(Settings, {**ENVIRONMENT, "ID_TOKEN_ALG": "HS256", "CLIENT_SECRET": "x" * 32})


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        pytest.param({"CLIENT_SECRET": ""}, "CLIENT_SECRET", id="neither secret nor key"),
        pytest.param({"TOKEN_ENDPOINT_AUTH_METHOD": "private_key_jwt"}, "CLIENT_KEY", id="no key"),
        pytest.param(
            {"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post", "CLIENT_SECRET": ""}, "CLIENT_SECRET", id="no secret"
        ),
        pytest.param({"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_jwt"}, "CLIENT_SECRET", id="too short to sign with"),
        pytest.param({"TOKEN_ENDPOINT_AUTH_METHOD": "tls_client_auth"}, "TOKEN_ENDPOINT_AUTH_METHOD", id="unknown"),
        pytest.param({"CLIENT_KEY": "rubbish-that-is-secret"}, "CLIENT_KEY", id="not a key"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §9", "RFC 7518 §3.2, §3.3, §3.4")
def test_credentials_must_match_the_method(changes, variable):
    """OpenID Connect Core §9."""
    with pytest.raises(SettingsError) as error:
        read(Settings, {**ENVIRONMENT, **changes})
    assert [fault.partition(":")[0] for fault in error.value.faults] == [variable]
    assert "rubbish" not in str(error.value)


def test_public_client_needs_no_secret():
    assert read(Settings, {**ENVIRONMENT, "CLIENT_SECRET": "", "TOKEN_ENDPOINT_AUTH_METHOD": "none"})


def test_secret_from_a_file_is_not_shown(tmp_path):
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    environment = {**ENVIRONMENT, "CLIENT_SECRET": "", "CLIENT_SECRET_FILE": str(file)}
    settings = read(Settings, environment)
    assert settings.client_secret == "from-a-file"
    assert "from-a-file" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://localhost:25001", "http://localhost:25001"),
        ("https://RP.example", "https://rp.example"),
        ("https://rp.example:443", "https://rp.example"),
        ("http://rp.example:443", "http://rp.example:443"),
        ("http://[::1]:25001", "http://[::1]:25001"),
    ],
)
@pytest.mark.spec("RFC 6454 §6.2")
def test_origin_is_normalized(url, origin):
    assert read(Settings, {**ENVIRONMENT, "RP_BASE_URL": url}).origin == origin


def test_command_prints_all_faults_and_exits_with_2():
    environment = {name: value for name, value in ENVIRONMENT.items() if name not in ("CLIENT_ID", "OIDC_ISSUER")}
    command = [sys.executable, "-m", "rp"]
    ended = subprocess.run(command, env={**environment, "WORKERS": "x"}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert {line.partition(":")[0] for line in ended.stderr.splitlines()} == {"CLIENT_ID", "OIDC_ISSUER", "WORKERS"}
