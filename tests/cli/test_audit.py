"""`evenhand audit` end to end: exit codes, streams, files, and what stays untouched when it cannot audit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_fail_exits_1_with_the_verdict_last_and_nothing_on_stderr(evenhand: Run, audit_folder: Path) -> None:
    done = evenhand("audit", "evenhand.yaml", "--out", "run")
    assert done.returncode == 1
    assert done.stderr == "", "nothing but our own words may reach stderr, and there are none to say"
    assert done.stdout.rstrip().splitlines()[-1].startswith("FAILED: 1 fail")
    assert "0.20" in done.stdout, "women 100 of 1,000, men 600 of 1,200: .1/.5"
    names = {path.name for path in (audit_folder / "run").iterdir()}
    assert names == {"report.html", "results.json", "summary.md", "junit.xml", "run.json", "restricted"}
    assert (audit_folder / "run/restricted/cells.parquet").stat().st_mode & 0o777 == 0o600
    assert (audit_folder / "run/restricted").stat().st_mode & 0o777 == 0o700


def test_the_audit_file_is_found_and_named_on_stderr(evenhand: Run) -> None:
    done = evenhand("audit", "--out", "run")
    assert done.returncode == 1
    assert "evenhand.yaml" in done.stderr


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (("offered, selected", "ofered, selected"), ["evenhand.yaml:5:", "`ofered`", "`offered`"]),
        (("selection_rate_ratio", "selection_rate_ration"), ["evenhand.yaml:10:", "selection_rate_ratio"]),
        (("p.csv", "q.csv"), ["q.csv", "p.csv"]),
        (("reference: male", "reference: mann"), ["evenhand.yaml:8:", "`mann`", "`male`"]),
        (("key: id", "key: idd"), ["`idd`", "`id`"]),
        (("kind: targeting", "kind: recommendation"), ["evenhand.yaml:2:", "recommendation"]),
    ],
)
def test_bad_input_exits_2_with_one_sentence_and_leaves_the_run_folder_alone(
    evenhand: Run, audit_folder: Path, change: tuple[str, str], parts: list[str]
) -> None:
    assert evenhand("audit", "--out", "run").returncode == 1
    before = {path: path.read_bytes() for path in (audit_folder / "run").rglob("*") if path.is_file()}
    file = audit_folder / "evenhand.yaml"
    file.write_text(file.read_text().replace(*change))
    done = evenhand("audit", "evenhand.yaml", "--out", "run")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr
    assert {path: path.read_bytes() for path in (audit_folder / "run").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("arguments", [["audit", "--nope"], ["audit", "--fail-on", "maybe"], ["bogus"], ["explain"]])
def test_usage_errors_exit_2(evenhand: Run, arguments: list[str]) -> None:
    done = evenhand(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("option", "value"), [("--engine", "duckbd"), ("--format", "htm"), ("--as-of", "yesterday")])
def test_wrong_option_values_are_refused_before_anything_is_read(evenhand: Run, option: str, value: str) -> None:
    done = evenhand("audit", option, value)
    assert done.returncode == 2
    assert value in done.stderr


def test_fail_on_never_exits_0_for_a_fail_but_not_for_nothing_judged(evenhand: Run, audit_folder: Path) -> None:
    assert evenhand("audit", "--fail-on", "never").returncode == 0
    file = audit_folder / "evenhand.yaml"
    file.write_text(file.read_text().replace("min: 0.80,", "level: report,"))
    assert evenhand("audit", "--fail-on", "never").returncode == 3


def test_command_line_names_the_data(evenhand: Run, audit_folder: Path) -> None:
    (audit_folder / "p.csv").rename(audit_folder / "elsewhere.csv")
    done = evenhand("audit", "--data", "elsewhere.csv", "--attributes", "people.csv", "--key", "id")
    assert done.returncode == 1, done.stderr


def test_formats_go_to_stdout_or_a_file(evenhand: Run, audit_folder: Path) -> None:
    done = evenhand("audit", "--format", "json")
    assert json.loads(done.stdout)["verdict"] == "fail"
    done = evenhand("audit", "--format", "md", "-o", "summary.txt")
    assert done.stdout == ""
    assert "FAIL" in (audit_folder / "summary.txt").read_text()


def test_cells_give_the_same_results_as_rows_and_shards_merge(evenhand: Run, audit_folder: Path) -> None:
    """Verdict from cells == verdict from rows; cells(A) + cells(B) == cells(A ∪ B), through the command line."""
    assert evenhand("audit", "--out", "whole").returncode == 1
    lines = (audit_folder / "p.csv").read_text().splitlines()
    for name, part in (("a", lines[1:700]), ("b", lines[700:])):
        (audit_folder / f"{name}.csv").write_text("\n".join([lines[0], *part]) + "\n")
        assert evenhand("audit", "--data", f"{name}.csv", "--out", name).returncode in (1, 3)
    done = evenhand("merge", "a/restricted/cells.parquet", "b/restricted/cells.parquet", "-o", "both.parquet")
    assert done.returncode == 0, done.stderr
    assert (audit_folder / "both.parquet").stat().st_mode & 0o777 == 0o600
    assert evenhand("audit", "--cells", "both.parquet", "--out", "merged").returncode == 1
    assert evenhand("audit", "--cells", "whole/restricted/cells.parquet", "--out", "again").returncode == 1
    whole = json.loads((audit_folder / "whole/results.json").read_text())
    merged = json.loads((audit_folder / "merged/results.json").read_text())
    assert merged["checks"] == whole["checks"]
    assert (audit_folder / "again/results.json").read_bytes() == (audit_folder / "whole/results.json").read_bytes()


def test_cells_of_another_definition_are_refused(evenhand: Run, audit_folder: Path) -> None:
    assert evenhand("audit", "--out", "run").returncode == 1
    file = audit_folder / "evenhand.yaml"
    file.write_text(file.read_text().replace("selected: 1", "selected: 0"))
    done = evenhand("audit", "--cells", "run/restricted/cells.parquet")
    assert done.returncode == 2
    assert "decision" in done.stderr


def test_report_renders_the_same_bytes_again(evenhand: Run, audit_folder: Path) -> None:
    evenhand("audit", "--out", "run")
    done = evenhand("report", "run/results.json", "--out", "second")
    assert done.returncode == 0, done.stderr
    for name in ("report.html", "results.json", "summary.md", "junit.xml"):
        assert (audit_folder / "second" / name).read_bytes() == (audit_folder / "run" / name).read_bytes()


def test_same_rows_same_bytes_whatever_the_engine_order_and_environment(evenhand: Run, audit_folder: Path) -> None:
    evenhand("audit", "--out", "first")
    lines = (audit_folder / "p.csv").read_text().splitlines()
    (audit_folder / "p.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    evenhand("audit", "--out", "second", "--engine", "polars", TZ="Asia/Tokyo", PYTHONHASHSEED="7", LC_ALL="C")
    for name in ("report.html", "results.json", "summary.md", "junit.xml", "restricted/cells.parquet"):
        assert (audit_folder / "second" / name).read_bytes() == (audit_folder / "first" / name).read_bytes(), name


def test_rendering_in_place_keeps_the_cells_and_another_audit_is_not_overwritten(
    evenhand: Run, audit_folder: Path
) -> None:
    evenhand("audit", "--out", "run")
    before = {p.name: p.read_bytes() for p in (audit_folder / "run").rglob("*") if p.is_file()}
    assert evenhand("report", "run/results.json", "--out", "run").returncode == 0
    assert {p.name: p.read_bytes() for p in (audit_folder / "run").rglob("*") if p.is_file()} == before
    file = audit_folder / "evenhand.yaml"
    file.write_text(file.read_text().replace("min: 0.80", "min: 0.50"))
    evenhand("audit", "--out", "other")
    done = evenhand("report", "run/results.json", "--out", "other")
    assert done.returncode == 2
    assert "cells of another audit" in done.stderr
    assert (audit_folder / "other/restricted/cells.parquet").exists()
