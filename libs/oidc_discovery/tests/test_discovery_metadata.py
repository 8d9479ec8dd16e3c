"""The endpoints in a discovery document (OpenID Connect Discovery 1.0 §3)."""

import pytest

from oidc_discovery.errors import ProviderMisconfigured
from oidc_discovery.metadata import Metadata


@pytest.mark.parametrize(
    "url",
    [
        "http://op.test/end",
        "https://op.test:8443/end?a=b",
        "https://my_op-1.test",
        "http://localhost:25000/end",
        "http://127.0.0.1/end",
        "http://[::1]:25000/end",
        "https://op.test/%C3%A9?a='b;c'",
    ],
)
@pytest.mark.spec("OpenID Connect Discovery §3", "RFC 3986 §3.2.2")
def test_usable_endpoint_is_returned(url: str) -> None:
    """An endpoint is a URL of printable ASCII whose host is unambiguous in a header or a policy."""
    assert Metadata("http://op.test", {"end_session_endpoint": url}).endpoint("end_session_endpoint") == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://\u043ep.test/end", id="a host that is not ASCII"),
        pytest.param("https://op.test/\xe9", id="a path that is not ASCII"),
        pytest.param("https://op.test/\ud800", id="half a character"),
        pytest.param("https://op.test/a b", id="a space"),
        pytest.param("https://op.test/\x7f", id="a control character"),
        pytest.param("\thttps://op.test/", id="a tab in front"),
        pytest.param("https://op.test;script-src/end", id="a host with a semicolon"),
        pytest.param("https://op.test,evil.test/end", id="a host with a comma"),
        pytest.param("https://'self'/end", id="a host with quotes"),
        pytest.param('https://op"test/end', id="a host with a double quote"),
        pytest.param("https://*/end", id="a wildcard host"),
        pytest.param("https://*.test/end", id="a wildcard subdomain"),
        pytest.param("https://op%2etest/end", id="a host with a percent sign"),
        pytest.param("https://evil.test\\@op.test/end", id="two hosts"),
        pytest.param("https://user@op.test/end", id="a user"),
        pytest.param("https://[::1;]/end", id="no IPv6 address"),
        pytest.param("https:///end", id="no host"),
        pytest.param("https://op.test:0/end", id="port 0"),
        pytest.param("https://op.test:65536/end", id="no port"),
        pytest.param(f"https://op.test/{'x' * 2048}", id="too long"),
        pytest.param("javascript:alert(1)", id="another scheme"),
        pytest.param(None, id="null"),
    ],
)
@pytest.mark.spec("OpenID Connect Discovery §3", "RFC 3986 §3.2.2")
def test_unusable_endpoint_is_rejected(url: str | None) -> None:
    """An endpoint appears in headers and policies, and is shown to users, who have to recognize it."""
    with pytest.raises(ProviderMisconfigured, match="no end_session_endpoint"):
        Metadata("https://op.test", {"end_session_endpoint": url}).endpoint("end_session_endpoint")


@pytest.mark.parametrize(
    ("issuer", "url", "usable"),
    [
        ("https://op.test", "https://op.test/token", True),
        ("https://op.test", "https://elsewhere.test/token", True),
        ("https://op.test", "http://op.test/token", False),
        ("HTTPS://op.test", "HTTP://op.test/token", False),
        ("http://localhost:25000", "http://localhost:25000/token", True),
        ("http://localhost:25000", "https://op.test/token", True),
    ],
)
@pytest.mark.spec("OpenID Connect Discovery §3")
def test_endpoints_of_an_https_issuer_must_be_https(issuer: str, url: str, usable: bool) -> None:
    """The endpoints of an https issuer are https."""
    metadata = Metadata(issuer, {"token_endpoint": url})
    if usable:
        assert metadata.endpoint("token_endpoint") == url
    else:
        with pytest.raises(ProviderMisconfigured, match="token_endpoint in the discovery document is not https"):
            metadata.endpoint("token_endpoint")


@pytest.mark.parametrize(
    ("value", "is_set"), [(True, True), (False, False), (None, False), ("true", False), (1, False), (..., False)]
)
def test_flag_is_set_only_by_true(value: object, is_set: bool) -> None:
    metadata = Metadata("https://op.test", {} if value is ... else {"flag": value})
    assert metadata.flag("flag") is is_set
    assert metadata.has("flag") is (value is not ...)
