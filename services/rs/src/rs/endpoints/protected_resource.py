"""`GET /.well-known/oauth-protected-resource`: what a client must know to call this resource (RFC 9728)."""

from urllib.parse import urlsplit

from rs.context import Context
from servicekit.web.machine import Reply, Request, json_reply

WELL_KNOWN = "/.well-known/oauth-protected-resource"
_MAX_AGE_SECONDS = 300


def metadata_path(resource: str) -> str:
    """The path of a resource identifier's metadata: the well-known part goes before its path (RFC 9728 §3.1)."""
    return WELL_KNOWN + urlsplit(resource).path


def metadata_url(resource: str) -> str:
    """The URL of the metadata, for challenges (RFC 9728 §5.1)."""
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}{metadata_path(resource)}"


async def protected_resource(rs: Context, _: Request) -> Reply:
    """The metadata document (RFC 9728 §2)."""
    document: dict[str, object] = {
        "resource": rs.settings.rs_base_url,
        "authorization_servers": [rs.settings.oidc_issuer],
        "scopes_supported": [rs.settings.rs_required_scope],
        "bearer_methods_supported": ["header"],
        "resource_name": "Trefoil resource server",
    }
    if rs.settings.resource_documentation:
        document["resource_documentation"] = rs.settings.resource_documentation
    return json_reply(200, document, (("cache-control", f"public, max-age={_MAX_AGE_SECONDS}"),))
