"""The command line for administrators: `python -m op users|clients|keys`.

It accesses Redis directly, with the provider's environment. Passwords and secrets are read from standard input or
prompted for on a terminal, but never taken from the command line, which every process can read.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable

from op.cli.clients import add_client_commands
from op.cli.commands import CommandError
from op.cli.keys import add_key_commands
from op.cli.users import add_user_commands
from op.context import Context
from op.protocol.clients.metadata import InvalidMetadata
from op.settings import Settings
from op.stores.users.user import UsernameTaken
from servicekit.encryption import DecryptionError
from servicekit.redis.client import Database, RedisError, connect

_LOGOUT_PATIENCE = 20.0  # seconds, for all attempts to deliver a logout token

Wire = Callable[[Settings, Database, Callable[[], float]], Context]


def administrate(settings: Settings, arguments: list[str], wire: Wire) -> int:
    """Run one command; the exit status is 0, or 1 with a line on standard error.

    `wire` creates the context of the commands.
    """
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(settings, options, wire))
    except (CommandError, InvalidMetadata, UsernameTaken) as fault:
        print(f"op: {fault}", file=sys.stderr)
        return 1
    except RedisError as fault:
        print(f"op: Redis is unavailable: {fault}", file=sys.stderr)
        return 1
    except DecryptionError:
        print(
            "op: OP_SECRET_KEY cannot decrypt the stored secrets; set it to the value that they were encrypted with",
            file=sys.stderr,
        )
        return 1
    return 0


async def _run(settings: Settings, options: argparse.Namespace, wire: Wire) -> None:
    redis = connect(settings.redis_url, settings.redis_timeout)
    op = wire(settings, redis, time.time)
    try:
        await options.command(op, options)
    finally:
        await op.back_channel.drain(_LOGOUT_PATIENCE)
        await op.http.close()
        op.passwords.close()
        await redis.aclose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m op", description="Serve the provider (without arguments), or manage its users, clients and keys."
    )
    kinds = parser.add_subparsers(title="commands", required=True, metavar="users|clients|keys")
    add_user_commands(kinds.add_parser("users", help="manage the users"))
    add_client_commands(kinds.add_parser("clients", help="manage the clients"))
    add_key_commands(kinds.add_parser("keys", help="manage the signing keys"))
    return parser
