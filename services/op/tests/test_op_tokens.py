"""Which texts have the handle of a token."""

import pytest

from op.handle import Handle
from op.tokens.presented import handle_of

GID = "A" * 22


def test_opaque_token_has_a_handle() -> None:
    token = f"{GID}.{'B' * 43}"
    assert handle_of(token) == Handle.of(GID, token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "x" * 100_000,
        "{gid}." + "x" * 43,
        "e30.e30.e30",
        "e30.W10.e30",
        "e30.eyJqdGkiOjF9.e30",
        "e30.eyJqdGkiOiJ4In0.e30",
        "e30." + "W1" * 3000 + ".e30",
        "é.é.é",
    ],
    ids=lambda token: token[:40],
)
def test_other_text_has_no_handle(token: str) -> None:
    assert handle_of(token) is None
