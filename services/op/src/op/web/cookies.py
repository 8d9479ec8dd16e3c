"""The provider's two cookies: of a session, and of a browser with pending authorizations."""

from quart import Request, Response

from op.context import Context
from op.handle import new_secret

SESSION_COOKIE = "op_session"
BROWSER_COOKIE = "op_login"


def cookie_name(op: Context, name: str) -> str:
    """`__Host-` where cookies are Secure: no subdomain and no plain HTTP can set it (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{name}" if op.settings.secure else name


def cookie(op: Context, request: Request, name: str) -> str | None:
    return request.cookies.get(cookie_name(op, name))


def came_without_cookies(op: Context, request: Request) -> bool:
    """Whether another site may have sent this form: its request has none of our cookies (SameSite=Lax).

    A browser that was at the login page has BROWSER_COOKIE, with or without a session.
    """
    return request.method == "POST" and not cookie(op, request, BROWSER_COOKIE)


def set_cookie(op: Context, response: Response, name: str, value: str) -> None:
    """Set a cookie until the browser is closed, which no script and no form of another site can use."""
    secure = op.settings.secure
    response.set_cookie(cookie_name(op, name), value, httponly=True, secure=secure, samesite="Lax", path="/")


def delete_cookie(op: Context, response: Response, name: str) -> None:
    secure = op.settings.secure
    response.delete_cookie(cookie_name(op, name), httponly=True, secure=secure, samesite="Lax", path="/")


def browser_secret(op: Context, request: Request) -> str:
    """The secret that binds a pending authorization to this browser: its login cookie, or a new value for one."""
    return cookie(op, request, BROWSER_COOKIE) or new_secret()
