"""`make test`: pytest, with what the tests need besides Python installed first where that is possible."""

import sys

import pytest

from browser import install_what_is_missing


def main(arguments: list[str]) -> int:
    install_what_is_missing()
    return pytest.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
