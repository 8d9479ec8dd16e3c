"""What containers suffer: Redis that stops, dies or is cut off in the middle of things, providers that come and go.

Whatever happens, a request is answered in time with a clear 503, and it goes on by itself when the fault is over.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from containers import Images
from stack import PATIENT, ROLES, Role
from support.container_stack import ContainerStack
from support.continuous_sign_ins import ContinuousSignIns
from support.demo_client import TIMEOUT, DemoClient
from support.scripted_login import log_in

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Fault:
    """How Redis goes, how it comes back, and whether a command that was given up may still be carried out then."""

    begin: Callable[[ContainerStack], object]
    end: Callable[[ContainerStack], object]
    late: bool


FAULTS = {
    "paused": Fault(lambda s: s.redis.pause(), lambda s: s.redis.resume(), late=True),
    "killed": Fault(lambda s: s.redis.kill(), lambda s: s.redis.start(), late=False),
    "disconnected": Fault(lambda s: s.redis.disconnect(), lambda s: s.redis.connect(), late=True),
}


@pytest.fixture(scope="module")
def stack(images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerStack]:
    with ContainerStack(tmp_path_factory.mktemp("faults"), images) as running:
        yield running


@pytest.fixture(params=FAULTS.values(), ids=list(FAULTS))
def fault(request: pytest.FixtureRequest, stack: ContainerStack) -> Iterator[Fault]:
    chosen: Fault = request.param
    yield chosen
    wait_until(lambda: all(is_ready(stack, role) for role in ROLES))


@pytest.fixture
def client(stack: ContainerStack) -> DemoClient:
    return DemoClient(stack)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def is_ready(stack: ContainerStack, role: Role) -> bool:
    return requests.get(f"{stack.addresses.url(role)}/readyz", timeout=TIMEOUT).ok


def during(stack: ContainerStack, fault: Fault, step: Callable[[], requests.Response]) -> requests.Response:
    """The step's answer after the fault; while it lasts the answer is a 503 that says when to come again."""
    fault.begin(stack)
    try:
        refused = step()
        assert refused.status_code == 503, refused.text
        assert refused.headers["retry-after"]
        assert not any(is_ready(stack, role) for role in ROLES)
    finally:
        fault.end(stack)
    wait_until(lambda: is_ready(stack, "op"))
    return step()


def test_redis_goes_in_the_middle_of_a_login(stack: ContainerStack, fault: Fault) -> None:
    """The form that was refused can be sent again, and leads to the profile."""
    with requests.Session() as browser:
        page = browser.get(f"{stack.rp_url}/login", timeout=TIMEOUT)
        form = dict(re.findall(r'name="(login|csrf_token)" value="([^"]*)"', page.text))
        form |= {"username": "user0", "password": "password0"}
        answer = during(
            stack,
            fault,
            lambda: browser.post(f"{stack.op_url}/login", data=form, allow_redirects=False, timeout=TIMEOUT),
        )
        if fault.late and answer.status_code == 400:
            assert "start again" in answer.text.lower()
            answer = browser.get(f"{stack.rp_url}/login", allow_redirects=False, timeout=TIMEOUT)
            answer = browser.get(log_in(browser, answer.headers["location"]), timeout=TIMEOUT)
        else:
            assert answer.status_code == 303, answer.text
            answer = browser.get(answer.headers["location"], timeout=TIMEOUT)
        assert answer.url == f"{stack.rp_url}/profile"
        assert "user0@example.com" in answer.text


def test_redis_goes_in_the_middle_of_a_code_exchange(stack: ContainerStack, client: DemoClient, fault: Fault) -> None:
    """The code that was refused is still good. One that Redis was told to spend when it could not answer may be spent:
    then it is refused, as any second use is, and the next sign-in works.
    """
    code = client.code()
    answer = during(stack, fault, lambda: client.redeem(code))
    if fault.late and answer.status_code == 400:
        assert answer.json()["error"] == "invalid_grant"
        answer = client.redeem(client.code())
    assert answer.status_code == 200, answer.text
    assert answer.json()["id_token"]


def test_redis_goes_in_the_middle_of_a_refresh(stack: ContainerStack, client: DemoClient, fault: Fault) -> None:
    """As with a code: a refresh token is rotated, or as good as before, or refused in so many words."""
    refresh_token = client.tokens()["refresh_token"]
    answer = during(stack, fault, lambda: client.refresh(refresh_token))
    if fault.late and answer.status_code == 400:
        assert answer.json()["error"] == "invalid_grant"
        answer = client.refresh(client.tokens()["refresh_token"])
    assert answer.status_code == 200, answer.text


