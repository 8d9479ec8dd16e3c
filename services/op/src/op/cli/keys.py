"""`python -m op keys`: what tokens are signed with."""

import argparse
from datetime import UTC, datetime

from op.cli.commands import CommandError, add_command
from op.context import Context
from op.protocol.keys.schedule import KEY_SET_SECONDS, LOOK_SECONDS


def add_key_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of this group."""
    commands = parser.add_subparsers(required=True, metavar="list|rotate|revoke")
    add_command(commands, "list", list_keys, "one key a line: kid, algorithm, what it does, when it begins to sign")
    add_command(commands, "rotate", rotate_keys, "publish new keys, which sign after KEY_PUBLICATION_LEAD")
    what = "withdraw a key that has leaked, at once, and the one that was made with it"
    # A `kid` may begin with a dash, and is no option then.
    add_command(commands, "revoke", revoke_key, what, prefix_chars="+").add_argument("kid")


async def list_keys(op: Context, _: argparse.Namespace) -> None:
    signing = await op.keys.signing_kids()
    for signs_from, key in await op.keys.published():
        state = "signs" if key.kid in signing else "waits" if signs_from > op.now() else "has signed"
        since = datetime.fromtimestamp(signs_from, UTC).isoformat(timespec="seconds")
        print(f"{key.kid}\t{key.algorithm}\t{state}\t{since}")


async def rotate_keys(op: Context, _: argparse.Namespace) -> None:
    if not await op.keys.rotate():
        raise CommandError("a new key is published already and does not sign yet; `keys list` shows it")
    print(f"new keys are published, and sign in {op.settings.key_publication_lead} s")


async def revoke_key(op: Context, options: argparse.Namespace) -> None:
    """A compromised key is removed from the set at once, on all replicas (OpenID Connect Core §10.1.1; RFC 7517
    §5). What it signed no longer verifies, and new keys replace it.
    """
    withdrawn = await op.keys.revoke(options.kid)
    if not withdrawn:
        raise CommandError(f"there is no key {options.kid}; `keys list` shows them")
    for kid in sorted(withdrawn):
        print(f"key {kid} withdrawn")
    print(f"running providers follow within {LOOK_SECONDS} s, whoever keeps the key set within {2 * KEY_SET_SECONDS} s")
