"""A local Apache that requires a sign-in at a provider for its pages (mod_auth_openidc)."""

import getpass
import os
import socket
import subprocess
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from prerequisites import apache
from support.page_server import send_page
from waiting import wait_until

Directives = Mapping[str, str]

_MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http", "auth_openidc")
_SERVER = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LogLevel warn auth_openidc:info
ServerName localhost
{user}
{modules}
StartServers 1
ThreadsPerChild 16
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
"""
_SITE = """
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
    {directives}
    ProxyPass /callback !
    ProxyPass / http://127.0.0.1:{page_port}/
    <Location />
        AuthType {auth_type}
        Require valid-user
    </Location>
    <Location /open>
        AuthType None
        Require all granted
    </Location>
</VirtualHost>
"""
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Site:
    """A port with its authentication and the module's directives."""

    port: int
    directives: Directives
    auth_type: str = "openid-connect"

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


class _Page(BaseHTTPRequestHandler):
    """The application behind Apache, which shows the claims that the module passes on."""

    def do_GET(self) -> None:
        rows = [
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
            for name, text in self.headers.items()
            if name.upper().startswith("OIDC_")
        ]
        send_page(self, f'<!DOCTYPE html><html lang="en"><h1>Behind Apache</h1><table>{"".join(rows)}</table></html>')

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Apache(AbstractContextManager["Apache"]):
    """The server in the foreground, as the user who runs the tests; child processes of root run as www-data."""

    def __init__(self, folder: Path, sites: list[Site]) -> None:
        self._folder = folder
        self._sites = sites
        self._page = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = apache.program()
        assert program is not None
        configuration = self._folder / "apache.conf"
        configuration.write_text(self._configuration())
        threading.Thread(target=self._page.serve_forever, daemon=True).start()
        self._process = subprocess.Popen([program, "-f", configuration, "-DFOREGROUND"], stdin=subprocess.DEVNULL)
        try:
            wait_until(self._responds)
        except AssertionError as failure:
            self.__exit__()
            raise AssertionError(self.log()) from failure
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_STOP_SECONDS)
        self._page.shutdown()
        self._page.server_close()

    def log(self) -> str:
        """The log of the module and the server."""
        file = self._folder / "error.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _responds(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "Apache has exited"
        for site in self._sites:
            socket.create_connection(("127.0.0.1", site.port), timeout=1).close()
        return True

    def _configuration(self) -> str:
        as_root = os.geteuid() == 0
        server = _SERVER.format(
            folder=self._folder,
            user="User www-data\nGroup www-data" if as_root else f"# as {getpass.getuser()}",
            modules="\n".join(f"LoadModule {name}_module {apache.MODULES}/mod_{name}.so" for name in _MODULES),
        )
        return server + "".join(
            _SITE.format(
                port=site.port,
                auth_type=site.auth_type,
                page_port=self._page.server_port,
                directives="\n    ".join(_directive(*one) for one in site.directives.items()),
            )
            for site in self._sites
        )


def _directive(name: str, value: str) -> str:
    quoted = value.replace('"', '\\"')
    return f'{name} "{quoted}"'
