"""`python -m op users`: the users who can log in."""

import argparse
import dataclasses
import json
from collections.abc import Callable
from typing import Any

from op.cli.commands import CommandError, add_command, print_json, read_secret
from op.cli.directory import new_user, user_entry
from op.context import Context
from op.protocol.authorization.scope import CLAIM_TYPES
from op.records import User

_CLAIM_READERS: dict[type, Callable[[str], Any]] = {
    bool: {"true": True, "false": False}.__getitem__,
    int: int,
    dict: json.loads,
}


def add_user_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of this group to the parser."""
    commands = parser.add_subparsers(required=True, metavar="add|list|show|remove|set-password|sign-out")
    add = add_command(commands, "add", add_user, "add a user; the password is read from standard input")
    add.add_argument("username")
    add.add_argument("--sub", help="the subject identifier; default: the username")
    add.add_argument(
        "--claim", action="append", default=[], metavar="NAME=VALUE", help="a standard claim; can be repeated"
    )
    add_command(commands, "list", list_users, "list the users, one per line: sub, username, email")
    for name, command, what in (
        ("show", show_user, "show a user's claims"),
        ("remove", remove_user, "remove a user, and end their sessions, grants and tokens"),
        ("set-password", set_password, "set a user's password, read from standard input"),
        ("sign-out", sign_user_out, "end a user's sessions, grants and tokens everywhere"),
    ):
        add_command(commands, name, command, what).add_argument("user", help="sub or username")


async def add_user(op: Context, options: argparse.Namespace) -> None:
    values = {"username": options.username, "password": read_secret("Password"), "claims": _claims(options.claim)}
    entry = user_entry({**values, "sub": options.sub} if options.sub else values)
    if await op.users.find(entry.sub):
        raise CommandError(f"a user with the sub {entry.sub} already exists")
    await op.users.save(await new_user(entry, op.passwords))
    print(f"user {entry.sub} added")


async def list_users(op: Context, _: argparse.Namespace) -> None:
    async for user in op.users.all():
        print(f"{user.sub}\t{user.username}\t{user.claims.get('email', '')}")


async def show_user(op: Context, options: argparse.Namespace) -> None:
    user = await _user(op, options.user)
    print_json({"sub": user.sub, "username": user.username, "claims": user.claims})


async def remove_user(op: Context, options: argparse.Namespace) -> None:
    """A user who was deleted, or signed out everywhere by command, has no active token of any kind and no code;
    the clients are notified (RFC 7009 §2.1; RFC 7662 §2.2).
    """
    user = await _user(op, options.user)
    await op.consents.revoke_all(user.sub)
    await op.termination.end_everything(user.sub)
    await op.users.remove(user)  # last, so that the command can be repeated after a failure of Redis
    await op.termination.end_everything(user.sub)  # sign-ins in the meantime
    print(f"user {user.sub} removed")


async def sign_user_out(op: Context, options: argparse.Namespace) -> None:
    """RFC 7009 §2.1; RFC 7662 §2.2."""
    user = await _user(op, options.user)
    ended = await op.termination.end_everything(user.sub)
    print(f"user {user.sub} signed out everywhere (sessions: {ended})")


async def set_password(op: Context, options: argparse.Namespace) -> None:
    user = await _user(op, options.user)
    values = {"username": user.username, "sub": user.sub, "password": read_secret("New password")}
    password_hash = await op.passwords.hash(user_entry(values).password)
    await op.users.save(dataclasses.replace(user, password_hash=password_hash))
    print(f"password of {user.sub} set")


async def _user(op: Context, name: str) -> User:
    user = await op.users.find(name) or await op.users.find_by_username(name)
    if user is None:
        raise CommandError(f"user {name} does not exist")
    return user


def _claims(pairs: list[str]) -> dict[str, Any]:
    """Parse `NAME=VALUE` pairs; each value has the type of its claim (OpenID Connect Core §5.1)."""
    claims: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise CommandError(f"a claim must be NAME=VALUE, not {pair}")
        try:
            claims[name] = _CLAIM_READERS.get(CLAIM_TYPES.get(name, str), str)(value)
        except (KeyError, ValueError):
            raise CommandError(f"{value} is not a valid value of the claim {name}") from None
    return claims
