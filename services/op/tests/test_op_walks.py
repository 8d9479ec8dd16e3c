"""The two walks of docs/architecture.md ("Where to read first") name files that really handle these requests."""

import re
import sys
from collections.abc import Awaitable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from op_testing import RunningProvider

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "services/op/src/op"
GUIDE = (ROOT / "docs/architecture.md").read_text().partition("## Where to read first")[2]


def named(heading: str) -> list[str]:
    """The files of the numbered list below a heading, in order."""
    part = re.search(rf"^`{heading}`.*?\n\n((?:\d+\..*\n)+)", GUIDE, re.MULTILINE)
    assert part is not None, heading
    return re.findall(r"\(\.\./services/op/src/op/([\w/]+\.py)\)", part[1])


async def walked(request: Awaitable[Any]) -> tuple[Any, list[str]]:
    """A response, and the provider's files that were executed for it, in the order of their first calls."""
    files: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(SOURCES)):
            files[str(Path(frame.f_code.co_filename).relative_to(SOURCES))] = None

    sys.setprofile(note)
    try:
        response = await request
    finally:
        sys.setprofile(None)
    return response, list(files)


@pytest.mark.parametrize(("heading", "most"), [("POST /token", 12), ("GET /authorize", 16)])
async def test_documented_files_handle_the_request(provider: RunningProvider, heading: str, most: int) -> None:
    code = await provider.code()
    request = provider.redeem(code) if heading == "POST /token" else provider.authorize()
    response, files = await walked(request)
    assert response.status_code == (200 if heading == "POST /token" else 303)
    guide = named(heading)
    assert 0 < len(guide) <= most
    assert [file for file in guide if file not in files] == []
