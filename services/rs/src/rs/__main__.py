"""`python -m rs` serves the resource server; the environment configures it."""

import os
import sys

from rs.app import create_app
from rs.settings import read_settings
from servicekit import log
from servicekit.serving import server as serving
from servicekit.settings import SettingsError


def main() -> int:
    """Serve until SIGTERM or SIGINT; returns 2 if the configuration is invalid."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
        return 2
    log.configure(settings.log_level, settings.log_format)
    serving.serve(lambda: create_app(settings), settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
