"""The users and clients that a running provider has, for the start banner of `make run`."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from op.app import wire
from op.cli.directory import read_directory
from op.settings import Settings
from servicekit.redis.client import RedisError, connect
from servicekit.settings import read
from stack import StackError

_SHOWN = 5
_MORE = "... and {} more"


@dataclass(frozen=True)
class DirectoryContents:
    """A line for each user and each client, in order of their identifiers; at most six lines of each."""

    users: tuple[str, ...]
    clients: tuple[str, ...]


async def read_contents(environment: Mapping[str, str]) -> DirectoryContents:
    """Read them from Redis, as the provider with this environment does; raises StackError.

    A password is shown when it is in the directory file and still holds.
    """
    settings = read(Settings, environment)
    redis = connect(settings.redis_url, settings.redis_timeout)
    op = wire(settings, redis, time.time)
    try:
        users = sorted([user async for user in op.users.all()], key=lambda user: user.sub)
        clients = sorted([client async for client in op.clients.all()], key=lambda client: client.client_id)
        file = settings.op_directory_file
        passwords = {u.sub: u.password for u in read_directory(file, environment).users} if file else {}
        lines = []
        for user in users[:_SHOWN]:
            password = passwords.get(user.sub)
            known = password is not None and await op.passwords.matches(user.password_hash, password)
            lines.append(f"{user.username} / {password}" if known else user.username)
    except RedisError as failure:
        raise StackError(f"Redis is unavailable: {failure}") from None
    finally:
        await op.http.close()
        op.passwords.close()
        await redis.aclose()
    return DirectoryContents(
        _shortened(lines, len(users)),
        _shortened([" ".join([client.client_id, *client.redirect_uris]) for client in clients[:_SHOWN]], len(clients)),
    )


def _shortened(lines: Sequence[str], count: int) -> tuple[str, ...]:
    if not lines:
        return ("none",)
    return (*lines, _MORE.format(count - len(lines))) if count > len(lines) else tuple(lines)
