"""The steps of the demo client in a sign-in, for tests that do something between them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from stack import Stack, demo_values
from support.scripted_login import log_in

VERIFIER = "a-code-verifier-of-the-tests-that-is-long-enough-for-rfc-7636"
CHALLENGE = "xcTKfXB9-wn-VkI9e3TtYzYNAMe1lLwx-T54sJbqCNI"
TIMEOUT = 5.0


@dataclass(frozen=True)
class DemoClient:
    """demo-client, whose redirect_uri is not opened."""

    stack: Stack

    @property
    def authorization_url(self) -> str:
        query = {
            "response_type": "code",
            "client_id": demo_values()["CLIENT_ID"],
            "redirect_uri": f"{self.stack.rp_url}/callback",
            "scope": "openid email profile",
            "nonce": "of-the-tests",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{self.stack.op_url}/authorize?{urlencode(query)}"

    def code(self) -> str:
        """A code from a login."""
        with requests.Session() as browser:
            back = log_in(browser, self.authorization_url)
        return parse_qs(urlsplit(back).query)["code"][0]

    def redeem(self, code: str) -> requests.Response:
        redirect_uri = f"{self.stack.rp_url}/callback"
        return self._token(
            grant_type="authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=VERIFIER
        )

    def refresh(self, refresh_token: str) -> requests.Response:
        return self._token(grant_type="refresh_token", refresh_token=refresh_token)

    def tokens(self) -> dict[str, Any]:
        response = self.redeem(self.code())
        response.raise_for_status()
        tokens: dict[str, Any] = response.json()
        return tokens

    def _token(self, **form: str) -> requests.Response:
        values = demo_values()
        return requests.post(
            f"{self.stack.op_url}/token",
            data=form,
            auth=(values["CLIENT_ID"], values["CLIENT_SECRET"]),
            timeout=TIMEOUT,
        )
