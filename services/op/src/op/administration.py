"""The command line for administrators: `python -m op users|clients|keys`, and what to do with them.

It works on Redis directly, with the provider's own environment. A password or secret is read from standard input, or
asked for on a terminal: never from the command line, where every process can read it.
"""

import argparse
import asyncio
import dataclasses
import getpass
import json
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from op.app import wire
from op.directory import new_user, user_entry
from op.protocol.client_metadata import InvalidMetadata, client_of
from op.protocol.key_schedule import KEY_SET_SECONDS, LOOK_SECONDS
from op.protocol.scope import CLAIM_TYPES
from op.provider import Provider
from op.records import Client, User
from op.session_end import end_everything
from op.settings import Settings
from op.stores.user import UsernameTaken
from servicekit.redis import RedisError, connect
from servicekit.sealing import UnsealError

_CLAIM_READERS: dict[type, Callable[[str], Any]] = {
    bool: {"true": True, "false": False}.__getitem__,
    int: int,
    dict: json.loads,
}

_LOGOUT_PATIENCE = 20.0  # seconds, for every try of a logout token

Command = Callable[[Provider, argparse.Namespace], Awaitable[None]]


class CommandError(Exception):
    """The command cannot be carried out; the message says why."""


def administrate(settings: Settings, arguments: list[str]) -> int:
    """Carry out one command; the exit status is 0, or 1 with a line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(settings, options))
    except (CommandError, InvalidMetadata, UsernameTaken) as fault:
        print(f"op: {fault}", file=sys.stderr)
        return 1
    except RedisError as fault:
        print(f"op: Redis does not answer: {fault}", file=sys.stderr)
        return 1
    except UnsealError:
        print("op: OP_SECRET_KEY is not the one that the stored secrets were sealed with", file=sys.stderr)
        return 1
    return 0


async def _run(settings: Settings, options: argparse.Namespace) -> None:
    redis = connect(settings.redis_url, settings.redis_timeout)
    op = wire(settings, redis, time.time)
    try:
        await options.command(op, options)
    finally:
        await op.back_channel.drain(_LOGOUT_PATIENCE)
        await op.http.close()
        op.passwords.close()
        await redis.aclose()


async def add_user(op: Provider, options: argparse.Namespace) -> None:
    values = {"username": options.username, "password": _read_secret("Password"), "claims": _claims(options.claim)}
    entry = user_entry({**values, "sub": options.sub} if options.sub else values)
    if await op.users.find(entry.sub):
        raise CommandError(f"there is a user with the sub {entry.sub}")
    await op.users.save(await new_user(entry, op.passwords))
    print(f"user {entry.sub} added")


async def list_users(op: Provider, _: argparse.Namespace) -> None:
    async for user in op.users.all():
        print(f"{user.sub}\t{user.username}\t{user.claims.get('email', '')}")


async def show_user(op: Provider, options: argparse.Namespace) -> None:
    user = await _user(op, options.user)
    _print_json({"sub": user.sub, "username": user.username, "claims": user.claims})


async def remove_user(op: Provider, options: argparse.Namespace) -> None:
    user = await _user(op, options.user)
    await op.consents.revoke_all(user.sub)
    await end_everything(op, user.sub)
    await op.users.remove(user)  # last, so that a command that Redis broke off can be given again
    await end_everything(op, user.sub)  # what came of a sign-in meanwhile
    print(f"user {user.sub} removed")


async def sign_user_out(op: Provider, options: argparse.Namespace) -> None:
    user = await _user(op, options.user)
    ended = await end_everything(op, user.sub)
    print(f"user {user.sub} signed out everywhere (sessions: {ended})")


async def set_password(op: Provider, options: argparse.Namespace) -> None:
    user = await _user(op, options.user)
    values = {"username": user.username, "sub": user.sub, "password": _read_secret("New password")}
    password_hash = await op.passwords.hash(user_entry(values).password)
    await op.users.save(dataclasses.replace(user, password_hash=password_hash))
    print(f"password of {user.sub} set")


async def add_client(op: Provider, options: argparse.Namespace) -> None:
    metadata: dict[str, Any] = {
        "client_id": options.client_id,
        "client_name": options.name,
        "redirect_uris": options.redirect_uri,
        "post_logout_redirect_uris": options.post_logout_redirect_uri,
        "scope": options.scope,
        "token_endpoint_auth_method": "none" if options.public else None,
        "grant_types": options.grant_type,
        "id_token_signed_response_alg": options.id_token_signed_response_alg,
        "access_token_format": options.access_token_format,
        "audience": options.audience,
    }
    generated = None if options.public or options.secret_from_stdin else secrets.token_urlsafe(32)
    metadata["client_secret"] = _read_secret("Client secret") if options.secret_from_stdin else generated
    client = client_of({name: value for name, value in metadata.items() if value is not None})
    if await op.clients.read(client.client_id):
        raise CommandError(f"there is a client {client.client_id}")
    await op.clients.save(client)
    print(f"client {client.client_id} added")
    if generated:
        print(f"client_secret: {generated}")


async def list_clients(op: Provider, _: argparse.Namespace) -> None:
    async for client in op.clients.all():
        print(f"{client.client_id}\t{client.client_name}\t{' '.join(client.redirect_uris)}")


async def show_client(op: Provider, options: argparse.Namespace) -> None:
    shown = dataclasses.asdict(await _client(op, options.client_id))
    hidden = {"client_secret", "registration_token", "source"}
    _print_json({name: value for name, value in shown.items() if name not in hidden and value not in (None, ())})


async def remove_client(op: Provider, options: argparse.Namespace) -> None:
    if not await op.clients.remove(options.client_id):
        raise CommandError(f"there is no client {options.client_id}")
    print(f"client {options.client_id} removed")


async def set_secret(op: Provider, options: argparse.Namespace) -> None:
    client = await _client(op, options.client_id)
    if client.registered_at is not None:
        raise CommandError(f"{client.client_id} registered itself, and manages its own secret")
    values = {k: v for k, v in dataclasses.asdict(client).items() if v is not None and k != "source"}
    changed = client_of({**values, "client_secret": _read_secret("New client secret")})
    await op.clients.save(dataclasses.replace(changed, source=client.source))
    print(f"secret of {client.client_id} set")


async def list_keys(op: Provider, _: argparse.Namespace) -> None:
    signing = await op.keys.signing_kids()
    for signs_from, key in await op.keys.published():
        state = "signs" if key.kid in signing else "waits" if signs_from > op.now() else "has signed"
        since = datetime.fromtimestamp(signs_from, UTC).isoformat(timespec="seconds")
        print(f"{key.kid}\t{key.algorithm}\t{state}\t{since}")


async def rotate_keys(op: Provider, _: argparse.Namespace) -> None:
    if not await op.keys.rotate():
        raise CommandError("a new key is published already and does not sign yet; `keys list` shows it")
    print(f"new keys are published, and sign in {op.settings.key_publication_lead} s")


async def revoke_key(op: Provider, options: argparse.Namespace) -> None:
    withdrawn = await op.keys.revoke(options.kid)
    if not withdrawn:
        raise CommandError(f"there is no key {options.kid}; `keys list` shows them")
    for kid in sorted(withdrawn):
        print(f"key {kid} withdrawn")
    print(f"running providers follow within {LOOK_SECONDS} s, whoever keeps the key set within {2 * KEY_SET_SECONDS} s")


async def _user(op: Provider, name: str) -> User:
    user = await op.users.find(name) or await op.users.find_by_username(name)
    if user is None:
        raise CommandError(f"there is no user {name}")
    return user


async def _client(op: Provider, client_id: str) -> Client:
    client = await op.clients.read(client_id)
    if client is None:
        raise CommandError(f"there is no client {client_id}")
    return client


def _read_secret(name: str) -> str:
    value = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not value:
        raise CommandError(f"{name.lower()}: nothing was given")
    return value


def _claims(pairs: list[str]) -> dict[str, Any]:
    """`name=value` pairs, each value of its claim's type (OpenID Connect Core §5.1)."""
    claims: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise CommandError(f"a claim is name=value, not {pair}")
        try:
            claims[name] = _CLAIM_READERS.get(CLAIM_TYPES.get(name, str), str)(value)
        except (KeyError, ValueError):
            raise CommandError(f"{name} cannot be {value}") from None
    return claims


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m op", description="Without arguments the provider is served.")
    kinds = parser.add_subparsers(title="what to manage", required=True, metavar="users|clients|keys")
    _user_commands(kinds.add_parser("users", help="people who can log in"))
    _client_commands(kinds.add_parser("clients", help="applications that people log in to"))
    _key_commands(kinds.add_parser("keys", help="what tokens are signed with"))
    return parser


