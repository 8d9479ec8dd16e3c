"""The header and the signature of an ID token (OpenID Connect Core §3.1.3.7 items 6 to 8, §10.1)."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jose.utils import long_to_base64
from rp_protocol_testing import received, refused, segment
from rp_testing import CLIENT_SECRET, Signer

from rp.check import Check
from rp.errors import IdTokenRefused
from rp.protocol.tokens import signature
from rp.protocol.tokens.received_token import ReceivedToken

RSA = {"kty": "RSA", "n": "x" * 342, "e": "AQAB"}
EC = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}
NO_KEY = "none in the provider's key set"
SEVERAL = "several, without a way to choose"
SIGNED = "OIDC Core §3.1.3.7 (6)"


def row(name: str, expected: str, found: str) -> Check:
    """A check of this module as pages and logs show it."""
    sections = {
        "alg": "OIDC Core §3.1.3.7 (7)",
        "typ": "RFC 8725 §3.11",
        "crit": "RFC 7515 §4.1.11",
        "key": "OIDC Core §10.1",
        "signature": SIGNED,
    }
    return Check(name, sections[name], expected, found)


# --- The header ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256", "none"])
def test_registered_alg_is_accepted(algorithm: str) -> None:
    assert signature.check_algorithm(received({"alg": algorithm}), algorithm) == row("alg", algorithm, algorithm)


@pytest.mark.parametrize(
    ("header", "registered", "found"),
    [
        pytest.param({"alg": "none"}, "RS256", "none", id="none"),
        pytest.param({"alg": "nOnE"}, "RS256", "nOnE", id="none in another case"),
        pytest.param({"alg": "RS512"}, "RS256", "RS512", id="another algorithm of the same key"),
        pytest.param({"alg": "HS256"}, "RS256", "HS256", id="RFC 8725 §3.1 a public key as a secret"),
        pytest.param({"alg": "HS256"}, "ES256", "HS256", id="RFC 8725 §3.1 also for ES256"),
        pytest.param({"alg": "RS256"}, "HS256", "RS256", id="a key although a secret is registered"),
        pytest.param({"alg": "RS256"}, "none", "RS256", id="signed although unsigned is registered"),
        pytest.param({}, "RS256", "absent", id="absent"),
        pytest.param({"alg": ["RS256"]}, "RS256", '["RS256"]', id="a list"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §2, §3.1.3.7 (6), (7)")
@pytest.mark.spec("RFC 8725 §3.1")
def test_any_other_alg_is_rejected(header: dict[str, Any], registered: str, found: str) -> None:
    """RFC 8725 §3.1: At the relying party the algorithm is configured, and the header of a token never chooses it."""
    with refused(IdTokenRefused, row("alg", registered, found)):
        signature.check_algorithm(received(header), registered)


@pytest.mark.parametrize(
    ("header", "found"), [({}, "absent"), ({"typ": None}, "absent"), ({"typ": "JWT"}, "JWT"), ({"typ": "jwt"}, "jwt")]
)
def test_typ_of_an_id_token_is_jwt_or_absent(header: dict[str, Any], found: str) -> None:
    assert signature.check_type(received(header)) == row("typ", "JWT, or absent", found)


@pytest.mark.parametrize(
    ("typ", "found"), [("at+jwt", "at+jwt"), ("logout+jwt", "logout+jwt"), ("", "an empty string"), (7, "7")]
)
@pytest.mark.spec("RFC 8725 §3.11")
def test_any_other_typ_is_rejected(typ: Any, found: str) -> None:
    """`typ` distinguishes the two kinds of token: `at+jwt` is not an id_token."""
    with refused(IdTokenRefused, row("typ", "JWT, or absent", found)):
        signature.check_type(received({"typ": typ}))


def test_no_critical_extension_is_accepted() -> None:
    assert signature.check_extensions(received({"alg": "x"})) == row("crit", "no critical extension", "absent")


@pytest.mark.parametrize(("crit", "found"), [(["exp"], '["exp"]'), ([], "[]"), (None, "absent")])
@pytest.mark.spec("RFC 7515 §4.1.11")
def test_critical_extension_of_a_token_is_rejected(crit: Any, found: str) -> None:
    """A token with a critical extension that is not supported is invalid."""
    with refused(IdTokenRefused, row("crit", "no critical extension", found)):
        signature.check_extensions(received({"crit": crit}))


# --- The key ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kid", "algorithm", "keys"),
    [
        pytest.param(None, "RS256", [RSA], id="RSA"),
        pytest.param(None, "ES256", [EC], id="EC"),
        pytest.param(None, "RS256", [EC, RSA], id="the only one of its type"),
        pytest.param("b", "RS256", [RSA | {"kid": "a"}, RSA | {"kid": "b"}, RSA], id="by kid"),
        pytest.param("a", "RS256", [EC | {"kid": "a"}, RSA | {"kid": "a"}], id="by kid and type"),
        pytest.param(
            None, "RS256", [RSA | {"use": "sig", "alg": "RS256", "key_ops": ["sign", "verify"]}], id="with its use"
        ),
        pytest.param(None, "ES256", [EC | {"alg": "ES256"}], id="EC with its algorithm"),
        pytest.param(None, "RS256", [RSA, RSA | {"use": "enc"}], id="the only one for signatures"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §10.1")
@pytest.mark.spec("RFC 7517 §4.1, §4.2, §4.3, §4.4, §4.5")
def test_only_suitable_key_is_taken(kid: str | None, algorithm: str, keys: list[dict[str, Any]]) -> None:
    """OpenID Connect Core §10.1: Exactly one key must match. Without a `kid` the set must not be ambiguous."""
    expected = f"one {algorithm} key" + (f" with kid {kid}" if kid else "")
    assert signature.check_key(received({"kid": kid}), algorithm, keys) == row("key", expected, "one")


@pytest.mark.parametrize(
    ("header", "algorithm", "keys", "found"),
    [
        pytest.param({}, "RS256", [], NO_KEY, id="an empty set"),
        pytest.param({}, "RS256", [EC], NO_KEY, id="kty of another algorithm"),
        pytest.param({}, "ES256", [EC | {"crv": "P-384"}], NO_KEY, id="another curve"),
        pytest.param({}, "ES256", [{"kty": "EC"}], NO_KEY, id="no curve"),
        pytest.param({}, "RS256", [RSA | {"use": "enc"}], NO_KEY, id="use: for encryption"),
        pytest.param({}, "RS256", [RSA | {"alg": "RS512"}], NO_KEY, id="alg: another"),
        pytest.param({}, "RS256", [RSA | {"key_ops": ["encrypt"]}], NO_KEY, id="key_ops: not to verify"),
        pytest.param({}, "RS256", [RSA | {"key_ops": "verify"}], NO_KEY, id="key_ops: not a list"),
        pytest.param({}, "RS256", [RSA | {"n": "x" * 341}], NO_KEY, id="RFC 7518 §3.3 under 2048 bits"),
        pytest.param({}, "RS256", [{"kty": "RSA"}], NO_KEY, id="no modulus"),
        pytest.param({}, "RS256", [RSA, RSA], SEVERAL, id="several, and no kid"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §10.1")
@pytest.mark.spec("RFC 7517 §4.1, §4.2, §4.3, §4.4, §4.5")
def test_no_suitable_key_is_rejected(
    header: dict[str, Any], algorithm: str, keys: list[dict[str, Any]], found: str
) -> None:
    """RFC 7517 §4.1, §4.2, §4.3, §4.4, §4.5: A key is used only if `kty`, `use`, `key_ops`, `alg` and `kid` all
    allow it.
    """
    with refused(IdTokenRefused, row("key", f"one {algorithm} key", found)):
        signature.check_key(received(header), algorithm, keys)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        pytest.param([RSA | {"kid": "other"}], NO_KEY, id="another kid"),
        pytest.param([RSA], NO_KEY, id="a key without a kid"),
        pytest.param([RSA | {"kid": "mine"}] * 2, SEVERAL, id="the same kid twice"),
    ],
)
def test_kid_must_match_exactly_one_key(keys: list[dict[str, Any]], found: str) -> None:
    with refused(IdTokenRefused, row("key", "one RS256 key with kid mine", found)):
        signature.check_key(received({"kid": "mine"}), "RS256", keys)


@pytest.mark.parametrize(
    ("algorithm", "check"),
    [
        ("HS256", Check("key", "OIDC Core §10.1", "the client's secret", "the client's secret")),
        ("none", Check("key", "OIDC Core §2", "no key: registered as unsigned", "no key")),
    ],
)
def test_secret_and_unsigned_need_no_published_key(algorithm: str, check: Check) -> None:
    assert signature.check_key(received({"kid": "unknown"}), algorithm, []) == check


# --- The signature ---------------------------------------------------------------------------------------------------


def verified(token: str, algorithm: str, keys: list[dict[str, Any]], secret: str | None = CLIENT_SECRET) -> Check:
    return signature.check_signature(ReceivedToken.parse(token), algorithm, keys, secret)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
def test_signature_of_the_provider_is_accepted(signer: Signer, algorithm: str) -> None:
    token = signer.sign({"sub": "user0"}, algorithm)
    keys = [] if algorithm == "HS256" else signer.jwks
    assert verified(token, algorithm, keys) == row("signature", f"valid with {algorithm}", "valid")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_key_is_chosen_by_the_kid_of_the_token(signer: Signer, other_signer: Signer, algorithm: str) -> None:
    keys = [other_signer.jwk(algorithm, kid="other"), signer.jwk(algorithm, kid="mine")]
    assert verified(signer.sign({}, algorithm, kid="mine"), algorithm, keys).found == "valid"


@pytest.mark.spec("RFC 7518 §6.2.1, §6.3.1")
def test_private_members_and_x5c_of_a_key_are_not_used(signer: Signer) -> None:
    """A public key is built from its public members only."""
    key = signer.jwk("RS256", d="AQAB", p="AQAB", x5c=["rubbish"], alg=None)
    assert verified(signer.sign({}), "RS256", [key]).found == "valid"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (6), (8)")
def test_signature_by_another_key_is_rejected(signer: Signer, other_signer: Signer, algorithm: str) -> None:
    with refused(IdTokenRefused, row("signature", f"valid with {algorithm}", "not valid")):
        verified(other_signer.sign({}, algorithm), algorithm, signer.jwks, "x" * 32)


@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (6)")
def test_signature_of_other_claims_is_rejected(signer: Signer) -> None:
    """The signature is verified, although the token came directly from the provider."""
    header, _, signed = signer.sign({"sub": "user0"}).split(".")
    with refused(IdTokenRefused, row("signature", "valid with RS256", "not valid")):
        verified(f"{header}.{segment({'sub': 'root'})}.{signed}", "RS256", signer.jwks)


@pytest.mark.spec("RFC 8725 §3.1")
def test_signature_under_another_alg_is_rejected(signer: Signer) -> None:
    """RFC 8725 §3.1: even if the key matches and the signature is valid."""
    signed = f"{segment({'alg': 'RS512'})}.{segment({})}"
    token = f"{signed}.{segment(signer.private['RS256'].sign(signed.encode()))}"
    with refused(IdTokenRefused, row("signature", "valid with RS256", "not valid")):
        verified(token, "RS256", [signer.jwk("RS256")])


def test_token_without_a_signature_is_rejected(signer: Signer) -> None:
    header, claims, _ = signer.sign({}).split(".")
    with refused(IdTokenRefused, row("signature", "valid with RS256", "not valid")):
        verified(f"{header}.{claims}.", "RS256", signer.jwks)


@pytest.mark.spec("RFC 7518 §3.3")
def test_rsa_key_under_2048_bits_is_not_used(signer: Signer) -> None:
    """RFC 7518 §3.3: even if its signature is valid."""
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - weak on purpose
    weak = signer.jwk("RS256", n=long_to_base64(private_key.public_key().public_numbers().n).decode())
    with refused(IdTokenRefused, row("key", "one RS256 key with kid RS256", NO_KEY)):
        signature.check_key(ReceivedToken.parse(signer.sign({})), "RS256", [weak])


@pytest.mark.parametrize(
    ("algorithm", "members"),
    [
        pytest.param("RS256", {"n": "!" * 342}, id="n is not a number"),
        pytest.param("RS256", {"e": "AA"}, id="e is zero"),
        pytest.param("RS256", {"e": None}, id="no e"),
        pytest.param("ES256", {"x": "AAAA"}, id="RFC 8725 §3.4 a point off the curve"),
        pytest.param("ES256", {"y": None}, id="no y"),
    ],
)
@pytest.mark.spec("RFC 7517 §4, §5")
@pytest.mark.spec("RFC 7518 §6.2.1, §6.3.1")
@pytest.mark.spec("RFC 8725 §3.4")
def test_unreadable_key_is_rejected(signer: Signer, algorithm: str, members: dict[str, Any]) -> None:
    """RFC 8725 §3.4: A point that is not on its curve is not a key."""
    with pytest.raises(IdTokenRefused) as error:
        verified(signer.sign({}, algorithm), algorithm, [signer.jwk(algorithm, **members)])
    check = error.value.check
    assert (check.name, check.section) == ("key", "RFC 7517 §4")
    assert check.expected == f"a well-formed {algorithm} key"
    assert check.found.endswith("Error")


UNSIGNED = f"{segment({'alg': 'none'})}.{segment({'sub': 'user0'})}."


@pytest.mark.spec("RFC 7518 §3.6")
def test_unsigned_token_has_an_empty_signature() -> None:
    """RFC 7518 §3.6, for a client that is registered for it."""
    assert verified(UNSIGNED, "none", []) == row("signature", "none: registered as unsigned", "none")


@pytest.mark.spec("OpenID Connect Core §2, §3.1.3.7 (6)")
def test_unsigned_token_with_a_signature_is_rejected() -> None:
    """An unsigned token is rejected, unless the client is registered for it; its provider must use https or be
    on the same host.
    """
    with refused(IdTokenRefused, row("signature", "none: registered as unsigned", "a signature")):
        verified(f"{UNSIGNED}AAAA", "none", [])
