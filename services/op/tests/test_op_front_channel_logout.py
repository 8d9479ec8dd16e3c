"""The frames on the last page of a logout (OpenID Connect Front-Channel Logout 1.0)."""

import base64
import hashlib

import pytest
from jose import jwt
from logout_testing import register, sign_in, sign_out
from op_testing import RunningProvider, hidden_fields


@pytest.mark.spec("OpenID Connect Front-Channel Logout §2, §3")
async def test_logout_page_has_frames_of_the_clients(provider: RunningProvider) -> None:
    """OpenID Connect Front-Channel Logout §3: The URL of the frame has `iss` and `sid`."""
    await register(provider, "framed", frontchannel_logout_uri="http://client.test/out?a=b")
    tokens = await sign_in(provider, "framed")
    sid = jwt.get_unverified_claims(tokens["id_token"])["sid"]
    page = await sign_out(provider, tokens)
    html = await page.get_data(as_text=True)
    expected = f"http://client.test/out?a=b&amp;iss=http%3A%2F%2Flocalhost%3A25000&amp;sid={sid}"
    assert f'<iframe src="{expected}"' in html
    assert page.headers["Content-Security-Policy"].endswith("; frame-src http://client.test")
    assert "Refresh" not in page.headers
    assert "<script>" not in html


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §3", "OpenID Connect Front-Channel Logout §2")
async def test_browser_continues_after_the_frames(provider: RunningProvider) -> None:
    """OpenID Connect Front-Channel Logout §2: The last page has a frame for each client, with an origin of its redirect
    URIs, and can frame nothing else. The browser continues when the frames have loaded, and after at most three
    seconds.

    After the frames, the browser continues to the post_logout_redirect_uri.
    """
    bye = "http://client.test/bye"
    uri = "http://client.test/out"
    await register(provider, "framed", frontchannel_logout_uri=uri, post_logout_redirect_uris=[bye])
    tokens = await sign_in(provider, "framed")
    page = await sign_out(provider, tokens, post_logout_redirect_uri=bye, state="s")
    assert page.status_code == 200
    assert page.headers["Refresh"] == f"3; url={bye}?state=s"
    html = await page.get_data(as_text=True)
    assert f'href="{bye}?state=s"' in html
    script = html.split("<script>")[1].split("</script>")[0]
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith(f"; frame-src http://client.test; script-src 'sha256-{allowed}'")


@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
async def test_account_page_logout_loads_the_frames_too(provider: RunningProvider) -> None:
    """Ending the session of the current browser on the account page loads the frames as well; ending another session
    does not.

    The frames belong to this browser. Those of a session elsewhere do not.
    """
    await register(provider, "framed", frontchannel_logout_uri="http://client.test/out")
    elsewhere = jwt.get_unverified_claims((await sign_in(provider, "framed"))["id_token"])["sid"]
    provider.client = provider.new_client()
    here = jwt.get_unverified_claims((await sign_in(provider, "framed"))["id_token"])["sid"]
    csrf_token = hidden_fields(await (await provider.client.get("/account")).get_data(as_text=True))["csrf_token"]
    response = await provider.client.post("/account", form={"csrf_token": csrf_token, "sid": elsewhere})
    assert response.status_code == 303
    response = await provider.client.post("/account", form={"csrf_token": csrf_token, "sid": here})
    html = await response.get_data(as_text=True)
    assert "You are signed out" in html
    assert f"sid={here}" in html
    assert "frame-src http://client.test" in response.headers["Content-Security-Policy"]
    assert "op_session=;" in response.headers["Set-Cookie"]
