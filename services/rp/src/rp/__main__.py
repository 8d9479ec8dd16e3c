"""`python -m rp`: serve the relying party with the settings from the environment."""

import os
import sys

from rp.app import create_app
from rp.settings import Settings
from servicekit import log
from servicekit.serving.server import serve
from servicekit.settings import SettingsError, read


def main() -> int:
    """Serve until SIGTERM. Returns 2 if the settings are not valid."""
    try:
        settings = read(Settings, os.environ)
    except SettingsError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
        return 2
    log.configure(settings.log_level, settings.log_format)
    serve(lambda: create_app(settings), settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
