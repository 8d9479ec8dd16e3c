"""Pages, redirects, and the authorization response as a browser receives it."""

from typing import Any

from quart import Response, render_template

from op.authorization.respond import Delivery, FormPost, Redirect
from op.protocol.clients.presentation import shown_logo
from op.protocol.sessions.logout_token import origin_of
from op.records import Client
from op.web.inline_script import InlineScript
from servicekit.web.pages import CONTENT_SECURITY_POLICY, SCRIPTS

_SUBMIT = InlineScript("document.forms[0].submit()")


async def page(template: str, status: int = 200, **values: Any) -> Response:
    return Response(await render_template(template, **values), status=status)


async def scripted_page(template: str, status: int = 200, **values: Any) -> Response:
    """A page with the script of servicekit: it can show passwords, and times in the reader's time zone."""
    response = await page(template, status, scripted=True, **values)
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; {SCRIPTS}"
    return response


async def client_page(template: str, client: Client, status: int = 200, **values: Any) -> Response:
    """A page with a client's name, logo, policy and terms, as registered (Dynamic Client Registration 1.0 §2)."""
    logo = shown_logo(client, trusted=client.registered_at is None)
    about = {"client_name": client.display_name, "policy_uri": client.policy_uri, "tos_uri": client.tos_uri}
    response = await scripted_page(template, status, logo_uri=logo, **about, **values)
    if logo:
        policy = response.headers["Content-Security-Policy"]
        policy = policy.replace("img-src 'self'", f"img-src 'self' {origin_of(logo)}")
        response.headers["Content-Security-Policy"] = policy
    return response


def see_other(location: str) -> Response:
    """303: the next request is a GET without the form and its credentials (RFC 9700 §4.12)."""
    return Response("", status=303, headers={"Location": location})


async def deliver(delivery: Delivery) -> Response:
    """The authorization response, sent to the client through the browser."""
    match delivery:
        case Redirect(location):
            return see_other(location)
        case FormPost():
            return await _form_post(delivery)


async def _form_post(form: FormPost) -> Response:
    """A form that a script submits, with a button for browsers without scripts (Form Post Response Mode §2)."""
    response = await page(
        "form-post.html",
        client_name=form.client_name,
        redirect_uri=form.redirect_uri,
        parameters=form.parameters,
        script=_SUBMIT.markup,
    )
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; script-src {_SUBMIT.source}"
    response.headers["Referrer-Policy"] = "origin"  # with less, browsers send the client `Origin: null`
    return response
