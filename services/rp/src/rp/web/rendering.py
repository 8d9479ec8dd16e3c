"""The responses of views: a page from a template, or a redirect."""

from pathlib import Path
from typing import Any

from quart import Quart, Response, render_template

from rp.web import presentation
from servicekit.web import pages
from servicekit.web.branding import Brand
from servicekit.web.languages import Languages, pgettext_lazy

_CATALOGUES = Path(__file__).parents[1] / "locales"


def install(app: Quart, brand: Brand) -> None:
    """Add the common layout, the languages and the template filters to the application."""
    pages.install(app, pgettext_lazy("service", "Relying Party"), Languages.load(_CATALOGUES), brand=brand)
    presentation.install(app)


async def page(template: str, **values: Any) -> Response:
    """A page of this service."""
    return Response(await render_template(template, **values))


def see_other(location: str) -> Response:
    """A 303 redirect: the browser continues with GET after any method (RFC 9110 §15.4.4)."""
    return Response("", status=303, headers={"Location": location})
