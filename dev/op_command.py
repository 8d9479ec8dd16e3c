"""`make op ARGS="users list"`: the provider's command line, for the provider that `make run` runs."""

import json
import subprocess
import sys
from collections.abc import Sequence

import run
from stack import ROOT


def main(arguments: Sequence[str]) -> int:
    """The exit status of the command, or 1 when `make run` is not running."""
    file = run.DATA / run.PROVIDER_ENVIRONMENT
    try:
        environment = json.loads(file.read_text())
    except FileNotFoundError:
        print(
            "op: `make run` is not running here. Start it in another terminal, then run this command again.\n"
            "    With `make up` the command is: docker compose exec op /venv/bin/python -m op users list",
            file=sys.stderr,
        )
        return 1
    environment["LOG_LEVEL"] = "WARNING"  # the command prints what it did; the log would repeat it
    return subprocess.run([sys.executable, "-m", "op", *arguments], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
