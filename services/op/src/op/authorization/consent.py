"""The consents of users, stored from one authorization to the next (OpenID Connect Core §3.1.2.4)."""

import logging

from op.context import Context
from op.protocol.authorization.consent import consented
from op.records import Client, Consent, Session
from servicekit.log import event

log = logging.getLogger(__name__)


async def remembered_consent(op: Context, client: Client, session: Session | None) -> Consent | None:
    """The user's stored consent to this client; a first-party client does not need one."""
    return None if session is None or client.first_party else await op.consents.find(session.sub, client.client_id)


async def remember_consent(
    op: Context, session: Session, client_id: str, scope: str, claims: tuple[str, ...] = ()
) -> None:
    """Store what the user allows, until it expires or is withdrawn on the account page."""
    before = await op.consents.find(session.sub, client_id)
    await op.consents.save(session.sub, client_id, consented(scope, claims, before, op.now(), op.consents.ttl))
    event(log, "consent given", client_id=client_id, sub=session.sub, scope=scope)
