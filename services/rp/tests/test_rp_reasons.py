"""Every check that a page can show has a reason, and no reason is unused."""

import re
from pathlib import Path

import pytest

import rp
from rp.check import Check
from rp.errors import AuthorizationRefused, BadRequest, IdTokenRefused, TokenRequestRefused, UnknownSignIn
from rp.web.reasons import OF_CHECKS, OF_ERRORS, OF_UNAUTHORIZED_TOKENS, why

SECTION = re.compile(r'"((?:OIDC \w+|RFC \d+|RP-Initiated Logout) §\d+(?:\.\d+)*(?: \([\d, ]+\))?)"')
FOR_MACHINES = {"logout_token.py", "backchannel_logout.py", "reasons.py"}


@pytest.mark.spec("OpenID Connect Core §3.1.3.7")
def test_every_check_of_a_page_has_a_reason():
    sources = [path for path in Path(rp.__file__).parent.rglob("*.py") if path.name not in FOR_MACHINES]
    sections = {section for path in sources for section in SECTION.findall(path.read_text())}
    assert len(sections) > 20
    assert sections == OF_CHECKS.keys()


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (IdTokenRefused(Check("nonce", "OIDC Core §3.1.3.7 (11)", "a", "b")), OF_CHECKS["OIDC Core §3.1.3.7 (11)"]),
        (UnknownSignIn(), OF_CHECKS["RFC 6749 §10.12"]),
        (AuthorizationRefused("access_denied", None), OF_ERRORS["access_denied"]),
        (TokenRequestRefused("invalid_client", "wrong"), OF_ERRORS["invalid_client"]),
        (TokenRequestRefused("unauthorized_client", "wrong"), OF_UNAUTHORIZED_TOKENS),
        (AuthorizationRefused("unauthorized_client", None), OF_ERRORS["unauthorized_client"]),
        (AuthorizationRefused("made_up", "as it likes"), None),
        (BadRequest("It cannot be read."), None),
    ],
)
def test_reason_is_that_of_the_check_or_the_error(failure, reason):
    assert why(failure) == reason
