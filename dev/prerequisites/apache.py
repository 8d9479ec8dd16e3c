"""Debian's Apache with mod_auth_openidc, a relying party that we are tested against."""

import os
import shutil
from pathlib import Path

from prerequisites import debian

MODULES = Path("/usr/lib/apache2/modules")
_MODULE = MODULES / "mod_auth_openidc.so"
_PACKAGE = "libapache2-mod-auth-openidc"  # brings the server's program, and no service that would start


def program() -> str | None:
    """The path of the server, if it is there; /usr/sbin is not on everybody's PATH."""
    return shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def what_is_missing() -> str | None:
    """Why it cannot run here; None when it can."""
    return (
        None
        if program() and _MODULE.exists()
        else f"there is no Apache with mod_auth_openidc (on Debian: apt-get install {_PACKAGE})"
    )


def module_knows(name: str) -> bool:
    """Whether the module that is installed has such a word in it."""
    return _MODULE.exists() and name.encode() in _MODULE.read_bytes()


def install_what_is_missing() -> None:
    """Install Debian's package in CI; else do nothing."""
    debian.install([_PACKAGE] if what_is_missing() else [], "the tests of interoperability")
