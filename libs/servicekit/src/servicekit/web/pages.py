"""HTML pages: the layout that the services share, their languages, strict headers, and one page for every error.

`install` gives a Quart application the base template (`trefoil/base.html`), the stylesheet, gettext and the headers.
Nothing on a page comes from another host, and no page may be framed.
"""

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

from quart import Blueprint, Quart, Response, render_template, send_from_directory
from werkzeug.exceptions import HTTPException, NotFound

from servicekit.web.branding import Brand
from servicekit.web.languages import (
    EXTENSION,
    Languages,
    LazyText,
    current_language,
    gettext_lazy,
    requested_languages,
    time_element,
)
from servicekit.web.machine import BODY_LIMIT, BODY_SECONDS

# No `form-action`: Chromium applies it to the redirects that follow a form's POST, and a sign-in ends with one to the
# client. It would only matter for an injected form, which escaping prevents.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SCRIPTS = "script-src 'self'"
"""What a page with the script `pages.js` adds to the policy; the page sets `scripted` for the template, too."""
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # `no-referrer` would make browsers send `Origin: null` with our forms
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HTTP_FAILURES = {
    400: (
        gettext_lazy("This request cannot be read"),
        gettext_lazy("It is malformed. Go back and try again."),
    ),
    404: (gettext_lazy("Page not found"), gettext_lazy("Check the address.")),
    405: (
        gettext_lazy("This page cannot be opened like this"),
        gettext_lazy("Go back to the application and start again."),
    ),
    408: (gettext_lazy("This request took too long"), gettext_lazy("Try again.")),
    413: (gettext_lazy("This request is too large"), gettext_lazy("Send less data.")),
}
"""What the page of an HTTP error says where no endpoint does: a title and a sentence, by status."""
_OTHER_FAILURE = (
    gettext_lazy("Something went wrong"),
    gettext_lazy("This request cannot be processed. Go back and try again."),
)
_STYLE_SECONDS = 3600
_CACHED = {"Cache-Control": f"public, max-age={_STYLE_SECONDS}"}
_ASSETS = Path(__file__).parent / "static"


def install(app: Quart, role: str | LazyText, languages: Languages | None = None, brand: Brand | None = None) -> None:
    """Make `app` render pages in the common layout, in the `languages` that the service has, with its `brand`.

    `role` says what the service is; the header shows it beside Trefoil's own name.
    """
    brand = brand or Brand()
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["BODY_TIMEOUT"] = BODY_SECONDS
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _STYLE_SECONDS
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {"product": brand.name, "brand": brand, "role": role}
    _install_languages(app, languages or Languages())
    blueprint = Blueprint("trefoil", __name__, template_folder="templates")
    # One flat folder, and names no longer than they need to be: a longer one is an error to the file system.
    blueprint.add_url_rule("/assets/brand.css", "brand_css", partial(_brand_css, brand), methods=["GET"])
    blueprint.add_url_rule("/assets/brand-logo", "brand_logo", partial(_brand_logo, brand), methods=["GET"])
    blueprint.add_url_rule("/assets/<string(maxlength=64):filename>", "static", _asset, methods=["GET"])
    app.register_blueprint(blueprint)
    app.after_request(_strict_headers)
    app.register_error_handler(HTTPException, _http_failure)


def _install_languages(app: Quart, languages: Languages) -> None:
    app.extensions[EXTENSION] = languages
    environment: Any = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(
        *(_in_current_language(name) for name in ("gettext", "ngettext")),
        newstyle=True,
        **{name: _in_current_language(name) for name in ("pgettext", "npgettext")},
    )
    environment.filters["time"] = time_element
    app.context_processor(_language_of_page)


def _in_current_language(name: str) -> Callable[..., str]:
    def translate(*arguments: str | int) -> str:
        return str(getattr(current_language().translations, name)(*arguments))

    return translate


def _language_of_page() -> dict[str, Any]:
    """For templates: the attributes of `html`, and `ui_locales` for the links and forms of the page."""
    language = current_language()
    return {"lang": language.tag, "dir": language.direction, "ui_locales": requested_languages()}


def refuse_head(app: Quart, endpoints: str, *, allowed: Collection[str] = ()) -> None:
    """Refuse HEAD with 405 for the rules whose endpoint begins with `endpoints`, except for the paths in `allowed`.

    Quart adds HEAD to every rule for GET and calls the same view. A GET that issues a code or ends a session must not
    be triggered by HEAD, which changes nothing (RFC 9110 §9.2.1, §9.3.2). Call this after all rules were added.
    """
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(endpoints) and rule.rule not in allowed and rule.methods is not None:
            rule.methods.discard("HEAD")


async def failure_page(
    status: int,
    title: str | LazyText,
    explanation: str | LazyText,
    *,
    code: str | None = None,
    received: str | None = None,
    retry_after: int | None = None,
) -> Response:
    """A page that says what went wrong and what to do, in texts that are translated.

    `code` is the error code of the protocol, `received` the value that was rejected.
    """
    body = await render_template(
        "trefoil/failure.html", status=status, title=title, explanation=explanation, code=code, received=received
    )
    response = Response(body, status=status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


async def _asset(filename: str) -> Response:
    return await send_from_directory(_ASSETS, filename)


async def _brand_css(brand: Brand) -> Response:
    if brand.color is None:
        raise NotFound
    return Response(brand.color.stylesheet, content_type="text/css; charset=utf-8", headers=_CACHED)


async def _brand_logo(brand: Brand) -> Response:
    """The logo; an SVG that is opened by itself runs no script."""
    if brand.logo is None:
        raise NotFound
    headers = {**_CACHED, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(brand.logo.content, content_type=brand.logo.media_type, headers=headers)


async def _http_failure(failure: HTTPException) -> Response:
    status = failure.code or 500
    response = await failure_page(status, *HTTP_FAILURES.get(status, _OTHER_FAILURE))
    if failure.code == 405 and getattr(failure, "valid_methods", None):
        response.headers["Allow"] = ", ".join(failure.valid_methods)  # type: ignore[attr-defined]
    return response


async def _strict_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not response.headers.get("Cache-Control"):
        response.headers["Cache-Control"] = "no-store"
    return response
