"""The last page of a logout: clients in frames, then on to the client that asked (Front-Channel Logout 1.0 §2)."""

from quart import Response

from op.context import Context
from op.protocol.sessions.logout_token import origin_of
from op.web.cookies import SESSION_COOKIE, delete_cookie
from op.web.inline_script import InlineScript
from op.web.rendering import page
from servicekit.web.pages import CONTENT_SECURITY_POLICY

_FRAMES_SECONDS = 3  # for clients' pages in their frames, before the browser goes on
# As soon as all of them have loaded. Without scripts the header Refresh counts from then on.
_GO_ON = InlineScript(
    "onload = () => location.replace(document.querySelector('main a').href);"
    f"setTimeout(onload, {_FRAMES_SECONDS * 1000})"
)


async def logged_out(op: Context, frames: tuple[str, ...], redirect_to: str | None = None) -> Response:
    """The last page: clients in frames (Front-Channel Logout 1.0 §2), then on to the client that asked."""
    script = _GO_ON.markup if redirect_to else None
    response = await page("logged-out.html", frames=frames, redirect_to=redirect_to, script=script)
    policy = CONTENT_SECURITY_POLICY
    if frames:
        policy += f"; frame-src {' '.join(sorted({origin_of(url) for url in frames}))}"
    if redirect_to:
        policy += f"; script-src {_GO_ON.source}"
        response.headers["Refresh"] = f"{_FRAMES_SECONDS}; url={redirect_to}"
    response.headers["Content-Security-Policy"] = policy
    delete_cookie(op, response, SESSION_COOKIE)
    return response
