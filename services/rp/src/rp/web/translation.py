"""Translation of messages when a page shows them."""

from rp.message import Message


def translated(text: str) -> str:
    """A message in the language of this request. Any other text is returned as it is."""
    return text


def is_message(text: str) -> bool:
    """Whether a text is our own wording, and not a value from the network."""
    return isinstance(text, Message)
