"""The tutorial is true: every command exits as it says, and every line of output that it shows is printed."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from evenhand.cli import main

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def steps() -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines of output shown below it."""
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL, re.S):
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


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """All commands in order, in a copy of the sample."""
    folder = tmp_path_factory.mktemp("tutorial") / "campaign"
    shutil.copytree(ROOT / "sample_data" / "targeting", folder)
    runs = []
    for command, shown in steps():
        program, *arguments = shlex.split(command.partition("#")[0])
        assert program == "evenhand"
        exit_code, printed = run_here(folder, arguments)
        runs.append(Run(command, shown, exit_code, squeezed(printed)))
    return Walk(folder, runs)


def test_every_command_exits_as_it_says(walk: Walk) -> None:
    assert len(walk.runs) >= 10
    for run in walk.runs:
        said = re.search(r"# exits (\d)", run.command)
        assert run.exit_code == (int(said.group(1)) if said else 0), f"{run.command}: {run.printed[-300:]}"


def test_every_line_shown_is_printed(walk: Walk) -> None:
    for run in walk.runs:
        for line in run.shown:
            assert squeezed(line) in run.printed, f"{run.command}: {line}"


def test_the_line_that_is_explained_is_printed(walk: Walk) -> None:
    (line,) = re.findall(r"```text\n(.*?)\n```", TUTORIAL, re.S)
    demo = walk.runs[0]
    assert demo.command == "evenhand demo"
    assert squeezed(line) in demo.printed


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


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", TUTORIAL)
    assert targets
    for target in targets:
        assert (ROOT / "docs" / target).exists(), target
