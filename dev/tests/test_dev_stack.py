"""The stack: the variables of each service, and its start, stop and failures."""

import os
import signal
import sys
from pathlib import Path

import pytest

import stack as stack_module
from stack import ROLES, Addresses, Stack, StackError, read_values

READY = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *_): pass
host, port = os.environ["BIND"].split(":")
print("listening", flush=True)
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
"""
FAULTY = "print('OIDC_ISSUER: is required'); raise SystemExit(2)"
NEVER_READY = READY.replace("200 if", "503 if")
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + READY


class FakeStack(Stack):
    """A stack with small programs instead of the services."""

    programs = dict.fromkeys(ROLES, READY)

    def command(self, role):
        return [sys.executable, "-c", self.programs[role]]


class TestEnvironment:
    @pytest.mark.parametrize(
        ("role", "secrets"),
        [
            ("op", {"OP_SECRET_KEY", "CLIENT_SECRET", "RS_CLIENT_SECRET"}),
            ("rs", {"RS_CLIENT_SECRET"}),
            ("rp", {"CLIENT_SECRET"}),
        ],
    )
    def test_service_gets_only_its_own_secrets(self, tmp_path, role, secrets):
        given = Stack(tmp_path).environment(role)
        assert {name for name in given if "SECRET" in name} == secrets

    def test_environment_of_the_process_is_not_passed_on(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CLOUD_TOKEN", "of the person who runs it")
        monkeypatch.setenv("ACCESS_TOKEN_TTL", "1")
        monkeypatch.setenv("TZ", "UTC")
        for role in ROLES:
            given = Stack(tmp_path).environment(role)
            assert not {"CLOUD_TOKEN", "ACCESS_TOKEN_TTL"} & set(given)
            assert (given["TZ"], given["PATH"]) == ("UTC", os.environ["PATH"])

    @pytest.mark.parametrize(
        ("mode", "access_token_format", "token_validation"), [("A", "opaque", "introspection"), ("B", "jwt", "jwt")]
    )
    def test_mode_configures_both_services(self, tmp_path, mode, access_token_format, token_validation):
        stack = Stack(tmp_path, mode=mode)
        assert stack.environment("op")["ACCESS_TOKEN_FORMAT"] == access_token_format
        assert stack.environment("rs")["TOKEN_VALIDATION"] == token_validation

    def test_id_token_alg_is_set_at_client_and_provider(self, tmp_path):
        stack = Stack(tmp_path, id_token_alg="HS256")
        assert [stack.environment(role).get("ID_TOKEN_ALG") for role in ROLES] == ["HS256", None, "HS256"]

    def test_addresses_agree(self, tmp_path):
        stack = Stack(tmp_path, addresses=Addresses("http://localhost:1", "http://localhost:2", "http://localhost:3"))
        op, rs, rp = (stack.environment(role) for role in ROLES)
        assert [given["OIDC_ISSUER"] for given in (op, rs, rp)] == ["http://localhost:1"] * 3
        assert [given["BIND"] for given in (op, rs, rp)] == ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
        assert rs["RS_BASE_URL"] == rp["RESOURCE_SERVER_URL"] == stack.rs_url == "http://localhost:2"
        assert rp["RP_BASE_URL"] == op["RP_BASE_URL"] == stack.rp_url == "http://localhost:3"

    def test_every_service_has_its_own_database(self, tmp_path):
        stack = Stack(tmp_path)
        databases = [stack.environment(role)["REDIS_URL"].rpartition("/")[2] for role in ROLES]
        assert databases == ["0", "2", "1"]

    def test_extra_overrides_values_of_its_service(self, tmp_path):
        stack = Stack(tmp_path, extra={"ACCESS_TOKEN_TTL": "2", "LOG_LEVEL": "DEBUG"})
        assert [stack.environment(role).get("ACCESS_TOKEN_TTL") for role in ROLES] == ["2", None, None]
        assert [stack.environment(role)["LOG_LEVEL"] for role in ROLES] == ["DEBUG"] * 3

    def test_unknown_extra_is_rejected(self, tmp_path):
        with pytest.raises(StackError, match="ACCES_TOKEN_TTL"):
            Stack(tmp_path, extra={"ACCES_TOKEN_TTL": "2"})


class TestValues:
    def test_names_and_values_are_read(self, tmp_path):
        file = tmp_path / ".env"
        file.write_text('# a remark\n\nA=1\nSCOPE=openid email\nQUOTED="two words"\nEMPTY=\nURL=http://x/?a=b#c\n')
        assert read_values(file) == {
            "A": "1",
            "SCOPE": "openid email",
            "QUOTED": "two words",
            "EMPTY": "",
            "URL": "http://x/?a=b#c",
        }

    def test_malformed_line_is_reported(self, tmp_path):
        file = tmp_path / ".env"
        file.write_text("A=1\nwhat is this\n")
        with pytest.raises(StackError, match=r"^\.env, line 2: "):
            read_values(file)

    @pytest.mark.parametrize(
        "issuer",
        ["", "https://localhost:25000", "http://example.com:25000", "http://localhost", "http://localhost:1/x"],
    )
    def test_address_of_another_host_is_rejected(self, issuer):
        values = {**stack_module.demo_values(), "OIDC_ISSUER": issuer}
        with pytest.raises(StackError, match=r"^OIDC_ISSUER must be http://localhost:<port>"):
            Addresses.of(values)


@pytest.mark.slow
class TestProcesses:
    def test_stack_starts_restarts_and_stops(self, tmp_path):
        lines = []
        with FakeStack(tmp_path, reader=lambda role, line: lines.append((role, line))) as stack:
            pids = [stack.process(role).pid for role in ROLES]
            stack.stop_service("op")
            stack.start_service("op")
            stack.kill_service("rs")
            stack.start_service("rs")
            stack.check()
            assert stack.process("rp").pid == pids[2]
            assert {stack.process("op").pid, stack.process("rs").pid}.isdisjoint(pids)
            pids += [stack.process(role).pid for role in ROLES]
        assert sorted(lines) == sorted([(role, "listening") for role in (*ROLES, "op", "rs")])
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert not stack.redis.is_running

    def test_service_that_fails_to_start_is_named_with_its_log(self, tmp_path):
        stack = FakeStack(tmp_path)
        stack.programs = {**stack.programs, "rs": FAULTY}
        with pytest.raises(StackError) as error:
            stack.start()
        assert str(error.value) == "the resource server (rs) ended with status 2\n  OIDC_ISSUER: is required"
        assert not stack.redis.is_running

    def test_service_that_is_never_ready_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setattr(stack_module, "READY_SECONDS", 1.0)
        stack = FakeStack(tmp_path)
        stack.programs = {**stack.programs, "rp": NEVER_READY}
        with pytest.raises(StackError, match=r"the relying party \(rp\) was not ready after 1 s\n  listening"):
            stack.start()

    def test_service_that_exits_later_is_noticed(self, tmp_path):
        with FakeStack(tmp_path) as stack:
            stack.process("op").send_signal(signal.SIGKILL)
            stack.process("op").wait(5)
            with pytest.raises(StackError, match=r"^the provider \(op\) ended with SIGKILL"):
                stack.check()

    def test_service_that_ignores_sigterm_is_killed(self, tmp_path, monkeypatch):
        monkeypatch.setattr(stack_module, "STOP_SECONDS", 0.5)
        stack = FakeStack(tmp_path)
        stack.programs = {**stack.programs, "op": STUBBORN}
        with stack:
            stubborn = stack.process("op")
        assert stubborn.returncode == -signal.SIGKILL
