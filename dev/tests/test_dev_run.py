"""`make run`: what is wrong is one clear line, and its end is in order."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

import ports
import run
from directory_contents import read_contents
from redis_server import free_port
from stack import MODES, ROLES, Addresses, StackError, demo_values

RUN = """
import pathlib, sys
import run
run.DATA = pathlib.Path(sys.argv[1])
sys.exit(run.main())
"""


def runner(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """`make run` with a data folder of its own, on free ports."""
    free = Addresses.on_free_ports()
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(run.__file__).parent),
            "OIDC_ISSUER": free.op,
            "RESOURCE_SERVER_URL": free.rs,
            "RP_BASE_URL": free.rp,
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        ({}, "A"),
        ({"MODE": "A"}, "A"),
        ({"MODE": "B"}, "B"),
        (MODES["B"], "B"),
        ({"MODE": "A", **MODES["B"]}, "A"),
    ],
    ids=["neither", "A", "B", "by-its-settings", "MODE-wins"],
)
def test_mode(values, mode):
    assert run.chosen_mode({**demo_values(), **values}) == mode


@pytest.mark.parametrize("named", ["C", "a", "AB"])
def test_an_unknown_mode_is_one_line(named):
    with pytest.raises(StackError, match=f"^MODE must be A or B, not '{named}'$"):
        run.chosen_mode({**demo_values(), "MODE": named})


def test_settings_that_make_no_mode_are_one_line():
    with pytest.raises(StackError, match=r"^ACCESS_TOKEN_FORMAT=opaque with TOKEN_VALIDATION=jwt is neither"):
        run.chosen_mode({**demo_values(), "TOKEN_VALIDATION": "jwt"})


@pytest.mark.parametrize("alg", ["none", "PS256", "rs256"])
def test_an_unknown_id_token_alg_is_one_line(alg):
    with pytest.raises(StackError, match=f"^ID_TOKEN_ALG must be one of RS256, ES256, HS256, not '{alg}'$"):
        run.chosen_alg({"ID_TOKEN_ALG": alg})


def test_the_environment_overrides_unless_it_is_empty():
    values = run.configured({"CLIENT_ID": "another", "RP_SCOPE": ""})
    assert values["CLIENT_ID"] == "another"
    assert values["RP_SCOPE"] == "openid email profile"


def test_a_busy_port_is_named_with_its_owner_and_a_way_out():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        addresses = Addresses("http://localhost:1", f"http://localhost:{port}", "http://localhost:1")
        with pytest.raises(StackError) as error:
            run.check_port(addresses, "rs")
    line = str(error.value)
    assert line.startswith(f"port {port}, which the resource server (rs) needs, is taken by ")
    assert f"(pid {os.getpid()})" in line
    assert "RESOURCE_SERVER_URL=http://localhost:" in line
    assert "\n" not in line


def test_a_free_port_is_free():
    assert not ports.is_taken(free_port())


def test_a_port_that_closed_connections_still_wait_on_is_free():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as hypercorn does
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
    assert not ports.is_taken(port)


def test_the_log_has_whole_lines_and_no_colour_in_a_pipe(capsys):
    log = run.Log()
    log.line("op", "listening")
    assert capsys.readouterr().out == "op | listening\n"


@pytest.mark.slow
def test_a_fault_is_one_line_and_no_traceback(tmp_path):
    with runner(tmp_path, MODE="C") as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (1, "", "run: MODE must be A or B, not 'C'\n")


def _until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if "Ctrl-C stops everything" in line:
            return seen
    raise AssertionError(seen + (process.stderr.read() if process.stderr else ""))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_runs_and_ends_in_order(tmp_path, number):
    with runner(tmp_path) as process:
        seen = _until_ready(process)
        processes = (tmp_path / "processes").read_text().splitlines()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert "user0 / password0" in seen
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-1].startswith("stopped")
    assert len(processes) == len(ROLES) + 1
    assert not any(ports.command_of(int(line.split()[0])) for line in processes)


@pytest.mark.slow
def test_a_second_run_is_told_of_the_first(tmp_path):
    with runner(tmp_path) as first:
        _until_ready(first)
        with runner(tmp_path) as second:
            _, err = second.communicate(timeout=20)
        first.terminate()
        first.communicate(timeout=30)
    assert second.returncode == 1
    assert err == f"run: `make run` is at work here already (pid {first.pid}); Ctrl-C ends it\n"


def _pid_of(folder: Path, command: str) -> int:
    lines = (folder / "processes").read_text().splitlines()
    return int(next(line for line in lines if re.search(command, line)).split()[0])


def _until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    return next(line for line in process.stdout if words in line)


@pytest.mark.slow
def test_a_stopped_service_leaves_the_others_running(tmp_path):
    """The run ends by itself when no service is left."""
    with runner(tmp_path) as process:
        relying_party = re.findall(r"http://localhost:\d+", _until_ready(process))[0]
        os.kill(_pid_of(tmp_path, "-m op$"), signal.SIGTERM)
        said = _until(process, "the provider (op) ended")
        healthy = requests.get(f"{relying_party}/healthz", timeout=10).ok
        os.kill(_pid_of(tmp_path, "redis|valkey"), signal.SIGKILL)
        _until(process, "the Redis server ended")
        for role in ("rs", "rp"):
            os.kill(_pid_of(tmp_path, f"-m {role}$"), signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    assert said == (
        "run: the provider (op) ended with status 0; the others continue. "
        "To start it again, press Ctrl-C and run `make run` once more.\n"
    )
    assert healthy
    assert (process.returncode, err) == (1, "run: all services have ended\n")


DIRECTORY = """
users:
  - {username: ada, password: password-of-ada}
  - {username: user0, password: password0}
