"""The UserInfo response, which must describe the user who signed in (OpenID Connect Core §5.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rp.check import Check, equality
from rp.errors import UserInfoRefused


@dataclass(frozen=True)
class UserInfo:
    """Claims whose `sub` was checked. Only `verify` creates it."""

    claims: Mapping[str, Any]
    check: Check


def verify(claims: Mapping[str, Any], sub: str) -> UserInfo:
    """Compare `sub` with that of the ID token, exactly. Claims about another user must not be used (§5.3.2).

    Raises UserInfoRefused.
    """
    found = claims.get("sub")
    check = equality("sub", "OIDC Core §5.3.2", sub, found)
    return UserInfo(claims, UserInfoRefused.unless(isinstance(found, str) and found == sub, check))
