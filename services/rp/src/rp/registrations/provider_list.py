"""Additional providers from `RP_PROVIDERS`, a JSON list with an object for each."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rp.protocol.clients.client_authentication import AUDIENCES, METHODS, TOKEN_ENDPOINT, ClientIdentity
from rp.protocol.clients.client_key import ClientKey
from rp.registrations.registration import ID_TOKEN_ALGS, RESPONSE_MODES, Registration, issuer, scope
from servicekit.settings import SettingsError, declared, one_of, read, secret_of, setting, text

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def name(value: str) -> str:
    """A name for URLs: lower-case letters, digits and hyphens."""
    if not _NAME.fullmatch(value):
        raise ValueError(f"must be at most 40 lower-case letters, digits and hyphens, not {value!r}")
    return value


@dataclass(frozen=True, kw_only=True)
class ListedProvider:
    """One object of the list. Its members have these names; secrets can come from a file (`..._file`)."""

    name: str = setting(name, "the name in its redirect URI, /callback/<name>")
    title: str | None = setting(text, "its name on pages; the issuer by default", default=None)
    issuer: str = setting(issuer, "its issuer, exactly as in its discovery document")
    client_id: str = setting(text, "the identifier of this client at the provider")
    client_secret: str | None = setting(
        secret_of(1), "the secret of this client at the provider", secret=True, default=None
    )
    client_key: ClientKey | None = setting(
        ClientKey.parse, "the private key of this client at the provider", secret=True, default=None
    )
    token_endpoint_auth_method: str | None = setting(one_of(*METHODS), "how this client authenticates", default=None)
    client_assertion_audience: str = setting(
        one_of(*AUDIENCES), "the audience of an assertion for the token endpoint", default=TOKEN_ENDPOINT
    )
    id_token_alg: str = setting(one_of(*ID_TOKEN_ALGS), "the algorithm of the ID tokens", default="RS256")
    scope: str = setting(scope, "the scope of the authorization request", default="openid email profile")
    response_mode: str = setting(one_of(*RESPONSE_MODES), "how the authorization response is returned", default="query")

    def registration(self) -> Registration:
        """The registration of this client at the provider."""
        return Registration(
            name=self.name,
            title=self.title or self.issuer,
            issuer=self.issuer,
            client=ClientIdentity(
                self.client_id,
                self.client_secret,
                self.client_key,
                self.token_endpoint_auth_method,
                self.client_assertion_audience,
            ),
            id_token_alg=self.id_token_alg,
            scope=self.scope,
            response_mode=self.response_mode,
        )


def providers(value: str) -> tuple[Registration, ...]:
    """Read the list. Raises ValueError with all faults, without repeating a secret."""
    try:
        entries = json.loads(value)
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("must be a JSON list of objects")
    found: list[Registration] = []
    faults: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(_registration(entry))
        except SettingsError as error:
            faults += [f"provider {number}: {_lower(fault)}" for fault in error.faults]
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(found)


def _registration(entry: dict[str, object]) -> Registration:
    """Raises SettingsError."""
    faults = list(_faults_of_members(entry))
    if faults:
        raise SettingsError(faults)
    listed = read(ListedProvider, {member.upper(): str(inner) for member, inner in entry.items()})
    registration = listed.registration()
    faults = [f"{member.upper()}: {fault}" for member, fault in registration.faults()]
    if faults:
        raise SettingsError(faults)
    return registration


def _faults_of_members(entry: dict[str, object]) -> Iterator[str]:
    meanings = declared(ListedProvider)
    known = {*meanings, *(f"{member}_FILE" for member, meaning in meanings.items() if meaning.secret)}
    for member, inner in entry.items():
        if member != member.lower() or member.upper() not in known:
            yield f"{member[:40].upper()}: unknown name"
        elif not isinstance(inner, str):
            yield f"{member.upper()}: must be a string"


def _lower(fault: str) -> str:
    member, separator, rest = fault.partition(":")
    return f"{member.lower()}{separator}{rest}"
