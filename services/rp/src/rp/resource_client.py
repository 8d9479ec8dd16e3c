"""The request to the resource server."""

from rp.errors import ResourceRefused
from rp.message import Message
from servicekit.http import HttpClient, HttpResponse, Unreachable


class ResourceClient:
    """The application's own API, `GET /api/me`."""

    def __init__(self, base_url: str, http: HttpClient) -> None:
        self._url = f"{base_url}/api/me"
        self._http = http

    async def me(self, access_token: str) -> HttpResponse:
        """Request the user's profile (RFC 6750 §2.1). Raises ResourceRefused if the server does not respond."""
        try:
            return await self._http.get(self._url, {"Authorization": f"Bearer {access_token}"})
        except Unreachable as failure:
            explanation = Message("error", "The resource server does not respond. Try again in a moment.")
            raise ResourceRefused(explanation, str(failure)) from failure
