"""The tutorial is true: every command exits as it says, and every line of output that it shows is printed."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy of the sample that the reader works in."""
    folder = tmp_path_factory.mktemp("tutorial") / "campaign"
    shutil.copytree(ROOT / "sample_data" / "targeting", folder)
    return folder


def steps() -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines of output shown below it."""
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL, re.S):
        for step in block.split("$ ")[1:]:
            command, *output = step.splitlines()
            yield command, output


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_every_command_is_true(campaign: Path) -> None:
    found = list(steps())
    assert len(found) >= 10
    for command, output in found:
        words, _, remark = command.partition("#")
        program, *arguments = shlex.split(words)
        assert program == "evenhand"
        code = re.search(r"exits (\d)", remark)
        done = subprocess.run(
            [sys.executable, "-m", "evenhand", *arguments], cwd=campaign, capture_output=True, text=True, check=False
        )
        assert done.returncode == (int(code.group(1)) if code else 0), command + done.stderr
        printed = squeezed(done.stdout + done.stderr)
        for line in output:
            assert squeezed(line) in printed, f"{command}: {line}"


def test_the_line_that_is_explained_is_printed(campaign: Path) -> None:
    (line,) = re.findall(r"```text\n(.*?)\n```", TUTORIAL, re.S)
    done = subprocess.run(
        [sys.executable, "-m", "evenhand", "audit", "evenhand.yaml"],
        cwd=campaign,
        capture_output=True,
        text=True,
        check=False,
    )
    assert squeezed(line) in squeezed(done.stdout)


def test_the_python_is_true(campaign: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", TUTORIAL, re.S)
    done = subprocess.run([sys.executable, "-c", block], cwd=campaign, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1\n")
    assert "offer-parity" in done.stdout


def test_headings_that_it_names_are_in_the_report(campaign: Path) -> None:
    """Run after the commands above have written a report."""
    subprocess.run([sys.executable, "-m", "evenhand", "demo"], cwd=campaign, capture_output=True, check=True)
    report = (campaign / "evenhand-out" / "report.html").read_text(encoding="utf-8")
    for heading in re.findall(r"^\d\. \*\*(.*?)\*\*", TUTORIAL, re.M)[1:]:
        assert heading in report, heading


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", TUTORIAL)
    assert targets
    for target in targets:
        assert (ROOT / "docs" / target).exists(), target
