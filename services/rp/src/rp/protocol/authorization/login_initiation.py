"""The parameters that start a sign-in, from our own links or from a third party (OpenID Connect Core §4)."""

import re
from dataclasses import dataclass, field

from rp.errors import BadRequest, ForeignTarget
from rp.protocol.authorization import return_path
from servicekit.web.parameters import Parameters

NAMES = ("iss", "login_hint", "target_link_uri", "ui_locales")
"""The parameters of §4, which are sent by GET or by POST, and the languages of the authorization request."""

_LANGUAGES = re.compile(r"[A-Za-z0-9-]{1,35}(?: [A-Za-z0-9-]{1,35}){0,9}")


@dataclass(frozen=True)
class LoginInitiation:
    """The provider (None: the only one), a hint at the user, the path to return to, and the languages of the user.

    OpenID Connect Core §4.
    """

    issuer: str | None
    login_hint: str | None = field(repr=False)
    return_to: str
    ui_locales: str | None = None

    @classmethod
    def of(cls, parameters: Parameters, origin: str) -> "LoginInitiation":
        """Read the parameters of `/login`; `origin` is this site's. Raises BadRequest, ForeignTarget."""
        BadRequest.unless_single(parameters.repeated)
        target = parameters.get("target_link_uri")
        return cls(
            issuer=parameters.get("iss"),
            login_hint=parameters.get("login_hint"),
            return_to=return_path.local_path(parameters.get("return_to")) if target is None else _path(target, origin),
            ui_locales=language_tags(parameters.get("ui_locales")),
        )

    def query(self) -> dict[str, str]:
        """The same as parameters of `/login`, without the issuer, which the user has yet to choose."""
        optional = {"login_hint": self.login_hint, "ui_locales": self.ui_locales}
        return {"return_to": self.return_to} | {name: value for name, value in optional.items() if value is not None}


def language_tags(ui_locales: str | None) -> str | None:
    """Up to ten language tags separated by spaces (OpenID Connect Core §3.1.2.1). None for anything else."""
    return ui_locales if ui_locales and _LANGUAGES.fullmatch(ui_locales) else None


def _path(target: str, origin: str) -> str:
    """The path of a target on this site. Any other target would make this an open redirector (§4)."""
    path = target.removeprefix(origin) or "/"
    if not target.startswith(origin) or return_path.local_path(path) != path:
        raise ForeignTarget
    return path
