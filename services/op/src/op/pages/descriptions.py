"""Texts that pages compose: permissions, spans of time, browsers; each in the language of the request."""

from collections.abc import Iterable

from servicekit.web.languages import gettext, gettext_lazy, ngettext, pgettext_lazy

WRONG_PASSWORD = gettext_lazy("The username or password is incorrect.")
TOO_MANY_ATTEMPTS = gettext_lazy("Too many attempts. Try again in a few minutes.")

SCOPES = {
    "openid": gettext_lazy("know who you are"),
    "email": gettext_lazy("see your email address"),
    "profile": gettext_lazy("see your profile, such as your name, picture and birthday"),
    "address": gettext_lazy("see your postal address"),
    "phone": gettext_lazy("see your phone number"),
    "offline_access": gettext_lazy("keep its access while you are not signed in"),
}
CLAIMS = {
    "name": pgettext_lazy("claim", "name"),
    "given_name": pgettext_lazy("claim", "first name"),
    "family_name": pgettext_lazy("claim", "last name"),
    "middle_name": pgettext_lazy("claim", "middle name"),
    "nickname": pgettext_lazy("claim", "nickname"),
    "preferred_username": pgettext_lazy("claim", "preferred username"),
    "profile": pgettext_lazy("claim", "profile page"),
    "picture": pgettext_lazy("claim", "picture"),
    "website": pgettext_lazy("claim", "website"),
    "gender": pgettext_lazy("claim", "gender"),
    "birthdate": pgettext_lazy("claim", "birthday"),
    "zoneinfo": pgettext_lazy("claim", "time zone"),
    "locale": pgettext_lazy("claim", "language"),
    "updated_at": pgettext_lazy("claim", "time of the last profile change"),
    "email": pgettext_lazy("claim", "email address"),
    "email_verified": pgettext_lazy("claim", "whether the email address is verified"),
    "address": pgettext_lazy("claim", "postal address"),
    "phone_number": pgettext_lazy("claim", "phone number"),
    "phone_number_verified": pgettext_lazy("claim", "whether the phone number is verified"),
}
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def permissions(scope: str, claims: Iterable[str] = ()) -> list[str]:
    """What a scope and single claims allow; a name that is not of the specification is shown as it is."""
    allowed = [
        str(SCOPES[name]) if name in SCOPES else gettext("use its permission “%(scope)s”", scope=name)
        for name in scope.split()
    ]
    return allowed + [gettext("see from your profile: %(claim)s", claim=CLAIMS.get(claim, claim)) for claim in claims]


def duration(seconds: int) -> str:
    """A span of time in the largest unit that it contains at least twice, or exactly once."""

    def fits(unit: int) -> bool:
        return seconds >= 2 * unit or seconds == unit

    if fits(_DAY):
        return ngettext("%(num)d day", "%(num)d days", round(seconds / _DAY))
    if fits(_HOUR):
        return ngettext("%(num)d hour", "%(num)d hours", round(seconds / _HOUR))
    if fits(_MINUTE):
        return ngettext("%(num)d minute", "%(num)d minutes", round(seconds / _MINUTE))
    return ngettext("%(num)d second", "%(num)d seconds", seconds)


def browser(user_agent: str) -> str:
    """A short name for a browser, from the lists above; any other is shown by its own User-Agent.

    Browsers name each other for compatibility: the first of the list that is named counts.
    """
    name = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((system for mark, system in _SYSTEMS if mark in user_agent), None)
    if name and system:
        return gettext("%(browser)s on %(system)s", browser=name, system=system)
    return user_agent or gettext("Unknown browser")
