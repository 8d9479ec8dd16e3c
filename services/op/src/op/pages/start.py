"""The start page: what this service is, and where users and developers go from here."""

from quart import Request, Response

from op.context import Context
from op.web.rendering import page


async def start(op: Context, _: Request) -> Response:
    """The page at `/`."""
    return await page("start.html", issuer=op.issuer, documentation=op.settings.service_documentation)
