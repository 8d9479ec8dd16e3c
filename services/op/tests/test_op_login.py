"""GET and POST /login: the page, the session, and the protection against abuse."""

import asyncio
import logging
import re
from ipaddress import ip_network
from typing import Any

import pytest
from op_testing import ISSUER, SECRET, VERIFIER, ProviderFactory, RunningProvider, hidden_fields, query_of
from werkzeug.datastructures import Headers

from op.sessions.passwords import MEMORY_KIB, PASSES, Passwords


async def login_page(provider: RunningProvider) -> tuple[str, str]:
    """The address of a login page and its HTML."""
    location = (await provider.authorize()).location
    page = await provider.client.get(location.removeprefix(ISSUER))
    assert page.status_code == 200
    return location, await page.get_data(as_text=True)


async def test_page_names_the_client_and_labels_its_fields(provider: RunningProvider) -> None:
    _, html = await login_page(provider)
    assert "web" in html
    for name in ("username", "password"):
        assert f'<label for="{name}">' in html
        assert f'autocomplete="{"username" if name == "username" else "current-password"}"' in html
    assert 'lang="en"' in html
    assert not re.search(r"(src|href|action)=\"https?://", html), "nothing may be loaded from another host"


@pytest.mark.spec("RFC 6265bis §4.1.2.6, §4.1.2.7", "RFC 9700 §4.12")
async def test_correct_password_starts_a_session_and_returns_303(provider: RunningProvider) -> None:
    """RFC 9700 §4.12: Redirects are 303, so that a form with a password is never sent on.

    A POST with credentials is never followed by another POST.
    """
    response = await provider.login()
    assert response.status_code == 303
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith("op_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.spec("RFC 6265bis §4.1.3.2")
async def test_cookies_are_secure_and_host_only_over_https(provider_with: ProviderFactory) -> None:
    """Over TLS the provider's cookies are Secure and bound to the host by their name."""
    provider = await provider_with(oidc_issuer="https://op.test")
    response = await provider.authorize()
    assert response.headers["Set-Cookie"].startswith("__Host-op_login=")
    assert "Secure" in response.headers["Set-Cookie"]


@pytest.mark.parametrize(("issuer", "sent"), [("https://op.test", "max-age=31536000"), (ISSUER, None)])
@pytest.mark.parametrize("path", ["/account", "/jwks", "/assets/trefoil.css", "/nothing-here", "/authorize"])
@pytest.mark.spec("RFC 6797 §7.1, §7.2")
async def test_every_response_over_tls_has_hsts(
    provider_with: ProviderFactory, path: str, issuer: str, sent: str | None
) -> None:
    """Pages, responses to machines and errors have the header, for this host only."""
    provider = await provider_with(oidc_issuer=issuer)
    assert (await provider.client.get(path)).headers.get("Strict-Transport-Security") == sent


@pytest.mark.parametrize(
    ("username", "password"),
    [
        pytest.param("user0", "wrong", id="wrong password"),
        pytest.param("nobody", "password0", id="unknown user"),
        pytest.param("user0", "x" * 5000, id="a long password"),
        pytest.param("", "", id="nothing"),
    ],
)
async def test_unknown_user_and_wrong_password_get_same_response(
    provider: RunningProvider, username: str, password: str
) -> None:
    response = await provider.login(username, password)
    html = await response.get_data(as_text=True)
    assert response.status_code == 403
    assert "The username or password is incorrect." in html
    assert "op_session" not in str(response.headers.getlist("Set-Cookie"))
    assert await provider.client.get("/healthz")


@pytest.mark.spec("RFC 9106")
async def test_unknown_user_takes_as_long_as_wrong_password(
    provider: RunningProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown user and a wrong password each cost one argon2 verification."""
    checked = []
    verify = provider.op.passwords._verify

    def counted(password_hash: str, password: str) -> bool:
        checked.append(password_hash.rsplit("$", 2)[0])
        return verify(password_hash, password)

    monkeypatch.setattr(provider.op.passwords, "_verify", counted)
    await provider.login("nobody", "wrong")
    await provider.login("user0", "wrong")
    assert len(checked) == 2
    assert checked[0] == checked[1], "the same parameters"
    assert "argon2id" in checked[0]


async def test_passwords_are_hashed_as_owasp_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    """OWASP Password Storage Cheat Sheet. All other tests hash at a lower cost (conftest.py)."""
    monkeypatch.setattr("op.sessions.passwords.PASSES", PASSES)
    monkeypatch.setattr("op.sessions.passwords.MEMORY_KIB", MEMORY_KIB)
    passwords = Passwords()
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in await passwords.hash("password0")
    passwords.close()


@pytest.mark.spec("RFC 9106")
async def test_unknown_username_takes_as_many_reads(provider: RunningProvider) -> None:
    """Passwords are stored as argon2id hashes. An unknown user takes as long as a wrong password."""
    redis = provider.redis
    counts = []
    for name in ("user0", "nobody"):
        before = (await redis.info("stats"))["total_commands_processed"]
        assert (await provider.op.users.find_by_username(name) is None) is (name == "nobody")
        counts.append((await redis.info("stats"))["total_commands_processed"] - before)
    assert counts[0] == counts[1]


async def test_correct_password_works_after_a_wrong_one(provider: RunningProvider) -> None:
    """A wrong password does not end the pending authorization."""
    location = (await provider.authorize()).location
    assert (await provider.submit_login(location, password="wrong")).status_code == 403
    assert "code" in query_of((await provider.submit_login(location)).location)


async def test_usernames_are_case_insensitive(provider: RunningProvider) -> None:
    assert "code" in query_of((await provider.login("USER0")).location)


async def test_login_creates_a_new_session_id(provider: RunningProvider) -> None:
    """No session fixation: the cookies of the browser are neither used nor kept."""
    first = await provider.login()
    before = cookie_of(first)
    response = await provider.authorize(prompt="login")
    after = cookie_of(await provider.submit_login(response.location))
    assert before != after
    assert await provider.op.sessions.find(before) is None
    assert await provider.op.sessions.find(after) is not None


async def test_planted_cookie_is_not_used(provider: RunningProvider) -> None:
    provider.client.set_cookie("localhost", "op_session", "planted-by-an-attacker")
    await provider.login()
    assert await provider.op.sessions.find("planted-by-an-attacker") is None


def cookie_of(response: Any) -> str:
    cookies: list[str] = response.headers.getlist("Set-Cookie")
    return next(c for c in cookies if c.startswith("op_session=")).split("=", 1)[1].split(";")[0]


async def test_session_cookie_is_stored_hashed(provider: RunningProvider) -> None:
    cookie = cookie_of(await provider.login())
    redis = provider.redis
    keys = [key async for key in redis.scan_iter()]
    assert not [key for key in keys if cookie in key]
    assert [key for key in keys if key.startswith("op:session:")]


# --- CSRF ------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Core §3.1.2.3", "RFC 6749 §10.12")
async def test_form_of_another_browser_is_rejected(provider: RunningProvider) -> None:
    """A login form of an attacker, sent by the victim's browser, is rejected (login CSRF)."""
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    victim = provider.new_client()
    response = await victim.post("/login", form=form)
    assert response.status_code == 400
    await provider.authorize(client=victim)
    assert (await victim.post("/login", form=form)).status_code == 400


async def test_login_link_of_another_browser_is_rejected(provider: RunningProvider) -> None:
    """Even with a session: a request is only continued in the browser that sent it."""
    attacker = provider.new_client()
    link = (await provider.authorize(client=attacker)).location.removeprefix(ISSUER)
    await provider.login()
    response = await provider.client.get(link)
    assert response.status_code == 400
    assert response.location is None
    assert (await attacker.get(link)).status_code == 200, "and it is still pending in its own browser"


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
@pytest.mark.spec("RFC 6749 §10.12")
async def test_wrong_csrf_token_is_rejected(provider: RunningProvider, token: str) -> None:
    """The login form is accepted only from the provider's own page, in the browser that it was shown in."""
    location = (await provider.authorize()).location
    response = await provider.submit_login(location, csrf_token=token)
    assert response.status_code == 400
    assert "op_session" not in str(response.headers)


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://localhost:25001"])
@pytest.mark.spec("OpenID Connect Core §3.1.2.3", "RFC 6749 §10.12")
async def test_form_of_another_origin_is_rejected(provider: RunningProvider, origin: str) -> None:
    """OpenID Connect Core §3.1.2.3: The login is protected against cross-site request forgery."""
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    response = await provider.client.post("/login", form=form, headers={"Origin": origin})
    assert response.status_code == 400


async def test_form_of_our_own_origin_is_accepted(provider: RunningProvider) -> None:
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    assert (await provider.client.post("/login", form=form, headers={"Origin": ISSUER})).status_code == 303


@pytest.mark.spec("RFC 6454 §6.2")
async def test_own_origin_is_compared_as_browsers_write_it(provider_with: ProviderFactory) -> None:
    """The provider's origin is recognized however its issuer is written."""
    provider = await provider_with(oidc_issuer="HTTP://LOCALHOST:80")
    location = (await provider.authorize()).location.removeprefix("HTTP://LOCALHOST:80")
    form = hidden_fields(await (await provider.client.get(location)).get_data(as_text=True))
    form |= {"username": "user0", "password": "password0"}
    headers = {"Origin": "http://localhost"}
    assert (await provider.client.post("/login", form=form, headers=headers)).status_code == 303


# --- The waiting request ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["", "x", "A" * 22, "../../etc", "{}"])
async def test_login_without_request_is_rejected(provider: RunningProvider, login: str) -> None:
    response = await provider.client.get("/login", query_string={"login": login})
    assert response.status_code == 400


async def test_completed_login_cannot_be_repeated(provider: RunningProvider) -> None:
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    assert (await provider.client.post("/login", form=form)).status_code == 303
    assert (await provider.client.post("/login", form=form)).status_code == 400


async def test_one_of_parallel_forms_gets_a_code(provider: RunningProvider) -> None:
    """A LoginRequest can be used once."""
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    responses = await asyncio.gather(*(provider.client.post("/login", form=form) for _ in range(5)))
    assert sorted(r.status_code for r in responses) == [303] + [400] * 4


@pytest.mark.spec("OpenID Connect Core §3.1.2.3")
async def test_second_tab_continues_after_login_in_the_first(provider: RunningProvider) -> None:
    second = (await provider.authorize()).location
    await provider.login()
    response = await provider.client.get(second.removeprefix(ISSUER))
    assert response.status_code == 303
    assert "code" in query_of(response.location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_login_hint_is_filled_in_as_username(provider: RunningProvider) -> None:
    """login_hint fills in the username, and is escaped."""
    location = (await provider.authorize(login_hint='"><script>alert(1)</script>')).location
    html = await (await provider.client.get(location.removeprefix(ISSUER))).get_data(as_text=True)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


# --- Too many tries --------------------------------------------------------------------------------------------------


async def test_too_many_wrong_passwords_are_rejected(provider: RunningProvider) -> None:
    """Even the correct password is not checked then; these tests allow five attempts."""
    location = (await provider.authorize()).location
    for _ in range(5):
        assert (await provider.submit_login(location, password="wrong")).status_code == 403
    response = await provider.submit_login(location)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert (await provider.submit_login(location, username="nobody")).status_code == 403


async def test_parallel_wrong_passwords_are_limited(provider: RunningProvider) -> None:
    """Five are allowed, and attempts for one user from one address are serialized."""
    form = hidden_fields((await login_page(provider))[1]) | {"username": "user0", "password": "wrong"}
    responses = await asyncio.gather(*(provider.client.post("/login", form=form) for _ in range(30)))
    assert [response.status_code for response in responses].count(403) == 5


async def test_wrong_passwords_at_two_replicas_are_limited(provider_with: ProviderFactory) -> None:
    """Each replica has its own locks, but they share the counter."""
    providers = [await provider_with(), await provider_with()]
    forms = [
        hidden_fields((await login_page(one))[1]) | {"username": "user0", "password": "wrong"} for one in providers
    ]
    tries = [
        one.client.post("/login", form=form) for one, form in zip(providers, forms, strict=True) for _ in range(10)
    ]
    statuses = [response.status_code for response in await asyncio.gather(*tries)]
    assert sorted(statuses) == [403] * 5 + [429] * 15


async def test_parallel_correct_logins_are_not_limited(provider: RunningProvider) -> None:
    """A test suite signs in the same user from one address all the time."""

    async def sign_in() -> int:
        client = provider.new_client()
        location = (await provider.authorize(client=client)).location
        html = await (await client.get(location.removeprefix(ISSUER))).get_data(as_text=True)
        form = hidden_fields(html) | {"username": "user0", "password": "password0"}
        return (await client.post("/login", form=form)).status_code

    assert await asyncio.gather(*(sign_in() for _ in range(12))) == [303] * 12


async def test_correct_password_resets_the_counter(provider: RunningProvider) -> None:
    for _ in range(3):
        location = (await provider.authorize(prompt="login")).location
        for _ in range(3):
            assert (await provider.submit_login(location, password="wrong")).status_code == 403
        assert (await provider.submit_login(location)).status_code == 303


@pytest.mark.spec("RFC 9110 §5.3")
async def test_forged_x_forwarded_for_does_not_avoid_the_limit(provider_with: ProviderFactory) -> None:
    """Of several header lines, the last entry is that of the nearest proxy, and only it is trusted."""
    proxied = await provider_with(trusted_proxies=(ip_network("127.0.0.0/8"),), login_attempts=2)
    location = (await proxied.authorize()).location
    form = hidden_fields(await (await proxied.client.get(location.removeprefix(ISSUER))).get_data(as_text=True))
    form |= {"username": "user0", "password": "wrong"}
    statuses = []
    for number in range(4):
        headers = Headers([("X-Forwarded-For", f"203.0.113.{number}"), ("X-Forwarded-For", "198.51.100.1")])
        response = await proxied.client.post(
            "/login", form=form, headers=headers, scope_base={"client": ("127.0.0.1", 1)}
        )
        statuses.append(response.status_code)
    assert statuses == [403, 403, 429, 429]


async def test_secrets_are_not_logged(provider: RunningProvider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    response = await provider.login()
    code = query_of(response.location)["code"]
    tokens = await (await provider.redeem(code)).get_json()
    await provider.refresh(tokens["refresh_token"])
    ours = [record for record in caplog.records if record.name.startswith(("op.", "servicekit."))]
    assert len(ours) >= 5
    written = " ".join(str(vars(record)) for record in ours)
    secrets = [code, *(tokens[name] for name in ("access_token", "refresh_token", "id_token")), SECRET, VERIFIER]
    for secret in [*secrets, "password0", cookie_of(response), "nonce-of-the-test"]:
        assert secret.split(".")[-1] not in written


async def test_counter_of_attempts_expires(provider: RunningProvider) -> None:
    await provider.login(password="wrong")
    redis = provider.redis
    ttls = [await redis.ttl(key) async for key in redis.scan_iter(match="op:attempts:*")]
    assert len(ttls) == 1
    assert 290 < ttls[0] <= 300
