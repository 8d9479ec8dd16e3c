"""Individually requested claims (OpenID Connect Core §5.5), and acr and amr (§5.5.1.1)."""

import json
from typing import Any

import pytest
from protocol_testing import refused

from op.errors import InvalidRequest, UnmetAuthenticationRequirements
from op.protocol.authorization.authentication_context import (
    ACR,
    ACR_VALUES,
    authentication_claims,
    check_acr,
    with_acr_values,
)
from op.protocol.authorization.claims_request import (
    accepts,
    demanded_subject,
    individual_claims,
    parse_claims,
    requested_claim,
    requested_claims,
)

KNOWN = {"email": "ada@a.test", "email_verified": False, "locale": "en-GB", "name": None, "shoe_size": 44, "sub": "x"}


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        pytest.param(None, {}, id="no parameter"),
        pytest.param("{}", {}, id="nothing"),
        pytest.param('{"userinfo": null, "id_token": {}}', {"id_token": {}}, id="null is nothing"),
        pytest.param('{"id_token": {"email": null}}', {"id_token": {"email": {}}}, id="§5.5.1 null"),
        pytest.param('{"userinfo": {"email": {}}}', {"userinfo": {"email": {}}}, id="§5.5.1 an object"),
        pytest.param(
            '{"id_token": {"a": {"essential": true, "value": 1, "values": [1], "purpose": "x"}}}',
            {"id_token": {"a": {"essential": True, "value": 1, "values": [1]}}},
            id="§5.5.1 an unknown member",
        ),
        pytest.param('{"more": {"email": null}, "id_token": {"a": null}}', {"id_token": {"a": {}}}, id="§5.5 a place"),
        pytest.param("{" + " " * 4094 + "}", {}, id="4096 characters"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.5")
def test_claims_parameter_is_parsed(text: str | None, claims: dict[str, Any]) -> None:
    assert parse_claims(text) == claims


@pytest.mark.parametrize(
    ("text", "description"),
    [
        pytest.param(
            "{" + " " * 4095 + "}",
            "The parameter claims must not be longer than 4096 characters.",
            id="4097 characters",
        ),
        pytest.param("{", "The parameter claims is not valid JSON.", id="not JSON"),
        pytest.param("NaN", "The parameter claims is not valid JSON.", id="NaN"),
        pytest.param(
            '{"userinfo": {"x": {"value": Infinity}}}', "The parameter claims is not valid JSON.", id="Infinity"
        ),
        pytest.param("[" * 2000, "The parameter claims is not valid JSON.", id="brackets"),
        pytest.param(
            f'{{"userinfo": {{"email": {{"value": {"[" * 25}{"]" * 25}}}}}}}',
            "The parameter claims is not valid JSON.",
            id="nested too deeply",
        ),
        pytest.param("[]", "The parameter claims must be a JSON object.", id="a list"),
        pytest.param('"x"', "The parameter claims must be a JSON object.", id="a string"),
        pytest.param("null", "The parameter claims must be a JSON object.", id="null"),
        pytest.param(
            '{"id_token": []}', "The member id_token of claims must be a JSON object.", id="a place that is a list"
        ),
        pytest.param(
            '{"userinfo": false}', "The member userinfo of claims must be a JSON object.", id="a place that is false"
        ),
        pytest.param(
            '{"id_token": {"email": 1}}', "Each claim in claims must be null or a JSON object.", id="a number"
        ),
        pytest.param('{"id_token": {"email": true}}', "Each claim in claims must be null or a JSON object.", id="true"),
        pytest.param(
            '{"id_token": {"email": []}}', "Each claim in claims must be null or a JSON object.", id="a list of it"
        ),
        pytest.param(
            '{"id_token": {"email": {"essential": "yes"}}}',
            "The member essential of a requested claim must be true or false.",
            id="essential is a string",
        ),
        pytest.param(
            '{"id_token": {"email": {"essential": null}}}',
            "The member essential of a requested claim must be true or false.",
            id="essential is null",
        ),
        pytest.param(
            '{"userinfo": {"email": {"values": "x"}}}',
            "The member values of a requested claim must be an array.",
            id="values is a string",
        ),
        pytest.param(
            '{"userinfo": {"email": {"values": null}}}',
            "The member values of a requested claim must be an array.",
            id="values is null",
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.5")
def test_malformed_claims_parameter_is_rejected(text: str, description: str) -> None:
    with refused(InvalidRequest, description):
        parse_claims(text)


@pytest.mark.parametrize(
    ("place", "name", "expected"),
    [("id_token", "a", {"value": 1}), ("id_token", "b", None), ("userinfo", "a", None)],
)
def test_requested_claim_is_found(place: str, name: str, expected: dict[str, Any] | None) -> None:
    assert requested_claim({"id_token": {"a": {"value": 1}}}, place, name) == expected


@pytest.mark.parametrize(
    ("requested", "value", "accepted"),
    [
        ({}, "x", True),
        ({"value": "x"}, "x", True),
        ({"value": "y"}, "x", False),
        ({"value": None}, "x", False),
        ({"values": ["y", "x"]}, "x", True),
        ({"values": ["y"]}, "x", False),
        ({"values": []}, "x", False),
        ({"value": "x", "values": ["y"]}, "x", False),
        ({"value": "y", "values": ["x"]}, "x", False),
        ({"value": "x", "values": ["x"]}, "x", True),
    ],
    ids=str,
)
@pytest.mark.spec("OpenID Connect Core §5.5.1")
def test_value_must_be_a_requested_one(requested: dict[str, Any], value: str, accepted: bool) -> None:
    """OpenID Connect Core §5.5.1."""
    assert accepts(requested, value) is accepted


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param(
            {"email": {}, "locale": {"essential": True}}, {"email": "ada@a.test", "locale": "en-GB"}, id="two"
        ),
        pytest.param({"email_verified": {}}, {"email_verified": False}, id="false is a value"),
        pytest.param({"name": {}, "phone_number": {}}, {}, id="null, and not known"),
        pytest.param({"shoe_size": {}, "sub": {}}, {}, id="no standard claim"),
        pytest.param({"locale": {"value": "de"}}, {}, id="another value"),
        pytest.param({"locale": {"values": ["de", "en-GB"]}}, {"locale": "en-GB"}, id="one of the values"),
    ],
)
def test_only_known_requested_claims_are_returned(requested: dict[str, Any], expected: dict[str, Any]) -> None:
    assert requested_claims({"userinfo": requested}, "userinfo", KNOWN) == expected
    assert requested_claims({"userinfo": requested}, "id_token", KNOWN) == {}


def test_individual_claims_exclude_the_scope_and_are_ordered() -> None:
    userinfo: dict[str, Any] = {"phone_number": {}, "email": {}, "x": {}}
    claims = {"userinfo": userinfo, "id_token": {"name": {}, "phone_number": {}}}
    assert individual_claims(claims, ["email"]) == ["name", "phone_number"]
    assert individual_claims(claims, []) == ["email", "name", "phone_number"]


@pytest.mark.parametrize(
    ("claims", "sub"),
    [
        ({}, None),
        ({"id_token": {"sub": {}}}, None),
        ({"id_token": {"sub": {"value": None}}}, None),
        ({"id_token": {"sub": {"value": "user0"}}}, "user0"),
        ({"userinfo": {"sub": {"value": "user0"}}}, None),
    ],
    ids=str,
)
@pytest.mark.spec("OpenID Connect Core §5.5.1")
def test_demanded_subject_is_found(claims: dict[str, Any], sub: str | None) -> None:
    """OpenID Connect Core §5.5.1."""
    assert demanded_subject(claims) == sub


@pytest.mark.parametrize("value", [1, ["user0"], False])
def test_demanded_subject_must_be_a_string(value: Any) -> None:
    with refused(InvalidRequest, "The value of the requested claim sub must be a string."):
        demanded_subject({"id_token": {"sub": {"value": value}}})


# --- acr and amr -----------------------------------------------------------------------------------------------------


def test_one_acr_is_supported() -> None:
    assert ACR == "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
    assert list(ACR_VALUES) == [ACR]


@pytest.mark.parametrize(
    ("claims", "acr_values", "expected"),
    [
        pytest.param({"id_token": {"a": {}}}, None, {"id_token": {"a": {}}}, id="no acr_values"),
        pytest.param({}, "1 2", {"id_token": {"acr": {"values": ["1", "2"]}, "amr": {}}}, id="acr_values"),
        pytest.param(
            {"id_token": {"acr": {"value": "3"}, "amr": {"essential": True}}, "userinfo": {"a": {}}},
            "1",
            {"id_token": {"acr": {"value": "3"}, "amr": {"essential": True}}, "userinfo": {"a": {}}},
            id="claims has precedence",
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_acr_values_request_voluntary_claims(
    claims: dict[str, Any], acr_values: str | None, expected: dict[str, Any]
) -> None:
    assert with_acr_values(claims, acr_values) == expected


@pytest.mark.parametrize(
    "acr",
    [
        None,
        {},
        {"value": "urn:gold"},
        {"essential": False, "value": "urn:gold"},
        {"essential": True},
        {"essential": True, "value": ACR},
        {"essential": True, "values": ["urn:gold", ACR]},
    ],
    ids=json.dumps,
)
@pytest.mark.spec("OpenID Connect Core §5.5.1.1")
def test_supported_acr_is_accepted(acr: dict[str, Any] | None) -> None:
    """OpenID Connect Core §5.5.1.1."""
    check_acr({} if acr is None else {"id_token": {"acr": acr}})


@pytest.mark.parametrize("wanted", [{"value": "urn:gold"}, {"values": ["urn:gold"]}, {"values": []}], ids=str)
@pytest.mark.spec("OpenID Connect Core §5.5.1.1")
def test_unsupported_essential_acr_is_rejected(wanted: dict[str, Any]) -> None:
    """OpenID Connect Core §5.5.1.1."""
    with refused(
        UnmetAuthenticationRequirements,
        "This provider does not support the required acr. Use one of its acr_values_supported.",
    ):
        check_acr({"id_token": {"acr": {"essential": True, **wanted}}})


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, {}),
        ({"userinfo": {"acr": {}}}, {}),
        ({"id_token": {"acr": {"value": "urn:gold"}}}, {"acr": ACR}),
        ({"id_token": {"amr": {}}}, {"amr": ["pwd"]}),
        ({"id_token": {"acr": {}, "amr": {}}}, {"acr": ACR, "amr": ["pwd"]}),
    ],
    ids=str,
)
@pytest.mark.spec("OpenID Connect Core §5.5.1.1", "RFC 8176 §2")
def test_acr_and_amr_describe_the_authentication(claims: dict[str, Any], expected: dict[str, Any]) -> None:
    """OpenID Connect Core §5.5.1.1, RFC 8176 §2."""
    assert authentication_claims(claims) == expected
