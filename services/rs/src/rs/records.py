"""The records that this service keeps in Redis.

| record  | key                | fields                          | TTL                    |
|---------|--------------------|---------------------------------|------------------------|
| Profile | `rs:profile:<sub>` | sub, username, email, metadata  | none: application data |
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """What this application knows of a user; `metadata` is its own, and no OpenID Connect claim."""

    sub: str
    username: str
    email: str
    metadata: str


def profile_key(sub: str) -> str:
    return f"rs:profile:{sub}"
