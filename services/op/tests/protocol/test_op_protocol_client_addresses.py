"""The URLs in client metadata that are fetched, linked, framed or shown (RFC 7591 §2)."""

import pytest
from protocol_testing import METADATA, SAFE, faults_of

from op.protocol.clients.metadata import client_of, is_http_uri
from op.protocol.clients.presentation import shown_logo


@pytest.mark.parametrize(
    ("uri", "valid"),
    [
        ("http://a.test", True),
        ("https://a.test:8443/b?c=d", True),
        ("https://a.test/" + "b" * 2033, True),
        ("https://a.test/" + "b" * 2034, False),
        ("ftp://a.test/", False),
        ("https:///b", False),
        ("https://a.test:x/", False),
        ("https://a.test:0/", False),
        ("https://a.test:65536/", False),
        ("https://user@a.test/", False),
        ("https://a.test/#b", False),
        ("https://a.test/;b", False),
        ("https://a.test/ b", False),
        ("https://a.test/é", False),
        ("https://[::1", False),
        ("", False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_http_uri_is_recognised(uri: str, valid: bool) -> None:
    assert is_http_uri(uri) is valid


@pytest.mark.parametrize(
    ("uri", "safe"),
    [
        ("https://a.test/x", True),
        ("http://localhost/x", True),
        ("http://127.0.0.1:80/x", True),
        ("http://[::1]/x", True),
        ("http://a.test/x", False),
        ("ftp://localhost/x", False),
        ("https://a.test/x;y", False),
    ],
)
@pytest.mark.parametrize("name", ["jwks_uri", "sector_identifier_uri", "initiate_login_uri"])
@pytest.mark.spec("OpenID Connect Core §4, §8.1", "RFC 7591 §2")
def test_uri_must_be_https_or_loopback(name: str, uri: str, safe: bool) -> None:
    """RFC 7591 §2, OpenID Connect Core §4, §8.1."""
    assert faults_of(**{name: uri}) == ([] if safe else [f"{name} {SAFE}"])


@pytest.mark.parametrize("name", ["client_uri", "logo_uri", "policy_uri", "tos_uri"])
@pytest.mark.spec("RFC 7591 §2")
def test_page_about_a_client_must_be_http(name: str) -> None:
    """RFC 7591 §2."""
    assert faults_of(**{name: "http://a.test/x"}) == []
    assert faults_of(**{name: "javascript:x"}) == [f"{name} must be an http or https URL"]


@pytest.mark.parametrize(
    ("name", "uri", "fault"),
    [
        ("backchannel_logout_uri", "http://a.test/x", None),
        ("backchannel_logout_uri", "http://a.test/x#y", "must be an http or https URL without a fragment"),
        ("backchannel_logout_uri", "ftp://a.test/x", "must be an http or https URL without a fragment"),
        ("backchannel_logout_uri", "http://a.test:x/", "must be an http or https URL without a fragment"),
        ("frontchannel_logout_uri", "https://client.test/out?a=b", None),
        ("frontchannel_logout_uri", "https://client.test;x/y", "must be an http or https URL without a fragment"),
        ("frontchannel_logout_uri", "http://client.test/out", "must have the scheme, host and port of a redirect URI"),
        (
            "frontchannel_logout_uri",
            "https://client.test:444/",
            "must have the scheme, host and port of a redirect URI",
        ),
        ("frontchannel_logout_uri", "https://a.test/out", "must have the scheme, host and port of a redirect URI"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.2", "OpenID Connect Front-Channel Logout §2")
def test_logout_uri_is_checked(name: str, uri: str, fault: str | None) -> None:
    """OpenID Connect Back-Channel Logout §2.2: A client registers an absolute URL without a fragment."""
    assert faults_of(**{name: uri}) == ([] if fault is None else [f"{name} {fault}"])


def test_both_logout_uris_are_checked() -> None:
    faults = faults_of(backchannel_logout_uri="x", frontchannel_logout_uri="y")
    assert [fault.split()[0] for fault in faults] == ["backchannel_logout_uri", "frontchannel_logout_uri"]


@pytest.mark.parametrize(
    ("logo_uri", "trusted", "shown"),
    [
        pytest.param("https://client.test/logo.png", False, True, id="host of a redirect URI"),
        pytest.param("http://CLIENT.test:8443/logo.png", False, True, id="only the host is compared"),
        pytest.param("https://bank.test/logo.png", False, False, id="§9.1 of another host"),
        pytest.param("https://bank.test/logo.png", True, True, id="an administrator vouches for it"),
        pytest.param(None, True, False, id="none"),
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2, §9.1", "RFC 7591 §2")
def test_logo_of_another_host_requires_trust(logo_uri: str | None, trusted: bool, shown: bool) -> None:
    """Dynamic Client Registration 1.0 §2, §9.1."""
    assert shown_logo(client_of(METADATA | {"logo_uri": logo_uri}), trusted=trusted) == (logo_uri if shown else None)
