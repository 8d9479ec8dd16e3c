"""The directory file, and the command line for administrators."""

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from op_testing import ADA, RunningProvider, administrate

from op.cli.directory import DirectoryError, load, read_directory, user_entry
from op.protocol.authorization.scope import STANDARD_CLAIMS
from op.settings import Settings
from redis_server import RedisServer
from servicekit.redis.client import Database

DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "directory.yaml"
ENVIRONMENT = {"CLIENT_SECRET": "c" * 40, "RS_CLIENT_SECRET": "r" * 40}
KEY = "a-key-for-tests-of-more-than-32-characters"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "directory.yaml"
    path.write_text(text)
    return path


def test_demo_directory_is_valid() -> None:
    directory = read_directory(DEMO, ENVIRONMENT)
    assert [user.username for user in directory.users] == ["user0"]
    assert [client.client_id for client in directory.clients] == ["demo-client", "resource-server"]
    assert directory.clients[0].client_secret == "c" * 40
    assert directory.clients[0].id_token_signed_response_alg == "RS256"


def test_variables_are_read_from_environment_or_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    environment = {"CLIENT_SECRET_FILE": str(tmp_path / "secret"), "RS_CLIENT_SECRET": "x", "ID_TOKEN_ALG": "ES256"}
    directory = read_directory(DEMO, environment)
    assert directory.clients[0].client_secret == "from-a-file"
    assert directory.clients[0].id_token_signed_response_alg == "ES256"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("users: [", "line 1, column 9", id="no YAML"),
        pytest.param("- a", "must be a mapping with users and clients", id="a list"),
        pytest.param("people: []", "unknown member: people", id="unknown section"),
        pytest.param("users: {a: b}", "users must be a list", id="no list"),
        pytest.param("users: [{username: a}]", "password must consist", id="no password"),
        pytest.param("users: [{username: a, password: b, claims: {shoe: 1}}]", "not a standard claim", id="claim"),
        pytest.param("users: [{username: a, password: b, sub: ö}]", "sub must consist", id="sub not ASCII"),
        pytest.param(
            "clients: [{client_id: a, client_name: '${NOPE}'}]", "environment variable NOPE is not set", id="variable"
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §2, §5.1")
def test_faults_are_reported_with_their_location(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(DirectoryError, match=fault):
        read_directory(write(tmp_path, text), {})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("users: [{username: a, password: b, claims: {birthdate: 2000-01-01}}]", "birthdate", id="a date"),
        pytest.param("users: [{username: a, password: b, claims: {email: [1]}}]", "email must be", id="a list"),
        pytest.param("users: [{username: a, password: b, claims: {updated_at: .nan}}]", "updated_at", id="no number"),
        pytest.param("users: [{username: a, password: b, claims: {email_verified: 'yes'}}]", "bool", id="a string"),
        pytest.param("users: [{username: a, password: b, claims: {address: x}}]", "address must be", id="no address"),
        pytest.param("users: [{username: a, password: b, claims: {address: {zip: x}}}]", "not a member", id="§5.1.1"),
        pytest.param(
            "users: [{username: a, password: b, claims: {address: {region: 1}}}]", "a string", id="address: 1"
        ),
        pytest.param(
            "users: [{username: a, password: b}, {username: A, sub: c, password: b}]", "duplicate username", id="names"
        ),
        pytest.param("users: [{username: a, password: b, 1: a, x: b}]", "unknown member: 1", id="a number for a name"),
        pytest.param("users: [{username: 2020-13-45}]", "ValueError", id="an impossible date"),
        pytest.param("clients: &a [*a]", "contains itself|list of mappings", id="a knot"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.1, §5.1.1")
def test_invalid_claims_are_rejected(tmp_path: Path, text: str, fault: str) -> None:
    """All 20 standard claims are supported, each with its type. An address is an object of strings."""
    with pytest.raises(DirectoryError, match=fault):
        read_directory(write(tmp_path, text), {})


def test_fault_does_not_repeat_the_line(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError) as caught:
        read_directory(write(tmp_path, 'clients:\n  - client_secret: "my-very-secret: value\n'), {})
    assert "my-very-secret" not in str(caught.value)
    assert "line 3" in str(caught.value)


@pytest.mark.spec("OpenID Connect Core §5.1, §5.1.1")
def test_all_claims_of_core_5_1_are_accepted() -> None:
    """OpenID Connect Core §5.1: There are 20 standard claims; `sub` is a field of its own."""
    assert user_entry({"username": "ada", "password": "x", "claims": ADA}).claims == ADA
    assert len(ADA) == len(STANDARD_CLAIMS) == 19


async def test_reload_keeps_changes_of_an_administrator(provider: RunningProvider) -> None:
    op = provider.op
    directory = read_directory(DEMO, ENVIRONMENT)
    await load(directory, op.users, op.clients, op.passwords, KEY)
    user = await op.users.find("user0")
    assert user is not None
    changed = dataclasses.replace(user, claims={"name": "Renamed"})
    await op.users.save(changed)
    await load(directory, op.users, op.clients, op.passwords, KEY)
    assert await op.users.find("user0") == changed


async def test_changed_entry_is_written_again(provider: RunningProvider) -> None:
    op = provider.op
    await load(read_directory(DEMO, ENVIRONMENT), op.users, op.clients, op.passwords, KEY)
    changed = ENVIRONMENT | {"ID_TOKEN_ALG": "HS256"}
    await load(read_directory(DEMO, changed), op.users, op.clients, op.passwords, KEY)
    client = await op.clients.read("demo-client")
    assert client is not None
    assert client.id_token_signed_response_alg == "HS256"


# --- The command line ------------------------------------------------------------------------------------------------


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    redis_server: RedisServer, redis: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command; its exit status and its output."""
    settings = Settings(redis_url=redis_server.url, oidc_issuer="http://op.test", op_secret_key=KEY)

    def command(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = administrate(settings, list(arguments))
        return status, *capsys.readouterr()

    return command


def test_users_are_managed_by_command(run: Run) -> None:
    status, out, _ = run(
        "users", "add", "ada", "--claim", "email=ada@x.org", "--claim", "email_verified=true", stdin="pw\n"
    )
    address = ("--claim", 'address={"locality": "London"}')
    assert run("users", "add", "bob", *address, stdin="pw\n")[0] == 0
    assert json.loads(run("users", "show", "bob")[1])["claims"] == {"address": {"locality": "London"}}
    assert run("users", "remove", "bob")[0] == 0
    assert (status, out) == (0, "user ada added\n")
    assert run("users", "list")[1] == "ada\tada\tada@x.org\n"
    shown = json.loads(run("users", "show", "ADA")[1])
    assert shown == {"sub": "ada", "username": "ada", "claims": {"email": "ada@x.org", "email_verified": True}}
    assert run("users", "set-password", "ada", stdin="new\n")[:2] == (0, "password of ada set\n")
    assert run("users", "remove", "ada")[:2] == (0, "user ada removed\n")
    assert run("users", "show", "ada")[2] == "op: user ada does not exist\n"


def test_clients_are_managed_by_command(run: Run) -> None:
    status, out, _ = run("clients", "add", "app", "--redirect-uri", "http://a/b", "--name", "An app")
    secret = out.splitlines()[1].removeprefix("client_secret: ")
    assert status == 0
    assert len(secret) == 43
    assert run("clients", "list")[1] == "app\tAn app\thttp://a/b\n"
    shown = run("clients", "show", "app")[1]
    assert secret not in shown
    assert json.loads(shown)["redirect_uris"] == ["http://a/b"]
    assert run("clients", "set-secret", "app", stdin="another\n")[0] == 0
    assert run("clients", "remove", "app")[0] == 0
    assert run("clients", "remove", "app")[2] == "op: client app does not exist\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "fault"),
    [
        pytest.param(["users", "add", "ada"], "", "must not be empty", id="no password"),
        pytest.param(["users", "add", "ada", "--claim", "shoe=1"], "pw", "not a standard claim", id="claim"),
        pytest.param(["users", "add", "ada", "--claim", "shoe"], "pw", "NAME=VALUE", id="claim without a value"),
        pytest.param(
            ["users", "add", "ada", "--claim", "email_verified=True"], "pw", "is not a valid value", id="no boolean"
        ),
        pytest.param(["clients", "add", "app"], "", "requires redirect_uris", id="client without redirect_uris"),
        pytest.param(["users", "remove", "nobody"], "", "user nobody does not exist", id="unknown user"),
        pytest.param(["clients", "show", "nobody"], "", "client nobody does not exist", id="unknown client"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.1")
def test_fault_of_a_command_is_one_line(run: Run, arguments: list[str], stdin: str, fault: str) -> None:
    """A user has only standard claims."""
    status, _, err = run(*arguments, stdin=stdin)
    assert status == 1
    assert fault in err
    assert err.count("\n") == 1


def test_username_is_unique(run: Run) -> None:
    run("users", "add", "ada", stdin="pw\n")
    assert run("users", "add", "ada", stdin="pw\n")[0] == 1
    assert "taken" in run("users", "add", "ADA", "--sub", "2", stdin="pw\n")[2]
