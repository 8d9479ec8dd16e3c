"""The provider, a server that replaces the suite's, and a browser, for the certification modules."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from redis_server import RedisServer
from self_signed import certificate
from support.certification.browser import Browser as CertificationBrowser
from support.certification.client import CertificationClient, Op
from support.certification.provider import CLIENT_SECRET, PASSWORD, USERNAME, CertifiedProvider
from support.certification.suite import SuiteServer

_CERTIFICATION_DATABASE = 7


@pytest.fixture(scope="session")
def localhost_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def suite(localhost_certificate: tuple[str, str]) -> Iterator[SuiteServer]:
    """The server that replaces the conformance suite's."""
    with SuiteServer(*localhost_certificate) as server:
        yield server


@pytest.fixture(scope="session")
def certified_provider(
    redis_server: RedisServer, suite: SuiteServer, localhost_certificate: tuple[str, str]
) -> Iterator[CertifiedProvider]:
    """One provider for all plans, with deploy/certification and a database that no other test clears."""
    redis_url = redis_server.database_url(_CERTIFICATION_DATABASE)
    with CertifiedProvider(redis_url, suite.origin, *localhost_certificate) as provider:
        yield provider


@pytest.fixture(scope="session")
def certified_redis(certified_provider: CertifiedProvider) -> Iterator[Redis]:
    with Redis.from_url(certified_provider.redis_url, decode_responses=True) as redis:
        yield redis


@pytest.fixture(scope="session")
def certified_op(certified_provider: CertifiedProvider) -> Iterator[Op]:
    with Op(certified_provider.issuer, certified_provider.trust) as op:
        yield op


@pytest.fixture
def scripted_browser(certified_provider: CertifiedProvider) -> Iterator[CertificationBrowser]:
    """A new browser without scripts, with its user."""
    issuer, trust = certified_provider.issuer, certified_provider.trust
    with CertificationBrowser(issuer, trust, USERNAME, PASSWORD) as browser:
        yield browser


@pytest.fixture
def client_named(
    certified_op: Op, suite: SuiteServer, scripted_browser: CertificationBrowser
) -> Callable[[str], CertificationClient]:
    """`client_named("certification-basic")`: a client of deploy/certification/directory.yaml."""

    def named(client_id: str) -> CertificationClient:
        kind = client_id.removeprefix("certification-")
        secret = CLIENT_SECRET if kind == "basic" else f"{kind}-{CLIENT_SECRET}"
        return CertificationClient(certified_op, scripted_browser, client_id, f"{suite.base_url}/callback", secret)

    return named
