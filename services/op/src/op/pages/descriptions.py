"""What pages say in words: scopes, claims, spans of time, browsers; each is a text for `t` and what its braces hold."""

from collections.abc import Iterable, Mapping

WRONG_PASSWORD = "The username or the password is wrong."
TOO_MANY_ATTEMPTS = "There were too many tries for this username. Wait a few minutes, then try again."

Wording = tuple[str, Mapping[str, object]]

SCOPES = {
    "openid": "know who you are",
    "email": "see your email address",
    "profile": "see your profile: name, picture, birthday and the like",
    "address": "see your postal address",
    "phone": "see your phone number",
    "offline_access": "keep its access while you are away",
}
CLAIMS = {
    "name": "name",
    "given_name": "given name",
    "family_name": "family name",
    "middle_name": "middle name",
    "nickname": "nickname",
    "preferred_username": "preferred username",
    "profile": "profile page",
    "picture": "picture",
    "website": "website",
    "gender": "gender",
    "birthdate": "birthday",
    "zoneinfo": "time zone",
    "locale": "language",
    "updated_at": "time of its last change",
    "email": "email address",
    "email_verified": "whether the email address is verified",
    "address": "postal address",
    "phone_number": "phone number",
    "phone_number_verified": "whether the phone number is verified",
}
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def scope_words(scope: str) -> list[Wording]:
    """What each scope means to a person; one that only the application knows is named.

    OpenID Connect Core §3.1.2.4.
    """
    return [
        (SCOPES[name], {}) if name in SCOPES else ("use what it calls {scope}", {"scope": name})
        for name in scope.split()
    ]


def claim_words(claims: Iterable[str]) -> list[str]:
    """What each claim is to a person; one that is not of the standard is named as it is.

    OpenID Connect Core §3.1.2.4.
    """
    return [CLAIMS.get(claim, claim) for claim in claims]


def lifetime(seconds: int) -> Wording:
    """A span in the largest unit that it is at least twice of, or exactly once."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= 2 * size or size in (seconds, 1))
    number = round(seconds / size)
    return (f"{{n}} {unit}" if number == 1 else f"{{n}} {unit}s"), {"n": number}


def browser(user_agent: str) -> Wording:
    """What a browser calls itself, short enough to be told from others; one that is not known in its own words.

    Browsers claim to be several: the first of the list that is named is the one.
    """
    name = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((system for mark, system in _SYSTEMS if mark in user_agent), None)
    if name and system:
        return "{name} on {system}", {"name": name, "system": system}
    return ("{name}", {"name": user_agent}) if user_agent else ("an unknown browser", {})
