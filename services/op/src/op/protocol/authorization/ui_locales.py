"""The language of a page: `ui_locales` (OpenID Connect Core §3.1.2.1), then Accept-Language (RFC 9110 §12.5.4)."""

LANGUAGES = ("en", "de")

_CONSIDERED = 20


def choose(ui_locales: str | None, accept_language: str | None) -> str:
    """The first supported language that the user prefers; English if there is none (OpenID Connect Core §3.1.2.1)."""
    wanted = [*(ui_locales or "").split()[:_CONSIDERED], *_accepted(accept_language or "")]
    known = (tag.partition("-")[0].lower() for tag in wanted)
    return next((language for language in known if language in LANGUAGES), LANGUAGES[0])


def _accepted(header: str) -> list[str]:
    """The language tags of the header by descending weight; a weight of 0 means not acceptable."""
    weighed = []
    for part in header.split(",")[:_CONSIDERED]:
        tag, _, parameter = part.partition(";")
        name, _, weight = parameter.strip().partition("=")
        try:
            quality = float(weight) if name.strip().lower() == "q" else 1.0
        except ValueError:
            continue
        if quality > 0:
            weighed.append((quality, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda entry: -entry[0])]
