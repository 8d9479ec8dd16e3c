"""The language of pages: messages in it, and links that keep it."""

from urllib.parse import urlencode

from rp.message import Message
from servicekit.web.languages import pgettext, requested_languages


def translated(text: str) -> str:
    """A message in the language of this request. Any other text is returned as it is."""
    if not isinstance(text, Message):
        return text
    values = {name: translated(inner) if isinstance(inner, str) else inner for name, inner in text.values.items()}
    return pgettext(text.context, text.source, **values)


def is_message(text: str) -> bool:
    """Whether a text is our own, and not a value from the network."""
    return isinstance(text, Message)


def localized(path: str) -> str:
    """A path of this site, with the `ui_locales` of this request if it has any."""
    languages = requested_languages()
    return f"{path}{'&' if '?' in path else '?'}{urlencode({'ui_locales': languages})}" if languages else path
