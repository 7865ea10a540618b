"""The tutorials are true: every command exits as they say, and every line of output that they show is printed.

They are followed in an empty folder, with nothing of the checkout in reach: as after `pip install` alone.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from evenhand.cli import main

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL, PRICING, CELLS = (
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("tutorial.md", "tutorial-pricing.md", "cells.md")
)


def steps(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines of output shown below it; lines for a shell are a command that shows nothing."""
    for language, block in re.findall(r"```(console|sh)\n(.*?)```", text, re.S):
        if language == "sh":
            yield f"sh -ec {shlex.quote(block)}", []
            continue
        for step in block.split("$ ")[1:]:
            command, *output = step.splitlines()
            yield command, output


def squeezed(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True)
class Run:
    """One command of the tutorial, carried out."""

    command: str
    shown: list[str]
    exit_code: int
    printed: str


@dataclass(frozen=True)
class Walk:
    """The folder that a reader ends up with, and every command on the way."""

    folder: Path
    runs: list[Run]


def run_here(folder: Path, arguments: list[str]) -> tuple[int, str]:
    """Exit code and output of the command line, in this process: a process for each would take twice as long."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["evenhand", *arguments])
        patch.setattr(sys, "stdout", printed)
        patch.setattr(sys, "stderr", printed)
        with pytest.raises(SystemExit) as exited:
            main()
    assert isinstance(exited.value.code, int)
    return exited.value.code, printed.getvalue()


def walked(text: str, folder: Path, before: Mapping[str, Callable[[Path], None]] | None = None) -> Walk:
    """All commands in order, beginning in an empty folder; `before` a command is done what the text asks for there."""
    runs = []
    for command, shown in steps(text):
        if before is not None and command in before:
            before[command](folder)
        program, *arguments = shlex.split(command, comments=True)
        if program == "cd":
            folder = folder / arguments[0]
            assert folder.is_dir()
            continue
        if program == "sh":
            subprocess.run([program, *arguments], cwd=folder, check=True)
            continue
        assert program == "evenhand"
        exit_code, printed = run_here(folder, arguments)
        runs.append(Run(command, shown, exit_code, squeezed(printed)))
    return Walk(folder, runs)


def edited_as_told(folder: Path) -> None:
    """`mine.yaml` with the factors of the tutorial, and with the check that it takes the # away from."""
    (factors,) = re.findall(r"```yaml\n(factors:.*?)```", PRICING, re.S)
    path = folder / "mine.yaml"
    text = re.sub(r"^# factors:\n(#   .*\n)+", factors, path.read_text(encoding="utf-8"), flags=re.M)
    lines = r"^  # (?=- id: like-for-like|  metric: like|  max: |  why: )"
    text, taken = re.subn(lines, "  ", text, flags=re.M)
    assert taken == 4
    path.write_text(text.replace("max: 5", "max: 2"), encoding="utf-8")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    return walked(TUTORIAL, tmp_path_factory.mktemp("tutorial"))


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    return walked(PRICING, tmp_path_factory.mktemp("tutorial"), {"evenhand policy check mine.yaml": edited_as_told})


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    return walked(CELLS, tmp_path_factory.mktemp("cells"))


def test_every_command_exits_as_it_says(walk: Walk, prices: Walk, cells: Walk) -> None:
    assert len(walk.runs) >= 11
    assert len(prices.runs) >= 11
    assert len(cells.runs) >= 7
    for run in (*walk.runs, *prices.runs, *cells.runs):
        said = re.search(r"# exits (\d)", run.command)
        assert run.exit_code == (int(said.group(1)) if said else 0), f"{run.command}: {run.printed[-300:]}"


def test_every_line_shown_is_printed(walk: Walk, prices: Walk, cells: Walk) -> None:
    for run in (*walk.runs, *prices.runs, *cells.runs):
        for line in run.shown:
            assert squeezed(line) in run.printed, f"{run.command}: {line}"


def test_the_line_that_is_explained_is_printed(walk: Walk) -> None:
    (line,) = re.findall(r"```text\n(.*?)\n```", TUTORIAL, re.S)
    demo = walk.runs[0]
    assert demo.command == "evenhand demo"
    assert squeezed(line) in demo.printed


def test_candidates_of_factors_are_written_without_reasons(prices: Walk) -> None:
    run_here(prices.folder, ["init", "quotes.csv", "--attributes", "people.csv", "-o", "again.yaml"])
    text = (prices.folder / "again.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^#   (\w+): \{why: \}", text, re.M) == ["vehicle", "region", "occupation"]


def results(walk: Walk, run: str) -> str:
    return (walk.folder / run / "results.json").read_text(encoding="utf-8")


def test_stored_cells_give_the_same_results(cells: Walk) -> None:
    assert results(cells, "january") == results(cells, "again")


def test_parts_add_up_to_the_verdicts_of_the_whole(cells: Walk) -> None:
    whole, merged = (json.loads(results(cells, run)) for run in ("january", "both"))
    assert merged["people"] == whole["people"] == 6000
    assert {c["id"]: c["status"] for c in merged["checks"]} == {c["id"]: c["status"] for c in whole["checks"]}
    assert "merged from 2 shards" in results(cells, "both")


def test_the_python_is_true(walk: Walk) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", TUTORIAL, re.S)
    done = subprocess.run([sys.executable, "-c", block], cwd=walk.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1\n")
    assert "offer-parity" in done.stdout


def test_headings_that_it_names_are_in_the_report(walk: Walk) -> None:
    report = (walk.folder / "evenhand-out" / "report.html").read_text(encoding="utf-8")
    headings = re.findall(r"^\d\. \*\*(.*?)\*\*", TUTORIAL, re.M)[1:]
    assert len(headings) == 6
    for heading in headings:
        assert f">{heading}</h2>" in report, heading


@pytest.mark.parametrize("text", [TUTORIAL, PRICING, CELLS], ids=["targeting", "pricing", "cells"])
def test_links_lead_somewhere(text: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    assert targets or text is CELLS
    for target in targets:
        assert (ROOT / "docs" / target).exists(), target
