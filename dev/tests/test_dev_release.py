"""A release has one version, in its tag, its packages and the changelog."""

from pathlib import Path

import pytest

from bootstrap import PACKAGES
from release import ROOT, ReleaseError, main, notes, version_of, versions


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for package in PACKAGES:
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    changelog = "# Changelog\n\n## Unreleased\n\n- new\n\n## 1.2.3 (2026-11-29)\n\n- a feature\n\n## 1.2.2\n\n- old\n"
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    return tmp_path


def test_tag_names_the_version_of_every_package(repository: Path) -> None:
    assert version_of("v1.2.3", repository) == "1.2.3"


def test_package_with_another_version_prevents_a_release(repository: Path) -> None:
    (repository / "libs" / "testing" / "pyproject.toml").write_text('[project]\nversion = "1.2.2"\n')
    with pytest.raises(ReleaseError, match=r"the tag is v1\.2\.3, but libs/testing is 1\.2\.2$"):
        version_of("v1.2.3", repository)


@pytest.mark.parametrize("changelog", ["# Changelog\n\n## 1.2.30\n\n- x\n", "## 1.2.3\n\n## 1.2.2\n\n- x\n"])
def test_version_without_a_changelog_section_is_rejected(repository: Path, changelog: str) -> None:
    (repository / "CHANGELOG.md").write_text(changelog)
    with pytest.raises(ReleaseError, match=r"CHANGELOG\.md has no section for 1\.2\.3"):
        version_of("v1.2.3", repository)


def test_notes_are_the_section_of_the_version(repository: Path) -> None:
    assert notes("1.2.3", repository) == "- a feature"
    assert notes("1.2.2", repository) == "- old"


def test_all_packages_have_one_version() -> None:
    assert len(set(versions(ROOT).values())) == 1


def test_command_reports_a_rejected_tag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version", "v0.0.0"]) == 1
    assert capsys.readouterr().err.startswith("release: the tag is v0.0.0, but ")
    assert main([]) == 2
