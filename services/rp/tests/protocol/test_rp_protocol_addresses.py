"""URLs: origins (RFC 6454 §6.2), added query parameters (RFC 6749 §3.1), and the logout request."""

import pytest

from rp.protocol.logout.logout_request import logout_request
from rp.protocol.origin import origin_of
from rp.protocol.query import with_query


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        pytest.param("http://rp.example", "http://rp.example", id="no port"),
        pytest.param("http://rp.example:25001/a?b#c", "http://rp.example:25001", id="a port"),
        pytest.param("http://rp.example:80/", "http://rp.example", id="the default port of http"),
        pytest.param("https://rp.example:443/", "https://rp.example", id="the default port of https"),
        pytest.param("https://rp.example:80/", "https://rp.example:80", id="the default port of another scheme"),
        pytest.param("HTTP://RP.Example/", "http://rp.example", id="upper case"),
        pytest.param("http://[::1]:25001/", "http://[::1]:25001", id="IPv6"),
    ],
)
def test_origin_of_an_address(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        pytest.param("http://op/a", "http://op/a?b=c+d&e=%26", id="no query"),
        pytest.param("http://op/a?x=%20y", "http://op/a?x=%20y&b=c+d&e=%26", id="a query is kept as it is"),
        pytest.param("http://op/a#x", "http://op/a?b=c+d&e=%26", id="a fragment is dropped"),
    ],
)
def test_parameters_are_added_to_an_address(endpoint: str, address: str) -> None:
    assert with_query(endpoint, {"b": "c d", "e": "&"}) == address


def test_no_parameters_leave_the_address_as_it_is() -> None:
    assert with_query("http://op/a?x", {}) == "http://op/a?x"


@pytest.mark.parametrize(("ui_locales", "query"), [(None, ""), ("de fr", "&ui_locales=de+fr")])
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
def test_logout_request_has_every_parameter(ui_locales: str | None, query: str) -> None:
    """OpenID Connect RP-Initiated Logout §2."""
    address = logout_request(
        "http://op/logout",
        id_token="t",
        client_id="c",
        post_logout_redirect_uri="u",
        state="s",
        ui_locales=ui_locales,
    )
    assert address == f"http://op/logout?id_token_hint=t&client_id=c&post_logout_redirect_uri=u&state=s{query}"
