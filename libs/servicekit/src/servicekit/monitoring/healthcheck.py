"""`python -m servicekit.healthcheck`: whether the service of this container is ready, for images without a shell.

It asks `/readyz` where `BIND` says that the service listens; the exit status is 0 or 1. Docker starts it every few
seconds for each container, so it imports next to nothing.
"""

import os
import socket
import sys

_TIMEOUT_SECONDS = 2.0
_REQUEST = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_STATUS_LENGTH = len(b"HTTP/1.1 200")


def ready(bind: str, *, tls: bool = False) -> bool:
    """Whether what listens at `host:port`, with `tls` or without, answers /readyz with 200."""
    host, _, port = bind.rpartition(":")
    address = "127.0.0.1" if host in ("0.0.0.0", "[::]") else host.strip("[]")  # noqa: S104
    answer = b""
    try:
        with (
            socket.create_connection((address, int(port)), _TIMEOUT_SECONDS) as connection,
            _over_tls(connection) if tls else connection as spoken,
        ):
            spoken.sendall(_REQUEST)
            while len(answer) < _STATUS_LENGTH and (received := spoken.recv(_STATUS_LENGTH)):
                answer += received
    except OSError:
        return False
    return answer[:_STATUS_LENGTH].endswith(b" 200")


def _over_tls(connection: socket.socket) -> socket.socket:
    """It asks itself under a name that is not the certificate's, and sends no secret."""
    import ssl  # noqa: PLC0415 - it is large, and most containers do without

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)


if __name__ == "__main__":
    sys.exit(0 if ready(os.environ["BIND"], tls=bool(os.environ.get("TLS_CERT_FILE"))) else 1)