def _key_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="list|rotate|revoke")
    _command(commands, "list", list_keys, "one key a line: kid, algorithm, what it does, when it begins to sign")
    _command(commands, "rotate", rotate_keys, "publish new keys, which sign after KEY_PUBLICATION_LEAD")
    what = "withdraw a key that has leaked, at once, and the one that was made with it"
    # A `kid` may begin with a dash, and is no option then.
    _command(commands, "revoke", revoke_key, what, prefix_chars="+").add_argument("kid")


def _user_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="add|list|show|remove|set-password|sign-out")
    add = _command(commands, "add", add_user, "add a user; the password is read from standard input")
    add.add_argument("username")
    add.add_argument("--sub", help="the subject identifier; the username unless it is given")
    add.add_argument("--claim", action="append", default=[], metavar="NAME=VALUE", help="a standard claim")
    _command(commands, "list", list_users, "one user a line: sub, username, email")
    for name, command, what in (
        ("show", show_user, "a user's claims"),
        ("remove", remove_user, "remove a user, and end all that came of their sign-ins"),
        ("set-password", set_password, "set a password, read from standard input"),
        ("sign-out", sign_user_out, "end a user's sessions, grants and tokens everywhere"),
    ):
        _command(commands, name, command, what).add_argument("user", help="sub or username")


def _client_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="add|list|show|remove|set-secret")
    add = _command(commands, "add", add_client, "add a client; a secret is made and shown once")
    add.add_argument("client_id")
    add.add_argument("--name")
    add.add_argument("--redirect-uri", action="append", default=[])
    add.add_argument("--post-logout-redirect-uri", action="append", default=[])
    add.add_argument("--grant-type", action="append")
    add.add_argument("--scope")
    add.add_argument("--public", action="store_true", help="a client without a secret")
    add.add_argument("--secret-from-stdin", action="store_true")
    add.add_argument("--id-token-signed-response-alg")
    add.add_argument("--access-token-format")
    add.add_argument("--audience")
    _command(commands, "list", list_clients, "one client a line: client_id, name, redirect_uris")
    for name, command, what in (
        ("show", show_client, "a client's registration, without its secret"),
        ("remove", remove_client, "remove a client"),
        ("set-secret", set_secret, "set a secret, read from standard input"),
    ):
        _command(commands, name, command, what).add_argument("client_id")


def _command(commands: Any, name: str, command: Command, what: str, **options: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what, **options)
    parser.set_defaults(command=command)
    return parser
