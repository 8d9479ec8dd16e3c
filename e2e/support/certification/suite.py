"""A server that replaces the conformance suite's: documents for the provider, and the provider's requests."""

import json
import queue
import ssl
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

ALIAS = "trefoil"
_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Received:
    """A request to one of the suite's URLs."""

    method: str
    query: dict[str, str]
    form: dict[str, str]
    content_type: str | None
    tls_version: str | None


class SuiteServer:
    """An HTTPS server on this machine, with URLs below `/test/a/<alias>` like the suite's."""

    def __init__(self, cert_file: str, key_file: str) -> None:
        self._documents: dict[str, tuple[bytes, str]] = {}
        self._received: Mapping[str, queue.Queue[Received]] = defaultdict(queue.Queue)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert_file, key_file)
        suite = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                suite.respond(self)

            do_POST = do_GET  # noqa: N815 - the base class' name

            def log_message(self, *_: object) -> None:
                """Write nothing: tests report missing requests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.origin = f"https://localhost:{self._server.server_port}"
        self.base_url = f"{self.origin}/test/a/{ALIAS}"
        self._serving = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, path: str, document: Any, content_type: str = "application/json") -> str:
        """Serve a document below the base URL, replacing an earlier one; returns its URL."""
        body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self._documents[path] = body, content_type
        return f"{self.base_url}/{path}"

    def received(self, path: str) -> Received:
        """The next request to a URL, including earlier ones that were not returned yet."""
        return self._received[path].get(timeout=_WAIT_SECONDS)

    def is_untouched(self, path: str) -> bool:
        """Whether `received` has returned all requests to a URL."""
        return self._received[path].empty()

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        """Record the request, and respond with the document, if any."""
        parts = urlsplit(handler.path)
        path = parts.path.removeprefix(f"/test/a/{ALIAS}/")
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        assert isinstance(handler.connection, ssl.SSLSocket)
        self._received[path].put(
            Received(
                handler.command,
                dict(parse_qsl(parts.query)),
                dict(parse_qsl(body.decode())),
                handler.headers.get("Content-Type"),
                handler.connection.version(),
            )
        )
        document, content_type = self._documents.get(path, (b"", "text/plain"))
        handler.send_response(200)
        for name, value in (("Content-Type", content_type), ("Cache-Control", "no-store")):
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(document)))
        handler.end_headers()
        handler.wfile.write(document)
