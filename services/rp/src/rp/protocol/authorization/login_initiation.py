"""What a sign-in is started with: by a link of ours, or by a third party (OpenID Connect Core §4)."""

from dataclasses import dataclass, field

from rp.errors import BadRequest, ForeignTarget
from rp.protocol.authorization import return_path
from servicekit.web.parameters import Parameters

NAMES = ("iss", "login_hint", "target_link_uri")
"""The parameters of §4, which come by GET or by POST."""


@dataclass(frozen=True)
class LoginInitiation:
    """Where to sign in (None: at the only provider), as whom perhaps, and where to go then (OpenID Connect Core §4)."""

    issuer: str | None
    login_hint: str | None = field(repr=False)
    return_to: str

    @classmethod
    def of(cls, parameters: Parameters, origin: str) -> "LoginInitiation":
        """Read the parameters of `/login`; `origin` is this site's. Raises BadRequest, ForeignTarget."""
        if parameters.repeated:
            raise BadRequest(f"A parameter stands twice: {', '.join(sorted(parameters.repeated))}.")
        target = parameters.get("target_link_uri")
        return cls(
            issuer=parameters.get("iss"),
            login_hint=parameters.get("login_hint"),
            return_to=return_path.local_path(parameters.get("return_to")) if target is None else _path(target, origin),
        )

    def query(self) -> dict[str, str]:
        """The same as parameters of `/login`, without the issuer: that is still to be chosen."""
        return {"return_to": self.return_to, **({} if self.login_hint is None else {"login_hint": self.login_hint})}


def _path(target: str, origin: str) -> str:
    """The path of a target on this site; any other would make this an open redirector (§4)."""
    path = target.removeprefix(origin) or "/"
    if not target.startswith(origin) or return_path.local_path(path) != path:
        raise ForeignTarget
    return path
