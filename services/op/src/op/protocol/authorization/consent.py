"""When consent is needed (OpenID Connect Core §3.1.2.4)."""

from op.protocol.authorization.claims_request import individual_claims
from op.protocol.authorization.scope import CLAIMS_BY_SCOPE
from op.records import AuthorizationRequest, Consent


def claims_beyond_scope(request: AuthorizationRequest) -> tuple[str, ...]:
    """The individually requested claims that no granted scope covers."""
    covered = [claim for scope in request.scope.split() for claim in CLAIMS_BY_SCOPE.get(scope, ())]
    return tuple(individual_claims(request.claims, covered))


def consent_is_needed(
    request: AuthorizationRequest, consent: Consent | None, now: int, *, first_party: bool = False
) -> bool:
    """Whether the user must be asked: always with prompt=consent, otherwise for what they have not allowed yet.

    A first-party client does not need consent: whoever registered it has allowed everything.

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
    """The consent to store: what is allowed now, added to an earlier consent that has not expired."""
    scopes = tuple(scope.split())
    if before is not None and now < before.expires_at:
        scopes, claims = (*before.scope.split(), *scopes), (*before.claims, *claims)
    return Consent(
        scope=" ".join(dict.fromkeys(scopes)),
        claims=tuple(dict.fromkeys(claims)),
        given_at=now,
        expires_at=now + ttl,
    )
