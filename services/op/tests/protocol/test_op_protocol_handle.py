"""The format of opaque codes and tokens, and of user codes (RFC 8628)."""

import hashlib

import pytest

from op.handle import Handle, digest, is_grant_id, new_grant_id, new_handle, new_secret
from op.protocol.authorization.user_code import DEVICE_CODE_GRANT, new_user_code, normal_user_code
from op.stores.authorization.device import DEVICE_TTL, INTERVAL

GID = "A" * 22
TOKEN = f"{GID}.{'B' * 43}"


@pytest.mark.spec("RFC 6749 §10.10")
def test_handle_has_its_grant_and_a_hash() -> None:
    """Codes and tokens cannot be guessed: each has 256 random bits."""
    gid = new_grant_id()
    token = new_handle(gid)
    handle = Handle.parse(token)
    assert handle == Handle(gid, hashlib.sha256(token.encode()).hexdigest()) == Handle.of(gid, token)
    assert token.split(".")[1] not in handle.digest


@pytest.mark.spec("RFC 6749 §10.10")
def test_secrets_are_long_and_unique() -> None:
    """RFC 6749 §10.10."""
    assert (len(new_grant_id()), len(new_secret())) == (22, 43)
    assert len({new_grant_id() for _ in range(100)} | {new_secret() for _ in range(100)}) == 200


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "a.b.c",
        TOKEN[1:],
        TOKEN + "x",
        TOKEN + "\n",
        "x" + TOKEN,
        TOKEN.replace(".", "-"),
        TOKEN.replace("B", "é"),
        "{gid}." + "x" * 43,
        "x" * 100_000,
    ],
    ids=lambda token: repr(token)[:80],
)
def test_malformed_token_has_no_handle(token: str) -> None:
    assert Handle.parse(TOKEN) is not None
    assert Handle.parse(token) is None


@pytest.mark.parametrize(("text", "expected"), [(GID, True), (GID[1:], False), (GID + "A", False), ("é" * 22, False)])
def test_grant_id_has_22_characters(text: str, expected: bool) -> None:
    assert is_grant_id(text) is expected


@pytest.mark.parametrize("secret", ["a", "é", "\ud800"], ids=ascii)
def test_digest_is_defined_for_any_text(secret: str) -> None:
    assert digest(secret) == hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


# --- Devices ---------------------------------------------------------------------------------------------------------


@pytest.mark.spec("RFC 8628 §3.2, §3.4")
def test_device_codes_last_ten_minutes() -> None:
    assert (DEVICE_TTL, INTERVAL) == (600, 5)
    assert DEVICE_CODE_GRANT == "urn:ietf:params:oauth:grant-type:device_code"


@pytest.mark.parametrize(
    "typed", ["BCDF-GHJK", "bcdf-ghjk", "BCDFGHJK", " b c d f g h j k ", "BCDF\u2013GHJK", "1BCDF2GHJK"]
)
@pytest.mark.spec("RFC 8628 §6.1")
def test_user_code_is_normalised(typed: str) -> None:
    """A user code has letters that form no words and are not easily confused, and may be typed in any case, with
    or without the hyphen.
    """
    assert normal_user_code(typed) == "BCDF-GHJK"


@pytest.mark.parametrize("typed", ["", "BCDF", "BCDF-GHJ", "BCDF-GHJA", "BCDF-GHJY", "BCDF-GHJKL", "\u00c4\u00d6"])
@pytest.mark.spec("RFC 8628 §6.1")
def test_malformed_user_code_is_rejected(typed: str) -> None:
    assert normal_user_code(typed) is None


@pytest.mark.spec("RFC 8628 §6.1")
def test_user_code_is_readable_and_random() -> None:
    """A user code has no vowels and no digits."""
    codes = {new_user_code() for _ in range(200)}
    assert len(codes) == 200
    assert set("".join(codes)) == set("BCDFGHJKLMNPQRSTVWXZ-")
    assert all(normal_user_code(code) == code for code in codes)
