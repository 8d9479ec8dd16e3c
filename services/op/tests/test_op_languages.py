"""The pages in two languages (OpenID Connect Core §3.1.2.1: ui_locales; RFC 9110 §12.5.4: Accept-Language)."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from op_testing import ISSUER, REDIRECT_URI, SECRET, RunningProvider, basic, hidden_fields

from op import pages
from op.authorization import pending, request_source
from op.authorization.request_source import pushed_request
from op.errors import InvalidRequest, NonceRequired, UnknownClient
from op.pages import account, descriptions, device, logout, steps
from op.protocol.authorization import request as authorization_request
from op.protocol.authorization import request_object
from op.protocol.authorization.scope import STANDARD_CLAIMS
from op.protocol.authorization.user_code import DEVICE_CODE_GRANT
from op.protocol.clients.metadata import client_of
from op.protocol.sessions import logout_request
from op.web import csrf, errors, language
from op.web import parameters as web_parameters
from op.web.german import WORDS
from servicekit.web import pages as kit_pages
from servicekit.web import parameters
from servicekit.web.pages import HTTP_FAILURES
from servicekit.web.parameters import Parameters

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
TEMPLATES = [
    path
    for module, folder in ((pages, "templates"), (kit_pages, "templates/trefoil"))
    for path in sorted((Path(str(module.__file__)).parent / folder).glob("*.html"))
]


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_ui_locales_goes_before_accept_language(provider: RunningProvider) -> None:
    """ui_locales takes precedence over Accept-Language, and is kept with the pending request."""
    location = (await provider.authorize(ui_locales="de")).location.removeprefix(ISSUER)
    page = await provider.client.get(location, headers={"Accept-Language": "en"})
    html = await page.get_data(as_text=True)
    assert '<html lang="de">' in html
    assert "Benutzername" in html
    assert "Username" not in html


async def test_accept_language_where_nothing_was_asked_for(provider: RunningProvider) -> None:
    location = (await provider.authorize()).location.removeprefix(ISSUER)
    for accept, lang, word in (("de", "de", "Passwort"), ("en", "en", "Password")):
        html = await (await provider.client.get(location, headers={"Accept-Language": accept})).get_data(as_text=True)
        assert f'<html lang="{lang}">' in html
        assert word in html


async def test_the_languages_are_advertised(provider: RunningProvider) -> None:
    metadata = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert metadata["ui_locales_supported"] == ["en", "de"]


# --- Every page ------------------------------------------------------------------------------------------------------


class Strict(dict[str, str]):
    """The translations, and what was looked for in vain."""

    def __init__(self) -> None:
        super().__init__(WORDS)
        self.missing: set[str] = set()

    def get(self, text: str, default: Any = None) -> Any:
        if text not in self:
            self.missing.add(text)
        return super().get(text, default)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[Strict]:
    """Whatever a page says in German has to be there in German."""
    words = Strict()
    monkeypatch.setattr(language, "WORDS", words)
    yield words
    assert words.missing == set()


async def german(response: Any, *texts: str) -> str:
    html: str = await response.get_data(as_text=True)
    assert '<html lang="de">' in html, html
    for text in texts:
        assert text in html
    return html


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("method", "path", "options", "said"),
    [
        ("get", "/authorize?client_id=nobody&ui_locales=de", {}, (400, "Diese Anwendung ist nicht bekannt")),
        ("post", "/authorize", {"form": {"client_id": "web", "ui_locales": "de"}}, (400, "Wohin soll diese Anmeldung")),
        ("get", "/authorize?a=%00", {}, (400, "Ein Parameter enthält ein Steuerzeichen.")),
        ("get", "/authorize?client_id=web&client_id=web", {}, (400, "client_id oder redirect_uri wurde mehrfach")),
        ("get", "/login?login=none", {}, (400, "Diese Anmeldung ist nicht mehr offen")),
        ("post", "/login", {"headers": {"Content-Type": "text/plain"}}, (400, "Der Inhalt der Anfrage muss")),
        ("get", "/logout?state=1&state=2", {}, (400, 'Es war: <code class="received">state</code>')),
        ("get", "/logout?id_token_hint=x&ui_locales=de-CH", {}, (400, "Der id_token_hint ist kein id_token.")),
        ("get", "/nowhere", {}, (404, "Diese Seite gibt es nicht")),
        ("get", "/nowhere?ui_locales=de", {}, (404, "Diese Seite gibt es nicht")),
        ("delete", "/login", {}, (405, "So funktioniert diese Seite nicht")),
        ("get", "/account", {}, (401, "Sie sind nicht angemeldet")),
        ("get", "/logout", {}, (200, "Sie sind abgemeldet")),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_what_goes_wrong_is_said_in_the_persons_language(
    provider: RunningProvider, method: str, path: str, options: dict[str, Any], said: tuple[int, str]
) -> None:
    accepted = {"Accept-Language": "en" if "ui_locales" in f"{path}{options}" else "de"}
    headers = accepted | options.get("headers", {})
    response = await getattr(provider.client, method)(path, **options | {"headers": headers})
    assert response.status_code == said[0]
    await german(response, said[1])


@pytest.mark.usefixtures("strict")
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_the_language_stays_from_page_to_page(provider: RunningProvider) -> None:
    """The language of the pending request is kept from page to page, although the browser prefers English."""
    await provider.register("third")
    query: dict[str, Any] = {"client_id": "third", "ui_locales": "fr de", "response_mode": "form_post"}
    login_page = (await provider.authorize(**query)).location
    wrong = await provider.submit_login(login_page, password="wrong")
    await german(wrong, "Benutzername oder Passwort ist falsch.")
    foreign = await provider.submit_login(login_page, csrf_token="another")
    await german(foreign, "Dieses Formular gehört nicht zu diesem Browser")
    consent_page = await provider.client.get((await provider.submit_login(login_page)).location.removeprefix(ISSUER))
    html = await german(consent_page, "Zugriff erlauben?", "/account?ui_locales=fr+de")
    back = await provider.client.post("/consent", form=hidden_fields(html) | {"answer": "allow"})
    await german(back, "Sie gehen zurück zu A third party.")
    html = await german(await provider.client.get("/account?ui_locales=fr+de"), "Anwendungen, denen Sie Zugriff")
    form = hidden_fields(html) | {"client_id": "third"}
    form.pop("sid")
    assert (await provider.client.post("/account", form=form)).location == f"{ISSUER}/account?ui_locales=fr+de"
    html = await german(
        await provider.client.get("/logout?ui_locales=de&client_id=third"), "Abmelden?", "angefragt von"
    )
    await german(await provider.client.post("/logout", form=hidden_fields(html)), "Sie sind abgemeldet")


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_the_language_of_a_request_that_was_pushed(provider: RunningProvider) -> None:
    """The language is kept with a pending or pushed request and from page to page, including the pages for
    devices and logout.
    """
    pushed = await provider.client.post(
        "/par", form=provider.request | {"ui_locales": "de", "redirect_uri": REDIRECT_URI}, headers=basic("web", SECRET)
    )
    query = {"client_id": "web", "request_uri": (await pushed.get_json())["request_uri"]}
    response = await provider.client.get("/authorize", query_string=query)
    await german(await provider.client.get(response.location.removeprefix(ISSUER)), "Passwort")


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("answer", "said"), [("allow", "ist angemeldet"), ("refuse", "wurde abgelehnt")])
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_the_language_of_the_pages_for_a_device(provider: RunningProvider, answer: str, said: str) -> None:
    metadata = {"client_id": "tv", "grant_types": [DEVICE_CODE_GRANT], "token_endpoint_auth_method": "none"}
    await provider.op.clients.save(client_of(metadata))
    asked = await provider.client.post("/device_authorization", form={"client_id": "tv", "scope": "openid email"})
    code = (await asked.get_json())["user_code"]
    html = await german(await provider.client.get("/device?ui_locales=de"), "Ein Gerät anmelden")
    wrong = await provider.client.get("/device", query_string=hidden_fields(html) | {"user_code": "BCDF-GHJK"})
    html = await german(wrong, "Mit diesem Code wartet kein Gerät.")
    shown = await provider.client.get("/device", query_string=hidden_fields(html) | {"user_code": code})
    html = await german(shown, "Dieses Gerät anmelden?", "Ihre E-Mail-Adresse sehen", "Benutzername")
    form = hidden_fields(html) | {"username": "user0", "answer": answer}
    if answer == "allow":
        wrong = await provider.client.post("/device", form=form | {"password": "wrong"})
        await german(wrong, "Benutzername oder Passwort ist falsch.")
    await german(await provider.client.post("/device", form=form | {"password": "password0"}), said)


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_every_text_of_the_pages_is_there_in_german() -> None:
    texts = {text for path in TEMPLATES for text in re.findall(r'\bt\("([^"]+)"', path.read_text())}
    texts |= {
        descriptions.WRONG_PASSWORD,
        descriptions.TOO_MANY_ATTEMPTS,
        device._UNKNOWN,
        device._TOO_MANY_CODES,
        *descriptions.SCOPES.values(),
    }
    texts |= {*descriptions.CLAIMS.values()}
    texts |= {f"{{n}} {unit}{plural}" for _, unit in descriptions._UNITS for plural in ("", "s")}
    texts |= {text for title_and_sentence in HTTP_FAILURES.values() for text in title_and_sentence}
    texts |= {errors._title(error("")) for error in (InvalidRequest, NonceRequired)}
    where: ModuleType | type | Callable[..., Any]
    for where in (authorization_request, pending, UnknownClient, errors):
        texts |= said_in(where, "UnknownRedirect", "__init__", "failure_page")
    for where in (request_object, request_source):
        refusals = ("InvalidRequest", "InvalidRequestUri", "InvalidRequestObject", "RequestNotSupported")
        said = said_in(where, *refusals, "RequestUriNotSupported")
        texts |= {errors._sentence(InvalidRequest(text))[0] for text in said}
    for where in (csrf, web_parameters, steps, account, logout, logout_request, parameters, pushed_request):
        said = said_in(where, "InvalidRequest", "InvalidRequestUri", "MalformedParameters")
        texts |= {errors._sentence(InvalidRequest(text))[0] for text in said}
    texts |= {errors._sentence(NonceRequired(text))[0] for text in said_in(authorization_request, "NonceRequired")}
    for raw in (b"a=1&a=2", b"A=1&A=2"):
        texts.add(errors._sentence(InvalidRequest(Parameters.parse(raw).repetition() or ""))[0])
    assert len(texts) > 90
    assert texts - WORDS.keys() == set()


def said_in(where: ModuleType | type | Callable[..., Any], *callees: str) -> set[str]:
    """The texts that are handed to these functions and classes, names of parameters and codes left out."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(where))) if isinstance(node, ast.Call)]
    arguments = [a for call in calls if ast.unparse(call.func).rpartition(".")[2] in callees for a in call.args]
    return {text for text in (text_of(argument, inspect.getmodule(where)) for argument in arguments) if " " in text}


