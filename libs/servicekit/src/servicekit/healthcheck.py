"""`python -m servicekit.healthcheck`: whether the service of this container is ready, for images without a shell.

It asks `/readyz` where `BIND` says that the service listens; the exit status is 0 or 1.
"""

import http.client
import os
import sys

from servicekit.settings import host_and_port

_TIMEOUT_SECONDS = 2.0


def ready(bind: str) -> bool:
    """Whether what listens at `host:port` answers /readyz with 200."""
    host, port = host_and_port(bind)
    connection = http.client.HTTPConnection("127.0.0.1" if host in ("0.0.0.0", "::") else host, port, _TIMEOUT_SECONDS)  # noqa: S104
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if ready(os.environ["BIND"]) else 1)
