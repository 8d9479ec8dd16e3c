"""The languages of the pages: gettext catalogues, and the choice of a language for each request.

English is the language of the source. A catalogue `<language>/LC_MESSAGES/messages.po` in the folder of a service's
catalogues adds a language, without a change to the code and without a compiled file: catalogues are read at start.
What cannot be used (a file that cannot be parsed, an entry whose placeholders or markup differ from the source) is
logged and left out, and the English text is shown in its place.

In templates: `{{ _("Text") }}`, `{{ pgettext("context", "Text") }}` and `{% trans %}`, all with autoescaping, and
`{{ seconds | time }}`. In code:
`gettext`, `ngettext` and `pgettext` during a request, `gettext_lazy` and `pgettext_lazy` for constants.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from markupsafe import Markup
from quart import current_app, g, has_request_context, request

from servicekit.log import event

log = logging.getLogger(__name__)

EXTENSION = "languages"
CATALOGUE = "*/LC_MESSAGES/messages.po"
SHARED_CATALOGUES = Path(__file__).parents[1] / "locales"

_CONSIDERED = 20
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
_MARKUP = re.compile(r"<[^>]*>?")


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages: its tag (BCP 47) as HTML has it, and its translations."""

    tag: str
    locale: Locale
    translations: NullTranslations

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, as the attribute `dir` has it."""
        return str(self.locale.text_direction)


ENGLISH = Language("en", Locale("en"), NullTranslations())


class Languages:
    """The languages that a service has: English, and those of its catalogues."""

    def __init__(self, languages: Mapping[str, Language] | None = None) -> None:
        self._by_tag = {ENGLISH.tag: ENGLISH} | dict(languages or {})

    @classmethod
    def load(cls, folder: Path) -> "Languages":
        """Read the catalogues of a service; the texts of the shared templates are added to each."""
        shared = dict(_read_folder(SHARED_CATALOGUES))
        languages = {}
        for tag, language in _read_folder(folder):
            if tag in shared:
                language.translations.add_fallback(shared[tag].translations)
            languages[tag.lower()] = language
        return cls(languages)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of all languages, English first (`ui_locales_supported`, OpenID Connect Discovery 1.0 §3)."""
        return tuple(language.tag for language in self._by_tag.values())

    def choose(self, ui_locales: str | None, accept_language: str | None) -> Language:
        """The first available language of `ui_locales` (OpenID Connect Core §3.1.2.1), then of Accept-Language.

        A tag stands for the language that it begins with, too: `de-AT` finds `de` (RFC 4647 §3.4). English if there is
        none.
        """
        wanted = [*(ui_locales or "").split()[:_CONSIDERED], *_accepted(accept_language or "")]
        return next((found for tag in wanted if (found := self._lookup(tag.lower()))), ENGLISH)

    def _lookup(self, tag: str) -> Language | None:
        while tag:
            if tag in self._by_tag:
                return self._by_tag[tag]
            tag = tag.rpartition("-")[0]
        return None


def _accepted(header: str) -> list[str]:
    """The language tags of an Accept-Language header, the preferred first; weight 0 means "not acceptable"."""
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


# --- Catalogues ------------------------------------------------------------------------------------------------------


def read_catalogue(path: Path) -> Catalog:
    """A catalogue as it is in the file; raises ValueError if the file cannot be parsed."""
    tag = path.parents[1].name
    try:
        with path.open("rb") as file:
            return read_po(file, locale=Locale.parse(tag), abort_invalid=True)
    except (OSError, PoFileError, UnknownLocaleError, LookupError, TypeError) as fault:
        raise ValueError(f"{type(fault).__name__}: {fault}") from None


