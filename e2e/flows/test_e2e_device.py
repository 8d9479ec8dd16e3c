"""The device grant with a person in a real browser (RFC 8628)."""

from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from support.consent_client import DEVICE_GRANT, ConsentClient
from support.demo_client import TIMEOUT


def poll(consent_client: ConsentClient, device: dict[str, Any]) -> requests.Response:
    form = {"grant_type": DEVICE_GRANT, "device_code": device["device_code"], "client_id": "television"}
    return requests.post(f"{consent_client.stack.op_url}/token", data=form, timeout=TIMEOUT)


def type_code(page: Page, device: dict[str, Any], user_code: str) -> None:
    page.goto(device["verification_uri"])
    page.get_by_label("Code shown on the device").fill(user_code)
    page.keyboard.press("Enter")


@pytest.mark.spec("RFC 8628 §3.3, §5.4")
def test_user_enters_the_code_and_connects_the_device(
    page: Page, consent_client: ConsentClient, device: dict[str, Any]
) -> None:
    """RFC 8628 §3.3: The user code may be typed in lower case and without its hyphen."""
    type_code(page, device, device["user_code"].replace("-", "").lower())
    main = page.get_by_role("main")
    expect(main).to_contain_text("Television requests access to your account")
    expect(main).to_contain_text(device["user_code"])
    expect(main.get_by_role("listitem")).to_have_text(["know who you are", "see your email address"])
    page.get_by_label("Username").fill("user0")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("alert")).to_have_text("The username or password is incorrect.")
    page.get_by_label("Username").fill("user0")
    page.get_by_label("Password").fill("password0")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Device connected")
    response = poll(consent_client, device)
    assert response.status_code == 200
    assert response.json().keys() >= {"access_token", "refresh_token", "id_token"}
    page.goto(f"{consent_client.stack.op_url}/account")
    expect(page.get_by_role("region", name="Where you are signed in")).to_contain_text("Chrome")


@pytest.mark.spec("RFC 8628 §3.3, §3.3.1, §5.4")
def test_code_in_the_url_is_confirmed_and_may_be_denied(
    page: Page, consent_client: ConsentClient, device: dict[str, Any]
) -> None:
    """RFC 8628 §3.3.1: Opening a link with the user code does not approve the request."""
    page.goto(device["verification_uri_complete"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect this device?")
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Access denied")
    response = poll(consent_client, device)
    assert (response.status_code, response.json()["error"]) == (400, "access_denied")


def test_wrong_code_can_be_corrected_in_the_same_language(page: Page, device: dict[str, Any]) -> None:
    page.goto(f"{device['verification_uri']}?ui_locales=de")
    page.get_by_label("Code, den das Gerät anzeigt").fill("XXXX-XXXX")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("alert")).to_contain_text("Unbekannter Code.")
    page.get_by_label("Code, den das Gerät anzeigt").fill(device["user_code"])
    page.get_by_role("button", name="Weiter").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dieses Gerät verbinden?")
    page.get_by_role("button", name="Ablehnen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zugriff abgelehnt")
