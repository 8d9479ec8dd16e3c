"""Why a document or a response of the provider cannot be used, and which HTTP statuses mean "try again later"."""

import reprlib

_SHOWN_LENGTH = 120


class ProviderUnavailable(Exception):
    """The provider does not respond, or responds with a server error: try again later.

    `reached` is false when no connection was established, so that the provider was not burdened by the attempt.
    """

    def __init__(self, reason: str, *, reached: bool = True) -> None:
        super().__init__(reason)
        self.reached = reached


class ProviderMisconfigured(Exception):
    """The provider responded with a document that must not be used; the message says why."""


class WrongIssuer(ProviderMisconfigured):
    """The document belongs to another issuer than the requested one (OpenID Connect Discovery 1.0 §4.3).

    `found` is the document's issuer, shortened, in printable ASCII; None when there is none.
    """

    def __init__(self, expected: str, found: object) -> None:
        self.expected = expected
        self.found = None if found is None else _shown(found)
        super().__init__(f"the discovery document is of issuer {self.found}, not {expected}")


def is_unavailable(status: int) -> bool:
    """Whether an HTTP status says that the server failed or is overloaded, and that the same request may succeed later.

    These are all server errors (RFC 9110 §15.6) and 429 Too Many Requests (RFC 6585 §4). Any other status is the
    server's decision about this request.
    """
    return status >= 500 or status == 429


def _shown(value: object) -> str:
    # Lone surrogates cannot be encoded at all, and letters that look alike can be told apart in ASCII only.
    if isinstance(value, str):
        text = value[: _SHOWN_LENGTH + 1].encode("unicode_escape").decode("ascii")
    else:
        text = reprlib.repr(value).encode("ascii", "backslashreplace").decode("ascii")
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 3]}..."
