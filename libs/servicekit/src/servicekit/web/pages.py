"""Pages for people: the look that the services share, strict headers, and one page for every failure.

`install` gives a Quart application the base template (`trefoil/base.html`), the stylesheet and the headers.
Nothing on a page comes from another host, and no page may be framed.
"""

from collections.abc import Collection
from pathlib import Path

from quart import Blueprint, Quart, Response, render_template, send_from_directory
from werkzeug.exceptions import HTTPException

from servicekit.web.endpoints import BODY_LIMIT, BODY_SECONDS

# No `form-action`: Chromium applies it to the redirects that follow a form's POST, and a sign-in ends with one to the
# client. What it would forbid needs an injected form, which `default-src 'none'` and escaping already stand against.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # `no-referrer` would make browsers send `Origin: null` with our forms
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HTTP_FAILURES = {
    400: ("This request cannot be read", "It is not what a browser sends for a page."),
    404: ("There is no such page", "Look at the address again."),
    405: ("This page does not work that way", "Go back to where you came from and start again."),
    408: ("This request came too slowly", "Try again."),
    413: ("This request is too large", "No page here needs so much."),
}
"""What a person is told where no endpoint answers: a title and a sentence, by status."""
_STYLE_SECONDS = 3600
_ASSETS = Path(__file__).parent / "static"


def install(app: Quart, product: str) -> None:
    """Make `app` render pages in the common look; `product` names the service in their head and foot."""
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["BODY_TIMEOUT"] = BODY_SECONDS
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _STYLE_SECONDS
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["product"] = product
    app.jinja_env.globals["lang"] = "en"
    app.jinja_env.globals["t"] = _as_it_is
    blueprint = Blueprint("trefoil", __name__, template_folder="templates")
    # One flat folder, and names no longer than they need to be: a longer one is an error to the file system.
    blueprint.add_url_rule("/assets/<string(maxlength=64):filename>", "static", _asset, methods=["GET"])
    app.register_blueprint(blueprint)
    app.after_request(_strict_headers)
    app.register_error_handler(HTTPException, _http_failure)


def refuse_head(app: Quart, endpoints: str, *, allowed: Collection[str] = ()) -> None:
    """Refuse HEAD with 405 for the rules whose endpoint begins with `endpoints`, except for the paths in `allowed`.

    Quart adds HEAD to every rule for GET and calls the same view. A GET that issues a code or ends a session must not
    be triggered by HEAD, which changes nothing (RFC 9110 §9.2.1, §9.3.2). Call this after all rules were added.
    """
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(endpoints) and rule.rule not in allowed and rule.methods is not None:
            rule.methods.discard("HEAD")


def _as_it_is(text: str, **values: object) -> str:
    """What `t` is for a service whose pages have one language; another one puts its own into the context."""
    return text.format(**values) if values else text


async def failure_page(
    status: int,
    title: str,
    explanation: str,
    *,
    code: str | None = None,
    received: str | None = None,
    retry_after: int | None = None,
) -> Response:
    """A page that says what went wrong and what to do; `code` is the protocol's name for it, `received` what came."""
    body = await render_template(
        "trefoil/failure.html", status=status, title=title, explanation=explanation, code=code, received=received
    )
    response = Response(body, status=status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


async def _asset(filename: str) -> Response:
    return await send_from_directory(_ASSETS, filename)


async def _http_failure(failure: HTTPException) -> Response:
    status = failure.code or 500
    response = await failure_page(
        status, *HTTP_FAILURES.get(status, (failure.name, "This request cannot be answered."))
    )
    if failure.code == 405 and getattr(failure, "valid_methods", None):
        response.headers["Allow"] = ", ".join(failure.valid_methods)  # type: ignore[attr-defined]
    return response


async def _strict_headers(response: Response) -> Response:
    """No page may be framed (RFC 6749 §10.13)."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not response.headers.get("Cache-Control"):
        response.headers["Cache-Control"] = "no-store"
    return response
