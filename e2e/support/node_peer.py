"""A running program of e2e/peers/node_peers, which writes lines of JSON and reads lines."""

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from prerequisites.node_peers import FOLDER, NODE

_STOP_SECONDS = 10.0


class NodePeer(AbstractContextManager["NodePeer"]):
    """The process; its standard error is that of the test."""

    def __init__(self, program: str, options: Mapping[str, Any]) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}
        self._process = subprocess.Popen(
            [NODE, FOLDER / program, json.dumps(options)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.terminate()
        self._process.wait(_STOP_SECONDS)
        self._process.stdin.close()
        self._process.stdout.close()

    def hear(self) -> dict[str, Any]:
        """The next line; fails if the process has exited without one."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"{self._process.args!r} ended with status {self._process.wait(_STOP_SECONDS)}"
        message: dict[str, Any] = json.loads(line)
        return message

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
