"""The metrics of a service, and the application that serves them on `MANAGEMENT_BIND`.

With several workers, each writes to `PROMETHEUS_MULTIPROC_DIR`, and the one that serves a request adds them up.
"""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from servicekit.web.endpoints import AsgiApp, Receive, Scope, Send

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_METHODS = ("GET", "POST", "HEAD", "OPTIONS")


class Metrics:
    """Counts requests by path, method and status, and measures their duration in seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "trefoil_requests", "Completed requests", ("path", "method", "status"), registry=self.registry
        )
        self._duration = Histogram(
            "trefoil_request_duration_seconds",
            "Time from the head of a request to its response",
            ("path",),
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count a completed request; unknown methods are counted as `other`, to limit the number of labels."""
        key = (path, method if method in _METHODS else "other", status)
        known = self._series.get(key)
        if known is None:
            counter = self._requests.labels(path, key[1], str(status))
            known = self._series[key] = (counter, self._duration.labels(path))
        counter, histogram = known
        counter.inc()
        histogram.observe(seconds)

    def page(self) -> bytes:
        """The metrics in the text format of Prometheus."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def management_app(metrics: Metrics) -> AsgiApp:
    """An ASGI application that serves GET /metrics and nothing else."""

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        found = scope["path"] == "/metrics" and scope["method"] == "GET"
        body = metrics.page() if found else b""
        headers = [(b"content-type", CONTENT_TYPE_LATEST.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