def fault_of(message: Message) -> str | None:
    """Why a translation cannot take the place of its source, if so: its placeholders or its markup differ."""
    sources = message.id if isinstance(message.id, list | tuple) else (message.id,)
    translations = message.string if isinstance(message.string, list | tuple) else (message.string,)
    allowed = {name for source in sources for name in _PLACEHOLDER.findall(source)}
    markup = [Counter(_MARKUP.findall(source)) for source in sources]
    for text in filter(None, translations):
        names = set(_PLACEHOLDER.findall(text))
        if "%" in _PLACEHOLDER.sub("", text).replace("%%", ""):
            return "a % is not part of a placeholder; write %%"
        if names - allowed or (len(sources) == 1 and names != allowed):
            return "the placeholders differ"
        if Counter(_MARKUP.findall(text)) not in markup:
            return "the markup differs"
    return None


def _read_folder(folder: Path) -> Iterator[tuple[str, Language]]:
    for path in sorted(folder.glob(CATALOGUE)):
        name = path.parents[1].name
        try:
            catalogue = read_catalogue(path)
            for message in list(catalogue):
                fault = fault_of(message) if message.id else None
                if fault:
                    event(log, "translation left out", logging.WARNING, language=name, text=message.id, reason=fault)
                    catalogue.delete(message.id, message.context)
            compiled = BytesIO()
            write_mo(compiled, catalogue)  # leaves out what is fuzzy or not translated
            compiled.seek(0)
            translations = GNUTranslations(compiled)
        except (ValueError, LookupError) as fault:  # the parser of plural forms and codecs raise these
            event(log, "language left out", logging.ERROR, language=name, reason=fault)
            continue
        locale = Locale.parse(name)
        tag = str(locale).replace("_", "-")
        yield tag, Language(tag, locale, translations)


# --- The language of a request ---------------------------------------------------------------------------------------


def use_language(ui_locales: str | None) -> None:
    """From here on the pages of this request are in the first available language of `ui_locales`."""
    if ui_locales:
        g.ui_locales = ui_locales
        g.pop("language", None)


def requested_languages() -> str | None:
    """The `ui_locales` of this request, for the links and forms of its page."""
    return g.get("ui_locales") or request.args.get("ui_locales")


def current_language() -> Language:
    """The language of this request: by `ui_locales`, else by Accept-Language. English outside of a request."""
    if not has_request_context():
        return ENGLISH
    language: Language | None = g.get("language")
    if language is None:
        languages: Languages = current_app.extensions[EXTENSION]
        language = g.language = languages.choose(requested_languages(), request.headers.get("Accept-Language"))
    return language


def gettext(text: str, **values: object) -> str:
    """A text in the language of this request, with its placeholders filled in."""
    return current_language().translations.gettext(text) % values


def pgettext(context: str, text: str, **values: object) -> str:
    """The same for a text that means different things in different contexts."""
    return current_language().translations.pgettext(context, text) % values


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """The form of a text for a number, which is `%(num)d` in it."""
    return current_language().translations.ngettext(singular, plural, num) % {"num": num, **values}


def time_element(seconds: int) -> Markup:
    """A time, in seconds since the epoch, as a `time` element: in UTC, which a script may change to local time."""
    moment = datetime.fromtimestamp(seconds, UTC)
    shown = format_datetime(moment, "medium", locale=current_language().locale)
    return Markup('<time datetime="{}">{} UTC</time>').format(moment.strftime("%Y-%m-%dT%H:%M:%SZ"), shown)


def translated(text: str) -> str:
    """A text that may have a translation and has no placeholders, such as the description of an error."""
    return current_language().translations.gettext(text)


@dataclass(frozen=True)
class LazyText:
    """A text that is translated when it is shown, in the language of that request."""

    text: str
    context: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.context is None:
            return gettext(self.text, **self.values)
        return pgettext(self.context, self.text, **self.values)


def gettext_lazy(text: str, **values: object) -> LazyText:
    """For constants: `gettext` when it is shown."""
    return LazyText(text, values=values)


def pgettext_lazy(context: str, text: str, **values: object) -> LazyText:
    """For constants: `pgettext` when it is shown."""
    return LazyText(text, context, values)
