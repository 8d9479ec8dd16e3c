"""Settings: typed, all faults reported together, secrets from files and never in a text."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from servicekit.settings import (
    ServiceSettings,
    SettingsError,
    base_url,
    boolean,
    connect_to,
    decimal_seconds,
    drain_delay,
    host_and_port,
    networks,
    one_of,
    read,
    secret_of,
    setting,
    site_url,
    whole_number,
)


@dataclass(frozen=True, kw_only=True)
class Example(ServiceSettings):
    bind: str = setting(str, "where", default="127.0.0.1:1")
    token: str = setting(secret_of(8), "a secret", secret=True)
    size: int = setting(whole_number(1), "a size", default=3)


GOOD = {"REDIS_URL": "redis://localhost", "TOKEN": "12345678"}


def test_values_are_typed_and_have_defaults() -> None:
    settings = read(Example, GOOD | {"SIZE": "7", "LOG_FORMAT": "console"})
    assert (settings.size, settings.workers, settings.log_format) == (7, 1, "console")


def test_all_faults_are_reported_with_variable_names() -> None:
    with pytest.raises(SettingsError) as caught:
        read(Example, {"SIZE": "none", "WORKERS": "0", "REDIS_URL": "http://x", "LOG_LEVEL": "LOUD"})
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "REDIS_URL",
        "LOG_LEVEL",
        "WORKERS",
        "TOKEN",
        "SIZE",
    ]


def test_empty_variable_counts_as_absent() -> None:
    assert read(Example, GOOD | {"SIZE": ""}).size == 3


def test_secret_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("from-the-file\n")
    environment = {"REDIS_URL": "redis://x", "TOKEN_FILE": str(path)}
    assert read(Example, environment).token == "from-the-file"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param({"TOKEN_FILE": "/nowhere"}, "not both", id="both"),
        pytest.param({"TOKEN": "", "TOKEN_FILE": "/nowhere"}, "cannot read the file", id="no file"),
        pytest.param({"TOKEN": "short"}, "at least 8", id="too short"),
    ],
)
def test_unusable_secret_is_rejected(changes: dict[str, str], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault) as caught:
        read(Example, GOOD | changes)
    assert "12345678" not in str(caught.value)
    assert "short" not in str(caught.value).replace("too short", "")


def test_secrets_are_not_in_the_repr() -> None:
    shown = repr(read(Example, GOOD | {"REDIS_URL": "redis://:hidden@x"}))
    assert "12345678" not in shown
    assert "hidden" not in shown


@pytest.mark.parametrize("value", ["http://localhost:25000", "https://op.example", "https://op.example/tenant"])
def test_base_url_is_accepted(value: str) -> None:
    assert base_url(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "localhost:25000",
        "ftp://x",
        "http://",
        "http://x/",
        "http://x?a",
        "http://x#a",
        "http://u:p@x",
        "http://x:99999",
    ],
)
@pytest.mark.spec("OpenID Connect Discovery §3")
def test_invalid_base_url_is_rejected(value: str) -> None:
    """An issuer is a URL without query and fragment, in its normalized form; the provider's own issuer has no
    path either.
    """
    with pytest.raises(ValueError, match="must"):
        base_url(value)


def test_connect_to_is_parsed() -> None:
    """Like curl's --connect-to; names are case-insensitive, and IPv6 addresses are in brackets."""
    assert connect_to("LOCALHOST:25000=op:25000, [::1]:1=[fe80::1]:2") == {
        ("localhost", 25000): ("op", 25000),
        ("::1", 1): ("fe80::1", 2),
    }
    assert connect_to("") == {}


@pytest.mark.parametrize("value", ["a", "a:1", "a:1=b", "a=b", "a:x=b:1", "a:99999=b:1"])
def test_invalid_connect_to_is_rejected(value: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        connect_to(value)


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (boolean, "maybe"),
        (whole_number(1), "0"),
        (whole_number(1), "-1"),
        (whole_number(1), "1.5"),
        (whole_number(1), "\u0661"),
        (decimal_seconds, "0"),
        (decimal_seconds, "nan"),
        (drain_delay, "7"),
        (drain_delay, "1.5"),
        (one_of("a", "b"), "c"),
        (site_url, "http://x/tenant"),
        (host_and_port, "host"),
        (networks, "10.0.0.0/99"),
    ],
)
@pytest.mark.spec("OpenID Connect Discovery §3")
def test_invalid_value_is_rejected(parse, value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(value)
