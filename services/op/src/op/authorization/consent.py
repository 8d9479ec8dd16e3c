"""What people allowed, remembered from one authorization to the next (OpenID Connect Core §3.1.2.4)."""

import logging

from op.context import Context
from op.protocol.authorization.consent import consented
from op.records import Client, Consent, Session
from servicekit.log import event

log = logging.getLogger(__name__)


async def remembered_consent(op: Context, client: Client, session: Session | None) -> Consent | None:
    """What the person allowed this client before; nobody is asked about a first-party client."""
    return None if session is None or client.first_party else await op.consents.find(session.sub, client.client_id)


async def remember_consent(
    op: Context, session: Session, client_id: str, scope: str, claims: tuple[str, ...] = ()
) -> None:
    """What the person allows now is not asked for again, and is on the account page until it is withdrawn."""
    before = await op.consents.find(session.sub, client_id)
    await op.consents.save(session.sub, client_id, consented(scope, claims, before, op.now(), op.consents.ttl))
    event(log, "consent given", client_id=client_id, sub=session.sub, scope=scope)
