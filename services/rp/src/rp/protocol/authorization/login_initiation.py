"""The parameters that start a sign-in, from a link of ours or from a third party (OpenID Connect Core §4)."""

from dataclasses import dataclass, field

from rp.errors import BadRequest, ForeignTarget
from rp.protocol.authorization import return_path
from servicekit.web.parameters import Parameters

NAMES = ("iss", "login_hint", "target_link_uri")
"""The parameters of §4, which are sent by GET or by POST."""


@dataclass(frozen=True)
class LoginInitiation:
    """The provider to sign in at (None: the only one), a hint at the user, and where to go afterwards."""

    issuer: str | None
    login_hint: str | None = field(repr=False)
    return_to: str

    @classmethod
    def of(cls, parameters: Parameters, origin: str) -> "LoginInitiation":
        """Read the parameters of `/login`; `origin` is this site's. Raises BadRequest, ForeignTarget."""
        BadRequest.unless_single(parameters.repeated)
        target = parameters.get("target_link_uri")
        return cls(
            issuer=parameters.get("iss"),
            login_hint=parameters.get("login_hint"),
            return_to=return_path.local_path(parameters.get("return_to")) if target is None else _path(target, origin),
        )

    def query(self) -> dict[str, str]:
        """The same as parameters of `/login`, without the issuer, which the user has yet to choose."""
        return {"return_to": self.return_to, **({} if self.login_hint is None else {"login_hint": self.login_hint})}


def _path(target: str, origin: str) -> str:
    """The path of a target on this site. Any other target would make this an open redirector (§4)."""
    path = target.removeprefix(origin) or "/"
    if not target.startswith(origin) or return_path.local_path(path) != path:
        raise ForeignTarget
    return path
