"""The configurations for the OpenID Foundation's conformance suite fit the directory and the services."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from rp.app import create_app
from rp.settings import Settings
from servicekit.settings import read
from stack import read_values

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "certification"
SUITE = FOLDER / "suite"
PROVIDER = sorted(SUITE.glob("provider*.json"))
RELYING_PARTY = sorted(SUITE.glob("relying-party*.json"))
SECRET = "0123456789abcdef0123456789abcdef"
EXPORTED = {
    "OIDC_ISSUER": "https://op.example",
    "RP_BASE_URL": "https://rp.example",
    "CLIENT_SECRET": SECRET,
    "CERTIFICATION_CLIENT_SECRET": SECRET,
}


def configuration(file: Path) -> dict[str, Any]:
    """What `envsubst` makes of it, with the variables that the documents export."""
    text = re.sub(r"\$\{(\w+)\}", lambda match: EXPORTED[match[1]], file.read_text())
    assert "$" not in text
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def relying_party(values: dict[str, str]) -> Settings:
    return read(
        Settings, {**values, **EXPORTED, "OIDC_ISSUER": values["OIDC_ISSUER"], "REDIS_URL": "redis://localhost"}
    )


@pytest.mark.parametrize("file", [*PROVIDER, *RELYING_PARTY], ids=lambda file: file.name)
def test_configuration_is_in_the_documents(file: Path) -> None:
    document = "certification.md" if file in PROVIDER else "certification-rp.md"
    assert f"`{file.name}`" in (ROOT / "docs" / document).read_text()
    assert configuration(file)["alias"] == "trefoil"


@pytest.mark.parametrize("file", PROVIDER, ids=lambda file: file.name)
def test_clients_of_the_suite_are_in_the_directory(file: Path) -> None:
    directory = (FOLDER / "directory.yaml").read_text().replace("${CERTIFICATION_CLIENT_SECRET}", SECRET)
    registered = {client["client_id"]: client for client in yaml.safe_load(directory)["clients"]}
    configured = configuration(file)
    assert configured["server"]["login_hint"] == "carol"
    for role in ("client", "client2", "client_secret_post"):
        client = configured.get(role, {})
        if "client_id" in client:
            assert client["client_secret"] == registered[client["client_id"]]["client_secret"]
            if role == "client_secret_post":
                assert registered[client["client_id"]]["token_endpoint_auth_method"] == role
    channel = re.search(r"(\w+)-channel", file.name)
    uri = f"{channel[1]}channel_logout_uri" if channel else "client_id"
    assert "client_id" not in configured["client"] or uri in registered[configured["client"]["client_id"]]


@pytest.mark.parametrize("file", RELYING_PARTY, ids=lambda file: file.name)
def test_addresses_of_the_suite_are_those_of_the_relying_party(file: Path) -> None:
    settings = relying_party(read_values(FOLDER / "relying-party.env"))
    client = configuration(file).get("client", {})
    if client:
        assert (client["client_id"], client["client_secret"]) == (settings.client_id, settings.client_secret)
    app = create_app(settings)
    paths = {rule.rule for rule in app.url_map.iter_rules()} | {"/backchannel-logout", "/frontchannel-logout"}
    for name, value in client.items():
        if name.endswith("_uri"):
            assert value.removeprefix(settings.rp_base_url) in paths, name


def test_rp_initiated_logout_is_configured_without_frames() -> None:
    with_frames = {file.name for file in RELYING_PARTY if "frontchannel" in file.read_text()}
    assert with_frames == {"relying-party-front-channel-logout.json"}
