"""`/`: what this is, and where it starts."""

from quart import Request, Response

from rp.context import Context
from rp.web.rendering import page
from rp.web.visitor import signed_in

# What another page may ask this one to say; text from the address is never shown.
NOTICES = {
    "signed-out": "You are signed out, here and at the provider.",
    "signed-out-here": "You are signed out here. The provider's own session was not ended: it cannot be reached, "
    "or has no page for that.",
}


async def home(rp: Context, request: Request) -> Response:
    """Says who is signed in, or how to sign in."""
    visitor = await signed_in(rp, request)
    return await page(
        "home.html",
        session=visitor.session if visitor else None,
        notice=None if visitor else NOTICES.get(request.args.get("notice", "")),
        providers=rp.providers.all,
        settings=rp.settings,
    )
