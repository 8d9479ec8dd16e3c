"""Subject identifiers, public and pairwise (OpenID Connect Core §8)."""

import json
from typing import Any

import pytest
from protocol_testing import client, refused

from op.errors import InvalidClientMetadata
from op.protocol.clients.subject import Subjects, check_sector_identifier, sectors_of
from op.records import Client, Session

KEY = "a-key-for-tests-of-more-than-32-characters"
SECTOR = "https://sector.test/uris.json"


def subjects() -> Subjects:
    return Subjects(KEY)


def pairwise(*redirect_uris: str, **changes: Any) -> Client:
    return client(subject_type="pairwise", redirect_uris=list(redirect_uris or ("http://a/b",)), **changes)


@pytest.mark.parametrize(
    ("uris", "sector_identifier_uri", "sectors"),
    [
        (["http://a/b"], None, {"a"}),
        (["http://a/b", "https://A:8443/c"], None, {"a"}),
        (["http://a/b", "http://c/d"], None, {"a", "c"}),
        (["app:/x"], None, {""}),
        (["https://[::1"], None, {""}),
        ([], None, set()),
        (["http://a/b"], SECTOR, {"sector.test"}),
    ],
)
@pytest.mark.spec("OpenID Connect Core §8, §8.1")
def test_sectors_are_hosts(uris: list[str], sector_identifier_uri: str | None, sectors: set[str]) -> None:
    registered = Client(client_id="a", redirect_uris=tuple(uris), sector_identifier_uri=sector_identifier_uri)
    assert sectors_of(registered) == sectors


def test_public_sub_is_that_of_the_user() -> None:
    assert subjects().of(client(), "user0") == "user0"
    assert subjects().sid_of(client(), "sid") == "sid"


def test_pairwise_sub_is_43_base64url_characters() -> None:
    sub = subjects().of(pairwise(), "user0")
    assert len(sub) == 43
    assert sub.replace("-", "").replace("_", "").isalnum()


def test_pairwise_sub_does_not_change_between_versions() -> None:
    """Clients store it, so another derivation would make every user a new one."""
    assert subjects().of(pairwise(), "user0") == "E4bGhdEn75uPrDv19MJMwgOGaBMHqrGNeY15T0ZknG4"
    assert subjects().sid_of(pairwise(), "sid") == "mxSrymPM6aV73p-nyPRYaQupbY2wVThqyM5PI06OhlU"


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(pairwise(client_id="b"), id="another client"),
        pytest.param(pairwise("https://A:8443/other", "http://a/b"), id="another path, port and spelling"),
        pytest.param(pairwise("http://c/", "http://d/", sector_identifier_uri="https://a/x"), id="a sector's URI"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §8, §8.1")
def test_clients_of_a_sector_see_the_same_sub(same: Client) -> None:
    assert subjects().of(same, "user0") == subjects().of(pairwise(), "user0")
    assert subjects().sid_of(same, "sid") == subjects().sid_of(pairwise(), "sid")


@pytest.mark.spec("OpenID Connect Core §8, §8.1")
def test_sub_depends_on_sector_user_and_secret() -> None:
    subs = {
        subjects().of(pairwise(), "user0"),
        subjects().of(pairwise("http://b/b"), "user0"),
        subjects().of(pairwise(sector_identifier_uri=SECTOR), "user0"),
        subjects().of(pairwise(), "user1"),
        Subjects(KEY + "x").of(pairwise(), "user0"),
        subjects().sid_of(pairwise(), "user0"),
    }
    assert len(subs) == 6


@pytest.mark.spec("RFC 9068 §2.2")
def test_client_acting_for_itself_keeps_its_client_id() -> None:
    """RFC 9068 §2.2."""
    assert subjects().of(pairwise(), "app") == "app"


def test_session_has_the_sub_for_the_client() -> None:
    session = Session(sid="sid", sub="user0", auth_time=100, user_agent="x")
    seen = subjects().seen_by(pairwise(), session)
    assert seen == Session(sid="sid", sub=subjects().of(pairwise(), "user0"), auth_time=100, user_agent="x")
    assert subjects().seen_by(client(), session) == session


URIS = ["http://a/b", "http://c/d"]


@pytest.mark.parametrize("listed", [URIS, [*URIS, "http://e/f"], [URIS[1], URIS[0]], [5, *URIS]], ids=str)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §5")
def test_sector_that_lists_all_redirect_uris_is_accepted(listed: list[Any]) -> None:
    check_sector_identifier(json.dumps(listed).encode(), pairwise(*URIS, sector_identifier_uri=SECTOR))


NO_ARRAY = "The document at the sector_identifier_uri must be a JSON array."
NOT_ALL = "The document at the sector_identifier_uri must list all of the client's redirect_uris."


@pytest.mark.parametrize(
    ("document", "description"),
    [
        pytest.param(json.dumps(URIS[:1]).encode(), NOT_ALL, id="one is missing"),
        pytest.param(json.dumps(URIS[1:]).encode(), NOT_ALL, id="the other is missing"),
        pytest.param(b"[]", NOT_ALL, id="all are missing"),
        pytest.param(json.dumps([uri.upper() for uri in URIS]).encode(), NOT_ALL, id="another spelling"),
        pytest.param(json.dumps({"redirect_uris": URIS}).encode(), NO_ARRAY, id="an object"),
        pytest.param(json.dumps(" ".join(URIS)).encode(), NO_ARRAY, id="a string that contains them"),
        pytest.param(b"nonsense", NO_ARRAY, id="not JSON"),
        pytest.param(b"[" * 60_000, NO_ARRAY, id="nested too deeply"),
        pytest.param(b"\xff", NO_ARRAY, id="no UTF-8"),
        pytest.param(b"", NO_ARRAY, id="empty"),
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §5")
def test_sector_that_does_not_list_a_client_is_rejected(document: bytes, description: str) -> None:
    with refused(InvalidClientMetadata, description):
        check_sector_identifier(document, pairwise(*URIS, sector_identifier_uri=SECTOR))
