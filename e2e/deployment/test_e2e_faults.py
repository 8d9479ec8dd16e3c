"""Failures of containers: Redis that stops, crashes or is disconnected during a flow, providers that are replaced.

During a failure every request gets a 503 in time, and afterwards the services recover by themselves.
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
    """How Redis fails and recovers, and whether it may still execute a command that has timed out."""

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
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(0.05)


def is_ready(stack: ContainerStack, role: Role) -> bool:
    return requests.get(f"{stack.addresses.url(role)}/readyz", timeout=TIMEOUT).ok


def during(stack: ContainerStack, fault: Fault, step: Callable[[], requests.Response]) -> requests.Response:
    """The response of a step after the failure; during the failure it is a 503 with Retry-After."""
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
    """The rejected form can be submitted again, and leads to the profile."""
    with requests.Session() as browser:
        page = browser.get(f"{stack.rp_url}/login", timeout=TIMEOUT)
        form = dict(re.findall(r'name="(login|csrf_token)" value="([^"]*)"', page.text))
        form |= {"username": "user0", "password": "password0"}
        response = during(
            stack,
            fault,
            lambda: browser.post(f"{stack.op_url}/login", data=form, allow_redirects=False, timeout=TIMEOUT),
        )
        if fault.late and response.status_code == 400:
            assert "start again" in response.text.lower()
            response = browser.get(f"{stack.rp_url}/login", allow_redirects=False, timeout=TIMEOUT)
            response = browser.get(log_in(browser, response.headers["location"]), timeout=TIMEOUT)
        else:
            assert response.status_code == 303, response.text
            response = browser.get(response.headers["location"], timeout=TIMEOUT)
        assert response.url == f"{stack.rp_url}/profile"
        assert "user0@example.com" in response.text


def test_redis_goes_in_the_middle_of_a_code_exchange(stack: ContainerStack, client: DemoClient, fault: Fault) -> None:
    """The rejected code is still valid, unless Redis executed the command late: then it is rejected as a second use,
    and the next sign-in works.
    """
    code = client.code()
    response = during(stack, fault, lambda: client.redeem(code))
    if fault.late and response.status_code == 400:
        assert response.json()["error"] == "invalid_grant"
        response = client.redeem(client.code())
    assert response.status_code == 200, response.text
    assert response.json()["id_token"]


def test_redis_goes_in_the_middle_of_a_refresh(stack: ContainerStack, client: DemoClient, fault: Fault) -> None:
    """Like a code: a refresh token is rotated, is still valid, or is rejected with invalid_grant."""
    refresh_token = client.tokens()["refresh_token"]
    response = during(stack, fault, lambda: client.refresh(refresh_token))
    if fault.late and response.status_code == 400:
        assert response.json()["error"] == "invalid_grant"
        response = client.refresh(client.tokens()["refresh_token"])
    assert response.status_code == 200, response.text


def test_redis_restarts_between_all_steps_and_nothing_is_lost(stack: ContainerStack, client: DemoClient) -> None:
    """Sessions, pending authorizations, codes, tokens and keys are restored from the append-only file."""
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
        assert client.refresh(tokens["refresh_token"]).status_code == 400, "a spent token stays spent"
        assert client.refresh(refreshed["refresh_token"]).status_code == 400, "and its reuse ended the grant"
        again = browser.get(client.authorization_url, allow_redirects=False, timeout=TIMEOUT)
        assert "/callback?code=" in again.headers["location"], "the session at the provider exists"


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


def test_flow_works_across_provider_replicas(images: Images, tmp_path: Path, page: Page, sign_in) -> None:
    """Replicas have no state of their own."""
    with ContainerStack(tmp_path, images, extra=PATIENT) as stack:
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
        assert "tokens issued" not in said, "the code was redeemed at another replica"


@pytest.fixture(scope="module")
def replicated(images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerStack]:
    with ContainerStack(tmp_path_factory.mktemp("replicated"), images, replicas=2, extra=PATIENT) as running:
        wait_until(lambda: all(is_ready(running, role) for role in ROLES))
        yield running


@pytest.mark.parametrize("role", ROLES)
def test_a_rolling_restart_under_load_fails_no_sign_in(replicated: ContainerStack, role: Role) -> None:
    """Each of two replicas is restarted in turn while users sign in."""
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
    """Mode B, in which the resource server checks the times of the token itself."""
    with ContainerStack(tmp_path_factory.mktemp("clocks"), images, mode="B", extra=PATIENT) as running:
        yield running


@contextmanager
def restarted_with(stack: ContainerStack, role: Role, mounts: Mapping[Path, str]) -> Iterator[None]:
    """Run one service with other files, and restore it afterwards."""
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
