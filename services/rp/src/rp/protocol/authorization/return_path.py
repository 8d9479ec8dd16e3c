"""Where the browser goes after a sign-in: only to a path of this site (RFC 9700 §4.11.1)."""

import re
from urllib.parse import unquote

DEFAULT = "/profile"

_LENGTH_LIMIT = 2000
# No backslash, which browsers read as a slash; no control character, space or non-ASCII.
_LOCAL_PATH = re.compile(r"/[\x21-\x5b\x5d-\x7e]*")
# The browser would resolve a dot segment to another path than the one that was checked.
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")
# These paths start or end a sign-in: returning to one would cause a loop or an error page.
_NOT_A_DESTINATION = frozenset({"/login", "/callback", "/logout", "/logout/callback"})


def local_path(requested: str | None) -> str:
    """`requested` if it is an absolute path of this site, else the default: a wrong path does not prevent a sign-in.

    RFC 9700 §4.11.1.
    """
    if requested is None or len(requested) > _LENGTH_LIMIT or not _LOCAL_PATH.fullmatch(requested):
        return DEFAULT
    path = unquote(re.split(r"[?#]", requested, maxsplit=1)[0])
    if path in _NOT_A_DESTINATION or path.startswith(("/callback/", "//")) or "\\" in path or _DOT_SEGMENT.search(path):
        return DEFAULT
    return requested
