"""The settings: all faults with their names, and credentials only if they are required."""

import subprocess
import sys

import pytest

from rs.settings import read_settings
from servicekit.settings import SettingsError

ENOUGH = {
    "OIDC_ISSUER": "http://localhost:25000",
    "REDIS_URL": "redis://localhost:6379/0",
    "RS_CLIENT_ID": "resource-server",
    "RS_CLIENT_SECRET": "secret",
}


def test_defaults_are_mode_a_on_port_25002():
    settings = read_settings(ENOUGH)
    assert settings.token_validation == "introspection"
    assert settings.bind == "127.0.0.1:25002"
    assert settings.rs_audience == "resource-server"
    assert settings.rs_required_scope == "profile"
    assert settings.introspection_cache_ttl == 0
    assert settings.access_token_signing_alg == "RS256"


def test_mode_b_does_not_need_credentials():
    only = {name: ENOUGH[name] for name in ("OIDC_ISSUER", "REDIS_URL")}
    assert read_settings({**only, "TOKEN_VALIDATION": "jwt"}).rs_client_secret is None


def test_secret_is_read_from_a_file_and_not_shown(tmp_path):
    path = tmp_path / "secret"
    path.write_text("from-a-file\n", encoding="utf-8")
    environment = {**ENOUGH, "RS_CLIENT_SECRET": "", "RS_CLIENT_SECRET_FILE": str(path)}
    settings = read_settings(environment)
    assert settings.rs_client_secret == "from-a-file"
    assert "from-a-file" not in repr(settings)


@pytest.mark.spec("RFC 6749 §3.3")
def test_all_faults_are_reported_together():
    with pytest.raises(SettingsError) as refusal:
        read_settings(
            {
                "OIDC_ISSUER": "http://localhost:25000/",
                "INTROSPECTION_CACHE_TTL": "-1",
                "ACCESS_TOKEN_SIGNING_ALG": "HS256",
                "RS_REQUIRED_SCOPE": 'a"b',
                "RS_PROFILES_FILE": "/no/such/file",
                "OIDC_CONNECT_TO": "nonsense",
                "RS_BASE_URL": "localhost",
                "BIND": "nowhere",
            }
        )
    assert {fault.partition(":")[0] for fault in refusal.value.faults} == {
        "OIDC_ISSUER",
        "REDIS_URL",
        "RS_CLIENT_ID",
        "RS_CLIENT_SECRET",
        "INTROSPECTION_CACHE_TTL",
        "ACCESS_TOKEN_SIGNING_ALG",
        "RS_REQUIRED_SCOPE",
        "RS_PROFILES_FILE",
        "OIDC_CONNECT_TO",
        "RS_BASE_URL",
        "BIND",
    }


def test_unknown_mode_is_a_fault():
    with pytest.raises(SettingsError, match="TOKEN_VALIDATION"):
        read_settings({**ENOUGH, "TOKEN_VALIDATION": "both"})


def test_service_prints_all_faults_and_exits_with_2():
    done = subprocess.run([sys.executable, "-m", "rs"], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    named = [line.partition(":")[0] for line in done.stderr.splitlines()]
    assert named == ["REDIS_URL", "OIDC_ISSUER", "RS_CLIENT_ID", "RS_CLIENT_SECRET"]
    assert done.stdout == ""
