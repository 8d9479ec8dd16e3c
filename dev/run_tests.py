"""`make test`: pytest, with what the tests need besides Python installed first where that is possible."""

import sys

import pytest

import apache
import browser
import node_peers


def main(arguments: list[str]) -> int:
    for needed in (browser, node_peers, apache):
        needed.install_what_is_missing()
    return pytest.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
