"""How views make responses: a page from a template, or a redirect."""

from typing import Any

from quart import Quart, Response, render_template

from rp.web import presentation
from servicekit.web import pages
from servicekit.web.branding import Brand


def install(app: Quart, brand: Brand) -> None:
    """Give the application the common look and the filters of its templates."""
    pages.install(app, "Relying Party", brand=brand)
    presentation.install(app)


async def page(template: str, **values: Any) -> Response:
    """A page of this service."""
    return Response(await render_template(template, **values))


def see_other(location: str) -> Response:
    """303: whatever the method was, the browser continues with GET (RFC 9110 §15.4.4)."""
    return Response("", status=303, headers={"Location": location})
