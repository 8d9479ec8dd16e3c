"""What the parser of queries and form bodies accepts and rejects."""

import pytest

from servicekit.web.parameters import COUNT_LIMIT, PARAMETER_LIMIT, MalformedParameters, Parameters


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(b"state=%ff", "UTF-8", id="invalid UTF-8 in a value"),
        pytest.param(b"%ff=state", "UTF-8", id="invalid UTF-8 in a name"),
        pytest.param(b"\xff\xfe=\x00", "UTF-8", id="raw octets"),
        pytest.param(b"code=%00", "control", id="NUL in a value"),
        pytest.param(b"a%0db=1", "control", id="line break in a name"),
        pytest.param(b"code=%7f", "control", id="DEL"),
        pytest.param(b"a=" + b"x" * (PARAMETER_LIMIT + 1), "longer", id="value too long"),
        pytest.param(b"x" * (PARAMETER_LIMIT + 1) + b"=1", "longer", id="name too long"),
        pytest.param(b"&".join(b"p%d=1" % i for i in range(COUNT_LIMIT + 1)), "more than", id="too many"),
    ],
)
def test_malformed_parameters_are_rejected_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(MalformedParameters, match=reason):
        Parameters.parse(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"", {}, id="nothing"),
        pytest.param(b"=&&&=", {}, id="empty pairs"),
        pytest.param(b"a=&b=1", {"b": "1"}, id="a parameter without a value is absent"),
        pytest.param(b"%zz=%zz", {"%zz": "%zz"}, id="a percent sign that encodes nothing"),
        pytest.param(b"a=%C3%A9+b", {"a": "é b"}, id="UTF-8 and a space"),
        pytest.param(b"a=" + b"x" * PARAMETER_LIMIT, {"a": "x" * PARAMETER_LIMIT}, id="value at the limit"),
    ],
)
def test_parameters_are_decoded(raw: bytes, expected: dict[str, str]) -> None:
    assert dict(Parameters.parse(raw)) == expected


def test_only_plain_names_of_duplicates_are_repeated() -> None:
    assert Parameters.parse(b"state=a&state=b").repetition() == "Duplicate parameter: state."
    assert Parameters.parse(b"%3Cb%3E=1&%3Cb%3E=2").repetition() == "Duplicate parameter."
    assert Parameters.parse(b"state=a").repetition() is None
