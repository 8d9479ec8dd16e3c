"""`GET /`: what this server is, for whoever opens its address in a browser."""

import base64
import hashlib
from html import escape

from rs.context import Context
from rs.endpoints.protected_resource import metadata_path
from servicekit.web.endpoints import Reply, Request

_STYLE = """
:root { color-scheme: light dark; }
html { background: #ffffff; color: #17211d; }
body { max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; font: 16px/1.55 system-ui, sans-serif; }
a { color: #0b7a5b; }
h1 { font-size: 1.7rem; line-height: 1.2; }
code { font-size: .92em; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  html { background: #0e1412; color: #e8efeb; }
  a { color: #3fc79b; }
}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", _POLICY),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trefoil resource server</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>Trefoil resource server</h1>
<p>This server is an API. Applications call <code>GET /api/me</code> with an access token of the provider
<a href="{issuer}">{issuer}</a> and the scope <code>{scope}</code>.</p>
<ul>
<li><a href="{metadata}">Protected resource metadata</a></li>
<li><a href="/readyz">Health</a></li>
{documentation}</ul>
</main>
</body>
</html>
"""


async def start(rs: Context, _: Request) -> Reply:
    """The page; a link to the documentation where it is configured."""
    settings = rs.settings
    documentation = settings.resource_documentation
    body = _PAGE.format(
        style=_STYLE,
        issuer=escape(settings.oidc_issuer),
        scope=escape(settings.rs_required_scope),
        metadata=escape(metadata_path(settings.rs_base_url)),
        documentation=f'<li><a href="{escape(documentation)}">Documentation</a></li>\n' if documentation else "",
    )
    return Reply(200, body.encode(), _HEADERS)
