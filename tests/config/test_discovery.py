"""Which audit file is meant; report.md, "Command line": AUDIT_FILE > EVENHAND_AUDIT > folder and its parents."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.config.discovery import find_audit_file
from evenhand.errors import UsageError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """repo/.git, repo/a/b, and an audit file above the repository that must never be found."""
    (tmp_path / "evenhand.yaml").write_text("stray\n")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "a" / "b").mkdir(parents=True)
    return tmp_path / "repo"


def test_the_argument_goes_first(repository: Path) -> None:
    for name in ("evenhand.yaml", "other.yaml", "third.yaml"):
        (repository / name).write_text("x\n")
    environment = {"EVENHAND_AUDIT": "third.yaml"}
    assert find_audit_file("other.yaml", folder=repository, environment=environment) == repository / "other.yaml"
    assert find_audit_file(None, folder=repository, environment=environment) == repository / "third.yaml"
    assert find_audit_file(None, folder=repository, environment={}) == repository / "evenhand.yaml"
    assert find_audit_file(".", folder=repository, environment=environment) == repository / "evenhand.yaml"


def test_the_nearest_file_up_to_the_root_of_the_repository(repository: Path) -> None:
    inner = repository / "a" / "b"
    with pytest.raises(UsageError, match=r"there is no `evenhand\.yaml`"):
        find_audit_file(None, folder=inner, environment={})
    (repository / "evenhand.yaml").write_text("x\n")
    assert find_audit_file(None, folder=inner, environment={}) == repository / "evenhand.yaml"
    (repository / "a" / "evenhand.yaml").write_text("x\n")
    assert find_audit_file(None, folder=inner, environment={"EVENHAND_AUDIT": ""}) == repository / "a" / "evenhand.yaml"


def test_without_a_repository_only_the_folder(tmp_path: Path) -> None:
    (tmp_path / "evenhand.yaml").write_text("x\n")
    (tmp_path / "a").mkdir()
    assert find_audit_file(None, folder=tmp_path, environment={}) == tmp_path / "evenhand.yaml"
    with pytest.raises(UsageError):
        find_audit_file(None, folder=tmp_path / "a", environment={})


def test_names_that_no_file_can_have(repository: Path) -> None:
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(UsageError, match="there is no audit file"):
            find_audit_file(name, folder=repository, environment={})


def test_what_is_named_and_missing(repository: Path) -> None:
    (repository / "evenhand.yaml").write_text("x\n")
    with pytest.raises(UsageError, match=r"no audit file `evenhnd\.yaml` \(did you mean 'evenhand\.yaml'\?\)"):
        find_audit_file("evenhnd.yaml", folder=repository, environment={})
    with pytest.raises(UsageError, match=r"EVENHAND_AUDIT: there is no audit file `none/x\.yaml`"):
        find_audit_file(None, folder=repository, environment={"EVENHAND_AUDIT": "none/x.yaml"})
