"""What a client calls a person and a session: as the provider does, or as only its sector does (Core §8)."""

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
    """The hosts that a client's sector could be: of its sector_identifier_uri, else of its redirect URIs (§8.1)."""
    uris = (client.sector_identifier_uri,) if client.sector_identifier_uri else client.redirect_uris
    return {(split_uri(uri).hostname or "").lower() for uri in uris}


def check_sector_identifier(document: bytes, client: Client) -> None:
    """What stands at a sector_identifier_uri lists all redirect URIs (Dynamic Client Registration 1.0 §5).

    Whoever owns the sector vouches for the client so: it will know people by the identifiers of that sector. Raises
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
    """Pairwise identifiers, keyed with a secret of the provider: nobody else can tell whose they are."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), _PURPOSE, sha256).digest()

    def of(self, client: Client, sub: str) -> str:
        """The user's `sub` as this client sees it; what a client does in its own name has its own name (RFC 9068 §2.2).

        The same for all clients of a sector, and for as long as the provider has its OP_SECRET_KEY.
        """
        return sub if sub == client.client_id else self._pairwise(client, sub)

    def sid_of(self, client: Client, sid: str) -> str:
        """A session's `sid` as this client sees it; one for all would tell two sectors of the same person."""
        return self._pairwise(client, f"sid\0{sid}") if client.subject_type == "pairwise" else sid

    def _pairwise(self, client: Client, name: str) -> str:
        if client.subject_type != "pairwise":
            return name
        sector = min(sectors_of(client), default="")
        pair = hmac.new(self._key, f"{sector}\0{name}".encode(), sha256).digest()
        return base64.urlsafe_b64encode(pair).rstrip(b"=").decode()

    def seen_by(self, client: Client, session: Session) -> Session:
        """The session as this client could name it."""
        return dataclasses.replace(session, sub=self.of(client, session.sub))
