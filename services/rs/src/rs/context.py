"""The context of every endpoint, created by `create_app`."""

from dataclasses import dataclass

from rs.settings import Settings
from rs.stores.profile import ProfileStore
from rs.validation.validator import Validator


@dataclass(frozen=True, slots=True)
class Context:
    """The settings, the validator of the configured mode, and the profiles."""

    settings: Settings
    validator: Validator
    profiles: ProfileStore
