"""The responses of views: a page from a template, or a redirect."""

from typing import Any

from quart import Quart, Response, render_template

from rp.web import presentation
from servicekit.web import pages


def install(app: Quart) -> None:
    """Add the common layout and the template filters to the application."""
    pages.install(app, "Relying Party")
    environment: Any = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_null_translations(newstyle=True)
    presentation.install(app)


async def page(template: str, **values: Any) -> Response:
    """A page of this service."""
    return Response(await render_template(template, **values))


def see_other(location: str) -> Response:
    """A 303 redirect: the browser continues with GET after any method (RFC 9110 §15.4.4)."""
    return Response("", status=303, headers={"Location": location})
