"""What the endpoints work with; `create_app` makes it."""

from dataclasses import dataclass

from rs.stores.profile import ProfileStore
from rs.validation import Validator


@dataclass(frozen=True, slots=True)
class ResourceServer:
    """The one validator of this configuration, the profiles, and the scope that opens them."""

    validator: Validator
    profiles: ProfileStore
    required_scope: str
