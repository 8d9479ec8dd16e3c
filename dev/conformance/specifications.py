"""The specifications that the code and the tests may cite: the name, the title, the file and the address of each."""

import re
from dataclasses import dataclass

_RFC = re.compile(r"RFC (\d+)")


@dataclass(frozen=True, slots=True)
class Specification:
    """`name` is what markers say; docstrings may use one of `aliases` instead, or add a version.

    What is `cited_as_a_whole` is cited by its name alone, without a section.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    address: str = ""
    cited_as_a_whole: bool = False

    @property
    def file(self) -> str:
        """`rfc6749.md`, `openid-connect-core.md`, `form-post-response-mode.md`."""
        words = self.name.removeprefix("OAuth 2.0 ").lower().replace("rfc ", "rfc")
        return re.sub(r"[^a-z0-9]+", "-", words) + ".md"

    @property
    def heading(self) -> str:
        return self.title if self.title.startswith(self.name) else f"{self.name}: {self.title}"

    @property
    def url(self) -> str:
        rfc = _RFC.fullmatch(self.name)
        return f"https://www.rfc-editor.org/rfc/rfc{rfc[1]}" if rfc else self.address

    def section_url(self, section: str) -> str:
        """Where the text of a section is; only in an RFC does the fragment follow from the number."""
        if not section or not _RFC.fullmatch(self.name):
            return self.url
        number = section.partition(" ")[0]
        return f"{self.url}#{'section' if number[0].isdecimal() else 'appendix'}-{number}"


def _openid(name: str, page: str, *aliases: str) -> Specification:
    title = f"{name} 1.0"
    return Specification(
        name, title, (name.removeprefix("OpenID Connect "), *aliases), f"https://openid.net/specs/{page}"
    )


SPECIFICATIONS = (
    _openid("OpenID Connect Core", "openid-connect-core-1_0.html", "OIDC Core"),
    _openid("OpenID Connect Discovery", "openid-connect-discovery-1_0.html", "OIDC Discovery"),
    _openid(
        "OpenID Connect Dynamic Client Registration",
        "openid-connect-registration-1_0.html",
        "OpenID Connect Registration",
    ),
    _openid("OpenID Connect RP-Initiated Logout", "openid-connect-rpinitiated-1_0.html"),
    _openid("OpenID Connect Back-Channel Logout", "openid-connect-backchannel-1_0.html"),
    _openid("OpenID Connect Front-Channel Logout", "openid-connect-frontchannel-1_0.html"),
    Specification(
        "OAuth 2.0 Multiple Response Types",
        "OAuth 2.0 Multiple Response Types",
        ("Multiple Response Types",),
        "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html",
    ),
    Specification(
        "OAuth 2.0 Form Post Response Mode",
        "OAuth 2.0 Form Post Response Mode",
        ("Form Post Response Mode",),
        "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html",
    ),
    Specification(
        "JARM",
        "JWT Secured Authorization Response Mode for OAuth 2.0",
        ("JWT Secured Authorization Response Mode",),
        "https://openid.net/specs/oauth-v2-jarm.html",
    ),
    Specification("RFC 3986", "Uniform Resource Identifier (URI): Generic Syntax"),
    Specification("RFC 4647", "Matching of Language Tags"),
    Specification("RFC 5869", "HMAC-based Extract-and-Expand Key Derivation Function (HKDF)", cited_as_a_whole=True),
    Specification(
        "RFC 6265bis",
        "Cookies: HTTP State Management Mechanism",
        address="https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis",
    ),
    Specification("RFC 6454", "The Web Origin Concept"),
    Specification("RFC 6585", "Additional HTTP Status Codes"),
    Specification("RFC 6749", "The OAuth 2.0 Authorization Framework"),
    Specification("RFC 6750", "Bearer Token Usage"),
    Specification("RFC 6797", "HTTP Strict Transport Security (HSTS)"),
    Specification("RFC 6890", "Special-Purpose IP Address Registries", cited_as_a_whole=True),
    Specification("RFC 7009", "Token Revocation"),
    Specification("RFC 7515", "JSON Web Signature (JWS)"),
    Specification("RFC 7517", "JSON Web Key (JWK)"),
    Specification("RFC 7518", "JSON Web Algorithms (JWA)"),
    Specification("RFC 7519", "JSON Web Token (JWT)"),
    Specification("RFC 7521", "Assertion Framework for Client Authentication"),
    Specification("RFC 7523", "JWT Profile for Client Authentication"),
    Specification("RFC 7591", "Dynamic Client Registration"),
    Specification("RFC 7592", "Dynamic Client Registration Management"),
    Specification("RFC 7636", "Proof Key for Code Exchange (PKCE)"),
    Specification("RFC 7638", "JWK Thumbprint"),
    Specification("RFC 7662", "Token Introspection"),
    Specification("RFC 8176", "Authentication Method Reference Values"),
    Specification("RFC 8252", "OAuth 2.0 for Native Apps"),
    Specification("RFC 8259", "The JSON Data Interchange Format", cited_as_a_whole=True),
    Specification("RFC 8414", "Authorization Server Metadata"),
    Specification("RFC 8446", "TLS 1.3"),
    Specification("RFC 8628", "Device Authorization Grant"),
    Specification("RFC 8693", "Token Exchange"),
    Specification("RFC 8725", "JWT Best Current Practices"),
    Specification("RFC 9068", "JWT Profile for Access Tokens"),
    Specification("RFC 9101", "JWT-Secured Authorization Request (JAR)"),
    Specification("RFC 9106", "Argon2 Memory-Hard Function", cited_as_a_whole=True),
    Specification("RFC 9110", "HTTP Semantics"),
    Specification("RFC 9112", "HTTP/1.1"),
    Specification("RFC 9126", "Pushed Authorization Requests (PAR)"),
    Specification("RFC 9207", "Authorization Server Issuer Identification"),
    Specification("RFC 9325", "Recommendations for Secure Use of TLS"),
    Specification("RFC 9700", "Best Current Practice for OAuth 2.0 Security"),
    Specification("RFC 9701", "JWT Response for Token Introspection"),
    Specification("RFC 9728", "Protected Resource Metadata"),
    Specification(
        "Content Security Policy Level 3", "Content Security Policy Level 3", address="https://www.w3.org/TR/CSP3/"
    ),
    Specification("Fetch Metadata", "Fetch Metadata Request Headers", address="https://www.w3.org/TR/fetch-metadata/"),
    Specification(
        "NIST SP 800-38D",
        "Galois/Counter Mode (GCM) and GMAC",
        address="https://csrc.nist.gov/pubs/sp/800/38/d/final",
        cited_as_a_whole=True,
    ),
)
BY_NAME = {one.name: one for one in SPECIFICATIONS}