def text_of(node: ast.AST, module: ModuleType | None) -> str:
    """A text as it stands in the code, the module's constants in its braces filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part, module) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return str(getattr(module, ast.unparse(node.value), ""))
    return str(node.value) if isinstance(node, ast.Constant) else ""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_no_template_says_anything_in_one_language_alone(path: Path) -> None:
    """Every text of a template is translated; only names are not."""
    source = re.sub(r"{% block layout %}.*|{#.*?#}|<script>.*?</script>", "", path.read_text())
    html = re.sub(r"{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    texts = re.sub(r"<[^>]*>", "\n", html, flags=re.DOTALL).splitlines()
    texts += re.findall(r'\b(?:title|alt|aria-label|placeholder)="([^"]+)"', html)
    for code in re.findall(r"{{.*?}}|{%.*?%}", source, flags=re.DOTALL):
        texts += [text for text in re.findall(r'"([^"]*)"', re.sub(r'\bt\("[^"]+"', "", code)) if " " in text]
    assert {text.strip() for text in texts if re.search(r"[a-z]", text)} <= {"Trefoil"}


def test_every_standard_claim_has_words() -> None:
    assert descriptions.CLAIMS.keys() == set(STANDARD_CLAIMS)
    assert descriptions.claim_words(["phone_number", "https://other.test/claim"]) == [
        "phone number",
        "https://other.test/claim",
    ]


def test_a_translation_keeps_its_places() -> None:
    for english, german in WORDS.items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", german)), english


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT} Safari/604.1", "Safari on iPhone"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.6 Safari/605.1.15", "Safari on macOS"),
        ("Firefox/140.0", "Firefox/140.0"),
        ("a program of its own", "a program of its own"),
        ("", "an unknown browser"),
    ],
)
def test_a_browser_in_words(user_agent: str, said: str) -> None:
    text, named = descriptions.browser(user_agent)
    assert text.format(**named) == said
    assert text in WORDS


@pytest.mark.parametrize(
    ("seconds", "text", "number"),
    [
        (60, "{n} minute", 1),
        (300, "{n} minutes", 5),
        (90, "{n} seconds", 90),
        (3600, "{n} hour", 1),
        (1209600, "{n} days", 14),
        (1, "{n} second", 1),
    ],
)
def test_a_span_in_words(seconds: int, text: str, number: int) -> None:
    assert descriptions.lifetime(seconds) == (text, {"n": number})
