"""The call to the resource server."""

from rp.errors import ResourceRefused
from servicekit.http import HttpClient, HttpResponse, Unreachable


class ResourceClient:
    """The application's own interface, `GET /api/me`."""

    def __init__(self, base_url: str, http: HttpClient) -> None:
        self._url = f"{base_url}/api/me"
        self._http = http

    async def me(self, access_token: str) -> HttpResponse:
        """Ask for this person's profile (RFC 6750 §2.1); raises ResourceRefused when no answer comes."""
        try:
            return await self._http.get(self._url, {"Authorization": f"Bearer {access_token}"})
        except Unreachable as failure:
            raise ResourceRefused("The resource server does not answer.", str(failure)) from failure
