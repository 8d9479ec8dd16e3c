"""The last page of a logout: clients in frames, then back to the client (Front-Channel Logout 1.0 §2)."""

from quart import Response

from op.context import Context
from op.protocol.sessions.logout_token import origin_of
from op.records import Client
from op.web.cookies import SESSION_COOKIE, delete_cookie
from op.web.inline_script import InlineScript
from op.web.rendering import page
from servicekit.web.pages import CONTENT_SECURITY_POLICY

_FRAMES_SECONDS = 3  # for clients' pages in their frames, before the browser continues
# As soon as all of them have loaded; without scripts, the header Refresh does it.
_CONTINUE = InlineScript(
    "onload = () => location.replace(document.querySelector('main a').href);"
    f"setTimeout(onload, {_FRAMES_SECONDS * 1000})"
)


async def logged_out(
    op: Context, frames: tuple[str, ...], redirect_to: str | None = None, client: Client | None = None
) -> Response:
    """The last page: clients in frames (Front-Channel Logout 1.0 §2), then on to the client that requested it.

    Without `redirect_to` it links to the home page of the `client`, or to ours.
    """
    response = await page(
        "logged-out.html",
        frames=frames,
        redirect_to=redirect_to,
        script=_CONTINUE.markup if redirect_to else None,
        client_name=client.display_name if client else None,
        client_uri=client.client_uri if client else None,
    )
    policy = CONTENT_SECURITY_POLICY
    if frames:
        policy += f"; frame-src {' '.join(sorted({origin_of(url) for url in frames}))}"
    if redirect_to:
        policy += f"; script-src {_CONTINUE.source}"
        response.headers["Refresh"] = f"{_FRAMES_SECONDS}; url={redirect_to}"
    response.headers["Content-Security-Policy"] = policy
    delete_cookie(op, response, SESSION_COOKIE)
    return response
