"""Which HTTP statuses mean that the same request may succeed later."""

import pytest

from oidc_discovery.errors import is_unavailable


@pytest.mark.parametrize(
    ("status", "unavailable"),
    [(200, False), (302, False), (400, False), (401, False), (404, False), (429, True), (499, False), (500, True)],
)
@pytest.mark.spec("RFC 6585 §4")
@pytest.mark.spec("RFC 9110 §15.6")
def test_server_errors_and_429_mean_unavailable(status: int, unavailable: bool) -> None:
    assert is_unavailable(status) is unavailable
