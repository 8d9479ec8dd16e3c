"""The module of the OpenID Foundation's Config OP plan: `oidcc-config-certification-test-plan`."""

from support.certification.client import Op
from support.certification.discovery import check_discovery


def test_oidcc_discovery_endpoint_verification(certified_op: Op) -> None:
    """With client_registration=static_client: one response type of OpenID Connect, and some grant types."""
    check_discovery(certified_op)
    known = {"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}
    offered = {" ".join(sorted(name.split())) for name in certified_op.metadata["response_types_supported"]}
    assert offered & known
    assert certified_op.metadata["grant_types_supported"]
