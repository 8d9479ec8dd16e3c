"""`python -m op` serves the provider; `python -m op users|clients|keys ...` manages its users, clients and keys."""

import os
import sys

from op.app import create_app, wire
from op.cli.command_line import administrate
from op.cli.directory import DirectoryError
from op.settings import Settings
from servicekit import log
from servicekit.serving.server import StartFailed, serve
from servicekit.settings import SettingsError, read


def main(arguments: list[str]) -> int:
    """The exit status: 0, 1 if a command failed, or 2 if the environment or the directory file is invalid."""
    try:
        settings = read(Settings, os.environ)
        log.configure(settings.log_level, settings.log_format)
        if arguments:
            return administrate(settings, arguments, wire)
        serve(lambda: create_app(settings), settings)
    except (SettingsError, DirectoryError) as invalid:
        for fault in invalid.faults:
            print(f"op: {fault}", file=sys.stderr)
        return 2
    except StartFailed as fault:
        print(f"op: {fault}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
