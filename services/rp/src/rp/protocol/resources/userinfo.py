"""UserInfo, as far as it speaks of the person who signed in (OpenID Connect Core §5.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rp.check import Check, shown
from rp.errors import UserInfoRefused


@dataclass(frozen=True)
class UserInfo:
    """Claims whose `sub` was compared; made by `verify` alone."""

    claims: Mapping[str, Any]
    check: Check


def verify(claims: Mapping[str, Any], sub: str) -> UserInfo:
    """Compare `sub` with the id_token's, exactly; claims of anybody else must not be used (§5.3.2).

    Raises UserInfoRefused.
    """
    found = claims.get("sub")
    check = Check("sub", "OIDC Core §5.3.2", shown(sub), shown(found))
    return UserInfo(claims, UserInfoRefused.unless(isinstance(found, str) and found == sub, check))
