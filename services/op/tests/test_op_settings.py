"""What the provider's settings say beyond their values."""

import pytest

from op.settings import Settings


@pytest.mark.parametrize(
    ("issuer", "origin", "secure"),
    [
        ("http://localhost:25000", "http://localhost:25000", False),
        ("https://op.example", "https://op.example", True),
        ("HTTPS://ID.Example.com:443", "https://id.example.com", True),
        ("http://op.example:443", "http://op.example:443", False),
        ("http://op.example:80", "http://op.example", False),
        ("https://op.example:8443", "https://op.example:8443", True),
        ("http://[::80]", "http://[::80]", False),
    ],
)
def test_the_origin_as_browsers_write_it(issuer: str, origin: str, secure: bool) -> None:
    """RFC 6454 §6.2."""
    settings = Settings(redis_url="redis://localhost", oidc_issuer=issuer, op_secret_key="x" * 32)
    assert (settings.origin, settings.secure, settings.oidc_issuer) == (origin, secure, issuer)
