"""Loading as a whole: where the data are, what the digest covers, errors that other stages raise at a place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evenhand.config.loader import Audit, load_audit, repository_root
from evenhand.errors import AuditFileError, UsageError

Load = Callable[..., Audit]


def test_paths_are_beside_the_audit_file(load: Load, tmp_path: Path) -> None:
    audit = load(("rows.csv}", "in/rows.csv, attributes: people.csv, key: id}"))
    assert audit.predictions == str(tmp_path / "in/rows.csv")
    assert audit.attributes_path == str(tmp_path / "people.csv")
    assert audit.key == "id"


def test_the_command_line_replaces_where_the_data_are(load: Load, tmp_path: Path) -> None:
    audit = load(overrides={"predictions": "other.csv", "attributes": str(tmp_path / "a.csv"), "key": "who"})
    assert audit.predictions == str(tmp_path / "other.csv")
    assert (audit.attributes_path, audit.key) == (str(tmp_path / "a.csv"), "who")
    assert audit.sha256 == load().sha256, "where the rows are is not what is asked of them"


def test_data_may_come_from_elsewhere(load: Load) -> None:
    assert load(("data: {predictions: rows.csv}\n", "")).predictions is None


def test_attributes_need_a_key(refused_at: Callable[..., AuditFileError], load: Load) -> None:
    refused_at("`attributes` needs `key`", ("rows.csv}", "rows.csv, §attributes: a.csv}"))
    with pytest.raises(UsageError, match="`--attributes` needs `--key`"):
        load(overrides={"attributes": "a.csv"})
    with pytest.raises(UsageError, match="`polarity` cannot be overridden"):
        load(overrides={"polarity": "burden"})


def test_the_digest_is_of_the_policy_not_of_its_layout(load: Load) -> None:
    digest = load().sha256
    assert len(digest) == 64
    same = (
        ("min: 0.80", "min: .8"),
        ("polarity: benefit", "# a remark\npolarity: 'benefit'"),
        ("version: 1.10", "version: 2.0"),
        ("rows.csv", "next-month.csv"),
        ("selection_rate_ratio, min: 0.80", "selection_rate_ratio, min: 0.80, level: error, decide_by: assurance"),
        ("offered, selected: 1,", "offered, selected: [1],"),
    )
    assert {load(edit).sha256 for edit in same} == {digest}
    different = (
        ("min: 0.80", "min: 0.81"),
        ("min: 0.80", "min: 0.80, level: warn"),
        ("min: 0.80", "min: 0.80, attributes: [sex]"),
        ("polarity: benefit", "polarity: benefit\nsmall_groups: {min_people: 29}"),
        ("polarity: benefit", "polarity: benefit\nexclude: [{attribute: sex, group: x, why: few}]"),
        ("reference: male", "reference: female"),
        ("bands: [18, 30, 60, 75]", "bands: [20, 30, 60, 75]"),
        ("rows.csv", "rows.csv, where: {country: FI}"),
        ("offered, selected: 1,", "offered, selected: 2,"),
        ("purpose: decide", "purpose: DECIDE"),
    )
    digests = {load(edit).sha256 for edit in different}
    assert len(digests) == len(different)
    assert digest not in digests


def test_errors_at_a_place_of_the_file(load: Load) -> None:
    # BASE, line 5: `columns: {decision: offered, ...`; the value starts in column 21, counted by hand.
    audit = load()
    error = audit.error(("columns", "decision"), "`rows.csv` has no column `offered`", hint="it has `offer`")
    assert str(error) == "evenhand.yaml:5:21: columns.decision: `rows.csv` has no column `offered`"
    assert error.hint is not None
    assert error.hint.startswith("it has `offer`\n")
    assert audit.position(("columns", "decision"), key=True) == (5, 11)
    nearest = audit.error(("protected", "sex", "column"), "no column `sex`")
    assert str(nearest).startswith("evenhand.yaml:8:8: protected.sex.column")
    at_check = audit.check_error(audit.checks[0], "people repeat")
    assert str(at_check) == "evenhand.yaml:12:5: check `parity`: people repeat"


def test_the_file_is_called_as_from_the_repository(
    load: Load, catalogue: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load()
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "models" / "offer"
    folder.mkdir(parents=True)
    (tmp_path / "evenhand.yaml").rename(folder / "evenhand.yaml")
    for place in (tmp_path, folder, tmp_path / "models"):
        monkeypatch.chdir(place)
        audit = load_audit(folder / "evenhand.yaml", catalogue=catalogue, environment={})
        assert audit.checks[0].file == audit.name == "models/offer/evenhand.yaml", "whatever the working directory is"
        assert audit.document.file == (folder / "evenhand.yaml").relative_to(place).as_posix(), "errors can be clicked"
    monkeypatch.chdir("/")
    audit = load_audit(folder / "evenhand.yaml", catalogue=catalogue, environment={})
    assert audit.name == "models/offer/evenhand.yaml"


def test_without_a_repository_the_folder_is_the_root(tmp_path: Path) -> None:
    assert repository_root(tmp_path) in (tmp_path, *tmp_path.parents)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere\n")  # a worktree or submodule has a file there
    assert repository_root(tmp_path / "a" / "b") == tmp_path / "a"
