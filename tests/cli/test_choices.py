"""Options and arguments that cannot be meant are refused before anything is read or written, in both ways in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from evenhand import audit
from evenhand.choices import check_memory, check_output, check_seed, check_threads, checked_path
from evenhand.cli import app, main
from evenhand.errors import EvenhandError, UsageError

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def here(audit_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`evenhand ARGUMENTS` in this process, which must end before anything is read: an audit would be slower."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(audit_folder)
        monkeypatch.setattr("sys.argv", ["evenhand", *arguments])
        with pytest.raises(SystemExit) as ending:
            main()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(str(ending.value.code)), printed.out, printed.err)

    return run


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


LONG = "a" * 300
"""File systems take 255 bytes for a name."""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--threads", "0"], "`--threads` is not a whole number from 1 to 1024"),
        (["--threads", "1025"], "`--threads` is not a whole number from 1 to 1024"),
        (["--memory", "lots"], "`--memory` is not a size"),
        (["--memory", "2"], "`--memory` is not a size"),
        (["--memory", "0GB"], "`--memory` is not a size"),
        (["--out", ""], "`--out` is empty"),
        (["--data", ""], "`--data` is empty"),
        (["--attributes", ""], "`--attributes` is empty"),
        (["--output", ""], "`--output` is empty"),
        (["--cells", ""], "`--cells` is empty"),
        (["--templates", ""], "`--templates` is empty"),
        (["--key", ""], "`--key` is empty"),
        (["--as-of", ""], "`--as-of` is empty"),
        (["--out", LONG], "`--out`: file name too long"),
        (["--data", LONG * 17], "`--data`: file name too long"),
        (["--output", LONG], "`--output`: file name too long"),
        (["--templates", "nope"], "the templates folder `nope` does not exist or is not a folder"),
        (["--templates", "p.csv"], "the templates folder `p.csv` does not exist or is not a folder"),
        (["--key", "nokey"], "`--key nokey`: there is no such column in the predictions"),
        (["--key", "idd"], "`--key idd`: there is no such column in the predictions (did you mean `id`?)"),
        (["--key", "offered"], "`--key offered`: there is no such column in the attributes"),
        (["-o", "p.csv"], "`p.csv` is read by this command"),
        (["-o", "./people.csv"], "`people.csv` is read by this command"),
        (["-o", "evenhand.yaml"], "`evenhand.yaml` is read by this command"),
        (["-o", "link.csv"], "`link.csv` is read by this command"),
        (["--policy", "pack.yaml", "-o", "pack.yaml"], "`pack.yaml` is read by this command"),
        (["-o", "."], "`.` is a folder"),
        (["-o", "nowhere/x.txt"], "cannot write `nowhere/x.txt`: its folder does not exist"),
        (["-o", "run"], "`run` stands where the run folder goes"),
        (["-o", "run/results.json"], "`run/results.json` is a file of the run folder"),
        (["-o", "nowhere/../run/report.html"], "is a file of the run folder"),
        (["-o", "run/restricted/cells.parquet"], "is a file of the run folder"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_touched(
    here: Run, audit_folder: Path, arguments: list[str], said: str
) -> None:
    (audit_folder / "link.csv").symlink_to("p.csv")
    shutil.copy(str(files("evenhand") / "config/packs/four-fifths.yaml"), audit_folder / "pack.yaml")
    before = contents(audit_folder)
    done = here("audit", "evenhand.yaml", *([] if "--out" in arguments else ["--out", "run"]), *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {said}") or said in done.stderr.splitlines()[0]
    assert contents(audit_folder) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind root")
def test_an_output_that_may_not_be_written_is_refused_first(here: Run, audit_folder: Path) -> None:
    (audit_folder / "closed").mkdir(mode=0o500)
    done = here("audit", "evenhand.yaml", "--out", "run", "-o", "closed/x.txt")
    assert done.returncode == 2
    assert "permission denied" in done.stderr
    assert not (audit_folder / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "results.json", "--templates", "nope"], "the templates folder `nope`"),
        (["report", "results.json", "-o", "results.json"], "`results.json` is read by this command"),
        (["report", "results.json", "--out", "run", "-o", "run/summary.md"], "is a file of the run folder"),
        (["report", ""], "`RESULTS` is empty"),
        (["report", LONG], "`RESULTS`: file name too long"),
        (["audit", ""], "`AUDIT_FILE` is empty"),
        (["policy", "check", LONG], "`AUDIT_FILE`: file name too long"),
        (["demo", "--out", ""], "`--out` is empty"),
        (["init", ""], "`DATA` is empty"),
        (["init", "p.csv", "--attributes", ""], "`--attributes` is empty"),
        (["init", "p.csv", "--output", LONG], "`--output`: file name too long"),
    ],
)
def test_other_commands_refuse_the_same(here: Run, audit_folder: Path, arguments: list[str], said: str) -> None:
    (audit_folder / "results.json").write_text("{}")
    before = contents(audit_folder)
    done = here(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[0]
    assert contents(audit_folder) == before


def test_an_output_inside_a_run_folder_to_be_and_over_an_older_file(tmp_path: Path) -> None:
    """Both are meant: the run folder is written first, and an older output is replaced."""
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "p.csv").write_text("a\n1\n")
    for output in ("run/more.txt", "old.txt", "new.txt"):
        check_output(tmp_path / output, inputs=[tmp_path / "p.csv", str(tmp_path / "*.csv")], out=tmp_path / "run")
    with pytest.raises(UsageError, match="is read by this command"):
        check_output(tmp_path / "p.csv", inputs=[str(tmp_path / "*.csv")], out=None)


@pytest.mark.parametrize("memory", ["2GB", "512MB", "1.5 GiB", "1mb", " 2 TiB ", "2G", None])
def test_sizes_that_the_engine_takes(memory: str | None) -> None:
    """DuckDB itself is asked, since the setting goes to it as it is."""
    import duckdb

    check_memory(memory)
    if memory is not None:
        duckdb.connect(":memory:").execute(f"SET memory_limit = '{memory}'")


@pytest.mark.parametrize("memory", ["", "GB", "-1GB", "0GB", "0.5KB", "1.GB", "80%", "1e3GB", "9999TB", "٢GB", 5, True])
def test_what_is_no_size(memory: Any) -> None:
    with pytest.raises(UsageError, match="`memory` is not a size"):
        check_memory(memory)


def test_numbers_are_whole_numbers() -> None:
    for good in (1, 1024, None):
        check_threads(good)
    for bad in (0, -3, 1025, 1.5, "2", True):
        with pytest.raises(UsageError, match="`threads`"):
            check_threads(bad)
    check_seed(2**70)
    for wrong in (1.5, "x", True):
        with pytest.raises(UsageError, match="`seed`"):
            check_seed(wrong)


def test_a_path_is_text_that_can_be_one() -> None:
    assert checked_path("x", Path("a/b")) == "a/b"
    assert checked_path("x", "not/there/*.csv") == "not/there/*.csv"
    for bad in ("", "a\0b", LONG, b"bytes", None, 5):
        with pytest.raises(UsageError, match="`x`"):
            checked_path("x", bad)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"threads": 0}, "`threads`"),
        ({"threads": "2"}, "`threads`"),
        ({"memory": "-1GB"}, "`memory`"),
        ({"memory": 5}, "`memory`"),
        ({"seed": 1.5}, "`seed`"),
        ({"seed": True}, "`seed`"),
        ({"seed": "x"}, "`seed`"),
        ({"as_of": 20260101}, "`as_of`"),
        ({"key": 5}, "`key`"),
        ({"key": ""}, "`key`"),
        ({"engine": 5}, "`engine`"),
        ({"policies": 5}, "`policies`"),
        ({"policies": [5]}, "`policies`"),
        ({"audit_file": None}, "`audit_file`"),
        ({"audit_file": {"version": 1}}, "`audit_file`"),
        ({"audit_file": ""}, "`audit_file`"),
        ({"predictions": ""}, "`predictions`"),
        ({"attributes": ""}, "`attributes`"),
        ({"cells": 5}, "`cells`"),
    ],
)
def test_the_api_refuses_arguments_of_the_wrong_type(audit_folder: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        audit(**{"audit_file": audit_folder / "evenhand.yaml", **given})


def test_one_policy_may_be_a_text(audit_folder: Path) -> None:
    """`policies="nope"` would otherwise be the packs `n`, `o`, `p` and `e`."""
    with pytest.raises(EvenhandError, match="nope"):
        audit(audit_file=audit_folder / "evenhand.yaml", policies="nope")
    result = audit(audit_file=audit_folder / "evenhand.yaml", policies="four-fifths")
    assert len(result.checks) > 1


def test_init_of_two_files_gives_an_audit_file_that_audits(evenhand: Run, audit_folder: Path) -> None:
    done = evenhand("init", "p.csv", "--attributes", "people.csv", "-o", "new.yaml")
    assert done.returncode == 0, done.stderr
    written = (audit_folder / "new.yaml").read_text()
    assert "people.csv" in written
    assert "\n  sex:" in written
    checked = evenhand("policy", "check", "new.yaml")
    assert checked.returncode == 0, checked.stderr
    done = evenhand("audit", "new.yaml")
    assert done.returncode in (0, 1, 3), done.stderr


def test_help_names_paths_as_paths() -> None:
    """A parser of ours must not show up in the help by the name of its function."""
    import typer

    audit_command = typer.main.get_command(app).commands["audit"]  # type: ignore[attr-defined]  # typer's own group
    names = {option.name: option.metavar for option in audit_command.params}
    assert {names[name] for name in ("out", "output", "cells", "templates")} == {"PATH"}
