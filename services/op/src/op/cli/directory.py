"""The directory file: users and clients in YAML, each written to Redis when its entry changes.

`${NAME}` in a value is replaced from the environment, or from the file that `NAME_FILE` names; `${NAME:-value}` has a
default. An entry is written if it is new or was changed in the file, so that changes that an administrator made on
the command line survive a restart.
"""

import dataclasses
import hashlib
import hmac
import json
import logging
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from op.protocol.authorization.scope import ADDRESS_MEMBERS, CLAIM_TYPES, STANDARD_CLAIMS
from op.protocol.clients.metadata import InvalidMetadata, client_of
from op.records import Client, User
from op.sessions.passwords import PASSWORD_LIMIT, Passwords
from op.stores.clients.client import ClientStore
from op.stores.users.user import UserStore
from servicekit.log import event

log = logging.getLogger(__name__)

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")
_USER_FIELDS = {"sub", "username", "password", "claims"}
SUB_LIMIT = 255


class DirectoryError(Exception):
    """The file is invalid; `faults` has a line for each fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class UserEntry:
    """A user as written in the directory file."""

    sub: str
    username: str
    password: str = dataclasses.field(repr=False)
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Directory:
    """The valid entries of a directory file."""

    users: tuple[UserEntry, ...] = ()
    clients: tuple[Client, ...] = ()


def read_directory(path: Path, environment: Mapping[str, str]) -> Directory:
    """Read and check a directory file; raises DirectoryError with all faults."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.MarkedYAMLError as fault:  # its full text would repeat the line, perhaps with a secret
        mark = fault.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise DirectoryError([f"{path}: {place}{fault.problem}"]) from None
    except (OSError, ValueError, yaml.YAMLError) as fault:
        raise DirectoryError([f"{path}: {type(fault).__name__}"]) from None
    faults: list[str] = []
    if not isinstance(document, dict):
        raise DirectoryError([f"{path}: must be a mapping with users and clients"])
    try:
        document = _with_variables(document, environment, faults)
    except RecursionError:
        raise DirectoryError([f"{path}: an entry contains itself"]) from None
    faults += [f"unknown member: {name}" for name in document.keys() - {"users", "clients"}]
    users = [_entry(user_entry, value, f"users[{i}]", faults) for i, value in _items(document, "users", faults)]
    clients = [_entry(client_of, value, f"clients[{i}]", faults) for i, value in _items(document, "clients", faults)]
    if not faults:
        faults += _repetitions("client_id", [client.client_id for client in clients])
        faults += _repetitions("sub", [user.sub for user in users])
        faults += _repetitions("username", [user.username.casefold() for user in users])
    if faults:
        raise DirectoryError([f"{path}: {fault}" for fault in faults])
    return Directory(tuple(users), tuple(clients))


def _repetitions(name: str, values: list[str]) -> list[str]:
    return [f"duplicate {name}: {value}" for value, count in Counter(values).items() if count > 1]


def user_entry(values: Mapping[str, Any]) -> UserEntry:
    """Check the entry of a user; the default of `sub` is the username. Raises InvalidMetadata.

    OpenID Connect Core §2, §5.1.
    """
    faults = [f"unknown member: {name}" for name in sorted(map(str, values.keys() - _USER_FIELDS))]
    username, password, claims = values.get("username"), values.get("password"), values.get("claims") or {}
    sub = values.get("sub", username)
    if not isinstance(username, str) or not username.strip():
        faults.append("username is required")
    if not isinstance(password, str) or not 1 <= len(password) <= PASSWORD_LIMIT:
        faults.append(f"password must consist of 1 to {PASSWORD_LIMIT} characters")
    if not (isinstance(sub, str) and sub.isascii() and sub.isprintable() and 1 <= len(sub) <= SUB_LIMIT):
        faults.append(f"sub must consist of 1 to {SUB_LIMIT} printable ASCII characters")
    if not isinstance(claims, dict):
        faults.append("claims must be a mapping")
    else:
        faults += [fault for name, value in claims.items() for fault in _claim_faults(name, value)]
    if faults:
        raise InvalidMetadata(faults)
    return UserEntry(str(sub), str(username), str(password), dict(claims))


def _claim_faults(name: object, value: object) -> list[str]:
    """The faults of a claim (OpenID Connect Core §5.1, §5.1.1)."""
    if name not in STANDARD_CLAIMS:
        return [f"not a standard claim: {name}"]
    expected = CLAIM_TYPES.get(str(name), str)
    if type(value) is not expected:
        return [f"{name} must be of type {expected.__name__}; put strings in quotes"]
    if isinstance(value, dict):
        faults = [f"not a member of an address: {member}" for member in value if member not in ADDRESS_MEMBERS]
        return faults + [
            f"{name}: {k} must be a string; put it in quotes" for k, v in value.items() if not isinstance(v, str)
        ]
    return []


async def load(
    directory: Directory, users: UserStore, clients: ClientStore, passwords: Passwords, secret_key: str
) -> None:
    """Write the entries that are new or have changed."""
    for client in directory.clients:
        source = _fingerprint(dataclasses.asdict(client), secret_key)
        known = await clients.read(client.client_id)
        if known is None or known.source != source:
            await clients.save(dataclasses.replace(client, source=source))
            event(log, "client loaded", client_id=client.client_id)
    for entry in directory.users:
        source = _fingerprint(dataclasses.asdict(entry), secret_key)
        before = await users.find(entry.sub)
        if before is None or before.source != source:
            await users.save(await new_user(entry, passwords, source))
            event(log, "user loaded", sub=entry.sub)


async def new_user(entry: UserEntry, passwords: Passwords, source: str | None = None) -> User:
    return User(
        sub=entry.sub,
        username=entry.username,
        password_hash=await passwords.hash(entry.password),
        claims=entry.claims,
        source=source,
    )


def _fingerprint(entry: dict[str, Any], secret_key: str) -> str:
    """A hash that changes with the entry; it is keyed because the entry contains a password."""
    text = json.dumps(entry, sort_keys=True, default=str)
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _items(document: Mapping[str, Any], name: str, faults: list[str]) -> list[tuple[int, dict[str, Any]]]:
    values = document.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        faults.append(f"{name} must be a list of mappings")
        return []
    return list(enumerate(values))


def _entry(parse: Any, value: dict[str, Any], place: str, faults: list[str]) -> Any:
    try:
        return parse(value)
    except InvalidMetadata as invalid:
        faults += [f"{place}: {fault}" for fault in invalid.faults]
        return None


def _with_variables(value: Any, environment: Mapping[str, str], faults: list[str]) -> Any:
    if isinstance(value, dict):
        return {k: _with_variables(v, environment, faults) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_variables(v, environment, faults) for v in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match, environment, faults), value)
    return value


def _variable(match: re.Match[str], environment: Mapping[str, str], faults: list[str]) -> str:
    name, default = match[1], match[2]
    if environment.get(name):
        return environment[name]
    if environment.get(f"{name}_FILE"):
        try:
            return Path(environment[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            faults.append(f"{name}_FILE cannot be read: {fault}")
            return ""
    if default is None:
        faults.append(f"the environment variable {name} is not set")
        return ""
    return str(default)