def test_redis_restarts_between_all_steps_and_nothing_is_lost(stack: ContainerStack, client: DemoClient) -> None:
    """Sessions, login requests, codes, tokens and keys come back from the append-only file."""
    with requests.Session() as browser:
        page = browser.get(client.authorization_url, timeout=TIMEOUT)
        form = dict(re.findall(r'name="(login|csrf_token)" value="([^"]*)"', page.text))
        form |= {"username": "user0", "password": "password0"}
        restarted(stack)
        back = browser.post(f"{stack.op_url}/login", data=form, allow_redirects=False, timeout=TIMEOUT)
        assert back.status_code == 303, back.text
        code = back.headers["location"].partition("code=")[2].partition("&")[0]
        restarted(stack)
        tokens = client.redeem(code).json()
        restarted(stack)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert requests.get(f"{stack.rs_url}/api/me", headers=bearer, timeout=TIMEOUT).status_code == 200
        refreshed = client.refresh(tokens["refresh_token"]).json()
        restarted(stack)
        assert client.refresh(tokens["refresh_token"]).status_code == 400, "what was spent before stays spent"
        assert client.refresh(refreshed["refresh_token"]).status_code == 400, "and its reuse has ended the grant"
        again = browser.get(client.authorization_url, allow_redirects=False, timeout=TIMEOUT)
        assert "/callback?code=" in again.headers["location"], "the session at the provider is there"


def restarted(stack: ContainerStack) -> None:
    stack.redis.restart()
    wait_until(lambda: all(is_ready(stack, role) for role in ROLES))


def test_the_provider_is_killed_while_the_login_page_is_open(page: Page, stack: ContainerStack) -> None:
    page.goto(f"{stack.rp_url}/login")
    page.get_by_label("Username").fill("user0")
    page.get_by_label("Password").fill("password0")
    stack.kill_service("op")
    stack.start_service("op")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.rp_url}/profile")
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com")


# --- Several of each -------------------------------------------------------------------------------------------------


def test_browser_exchange_and_introspection_land_on_different_providers(
    images: Images, tmp_path: Path, page: Page, sign_in
) -> None:
    """No replica knows anything that the others do not."""
    with ContainerStack(tmp_path, images) as stack:
        others: dict[Role, str] = {"rp": "op-2", "rs": "op-3"}
        for role, name in others.items():
            stack.start_extra("op", name)
            stack.peers[role]["op"] = name
            stack.stop_service(role)
            stack.start_service(role)
        sign_in(page, stack)
        expect(page.locator("#userinfo")).to_contain_text("user0@example.com")
        expect(page.locator("#api-me")).to_contain_text("Prefers tea")
        said = "\n".join(stack.log("op"))
        assert "authorization code issued" in said
        assert "tokens issued" not in said, "the code was redeemed at another one"


@pytest.fixture(scope="module")
def replicated(images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerStack]:
    with ContainerStack(tmp_path_factory.mktemp("replicated"), images, replicas=3) as running:
        wait_until(lambda: all(is_ready(running, role) for role in ROLES))
        yield running


@pytest.mark.parametrize("role", ROLES)
def test_a_rolling_restart_under_load_fails_no_sign_in(replicated: ContainerStack, role: Role) -> None:
    """Each of three replicas is ended in order and started again, while people sign in."""
    with ContinuousSignIns(replicated.rp_url) as sign_ins:
        sign_ins.wait_for(1)
        for replica in replicated.replicas_of(role):
            replicated.replace(replica)
            sign_ins.wait_for(sign_ins.flows + 3)
    assert sign_ins.failures == []


# --- Clocks ----------------------------------------------------------------------------------------------------------

SHIFTED_CLOCK = """
import time
real = time.time
time.time = lambda: real() + ({seconds})
"""


@pytest.fixture(scope="module")
def stack_in_mode_b(images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerStack]:
    """Mode B, where the resource server looks at the token's times itself."""
    with ContainerStack(tmp_path_factory.mktemp("clocks"), images, mode="B", extra=PATIENT) as running:
        yield running


@contextmanager
def restarted_with(stack: ContainerStack, role: Role, mounts: Mapping[Path, str]) -> Iterator[None]:
    """One service with other files, and as it was afterwards."""
    stack.stop_service(role)
    stack.mounts[role] = mounts
    stack.start_service(role)
    try:
        yield
    finally:
        stack.stop_service(role)
        stack.mounts[role] = {}
        stack.start_service(role)


@pytest.mark.parametrize("seconds", [30, -30])
@pytest.mark.parametrize("role", ROLES)
def test_the_clock_of_a_container_is_off_by_30_seconds(
    stack_in_mode_b: ContainerStack, tmp_path: Path, role: Role, seconds: int
) -> None:
    shifted = tmp_path / "sitecustomize.py"
    shifted.write_text(SHIFTED_CLOCK.format(seconds=seconds))
    stack = stack_in_mode_b
    with restarted_with(stack, role, {shifted: "/app/sitecustomize.py"}), requests.Session() as browser:
        profile = browser.get(log_in(browser, f"{stack.rp_url}/login"), timeout=TIMEOUT)
        assert profile.status_code == 200, profile.text
        assert "Prefers tea" in profile.text
        assert "user0@example.com" in profile.text
        assert "not available" not in profile.text
