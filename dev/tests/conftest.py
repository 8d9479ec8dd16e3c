"""The rendered manifests, where this machine can render them."""

import functools
from collections.abc import Callable

import pytest

from kubernetes.manifests import Overlay
from kubernetes.rendering import MANIFESTS, rendered, renderer
from stack import StackError


@pytest.fixture(scope="session")
def overlay() -> Callable[[str], Overlay]:
    """`overlay("kind")`: an overlay of deploy/k8s, rendered once; nobody may change it."""
    try:
        renderer()
    except StackError as reason:
        pytest.skip(str(reason))

    @functools.cache
    def parsed(name: str) -> Overlay:
        return Overlay.parse(rendered(MANIFESTS / "overlays" / name))

    return parsed
