"""The records that this service stores in Redis.

| record  | key                | fields                          | TTL                    |
|---------|--------------------|---------------------------------|------------------------|
| Profile | `rs:profile:<sub>` | sub, username, email, metadata  | none: application data |
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """The application's data about a user; `metadata` is not an OpenID Connect claim."""

    sub: str
    username: str
    email: str
    metadata: str


def profile_key(sub: str) -> str:
    return f"rs:profile:{sub}"
