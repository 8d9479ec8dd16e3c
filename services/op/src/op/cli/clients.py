"""`python -m op clients`: the applications to which users sign in."""

import argparse
import dataclasses
import secrets
from typing import Any

from op.cli.commands import CommandError, add_command, print_json, read_secret
from op.context import Context
from op.protocol.clients.metadata import client_of
from op.records import Client


def add_client_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of this group to the parser."""
    commands = parser.add_subparsers(required=True, metavar="add|list|show|remove|set-secret")
    add = add_command(commands, "add", add_client, "add a client; its generated secret is printed once")
    add.add_argument("client_id")
    add.add_argument("--name")
    add.add_argument("--redirect-uri", action="append", default=[])
    add.add_argument("--post-logout-redirect-uri", action="append", default=[])
    add.add_argument("--grant-type", action="append")
    add.add_argument("--scope")
    add.add_argument("--public", action="store_true", help="register a public client, which has no secret")
    add.add_argument("--secret-from-stdin", action="store_true")
    add.add_argument("--id-token-signed-response-alg")
    add.add_argument("--access-token-format")
    add.add_argument("--audience")
    add_command(commands, "list", list_clients, "list the clients, one per line: client_id, name, redirect_uris")
    for name, command, what in (
        ("show", show_client, "show a client's registration, without its secret"),
        ("remove", remove_client, "remove a client"),
        ("set-secret", set_secret, "set a client's secret, read from standard input"),
    ):
        add_command(commands, name, command, what).add_argument("client_id")


async def add_client(op: Context, options: argparse.Namespace) -> None:
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
    metadata["client_secret"] = read_secret("Client secret") if options.secret_from_stdin else generated
    client = client_of({name: value for name, value in metadata.items() if value is not None})
    if await op.clients.read(client.client_id):
        raise CommandError(f"client {client.client_id} already exists")
    await op.clients.save(client)
    print(f"client {client.client_id} added")
    if generated:
        print(f"client_secret: {generated}")


async def list_clients(op: Context, _: argparse.Namespace) -> None:
    async for client in op.clients.all():
        print(f"{client.client_id}\t{client.client_name}\t{' '.join(client.redirect_uris)}")


async def show_client(op: Context, options: argparse.Namespace) -> None:
    shown = dataclasses.asdict(await _client(op, options.client_id))
    hidden = {"client_secret", "registration_token", "source"}
    print_json({name: value for name, value in shown.items() if name not in hidden and value not in (None, ())})


async def remove_client(op: Context, options: argparse.Namespace) -> None:
    if not await op.clients.remove(options.client_id):
        raise CommandError(f"client {options.client_id} does not exist")
    print(f"client {options.client_id} removed")


async def set_secret(op: Context, options: argparse.Namespace) -> None:
    client = await _client(op, options.client_id)
    if client.registered_at is not None:
        raise CommandError(f"client {client.client_id} registered itself and manages its own secret")
    values = {k: v for k, v in dataclasses.asdict(client).items() if v is not None and k != "source"}
    changed = client_of({**values, "client_secret": read_secret("New client secret")})
    await op.clients.save(dataclasses.replace(changed, source=client.source))
    print(f"secret of {client.client_id} set")


async def _client(op: Context, client_id: str) -> Client:
    client = await op.clients.read(client_id)
    if client is None:
        raise CommandError(f"client {client_id} does not exist")
    return client
