"""The pages in German and English (OpenID Connect Core §3.1.2.1: ui_locales; RFC 9110 §12.5.4: Accept-Language)."""

import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from op_testing import ISSUER, REDIRECT_URI, SECRET, RunningProvider, basic, hidden_fields

from op import pages
from op.pages import descriptions
from op.protocol.authorization.scope import STANDARD_CLAIMS
from op.protocol.authorization.user_code import DEVICE_CODE_GRANT
from op.protocol.clients.metadata import client_of
from servicekit.web import pages as kit_pages

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
TEMPLATES = [
    path
    for module, folder in ((pages, "templates"), (kit_pages, "templates/trefoil"))
    for path in sorted((Path(str(module.__file__)).parent / folder).glob("*.html"))
]


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_ui_locales_has_precedence_over_accept_language(provider: RunningProvider) -> None:
    """It is kept with the pending authorization."""
    location = (await provider.authorize(ui_locales="de")).location.removeprefix(ISSUER)
    page = await provider.client.get(location, headers={"Accept-Language": "en"})
    html = await page.get_data(as_text=True)
    assert '<html lang="de">' in html
    assert "Benutzername" in html
    assert "Username" not in html


async def test_accept_language_is_used_without_ui_locales(provider: RunningProvider) -> None:
    location = (await provider.authorize()).location.removeprefix(ISSUER)
    for accept, lang, word in (("de", "de", "Passwort"), ("en", "en", "Password")):
        html = await (await provider.client.get(location, headers={"Accept-Language": accept})).get_data(as_text=True)
        assert f'<html lang="{lang}">' in html
        assert word in html


async def test_languages_are_in_the_metadata(provider: RunningProvider) -> None:
    metadata = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert metadata["ui_locales_supported"] == ["en", "de"]


# --- Every page ------------------------------------------------------------------------------------------------------


