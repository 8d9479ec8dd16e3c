"""The discovery document as its readers see it (OpenID Connect Discovery 1.0 §3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from oidc_discovery.errors import ProviderMisconfigured

_URL = re.compile(r"[!-~]{1,2048}")
_HOST_AND_PORT = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")


@dataclass(frozen=True)
class Metadata:
    """A discovery document whose issuer was compared (OpenID Connect Discovery 1.0 §4.3)."""

    issuer: str
    document: Mapping[str, Any]

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint by its name in the document, https if the issuer is https (§3).

        The URL is printable ASCII; its host is an IP address, or consists of letters, digits, dots, hyphens and
        underscores. Raises ProviderMisconfigured if the document has no such URL.
        """
        url = self.document.get(name)
        if not isinstance(url, str) or not _is_http_url(url):
            raise ProviderMisconfigured(f"the discovery document has no {name}")
        if urlsplit(self.issuer).scheme == "https" and urlsplit(url).scheme != "https":
            raise ProviderMisconfigured(f"the {name} in the discovery document is not https, as the issuer is")
        return url

    def has(self, name: str) -> bool:
        """Whether the document has a member of this name, whatever its value."""
        return name in self.document

    def flag(self, name: str) -> bool:
        """Whether a boolean of the document is true; false if it is absent or not a boolean."""
        return self.document.get(name) is True

    def values(self, name: str) -> tuple[str, ...]:
        """A list of strings from the document; empty if the document has none."""
        found = self.document.get(name)
        return tuple(v for v in found if isinstance(v, str)) if isinstance(found, list) else ()


def _is_http_url(text: str) -> bool:
    # The URL is copied into headers, pages and policies, where its host must not mean anything else.
    try:
        parts = urlsplit(text)
        return (
            _URL.fullmatch(text) is not None
            and parts.scheme in ("https", "http")
            and _HOST_AND_PORT.fullmatch(parts.netloc) is not None
            and parts.port != 0
        )
    except ValueError:
        return False
