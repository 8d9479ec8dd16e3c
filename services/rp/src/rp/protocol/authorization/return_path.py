"""Where a person goes after signing in: a path of this site and nowhere else (RFC 9700 §4.11.1)."""

import re
from urllib.parse import unquote

DEFAULT = "/profile"

_LENGTH_LIMIT = 2000
# No backslash, which browsers read as a slash; no control character, space or non-ASCII.
_LOCAL_PATH = re.compile(r"/[\x21-\x5b\x5d-\x7e]*")
# A dot segment would be resolved by the browser into something else than what was checked.
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")
# They begin or end a sign-in: to return to one would go in circles or end on an error page.
_NOT_A_PLACE = frozenset({"/login", "/callback", "/logout", "/logout/callback"})


def local_path(asked: str | None) -> str:
    """`asked` when it is a local absolute path, else the default: a wrong one is no reason not to sign in.

    RFC 9700 §4.11.1.
    """
    if asked is None or len(asked) > _LENGTH_LIMIT or not _LOCAL_PATH.fullmatch(asked):
        return DEFAULT
    path = unquote(re.split(r"[?#]", asked, maxsplit=1)[0])
    if path in _NOT_A_PLACE or path.startswith(("/callback/", "//")) or "\\" in path or _DOT_SEGMENT.search(path):
        return DEFAULT
    return asked
