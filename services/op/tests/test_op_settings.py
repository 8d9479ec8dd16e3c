"""The rules of the provider's settings beyond single values."""

from typing import Any

import pytest

from op.protocol.keys.schedule import MINIMUM_LEAD
from op.settings import Settings
from servicekit.settings import SettingsError


@pytest.mark.parametrize(
    ("issuer", "origin", "secure"),
    [
        ("http://localhost:25000", "http://localhost:25000", False),
        ("https://op.example", "https://op.example", True),
        ("HTTPS://ID.Example.com:443", "https://id.example.com", True),
        ("http://op.example:443", "http://op.example:443", False),
        ("http://op.example:80", "http://op.example", False),
        ("https://op.example:8443", "https://op.example:8443", True),
        ("http://[::80]", "http://[::80]", False),
    ],
)
@pytest.mark.spec("RFC 6454 §6.2")
def test_origin_is_written_as_in_browsers(issuer: str, origin: str, secure: bool) -> None:
    """An origin is compared as browsers serialize it."""
    settings = Settings(redis_url="redis://localhost", oidc_issuer=issuer, op_secret_key="x" * 32)
    assert (settings.origin, settings.secure, settings.oidc_issuer) == (origin, secure, issuer)


REQUIRED: dict[str, Any] = {
    "redis_url": "redis://localhost",
    "oidc_issuer": "https://op.example",
    "op_secret_key": "x" * 32,
}


@pytest.mark.parametrize(
    ("lead", "interval", "faults"),
    [
        pytest.param(MINIMUM_LEAD, MINIMUM_LEAD + 1, [], id="the least of both"),
        pytest.param(MINIMUM_LEAD, 0, [], id="only by command"),
        pytest.param(MINIMUM_LEAD - 1, 10_000, ["KEY_PUBLICATION_LEAD"], id="a cache may not know the new key"),
        pytest.param(900, 900, ["KEY_ROTATION_INTERVAL"], id="a new key as soon as the last one signs"),
        pytest.param(1, 1, ["KEY_PUBLICATION_LEAD", "KEY_ROTATION_INTERVAL"], id="both at once"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §10.1.1")
def test_publication_lead_outlasts_every_cache_of_the_keys(lead: int, interval: int, faults: list[str]) -> None:
    """The settings cannot let a key sign before every cached copy of the set has it, nor create keys faster than
    they start to sign.
    """
    said: list[str] = []
    try:
        Settings(**REQUIRED, key_publication_lead=lead, key_rotation_interval=interval)
    except SettingsError as error:
        said = [fault.partition(":")[0] for fault in error.faults]
    assert said == faults
