"""`Database` declares methods that the clients of redis-py have."""

import inspect

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterPipeline
from redis.commands.core import AsyncScript

from servicekit.redis import database

CLIENTS = [
    (database.Database, Redis),
    (database.Database, RedisCluster),
    (database.Pipeline, Pipeline),
    (database.Pipeline, ClusterPipeline),
    (database.Script, AsyncScript),
]


def commands(protocol: type) -> list[str]:
    """The methods of a Protocol, with `__call__`."""
    own = [name for name, member in vars(protocol).items() if inspect.isfunction(member)]
    return [name for name in own if name == "__call__" or not name.startswith("_")]


CASES = [
    pytest.param(declared, client, command, id=f"{client.__name__}.{command}")
    for declared, client in CLIENTS
    for command in commands(declared)
]


@pytest.mark.parametrize(("declared", "client", "command"), CASES)
def test_declared_command_has_the_parameters_of_redis_py(declared: type, client: type, command: str) -> None:
    """Positional parameters have the same names in the same order, and every keyword is known."""
    parameters = list(inspect.signature(getattr(declared, command)).parameters.values())[1:]
    positional = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    keywords = {one.name: one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
    bound = inspect.signature(getattr(client, command)).bind(None, *positional, **keywords)
    for name in positional:
        assert bound.arguments[name] == name
