"""What the whole-flow tests share: running stacks in both modes, and a real browser.

Playwright's synchronous API keeps an event loop of its own, which it marks as this thread's running loop between its
calls. The fixtures here lift that mark between tests, so that asynchronous tests can run beside those in a browser.
"""

import asyncio
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from prerequisites.browser import LAUNCH_FLAGS, chromium_program, what_is_missing
from stack import PATIENT, Mode, Stack
from support.consent_client import ConsentClient, directory_with_consent_client, running_site
from support.container_stack import ContainerStack
from support.demo_client import TIMEOUT

ARTIFACTS = Path(__file__).parent / "artifacts"
SignIn = Callable[..., None]
Platform = Callable[..., Stack]

_FAILED = pytest.StashKey[bool]()
_STEP_MILLISECONDS = 10_000
_SHOWN_LINES = 25


@dataclass
class PageFaults:
    """What a page's console and network said was wrong; a test may look, and a CSP violation always fails it."""

    console_errors: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)

    def on_request_failed(self, request: Request) -> None:
        self.failed_requests.append(f"{request.method} {request.url}: {request.failure}")

    def watch(self, context: BrowserContext) -> None:
        context.set_default_timeout(_STEP_MILLISECONDS)
        context.on("console", self.on_console)
        context.on("requestfailed", self.on_request_failed)

    def csp_violations(self) -> list[str]:
        return [text for text in self.console_errors if "Content Security Policy" in text]


@dataclass(frozen=True)
class RunningBrowser:
    """A browser, and the event loop that its driver runs on."""

    browser: Browser
    loop: asyncio.AbstractEventLoop

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        """Between its calls the driver's loop counts as running, and outside of this context it must not."""
        asyncio._set_running_loop(self.loop)  # noqa: SLF001 - what Playwright itself calls
        try:
            yield self.browser
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for the fixtures' teardown whether the test failed, and report what its pages and services said."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
        if report.failed:
            report.sections += list(state_of(getattr(item, "funcargs", {})))
    return report


def state_of(fixtures: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Title and text: each page that is open, and the last lines of each service of a stack."""
    browser = fixtures.get("browser")
    if isinstance(browser, Browser):
        for page in (page for context in browser.contexts for page in context.pages):
            try:
                yield f"page {page.url}", page.locator("body").inner_text(timeout=1_000)
            except PlaywrightError as error:
                yield f"page {page.url}", f"cannot be read: {error}"
    for name, stack in fixtures.items():
        if isinstance(stack, Stack):
            for role in stack.started:
                yield f"{role} of {name}", "\n".join(stack.log(role)[-_SHOWN_LINES:])


@pytest.fixture(scope="session")
def chromium_path() -> str:
    missing = what_is_missing()
    if missing:
        pytest.skip(missing)
    path = chromium_program()
    assert path is not None
    return path


@pytest.fixture(scope="session")
def running_browser(chromium_path: str) -> Iterator[RunningBrowser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(LAUNCH_FLAGS))
        running = RunningBrowser(browser, asyncio.get_running_loop())
        asyncio._set_running_loop(None)  # noqa: SLF001 - see in_use
        yield running
        asyncio._set_running_loop(running.loop)  # noqa: SLF001
        browser.close()


@pytest.fixture
def browser(running_browser: RunningBrowser) -> Iterator[Browser]:
    """The browser of this test run; for a test that wants contexts of its own."""
    with running_browser.in_use() as browser:
        yield browser


@pytest.fixture
def page_faults() -> PageFaults:
    return PageFaults()


@pytest.fixture
def page(browser: Browser, page_faults: PageFaults, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page with cookies of its own. A failed test leaves a screenshot in e2e/artifacts/."""
    with browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900}) as context:
        page_faults.watch(context)
        page = context.new_page()
        yield page
        if request.node.stash.get(_FAILED, False):
            take_pictures(request.node.nodeid, [page])
    assert page_faults.csp_violations() == []


@pytest.fixture
def open_page(
    browser: Browser, page: Page, page_faults: PageFaults, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """`open_page(locale=...)`: a page in one more browser, whose violations of the policy fail the test as well."""
    pages: list[Page] = []
    with ExitStack() as opened:

        def one_more(**options: Any) -> Page:
            context = opened.enter_context(browser.new_context(**({"locale": "en-US"} | options)))
            page_faults.watch(context)
            pages.append(context.new_page())
            return pages[-1]

        yield one_more
        if request.node.stash.get(_FAILED, False):
            take_pictures(f"{request.node.nodeid}-more", pages)


def take_pictures(name: str, pages: list[Page]) -> None:
    """What pages show, in e2e/artifacts/."""
    ARTIFACTS.mkdir(exist_ok=True)
    for number, page in enumerate(pages):
        file = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{name}-{number}" if number else name)
        page.screenshot(path=ARTIFACTS / f"{file}.png", full_page=True)


@pytest.fixture(scope="session", params=["processes", "containers"])
def platform(request: pytest.FixtureRequest) -> Platform:
    """`platform(folder, mode=...)`: a stack that is not started yet, of processes and then of containers."""
    if request.param == "processes":
        return Stack
    return partial(ContainerStack, images=request.getfixturevalue("images"))


@pytest.fixture(scope="session")
def stack_a(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Mode A: opaque access tokens, introspection."""
    yield from _running(platform, "A", tmp_path_factory)


@pytest.fixture(scope="session")
def stack_b(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Mode B: JWT access tokens, verified by the resource server."""
    yield from _running(platform, "B", tmp_path_factory)


def _running(platform: Platform, mode: Mode, folders: pytest.TempPathFactory) -> Iterator[Stack]:
    with platform(folders.mktemp(f"stack-{mode}"), mode=mode, extra=PATIENT) as stack:
        yield stack


@pytest.fixture(scope="session", params=["stack_a", "stack_b"], ids=["mode-A", "mode-B"])
def stack(request: pytest.FixtureRequest, platform: Platform) -> Stack:
    """Both modes, one after the other."""
    running: Stack = request.getfixturevalue(request.param)
    return running


@pytest.fixture(scope="session")
def consent_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsentClient]:
    """A third-party client that must ask for consent, at a stack of processes that knows a second user."""
    folder = tmp_path_factory.mktemp("consent-client")
    with running_site() as site:
        extra = {**PATIENT, "OP_DIRECTORY_FILE": str(directory_with_consent_client(folder, site))}
        with Stack(folder, extra=extra) as stack:
            yield ConsentClient(stack, site)


@pytest.fixture
def device(consent_client: ConsentClient) -> dict[str, Any]:
    """The device authorization response for the television; no user has seen it yet (RFC 8628 §3.2)."""
    form = {"client_id": "television", "scope": "openid email"}
    response = requests.post(f"{consent_client.stack.op_url}/device_authorization", data=form, timeout=TIMEOUT)
    assert response.status_code == 200, response.text
    return dict(response.json())


@pytest.fixture
def sign_in() -> SignIn:
    """`sign_in(page, stack)`: from the relying party's home to the profile, as a person does it."""

    def from_home_to_profile(page: Page, stack: Stack, username: str = "user0", password: str = "password0") -> None:
        page.goto(f"{stack.rp_url}/")
        page.get_by_role("link", name="Start authorization").first.click()
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{stack.rp_url}/profile")

    return from_home_to_profile


@pytest.fixture
def log_in() -> SignIn:
    """`log_in(page)`: fill in the login form that is shown, in the language that it is in."""

    def fill_in(page: Page, username: str = "user0", password: str = "password0") -> None:
        page.locator("#username").fill(username)
        page.locator("#password").fill(password)
        page.locator("main .button").click()

    return fill_in
