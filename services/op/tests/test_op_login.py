"""GET and POST /login: the page, the session, and what stands against its abuse."""

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


async def test_the_page_names_the_client_and_labels_its_fields(provider: RunningProvider) -> None:
    _, html = await login_page(provider)
    assert "web" in html
    for name in ("username", "password"):
        assert f'<label for="{name}">' in html
        assert f'autocomplete="{"username" if name == "username" else "current-password"}"' in html
    assert 'lang="en"' in html
    assert not re.search(r"(src|href|action)=\"https?://", html), "nothing may come from another host"


@pytest.mark.spec("RFC 6265bis §4.1.2.6, §4.1.2.7")
@pytest.mark.spec("RFC 9700 §4.12")
async def test_a_good_password_opens_a_session_and_answers_303(provider: RunningProvider) -> None:
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
async def test_cookies_are_secure_and_bound_to_the_host_under_https(provider_with: ProviderFactory) -> None:
    """Over TLS the provider's cookies are Secure and bound to the host by their name."""
    provider = await provider_with(oidc_issuer="https://op.test")
    response = await provider.authorize()
    assert response.headers["Set-Cookie"].startswith("__Host-op_login=")
    assert "Secure" in response.headers["Set-Cookie"]


@pytest.mark.parametrize(("issuer", "sent"), [("https://op.test", "max-age=31536000"), (ISSUER, None)])
@pytest.mark.parametrize("path", ["/account", "/jwks", "/assets/trefoil.css", "/nothing-here", "/authorize"])
@pytest.mark.spec("RFC 6797 §7.1, §7.2")
async def test_over_tls_no_answer_lets_a_browser_come_back_without(
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
async def test_unknown_user_and_wrong_password_get_the_same_answer(
    provider: RunningProvider, username: str, password: str
) -> None:
    response = await provider.login(username, password)
    html = await response.get_data(as_text=True)
    assert response.status_code == 403
    assert "The username or the password is wrong." in html
    assert "op_session" not in str(response.headers.getlist("Set-Cookie"))
    assert await provider.client.get("/healthz")


@pytest.mark.spec("RFC 9106")
async def test_an_unknown_user_costs_as_much_as_a_wrong_password(
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


async def test_a_password_is_hashed_at_the_cost_that_owasp_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """OWASP Password Storage Cheat Sheet. All other tests hash at a lower cost (conftest.py)."""
    monkeypatch.setattr("op.sessions.passwords.PASSES", PASSES)
    monkeypatch.setattr("op.sessions.passwords.MEMORY_KIB", MEMORY_KIB)
    passwords = Passwords()
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in await passwords.hash("password0")
    passwords.close()


@pytest.mark.spec("RFC 9106")
async def test_an_unknown_name_costs_as_many_reads_as_a_known_one(provider: RunningProvider) -> None:
    """Passwords are stored as argon2id hashes. An unknown user takes as long as a wrong password."""
    redis = provider.redis
    counts = []
    for name in ("user0", "nobody"):
        before = (await redis.info("stats"))["total_commands_processed"]
        assert (await provider.op.users.find_by_username(name) is None) is (name == "nobody")
        counts.append((await redis.info("stats"))["total_commands_processed"] - before)
    assert counts[0] == counts[1]


async def test_after_a_wrong_password_the_right_one_works(provider: RunningProvider) -> None:
    """A wrong password loses nothing: the waiting request is still there."""
    location = (await provider.authorize()).location
    assert (await provider.submit_login(location, password="wrong")).status_code == 403
    assert "code" in query_of((await provider.submit_login(location)).location)


async def test_usernames_have_no_case(provider: RunningProvider) -> None:
    assert "code" in query_of((await provider.login("USER0")).location)


async def test_a_login_gets_a_fresh_session_id(provider: RunningProvider) -> None:
    """No session fixation: what the browser came with is neither used nor kept."""
    first = await provider.login()
    before = cookie_of(first)
    response = await provider.authorize(prompt="login")
    after = cookie_of(await provider.submit_login(response.location))
    assert before != after
    assert await provider.op.sessions.find(before) is None
    assert await provider.op.sessions.find(after) is not None


async def test_a_planted_cookie_is_not_taken_up(provider: RunningProvider) -> None:
    provider.client.set_cookie("localhost", "op_session", "planted-by-an-attacker")
    await provider.login()
    assert await provider.op.sessions.find("planted-by-an-attacker") is None


def cookie_of(response: Any) -> str:
    cookies: list[str] = response.headers.getlist("Set-Cookie")
    return next(c for c in cookies if c.startswith("op_session=")).split("=", 1)[1].split(";")[0]


async def test_the_session_cookie_is_not_in_redis_in_the_clear(provider: RunningProvider) -> None:
    cookie = cookie_of(await provider.login())
    redis = provider.redis
    keys = [key async for key in redis.scan_iter()]
    assert not [key for key in keys if cookie in key]
    assert [key for key in keys if key.startswith("op:session:")]


# --- CSRF ------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Core §3.1.2.3")
@pytest.mark.spec("RFC 6749 §10.12")
async def test_the_form_of_another_browser_is_refused(provider: RunningProvider) -> None:
    """An attacker's own login form, sent by the victim's browser, signs nobody in (login CSRF)."""
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    victim = provider.new_client()
    response = await victim.post("/login", form=form)
    assert response.status_code == 400
    await provider.authorize(client=victim)
    assert (await victim.post("/login", form=form)).status_code == 400


async def test_the_login_link_of_another_browser_is_refused(provider: RunningProvider) -> None:
    """Even by one who is logged in: a request is answered in the browser that made it, or not at all."""
    attacker = provider.new_client()
    link = (await provider.authorize(client=attacker)).location.removeprefix(ISSUER)
    await provider.login()
    response = await provider.client.get(link)
    assert response.status_code == 400
    assert response.location is None
    assert (await attacker.get(link)).status_code == 200, "and it still waits where it belongs"


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
@pytest.mark.spec("RFC 6749 §10.12")
async def test_a_wrong_csrf_token_is_refused(provider: RunningProvider, token: str) -> None:
    """The login form is accepted only from the provider's own page, in the browser that it was shown in."""
    location = (await provider.authorize()).location
    response = await provider.submit_login(location, csrf_token=token)
    assert response.status_code == 400
    assert "op_session" not in str(response.headers)


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://localhost:25001"])
@pytest.mark.spec("OpenID Connect Core §3.1.2.3")
@pytest.mark.spec("RFC 6749 §10.12")
async def test_a_form_from_another_origin_is_refused(provider: RunningProvider, origin: str) -> None:
    """OpenID Connect Core §3.1.2.3: The login is protected against cross-site request forgery."""
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    response = await provider.client.post("/login", form=form, headers={"Origin": origin})
    assert response.status_code == 400


async def test_our_own_origin_is_accepted(provider: RunningProvider) -> None:
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    assert (await provider.client.post("/login", form=form, headers={"Origin": ISSUER})).status_code == 303


@pytest.mark.spec("RFC 6454 §6.2")
async def test_our_own_origin_is_known_as_browsers_write_it(provider_with: ProviderFactory) -> None:
    """The provider's origin is recognized however its issuer is written."""
    provider = await provider_with(oidc_issuer="HTTP://LOCALHOST:80")
    location = (await provider.authorize()).location.removeprefix("HTTP://LOCALHOST:80")
    form = hidden_fields(await (await provider.client.get(location)).get_data(as_text=True))
    form |= {"username": "user0", "password": "password0"}
    headers = {"Origin": "http://localhost"}
    assert (await provider.client.post("/login", form=form, headers=headers)).status_code == 303


# --- The waiting request ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["", "x", "A" * 22, "../../etc", "{}"])
async def test_a_login_that_nobody_asked_for_is_refused(provider: RunningProvider, login: str) -> None:
    response = await provider.client.get("/login", query_string={"login": login})
    assert response.status_code == 400


async def test_a_finished_login_cannot_be_sent_again(provider: RunningProvider) -> None:
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    assert (await provider.client.post("/login", form=form)).status_code == 303
    assert (await provider.client.post("/login", form=form)).status_code == 400


async def test_of_parallel_forms_one_gets_a_code(provider: RunningProvider) -> None:
    """LoginRequest is taken once."""
    _, html = await login_page(provider)
    form = hidden_fields(html) | {"username": "user0", "password": "password0"}
    responses = await asyncio.gather(*(provider.client.post("/login", form=form) for _ in range(5)))
    assert sorted(r.status_code for r in responses) == [303] + [400] * 4


@pytest.mark.spec("OpenID Connect Core §3.1.2.3")
async def test_a_second_tab_goes_on_after_the_first_logged_in(provider: RunningProvider) -> None:
    second = (await provider.authorize()).location
    await provider.login()
    response = await provider.client.get(second.removeprefix(ISSUER))
    assert response.status_code == 303
    assert "code" in query_of(response.location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_login_hint_fills_in_the_username(provider: RunningProvider) -> None:
    """login_hint fills in the username, and is escaped."""
    location = (await provider.authorize(login_hint='"><script>alert(1)</script>')).location
    html = await (await provider.client.get(location.removeprefix(ISSUER))).get_data(as_text=True)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


# --- Too many tries --------------------------------------------------------------------------------------------------


async def test_too_many_wrong_passwords_are_refused_for_a_while(provider: RunningProvider) -> None:
    """Even the right password is not looked at then; five are allowed in these tests."""
    location = (await provider.authorize()).location
    for _ in range(5):
        assert (await provider.submit_login(location, password="wrong")).status_code == 403
    response = await provider.submit_login(location)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert (await provider.submit_login(location, username="nobody")).status_code == 403


async def test_wrong_passwords_in_parallel_do_not_slip_through(provider: RunningProvider) -> None:
    """Five are allowed, and tries of one user from one address take turns."""
    form = hidden_fields((await login_page(provider))[1]) | {"username": "user0", "password": "wrong"}
    responses = await asyncio.gather(*(provider.client.post("/login", form=form) for _ in range(30)))
    assert [response.status_code for response in responses].count(403) == 5


async def test_wrong_passwords_at_two_processes_do_not_slip_through(provider_with: ProviderFactory) -> None:
    """Each has turns of its own; the count is one for both."""
    providers = [await provider_with(), await provider_with()]
    forms = [
        hidden_fields((await login_page(one))[1]) | {"username": "user0", "password": "wrong"} for one in providers
    ]
    tries = [
        one.client.post("/login", form=form) for one, form in zip(providers, forms, strict=True) for _ in range(10)
    ]
    statuses = [response.status_code for response in await asyncio.gather(*tries)]
    assert sorted(statuses) == [403] * 5 + [429] * 15


async def test_good_logins_in_parallel_are_not_held_against_a_user(provider: RunningProvider) -> None:
    """A test suite signs the same user in from one address all the time."""

    async def sign_in() -> int:
        client = provider.new_client()
        location = (await provider.authorize(client=client)).location
        html = await (await client.get(location.removeprefix(ISSUER))).get_data(as_text=True)
        form = hidden_fields(html) | {"username": "user0", "password": "password0"}
        return (await client.post("/login", form=form)).status_code

    assert await asyncio.gather(*(sign_in() for _ in range(12))) == [303] * 12


async def test_a_good_password_makes_up_for_wrong_ones(provider: RunningProvider) -> None:
    for _ in range(3):
        location = (await provider.authorize(prompt="login")).location
        for _ in range(3):
            assert (await provider.submit_login(location, password="wrong")).status_code == 403
        assert (await provider.submit_login(location)).status_code == 303


@pytest.mark.spec("RFC 9110 §5.3")
async def test_a_forged_line_of_x_forwarded_for_is_no_way_around(provider_with: ProviderFactory) -> None:
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


async def test_no_secret_is_logged(provider: RunningProvider, caplog: pytest.LogCaptureFixture) -> None:
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


async def test_tries_end_by_themselves(provider: RunningProvider) -> None:
    await provider.login(password="wrong")
    redis = provider.redis
    ttls = [await redis.ttl(key) async for key in redis.scan_iter(match="op:attempts:*")]
    assert len(ttls) == 1
    assert 290 < ttls[0] <= 300
