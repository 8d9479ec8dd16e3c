"""The language of a page: what the client asked for (`ui_locales`), else what the browser prefers."""

from typing import Any

from quart import g, request

from op.protocol.authorization.ui_locales import choose
from op.web.german import WORDS


def use_language(ui_locales: str | None) -> None:
    """From here on the pages of this request are in the first of these languages that there is.

    OpenID Connect Core §3.1.2.1.
    """
    if ui_locales:
        g.ui_locales = ui_locales


def template_words() -> dict[str, Any]:
    """For templates: `t` translates a text, `lang` is the page's language, `ui_locales` the next page's parameter.

    OpenID Connect Core §3.1.2.1.
    """
    asked = g.get("ui_locales") or request.args.get("ui_locales")
    language = choose(asked, request.headers.get("Accept-Language"))
    known = WORDS if language == "de" else {}

    def say(text: str, **named: object) -> str:
        said = known.get(text, text)
        return said.format(**named) if named else said

    return {"t": say, "lang": language, "ui_locales": asked}
