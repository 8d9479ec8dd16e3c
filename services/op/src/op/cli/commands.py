"""Functions that the command groups share."""

import argparse
import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from op.context import Context

Command = Callable[[Context, argparse.Namespace], Awaitable[None]]


class CommandError(Exception):
    """The command failed; the message says why."""


def add_command(commands: Any, name: str, command: Command, what: str, **options: str) -> argparse.ArgumentParser:
    """Add a command to a group; the caller adds its arguments to the returned parser."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what, **options)
    parser.set_defaults(command=command)
    return parser


def read_secret(name: str) -> str:
    """Read a password or secret from standard input or a terminal prompt; raises CommandError if it is empty."""
    value = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not value:
        raise CommandError(f"{name.lower()} must not be empty")
    return value


def print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))
