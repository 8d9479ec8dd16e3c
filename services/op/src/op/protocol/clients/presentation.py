"""What pages show of a client (OpenID Connect Dynamic Client Registration 1.0 §2, §9.1)."""

from urllib.parse import urlsplit

from op.records import Client


def shown_logo(client: Client, *, trusted: bool) -> str | None:
    """The URL of the client's logo; unless the client is trusted, only if it has the host of a redirect URI (§9.1)."""
    if client.logo_uri is None:
        return None
    own = {urlsplit(uri).hostname for uri in client.redirect_uris}
    return client.logo_uri if trusted or urlsplit(client.logo_uri).hostname in own else None
