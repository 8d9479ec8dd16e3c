"""`/healthz`: the process is alive. `/readyz`: everything that it depends on is available."""

from collections.abc import Awaitable, Callable, Mapping

from servicekit.web.endpoints import Reply, Request, Route, json_reply

Check = Callable[[], Awaitable[object]]

_NO_STORE = (("cache-control", "no-store"),)


def health_routes(checks: Mapping[str, Check]) -> dict[str, Route]:
    """The two routes; the service is ready if none of the `checks` raises an exception, and otherwise returns 503."""

    async def healthz(_: Request) -> Reply:
        return json_reply(200, {"status": "ok"}, _NO_STORE)

    async def readyz(_: Request) -> Reply:
        failed = {}
        for name, check in checks.items():
            try:
                await check()
            except Exception as failure:  # noqa: BLE001 - any exception means not ready
                failed[name] = type(failure).__name__
        if failed:
            return json_reply(503, {"status": "unavailable", "failed": failed}, (("retry-after", "1"), *_NO_STORE))
        return json_reply(200, {"status": "ready"}, _NO_STORE)

    return {"/healthz": Route({"GET": healthz}), "/readyz": Route({"GET": readyz})}