clients:
  - {client_id: shop, redirect_uris: ["http://localhost:1/callback"], token_endpoint_auth_method: none}
"""


@pytest.mark.slow
def test_the_banner_shows_what_is_there_and_make_op_changes_it(tmp_path):
    (tmp_path / "directory.yaml").write_text(DIRECTORY)
    settings = {"OP_DIRECTORY_FILE": str(tmp_path / "directory.yaml")}
    with runner(tmp_path, **settings) as process:
        seen = _until_ready(process)
        mode = (tmp_path / run.PROVIDER_ENVIRONMENT).stat().st_mode
        done = operator(tmp_path, "users", "set-password", "ada", text="another")
        environment = json.loads((tmp_path / run.PROVIDER_ENVIRONMENT).read_text())
        contents = asyncio.run(read_contents(environment))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert "  users      ada / password-of-ada\n             user0 / password0\n" in seen
    assert "  clients    shop http://localhost:1/callback\n" in seen
    assert mode & 0o777 == 0o600
    assert (done.returncode, done.stdout, done.stderr) == (0, "password of ada set\n", "")
    assert contents.users == ("ada", "user0 / password0"), "the password of the file no longer holds"
    assert not (tmp_path / run.PROVIDER_ENVIRONMENT).exists()


def operator(folder: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """`make op` for the data folder."""
    source = f"import pathlib, sys, run, op_command\nrun.DATA = pathlib.Path({str(folder)!r})\n"
    return subprocess.run(
        [sys.executable, "-c", f"{source}sys.exit(op_command.main(sys.argv[1:]))", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(run.__file__).parent)},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_make_op_without_make_run_says_what_to_do(tmp_path):
    done = operator(tmp_path, "users", "list")
    assert done.returncode == 1
    assert done.stderr.startswith("op: `make run` is not running here. Start it in another terminal")


@pytest.mark.slow
def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path):
    with runner(tmp_path) as killed:
        _until_ready(killed)
        left = [int(line.split()[0]) for line in (tmp_path / "processes").read_text().splitlines()]
        killed.kill()
    assert all(ports.command_of(pid) for pid in left)
    run.end_leftovers(tmp_path)
    assert not any(ports.command_of(pid) for pid in left)
