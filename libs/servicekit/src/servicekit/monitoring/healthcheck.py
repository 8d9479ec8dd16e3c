"""`python -m servicekit.monitoring.healthcheck`: the health check of a container, for images without a shell.

It requests `/readyz` at the address of `BIND`; the exit status is 0 or 1. Docker starts it every few seconds for each
container, so it imports as little as possible.
"""

import os
import socket
import sys

_TIMEOUT_SECONDS = 2.0
_REQUEST = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_STATUS_LENGTH = len(b"HTTP/1.1 200")


def ready(bind: str, *, tls: bool = False) -> bool:
    """Whether the service at `host:port` returns 200 for /readyz, over TLS if `tls` is set."""
    host, _, port = bind.rpartition(":")
    address = "127.0.0.1" if host in ("0.0.0.0", "[::]") else host.strip("[]")  # noqa: S104
    response = b""
    try:
        with (
            socket.create_connection((address, int(port)), _TIMEOUT_SECONDS) as connection,
            _over_tls(connection) if tls else connection as stream,
        ):
            stream.sendall(_REQUEST)
            while len(response) < _STATUS_LENGTH and (received := stream.recv(_STATUS_LENGTH)):
                response += received
    except OSError:
        return False
    return response[:_STATUS_LENGTH].endswith(b" 200")


def _over_tls(connection: socket.socket) -> socket.socket:
    """The certificate is not verified: the address is local, and the request contains no secret."""
    import ssl  # noqa: PLC0415 - it is large, and most containers do not need it

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)


if __name__ == "__main__":
    sys.exit(0 if ready(os.environ["BIND"], tls=bool(os.environ.get("TLS_CERT_FILE"))) else 1)
