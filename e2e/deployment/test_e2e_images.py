"""The contents of the images, and reproducible builds."""

import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator

import pytest

from containers import Images, base_images
from stack import ROLES, ROOT, Role


def docker(*arguments: str) -> bytes:
    return subprocess.run(["docker", *arguments], capture_output=True, check=True).stdout


def contents(image: str) -> dict[str, tuple[object, ...]]:
    """Every file of an image with its mode, owner and content, without its times."""
    container = docker("create", image).decode().strip()
    try:
        exported = docker("export", container)
    finally:
        docker("rm", container)
    files: dict[str, tuple[object, ...]] = {}
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            digest = hashlib.sha256(content.read()).hexdigest() if content else member.linkname
            files[member.name] = (member.mode, member.uid, member.gid, member.type, digest)
    return files


@pytest.fixture(scope="module")
def second_build() -> Iterator[str]:
    """The relying party's image, built again without a cache."""
    bases, _ = base_images(os.environ)
    variables = {**os.environ, **bases, "TAG": f"second-{os.getpid()}", "REVISION": "unknown"}
    command = ["docker", "compose", "build", "--quiet", "--no-cache", "rp"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    image = f"trefoil/rp:{variables['TAG']}"
    yield image
    docker("rmi", image)


def test_two_builds_have_the_same_files(images: Images, second_build: str) -> None:
    first, second = contents(images.rp), contents(second_build)
    assert {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)} == set()


@pytest.mark.parametrize("role", ROLES)
def test_image_has_labels_and_a_numeric_user(images: Images, role: Role) -> None:
    configuration = json.loads(docker("inspect", images.of(role)))[0]["Config"]
    assert configuration["User"] == "10001:10001"
    assert configuration["StopSignal"] == "SIGTERM"
    assert configuration["Entrypoint"] == ["/venv/bin/python", "-m", role]
    assert configuration["Healthcheck"]["Test"] == [
        "CMD",
        "/venv/bin/python",
        "-m",
        "servicekit.monitoring.healthcheck",
    ]
    labels = configuration["Labels"]
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert labels["org.opencontainers.image.revision"] == revision.stdout.strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", labels["org.opencontainers.image.version"])


@pytest.mark.parametrize("role", ROLES)
def test_image_has_only_the_packages_of_its_lock(images: Images, role: Role) -> None:
    program = (
        "import importlib.metadata as m; from pathlib import Path;"
        "folders = map(str, Path('/venv/lib').glob('*/site-packages'));"
        "print(*(f'{package.name}=={package.version}' for package in m.distributions(path=folders)))"
    )
    installed = docker("run", "--rm", "--entrypoint", "/venv/bin/python", images.of(role), "-c", program).decode()
    lock = (ROOT / "services" / role / "requirements.txt").read_text()
    locked = set(re.findall(r"^([a-z0-9._-]+==\S+)", lock, re.MULTILINE))
    names = {re.sub(r"[-_.]+", "-", name.lower()) for name in installed.split()}
    assert names <= {re.sub(r"[-_.]+", "-", name) for name in locked}
    assert len(names) > 10


@pytest.mark.parametrize("role", ROLES)
def test_image_has_only_its_own_service(images: Images, role: Role) -> None:
    listed = docker("run", "--rm", "--entrypoint", "ls", images.of(role), "/app").decode().split()
    shared = ["servicekit"] if role == "op" else ["oidc_discovery", "servicekit"]
    assert listed == sorted([role, *shared])
