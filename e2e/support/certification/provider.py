"""The provider as it is run for certification: a process with TLS and deploy/certification."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Self

from redis_server import free_port
from servicekit.monitoring.healthcheck import ready
from stack import ROOT, Service, read_values
from waiting import wait_until

USERNAME = "carol"
PASSWORD = "a-password-of-the-certification-tests"
CLIENT_SECRET = "a-client-secret-of-the-certification-tests"
_START_SECONDS = 30.0


class CertifiedProvider:
    """`python -m op` on https://localhost, over a Redis database of its own."""

    def __init__(self, redis_url: str, suite: str, cert_file: str, key_file: str) -> None:
        self.port = free_port()
        self.issuer = f"https://localhost:{self.port}"
        self.redis_url = redis_url
        self.trust = cert_file
        self.environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1",
            **read_values(ROOT / "deploy" / "certification" / "provider.env"),
            "OIDC_ISSUER": self.issuer,
            "OP_SECRET_KEY": "a-key-of-the-certification-tests-of-32-characters",
            "REDIS_URL": redis_url,
            "BIND": f"127.0.0.1:{self.port}",
            "LOG_FORMAT": "console",
            "TLS_CERT_FILE": cert_file,
            "TLS_KEY_FILE": key_file,
            "CERTIFICATION_SUITE": suite,
            "CERTIFICATION_PASSWORD": PASSWORD,
            "CERTIFICATION_CLIENT_SECRET": CLIENT_SECRET,
            # Here the suite runs on this machine with a self-signed certificate.
            "REGISTRATION_PRIVATE_ADDRESSES": "true",
            "SSL_CERT_FILE": cert_file,
        }

    def __enter__(self) -> Self:
        self._service = Service("op", [sys.executable, "-m", "op"], self.environment, lambda _role, _line: None)
        try:
            wait_until(self._is_ready, _START_SECONDS)
        except BaseException:
            self._service.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._service.stop()

    def command(self, *words: str) -> str:
        """The output of a command of `python -m op`."""
        done = subprocess.run(
            [sys.executable, "-m", "op", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _is_ready(self) -> bool:
        assert not self._service.has_ended, self._service.ending()
        return ready(f"127.0.0.1:{self.port}", tls=True)
