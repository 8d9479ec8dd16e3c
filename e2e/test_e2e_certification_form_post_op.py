"""The modules of the OpenID Foundation's Form Post OP plan for the code flow.

`oidcc-formpost-basic-certification-test-plan` has the modules of the Basic plan, each with response_mode=form_post.
"""

import pytest
from test_e2e_certification_basic_op import *  # noqa: F403 - the same modules are this plan's, too


@pytest.fixture
def response_mode() -> str | None:
    return "form_post"


def test_the_mode_is_offered(certified_op) -> None:
    assert "form_post" in certified_op.metadata["response_modes_supported"]