class Missing(NullTranslations):
    """What the catalogues do not have."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()

    def gettext(self, message: str) -> str:
        self.texts.add(message)
        return message

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(f"{context}: {message}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:  # noqa: ARG002 - gettext's signature
        return self.gettext(msgid1)


@pytest.fixture
def strict(provider: RunningProvider) -> Iterator[Missing]:
    """Everything that a German page says must be in a catalogue."""
    missing = Missing()
    provider.op.languages.choose("de", None).translations.add_fallback(missing)
    yield missing
    assert missing.texts == set()


async def page_in_de(response: Any, *texts: str) -> str:
    html: str = await response.get_data(as_text=True)
    assert '<html lang="de">' in html, html
    for text in texts:
        assert text in html
    return html


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("method", "path", "options", "said"),
    [
        ("get", "/authorize?client_id=nobody&ui_locales=de", {}, (400, "Unbekannte Anwendung")),
        (
            "post",
            "/authorize",
            {"form": {"client_id": "web", "ui_locales": "de"}},
            (400, "Die Anfrage hat keine redirect_uri"),
        ),
        ("get", "/authorize?a=%00", {}, (400, "Ein Parameter enthält ein Steuerzeichen.")),
        (
            "get",
            "/authorize?client_id=web&client_id=web",
            {},
            (400, "Die Anfrage enthält client_id oder redirect_uri mehrfach"),
        ),
        ("get", "/login?login=none", {}, (400, "Diese Anmeldung ist abgelaufen")),
        ("post", "/login", {"headers": {"Content-Type": "text/plain"}}, (400, "Der Inhaltstyp muss")),
        ("get", "/logout?state=1&state=2", {}, (400, 'Empfangen: <code class="received">state</code>')),
        ("get", "/logout?id_token_hint=x&ui_locales=de-CH", {}, (400, "Der id_token_hint ist kein ID-Token.")),
        ("get", "/nowhere", {}, (404, "Seite nicht gefunden")),
        ("get", "/nowhere?ui_locales=de", {}, (404, "Seite nicht gefunden")),
        ("delete", "/login", {}, (405, "Diese Seite kann so nicht geöffnet werden")),
        ("get", "/account", {}, (401, "Sie sind nicht angemeldet")),
        ("get", "/logout", {}, (200, "Sie sind abgemeldet")),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_errors_are_in_the_language_of_the_request(
    provider: RunningProvider, method: str, path: str, options: dict[str, Any], said: tuple[int, str]
) -> None:
    accepted = {"Accept-Language": "en" if "ui_locales" in f"{path}{options}" else "de"}
    headers = accepted | options.get("headers", {})
    response = await getattr(provider.client, method)(path, **options | {"headers": headers})
    assert response.status_code == said[0]
    await page_in_de(response, said[1])


@pytest.mark.usefixtures("strict")
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_language_is_kept_from_page_to_page(provider: RunningProvider) -> None:
    """It comes with the pending authorization; the browser prefers English."""
    await provider.register("third")
    query: dict[str, Any] = {"client_id": "third", "ui_locales": "fr de", "response_mode": "form_post"}
    login_page = (await provider.authorize(**query)).location
    wrong = await provider.submit_login(login_page, password="wrong")
    await page_in_de(wrong, "Benutzername oder Passwort ist falsch.")
    foreign = await provider.submit_login(login_page, csrf_token="another")
    await page_in_de(foreign, "Dieses Formular wurde in einem anderen Browser geöffnet")
    consent_page = await provider.client.get((await provider.submit_login(login_page)).location.removeprefix(ISSUER))
    html = await page_in_de(consent_page, "Zugriff erlauben?", "/account?ui_locales=fr+de")
    back = await provider.client.post("/consent", form=hidden_fields(html) | {"answer": "allow"})
    await page_in_de(back, "Sie kehren zurück zu A third party")
    html = await page_in_de(
        await provider.client.get("/account?ui_locales=fr+de"), "Anwendungen mit Zugriff auf Ihr Konto"
    )
    form = hidden_fields(html) | {"client_id": "third"}
    form.pop("sid")
    assert (await provider.client.post("/account", form=form)).location == f"{ISSUER}/account?ui_locales=fr+de"
    html = await page_in_de(
        await provider.client.get("/logout?ui_locales=de&client_id=third"), "Abmelden?", "angefordert von"
    )
    await page_in_de(await provider.client.post("/logout", form=hidden_fields(html)), "Sie sind abgemeldet")


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_language_of_a_pushed_request_is_kept(provider: RunningProvider) -> None:
    """The language is kept with a pending or pushed request and from page to page, including the pages for
    devices and logout.
    """
    pushed = await provider.client.post(
        "/par", form=provider.request | {"ui_locales": "de", "redirect_uri": REDIRECT_URI}, headers=basic("web", SECRET)
    )
    query = {"client_id": "web", "request_uri": (await pushed.get_json())["request_uri"]}
    response = await provider.client.get("/authorize", query_string=query)
    await page_in_de(await provider.client.get(response.location.removeprefix(ISSUER)), "Passwort")


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("decision", "said"), [("allow", "Gerät verbunden"), ("refuse", "Zugriff abgelehnt")])
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_language_is_kept_on_the_device_pages(provider: RunningProvider, decision: str, said: str) -> None:
    metadata = {"client_id": "tv", "grant_types": [DEVICE_CODE_GRANT], "token_endpoint_auth_method": "none"}
    await provider.op.clients.save(client_of(metadata))
    response = await provider.client.post("/device_authorization", form={"client_id": "tv", "scope": "openid email"})
    code = (await response.get_json())["user_code"]
    html = await page_in_de(await provider.client.get("/device?ui_locales=de"), "Gerät verbinden")
    wrong = await provider.client.get("/device", query_string=hidden_fields(html) | {"user_code": "BCDF-GHJK"})
    html = await page_in_de(wrong, "Unbekannter Code.")
    shown = await provider.client.get("/device", query_string=hidden_fields(html) | {"user_code": code})
    html = await page_in_de(shown, "Dieses Gerät verbinden?", "Ihre E-Mail-Adresse sehen", "Benutzername")
    form = hidden_fields(html) | {"username": "user0", "answer": decision}
    if decision == "allow":
        wrong = await provider.client.post("/device", form=form | {"password": "wrong"})
        await page_in_de(wrong, "Benutzername oder Passwort ist falsch.")
    await page_in_de(await provider.client.post("/device", form=form | {"password": "password0"}), said)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_template_has_no_text_outside_gettext(path: Path) -> None:
    """All texts can be translated, except names."""
    source = re.sub(r"{% block layout %}.*|{#.*?#}|<script>.*?</script>", "", path.read_text())
    source = re.sub(r"{% trans .*?{% endtrans %}", "", source)
    html = re.sub(r"{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    texts = re.sub(r"<[^>]*>", "\n", html, flags=re.DOTALL).splitlines()
    texts += re.findall(r'\b(?:title|alt|aria-label|placeholder)="([^"]+)"', html)
    for code in re.findall(r"{{.*?}}|{%.*?%}", source, flags=re.DOTALL):
        without_texts = re.sub(r'\b(?:_|pgettext)\("[^"]+"(?:, "[^"]+")?', "", code)
        texts += [text for text in re.findall(r'"([^"]*)"', without_texts) if " " in text]
    assert {text.strip() for text in texts if re.search(r"[a-z]", text)} <= {"Trefoil"}


def test_every_standard_claim_has_a_description() -> None:
    assert descriptions.CLAIMS.keys() == set(STANDARD_CLAIMS)
    assert descriptions.permissions("", ["phone_number", "https://other.test/claim"]) == [
        "see from your profile: phone number",
        "see from your profile: https://other.test/claim",
    ]


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT} Safari/604.1", "Safari on iPhone"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6) {WEBKIT} CriOS/140.0 Safari/604.1",
            "Chrome on iPhone",
        ),
        (f"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) {WEBKIT} FxiOS/140.0 Safari/605.1", "Firefox on iPad"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.6 Safari/605.1.15", "Safari on macOS"),
        ("Firefox/140.0", "Firefox/140.0"),
        ("a program of its own", "a program of its own"),
        ("", "Unknown browser"),
    ],
)
def test_browser_has_a_readable_name(user_agent: str, said: str) -> None:
    assert descriptions.browser(user_agent) == said


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (60, "1 minute"),
        (300, "5 minutes"),
        (90, "90 seconds"),
        (3600, "1 hour"),
        (1209600, "14 days"),
        (1, "1 second"),
        (119, "119 seconds"),
        (7200, "2 hours"),
        (86400, "1 day"),
    ],
)
def test_duration_has_the_largest_fitting_unit(seconds: int, text: str) -> None:
    assert descriptions.duration(seconds) == text
