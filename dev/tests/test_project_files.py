"""The project's configuration files match the schemas of the programs that read them. Nothing is downloaded."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from pre_commit.clientlib import load_config

ROOT = Path(__file__).parents[2]
FORMS = ".github/ISSUE_TEMPLATE/[!c]*.yml"
SCHEMAS = {
    ".github/workflows/*.yml": "vendor.github-workflows",
    FORMS: "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    ".github/renovate.json": "vendor.renovate",
    "compose.yaml": "vendor.compose-spec",
}


def matching(pattern: str) -> list[str]:
    return sorted(str(path) for path in ROOT.glob(pattern))


def check_schema(schema: str, files: list[str]) -> None:
    """Fail with the report of check-jsonschema if a file does not match a schema that comes with it."""
    done = CliRunner().invoke(check_jsonschema, ["--no-cache", "--builtin-schema", schema, *files])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("pattern", SCHEMAS)
def test_files_match_their_schema(pattern: str) -> None:
    files = matching(pattern)
    assert files
    check_schema(SCHEMAS[pattern], files)


def test_every_configuration_file_has_a_schema_or_a_test() -> None:
    other = {".github/zizmor.yml", ".github/pull_request_template.md"}
    known = {path for pattern in SCHEMAS for path in matching(pattern)} | {str(ROOT / path) for path in other}
    assert {str(path) for path in ROOT.glob(".github/**/*") if path.is_file()} <= known


def test_every_job_has_a_timeout() -> None:
    check_schema("custom.github-workflows-require-timeout", matching(".github/workflows/*.yml"))


@pytest.mark.slow
def test_workflows_have_no_security_findings() -> None:
    """As zizmor's offline audits define them, with the exceptions of .github/zizmor.yml."""
    zizmor = str(Path(sys.executable).parent / "zizmor")
    command = [zizmor, "--offline", "--no-progress", "--quiet", ".github/workflows"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def workflow(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return parsed


def test_jobs_have_only_the_permissions_that_they_need() -> None:
    read = {"contents": "read"}
    wanted = {
        "ci.yml": {"checks": read},
        "release.yml": {
            "version": read,
            "checks": read,
            "images": {"contents": "read", "packages": "write", "id-token": "write"},
            "distributions": read,
            "publish": {"id-token": "write"},
            "release": {"contents": "write"},
        },
    }
    for name, jobs in wanted.items():
        assert workflow(name)["permissions"] == {}
        assert {job: told["permissions"] for job, told in workflow(name)["jobs"].items()} == jobs


def test_nothing_is_released_before_all_checks_have_passed() -> None:
    jobs = workflow("release.yml")["jobs"]

    def before(job: str) -> set[str]:
        needs = jobs[job].get("needs", [])
        direct = {needs} if isinstance(needs, str) else set(needs)
        return direct.union(*(before(other) for other in direct))

    for job in ("images", "distributions", "publish", "release"):
        assert {"version", "checks"} <= before(job)


def test_pre_commit_configuration_is_valid() -> None:
    load_config(ROOT / ".pre-commit-config.yaml")


@pytest.mark.parametrize(
    ("subject", "accepted"),
    [
        ("fix(rp): keep the refresh token when the response is lost", True),
        ("docs: describe the release", True),
        ("Merge branch 'main'", True),
        ("Fix a bug", False),
        ("fix(rp) no colon", False),
        ("fix(rp): " + "x" * 63, True),
        ("fix(rp): " + "x" * 64, False),
    ],
)
def test_commit_subject_has_a_type_and_72_characters(subject: str, accepted: bool) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    [pattern] = [hook["entry"] for hook in hooks if hook["id"] == "commit-subject"]
    assert bool(re.search(pattern, f"{subject}\n\nThe reason.\n", re.MULTILINE | re.DOTALL)) is accepted


def test_editorconfig_has_known_properties_only() -> None:
    sections = re.split(r"^\[.+\]$", (ROOT / ".editorconfig").read_text(), flags=re.MULTILINE)
    assert "root = true" in sections[0]
    properties = re.findall(r"^(\w+) *= *(.+)$", "".join(sections[1:]), re.MULTILINE)
    known = {
        "charset": r"utf-8",
        "end_of_line": r"lf",
        "insert_final_newline": r"true|false",
        "trim_trailing_whitespace": r"true|false",
        "indent_style": r"space|tab",
        "indent_size": r"\d+",
        "max_line_length": r"\d+|off",
    }
    for name, value in properties:
        assert re.fullmatch(known[name], value), f"{name} = {value}"


@pytest.mark.parametrize(
    ("file", "images"), [("dev/containers.py", {"haproxy", "python", "redis"}), ("compose.yaml", {"python"})]
)
def test_renovate_finds_base_images_outside_dockerfiles(file: str, images: set[str]) -> None:
    """It reads `FROM` and `image:` by itself; the patterns of renovate.json find the others."""
    managers = json.loads((ROOT / ".github" / "renovate.json").read_text())["customManagers"]
    text = (ROOT / file).read_text()
    found = dict(
        parts
        for manager in managers
        if any(re.search(path.strip("/"), file) for path in manager["managerFilePatterns"])
        for pattern in manager["matchStrings"]
        for parts in re.findall(pattern.replace("(?<", "(?P<"), text)
    )
    assert found.keys() == images
    for image, tag in found.items():
        assert f"{image}:{tag}" in (ROOT / "docs" / "docker.md").read_text()
