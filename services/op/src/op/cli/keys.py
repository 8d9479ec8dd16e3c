"""`python -m op keys`: the keys that sign tokens."""

import argparse
from datetime import UTC, datetime

from op.cli.commands import CommandError, add_command
from op.context import Context
from op.protocol.keys.schedule import KEY_REFRESH_SECONDS, KEY_SET_SECONDS


def add_key_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of this group to the parser."""
    commands = parser.add_subparsers(required=True, metavar="list|rotate|revoke")
    add_command(
        commands, "list", list_keys, "list the keys, one per line: kid, algorithm, state, time from which it signs"
    )
    add_command(commands, "rotate", rotate_keys, "publish new keys; they start to sign after KEY_PUBLICATION_LEAD")
    what = "revoke a leaked key at once, together with the keys generated with it"
    # With another prefix, because a `kid` may start with a dash.
    add_command(commands, "revoke", revoke_key, what, prefix_chars="+").add_argument("kid")


async def list_keys(op: Context, _: argparse.Namespace) -> None:
    signing = await op.keys.signing_kids()
    for signs_from, key in await op.keys.published():
        state = "signing" if key.kid in signing else "pending" if signs_from > op.now() else "retired"
        since = datetime.fromtimestamp(signs_from, UTC).isoformat(timespec="seconds")
        print(f"{key.kid}\t{key.algorithm}\t{state}\t{since}")


async def rotate_keys(op: Context, _: argparse.Namespace) -> None:
    if not await op.keys.rotate():
        raise CommandError("a new key is already published but does not sign yet; `keys list` shows it")
    print(f"new keys are published; they start to sign in {op.settings.key_publication_lead} s")


async def revoke_key(op: Context, options: argparse.Namespace) -> None:
    """A compromised key is removed from the set at once, on all replicas (OpenID Connect Core §10.1.1; RFC 7517
    §5). What it signed no longer verifies, and new keys replace it.
    """
    withdrawn = await op.keys.revoke(options.kid)
    if not withdrawn:
        raise CommandError(f"key {options.kid} does not exist; `keys list` shows all keys")
    for kid in sorted(withdrawn):
        print(f"key {kid} revoked")
    print(
        f"running providers notice within {KEY_REFRESH_SECONDS} s, "
        f"clients that cache the keys within {2 * KEY_SET_SECONDS} s"
    )
