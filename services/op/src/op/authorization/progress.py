"""The progress of an authorization request: its next step, and its response when no step is left."""

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
    """A checked request of a client; `pending` is set once the user has been sent to a page."""

    client: Client
    request: AuthorizationRequest
    pending: LoginRequest | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """The parameters of a successful response that is not sent yet."""

    parameters: ResponseParameters


async def advance(
    op: Context, authorization: Authorization, session: Session | None, decision: Decision | None = None
) -> Login | Consent | Granted | Refuse:
    """The next step, or what was granted if the next step is the response.

    Records of a response that is not sent afterwards remain unused until they expire.
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
    """The next step, without writing anything; raises UnknownRedirect if the client has been removed.

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
