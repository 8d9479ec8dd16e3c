"""Whether a person has to be asked (OpenID Connect Core §3.1.2.4)."""

from op.protocol.authorization.claims_request import individual_claims
from op.protocol.authorization.scope import CLAIMS_BY_SCOPE
from op.records import AuthorizationRequest, Consent


def claims_beyond_scope(request: AuthorizationRequest) -> tuple[str, ...]:
    """The claims that are asked for one by one and that no granted scope opens."""
    opened = [claim for scope in request.scope.split() for claim in CLAIMS_BY_SCOPE.get(scope, ())]
    return tuple(individual_claims(request.claims, opened))


def consent_is_needed(
    request: AuthorizationRequest, consent: Consent | None, now: int, *, first_party: bool = False
) -> bool:
    """Whether the person must be asked: with prompt=consent always, else for what was not allowed before.

    A first-party client was allowed everything by whoever registered it.

    OpenID Connect Core §3.1.2.4.
    """
    if "consent" in request.prompts:
        return True
    if first_party:
        return False
    if consent is None or now >= consent.expires_at:
        return True
    allowed = set(request.scope.split()) <= set(consent.scope.split())
    return not allowed or not set(claims_beyond_scope(request)) <= set(consent.claims)


def consented(scope: str, claims: tuple[str, ...], before: Consent | None, now: int, ttl: int) -> Consent:
    """What is remembered of a consent: what is allowed now, beside what was allowed before and has not ended."""
    scopes = tuple(scope.split())
    if before is not None and now < before.expires_at:
        scopes, claims = (*before.scope.split(), *scopes), (*before.claims, *claims)
    return Consent(
        scope=" ".join(dict.fromkeys(scopes)),
        claims=tuple(dict.fromkeys(claims)),
        given_at=now,
        expires_at=now + ttl,
    )
