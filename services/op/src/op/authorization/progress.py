"""An authorization request on its way: what comes next for it, and the response when nothing is in the way."""

from dataclasses import dataclass

from op.authorization.consent import remember_consent, remembered_consent
from op.authorization.dispatch import Consent, Decision, Login, Refuse, Respond, Step, next_step
from op.authorization.pending import check_still_registered
from op.authorization.response_types import RESPONSE_TYPES
from op.context import Context
from op.protocol.authorization.consent import claims_beyond_scope
from op.protocol.authorization.response import ResponseParameters
from op.records import AuthorizationRequest, Client, LoginRequest, Session


@dataclass(frozen=True, slots=True)
class Authorization:
    """A checked request of a client; `pending` once it waits for its person."""

    client: Client
    request: AuthorizationRequest
    pending: LoginRequest | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """The parameters that the client gets; nobody has them yet."""

    parameters: ResponseParameters


async def advance(
    op: Context, authorization: Authorization, session: Session | None, decision: Decision | None = None
) -> Login | Consent | Granted | Refuse:
    """What comes next, and what was granted when it is the response.

    What is written for a response that is then not sent is known to nobody, and ends with its TTL.
    """
    step = await step_of(op, authorization, session, decision)
    if not isinstance(step, Respond):
        return step
    assert session is not None
    client, request = authorization.client, authorization.request
    if decision is Decision.ALLOWED:
        await remember_consent(op, session, client.client_id, request.scope, claims_beyond_scope(request))
    parameters = await RESPONSE_TYPES[request.response_type](op, client, request, session)
    if parameters is not None:
        return Granted(parameters)
    without_user = await step_of(op, authorization, None)
    assert not isinstance(without_user, Respond)
    return without_user


async def step_of(
    op: Context, authorization: Authorization, session: Session | None, decision: Decision | None = None
) -> Step:
    """What comes next, with nothing written; raises UnknownRedirect when the client was removed meanwhile.

    OpenID Connect Core §8.1.
    """
    client = authorization.client
    if session:
        check_still_registered(client, authorization.request)
    return next_step(
        authorization.request,
        op.subjects.seen_by(client, session) if session else None,
        decision or await remembered_consent(op, client, session),
        op.now(),
        first_party=client.first_party,
        pending=authorization.pending,
    )
