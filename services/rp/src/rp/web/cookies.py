"""The cookies: random values without any content."""

import re
import secrets
from dataclasses import dataclass

from quart import Request, Response

from rp.settings import Settings
from rp.stores import nonce_binding

# The format of `fresh_value`. Anything else is not a cookie of ours.
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


def fresh_value() -> str:
    """32 random octets as base64url."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Cookie:
    """A cookie of this site: HttpOnly, SameSite=Lax, and with TLS bound to the host (RFC 6265bis §4.1.3.2).

    RFC 6265bis §4.1.2.6, §4.1.2.7.
    """

    name: str
    secure: bool
    max_age: int

    def read(self, request: Request) -> str | None:
        value = request.cookies.get(self.name, "")
        return value if _VALUE.fullmatch(value) else None

    def set(self, response: Response, value: str) -> None:
        self._write(response, value, self.max_age)

    def clear(self, response: Response) -> None:
        self._write(response, "", 0)

    def _write(self, response: Response, value: str, max_age: int) -> None:
        response.set_cookie(
            self.name, value, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="Lax"
        )


@dataclass(frozen=True)
class Cookies:
    """`session` of a signed-in user; `login` and `logout` during a sign-in and a sign-out.

    Browsers share cookies between ports of a host, so the names start with `rp`, unlike those of the provider.
    """

    session: Cookie
    login: Cookie
    logout: Cookie

    @classmethod
    def of(cls, settings: Settings) -> "Cookies":
        prefix = "__Host-" if settings.secure else ""
        return cls(
            Cookie(f"{prefix}rp_session", settings.secure, settings.session_ttl),
            Cookie(f"{prefix}rp_login", settings.secure, nonce_binding.TTL),
            Cookie(f"{prefix}rp_logout", settings.secure, nonce_binding.TTL),
        )
