"""`/`: explains the application and starts a sign-in."""

from quart import Request, Response

from rp.context import Context
from rp.message import Message
from rp.web.rendering import page
from rp.web.visitor import signed_in

# The notices that another page can select. Text from the URL is never shown.
NOTICES = {
    "signed-out": Message("notice", "You are signed out, here and at the provider."),
    "signed-out-here": Message(
        "notice",
        "You are signed out here. Your session at the provider may still be active: the provider is unreachable, or it "
        "does not support logout.",
    ),
}


async def home(rp: Context, request: Request) -> Response:
    """Show who is signed in, or how to sign in."""
    visitor = await signed_in(rp, request)
    return await page(
        "home.html",
        session=visitor.session if visitor else None,
        notice=None if visitor else NOTICES.get(request.args.get("notice", "")),
        providers=rp.providers.all,
        settings=rp.settings,
    )
