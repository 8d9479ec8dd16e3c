"""The language of the pages, and how a chosen one is kept from page to page and passed to the provider."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from rp_testing import refused

import rp
from rp.message import Message
from rp.web.reasons import OF_CHECKS

TEMPLATES = sorted((Path(rp.__file__).parent / "pages" / "templates").glob("*.html"))
ACCEPT_DE = {"Accept-Language": "de-AT, en;q=0.5"}


def parameters(address):
    return {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}


async def page_of(browser, path, **options):
    """The language and the HTML of a page."""
    html = await (await browser.get(path, **options)).get_data(as_text=True)
    return re.findall(r'<html lang="(\w+)"', html), html


async def test_page_is_in_the_language_of_the_browser(browser):
    language, html = await page_of(browser, "/", headers=ACCEPT_DE)
    assert language == ["de"]
    assert '<a class="button" href="/login">Anmeldung starten</a>' in html
    assert (await page_of(browser, "/", headers={"Accept-Language": "fr"}))[0] == ["en"]


async def test_ui_locales_have_precedence_and_are_in_the_links(browser):
    language, html = await page_of(browser, "/?ui_locales=en", headers=ACCEPT_DE)
    assert language == ["en"]
    assert 'href="/login?ui_locales=en"' in html


async def test_chosen_language_is_kept_for_the_whole_session(browser, provider):
    location = await browser.start("/login?ui_locales=fr+de")
    assert parameters(location)["ui_locales"] == "fr de"
    await browser.get(provider.authorize(location))
    for path, text in (("/profile", "Ihr Profil"), ("/", "Zu Ihrem Profil")):
        language, html = await page_of(browser, path, headers={"Accept-Language": "en"})
        assert (language, text in html) == (["de"], True)
    assert (await page_of(browser, "/profile?ui_locales=en"))[0] == ["en"]
    request = parameters((await browser.sign_out()).headers["Location"])
    assert request["ui_locales"] == "fr de"
    response = await browser.get(f"/logout/callback?state={request['state']}")
    assert response.headers["Location"] == "/?notice=signed-out&ui_locales=de"
    language, html = await page_of(browser, response.headers["Location"])
    assert (language, "Sie sind abgemeldet, hier und beim Provider." in html) == (["de"], True)


async def test_language_is_kept_after_a_local_sign_out(browser, provider):
    provider.metadata = {"end_session_endpoint": None}
    await browser.sign_in("/login?ui_locales=de")
    assert (await browser.sign_out()).headers["Location"] == "/?notice=signed-out-here&ui_locales=de"


async def test_language_of_the_browser_is_not_sent_to_the_provider(browser, provider):
    response = await browser.get("/login", headers=ACCEPT_DE)
    assert "ui_locales" not in parameters(response.headers["Location"])
    await browser.get(provider.authorize(response.headers["Location"]), headers=ACCEPT_DE)
    request = parameters((await browser.sign_out()).headers["Location"])
    assert "ui_locales" not in request
    assert len(request["state"]) == 43


async def test_language_of_the_page_is_kept_at_sign_out(browser):
    await browser.sign_in()
    html = (await page_of(browser, "/profile?ui_locales=de"))[1]
    [action] = re.findall(r'<form method="post" action="([^"]+)">', html)
    [token] = re.findall(r'name="csrf_token" value="([^"]+)"', html)
    response = await browser.client.post(action, form={"csrf_token": token})
    assert parameters(response.headers["Location"])["ui_locales"] == "de"


async def test_technical_reason_is_marked_as_english(browser, provider):
    provider.metadata = {"authorization_endpoint": None}
    response = await browser.get("/login", headers=ACCEPT_DE)
    html = await refused(response, says="Die Metadaten des Providers passen nicht zu dieser Anwendung.", status=502)
    assert re.search(r'Einzelheiten: <span lang="en">[^<]*authorization_endpoint[^<]*\.</span>', html)


async def test_profile_without_a_session_keeps_the_language(browser):
    response = await browser.get("/profile?ui_locales=de")
    assert response.headers["Location"] == "/login?return_to=/profile&ui_locales=de"


async def test_posted_initiation_keeps_the_language(browser, provider):
    response = await browser.client.post("/login", form={"iss": provider.url, "ui_locales": "de"})
    assert parameters(response.headers["Location"])["ui_locales"] == "de"


@pytest.mark.parametrize("languages", ["d" * 36, " ".join(["de"] * 11), "de%0Aen", "de;q=1", "<b>"])
async def test_malformed_ui_locales_are_ignored_at_login(browser, languages):
    response = await browser.get("/login", query_string={"ui_locales": languages})
    assert "ui_locales" not in parameters(response.headers["Location"])


async def test_error_of_a_sign_in_is_in_its_language(browser, provider):
    provider.claims = {"nonce": "another"}
    location = await browser.start("/login?ui_locales=de")
    html = await refused(await browser.get(provider.authorize(location)), says="Die Prüfung „nonce“")
    assert "Die Nonce wurde für diese Anmeldung erzeugt" in html
    assert "eine kurze Zeichenkette" in html
    assert 'href="/login?ui_locales=de"' in html


async def test_checks_of_the_session_are_translated(browser):
    await browser.sign_in()
    html = (await page_of(browser, "/profile", headers=ACCEPT_DE))[1]
    assert "geprüft · 13 Prüfungen" in html
    assert "demo-client oder nicht vorhanden" in html
    assert "gültig mit RS256" in html


async def test_values_within_a_message_are_translated(browser, resource_server):
    await browser.sign_in()
    resource_server.reply = {"status": 403}
    html = (await page_of(browser, "/profile", headers=ACCEPT_DE))[1]
    assert "Der Resource-Server hat mit 403 geantwortet. Der erteilte Scope erlaubt diese Anfrage nicht." in html


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_of_rp_has_no_text_outside_gettext(path):
    """All texts can be translated, except names."""
    source = re.sub(r"{% block layout %}.*|{#.*?#}", "", path.read_text())
    source = re.sub(r"{%-? trans .*?{%-? endtrans -?%}", "", source, flags=re.DOTALL)
    html = re.sub(r"{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    texts = re.sub(r"<[^>]*>", "\n", html, flags=re.DOTALL).splitlines()
    texts += re.findall(r'\b(?:title|alt|aria-label|placeholder)="([^"]+)"', html)
    for code in re.findall(r"{{.*?}}|{%.*?%}", source, flags=re.DOTALL):
        without_texts = re.sub(r'\b(?:_|pgettext)\("[^"]+"(?:, "[^"]+")?', "", code)
        texts += [text for text in re.findall(r'"([^"]*)"', without_texts) if " " in text and not text.startswith(" ")]
    assert {text.strip() for text in texts if re.search(r"[a-z]", text)} <= {"UserInfo", "GET /api/me"}


def test_reasons_are_messages():
    assert all(isinstance(reason, Message) for reason in OF_CHECKS.values())
