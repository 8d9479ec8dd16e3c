"""Expected and found values that are easily confused: on an error page they must differ visibly."""

import pytest
from rp_testing import refused

from rp.check import Check, equality, secret_equality, shown
from rp.message import Message, from_record, to_record
from rp.web.presentation import difference

LONG = "https://op.example/" + "x" * 200
ABSENT = Message("check", "absent")


@pytest.mark.parametrize(
    ("expected", "found", "marked"),
    [
        pytest.param("http://op", "http://op/", ("", "/"), id="a character more at the end"),
        pytest.param("http://op/", "http://op", ("/", ""), id="a character less at the end"),
        pytest.param("http://op", "https://op", ("", "s"), id="in the middle"),
        pytest.param("user0", "User0", ("u", "U"), id="at the beginning"),
        pytest.param("user0", "user0 ", ("", " "), id="a space"),
        pytest.param("aa", "aaa", ("", "a"), id="a repeated character"),
        pytest.param("user0", "user0", ("", ""), id="equal"),
        pytest.param("http://op", "demo-client", ("", ""), id="quite different"),
        pytest.param("demo-client", None, ("", ""), id="absent"),
        pytest.param(LONG + "a", LONG + "b", ("a", "b"), id="at the end of long values"),
        pytest.param("x" * 101, "x" * 101 + "y", ("", "y"), id="after what is usually shown"),
    ],
)
def test_difference_of_similar_values_is_marked(expected, found, marked):
    check = equality("iss", "§2", expected, found)
    parts = difference(check)
    assert tuple(middle for _, middle, _ in parts) == marked
    assert tuple("".join(one) for one in parts) == (check.expected, check.found)


def test_our_own_text_is_not_marked():
    check = Check("azp", "§2", Message("check", "%(value)s, or absent", value="client"), "client1")
    assert [middle for _, middle, _ in difference(check)] == ["", ""]


def test_long_values_are_shown_around_their_difference():
    check = equality("iss", "§2", LONG + "/a" + "y" * 200, LONG + "/b" + "y" * 200)
    assert check.expected == "…" + "x" * 19 + "/a" + "y" * 99 + "…"
    assert check.found == "…" + "x" * 19 + "/b" + "y" * 99 + "…"
    assert equality("iss", "§2", LONG, LONG).expected == shown(LONG) == LONG[:120] + "…"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        pytest.param("the-nonce-of-this-sign-in", "the-no…", id="the same"),
        pytest.param("the-nonce-of-another-one", "the-no… and a different end", id="the same beginning"),
        pytest.param("another-nonce-than-expected", "anothe…", id="another beginning"),
        pytest.param(None, "absent", id="absent"),
    ],
)
def test_secrets_with_the_same_beginning_differ_visibly(found, text):
    check = secret_equality("nonce", "§2", "the-nonce-of-this-sign-in", found)
    assert (check.expected, check.found) == ("the-no…", text)


async def test_error_page_marks_the_difference(browser, provider):
    provider.claims = {"iss": f"{provider.url}/"}
    page = await refused(await browser.sign_in(), says="The check “iss”")
    assert f'<code class="value">{provider.url}</code>' in page
    assert f'<code class="value">{provider.url}<mark>/</mark></code>' in page


async def test_marked_values_are_escaped(browser, provider):
    provider.claims = {"iss": f"{provider.url}<b>"}
    page = await refused(await browser.sign_in(), says="The check “iss”")
    assert f"{provider.url}<mark>&lt;b&gt;</mark>" in page


@pytest.mark.parametrize(
    "text",
    [
        "a value",
        Message("check", "absent"),
        Message("check", "one %(algorithm)s key, %(number)s", algorithm="RS256", number=7),
        Message("check", "%(value)s, or absent", value=ABSENT),
    ],
)
def test_text_is_restored_from_its_record(text):
    restored = from_record(to_record(text))
    assert (restored, type(restored)) == (text, type(text))
    assert to_record(restored) == to_record(text)


@pytest.mark.parametrize("record", [7, {}, {"context": "c", "source": "%(a)s", "values": {"b": 1}}, {"values": 7}])
def test_invalid_record_of_a_text_is_an_error(record):
    with pytest.raises(ValueError, match="not a text"):
        from_record(record)
