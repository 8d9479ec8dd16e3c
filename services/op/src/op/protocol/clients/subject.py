"""The identifiers of users and sessions for a client: public, or pairwise for its sector (Core §8)."""

import base64
import dataclasses
import hmac
from hashlib import sha256

from op.errors import InvalidClientMetadata
from op.protocol.clients.uri import split_uri
from op.protocol.untrusted_json import parse_json
from op.records import Client, Session

SUBJECT_TYPES = ("public", "pairwise")
_PURPOSE = b"op pairwise subjects"


def sectors_of(client: Client) -> set[str]:
    """The possible sectors of a client: the host of its sector_identifier_uri, or of its redirect URIs (§8.1)."""
    uris = (client.sector_identifier_uri,) if client.sector_identifier_uri else client.redirect_uris
    return {(split_uri(uri).hostname or "").lower() for uri in uris}


def check_sector_identifier(document: bytes, client: Client) -> None:
    """The document at a sector_identifier_uri must list all redirect URIs (Dynamic Client Registration 1.0 §5).

    With it the owner of the sector agrees that the client uses the sector's identifiers of users. Raises
    InvalidClientMetadata.
    """
    try:
        listed = parse_json(document)
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise InvalidClientMetadata("The document at the sector_identifier_uri must be a JSON array.")
    if any(uri not in listed for uri in client.redirect_uris):
        raise InvalidClientMetadata(
            "The document at the sector_identifier_uri must list all of the client's redirect_uris."
        )


class Subjects:
    """Pairwise identifiers, derived with a secret of the provider, so that nobody else can link them to a user.

    OpenID Connect Core §8, §8.1.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), _PURPOSE, sha256).digest()

    def of(self, client: Client, sub: str) -> str:
        """The user's `sub` for this client; a client that acts for itself keeps its client_id (RFC 9068 §2.2).

        It is the same for all clients of a sector, and does not change as long as OP_SECRET_KEY does not change.
        """
        return sub if sub == client.client_id else self._pairwise(client, sub)

    def sid_of(self, client: Client, sid: str) -> str:
        """A session's `sid` for this client; with the same one, two sectors could recognise the same user.

        OpenID Connect Core §8, §8.1.
        """
        return self._pairwise(client, f"sid\0{sid}") if client.subject_type == "pairwise" else sid

    def _pairwise(self, client: Client, name: str) -> str:
        if client.subject_type != "pairwise":
            return name
        sector = min(sectors_of(client), default="")
        pair = hmac.new(self._key, f"{sector}\0{name}".encode(), sha256).digest()
        return base64.urlsafe_b64encode(pair).rstrip(b"=").decode()

    def seen_by(self, client: Client, session: Session) -> Session:
        """The session with the `sub` that this client knows (OpenID Connect Core §8.1)."""
        return dataclasses.replace(session, sub=self.of(client, session.sub))
