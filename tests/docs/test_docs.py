"""The docs say what is so: README commands run, every measure, engine, format and exit code is mentioned."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.explaining import measures_page
from evenhand.measure import MEASURES
from evenhand.render import FORMATS
from evenhand.tally.engines import ENGINES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def newcomer(tmp_path: Path) -> Path:
    """A folder with README's audit file and the sample's two files."""
    (audit_file,) = re.findall(r"```yaml\n(.*?)```", README, re.S)
    (tmp_path / "evenhand.yaml").write_text(audit_file, encoding="utf-8")
    for name in ("predictions.csv", "people.csv"):
        shutil.copy(ROOT / "sample_data/targeting" / name, tmp_path / name)
    return tmp_path


def commands(text: str) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_every_command_of_the_readme_does_what_it_says(newcomer: Path) -> None:
    found = commands(README)
    assert len(found) >= 6
    for command in found:
        words, _, remark = command.partition("#")
        program, *arguments = shlex.split(words)
        assert program == "evenhand"
        expected = re.search(r"exits (\d)", remark)
        done = subprocess.run(
            [sys.executable, "-m", "evenhand", *arguments], cwd=newcomer, capture_output=True, text=True, check=False
        )
        assert done.returncode == int(expected.group(1) if expected else 0), command + done.stderr


def test_the_python_of_the_readme_runs(newcomer: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run([sys.executable, "-c", block], cwd=newcomer, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fail"
    assert (newcomer / "evenhand-out/report.html").exists()


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_measures_page_is_current() -> None:
    page = ROOT / "docs/measures.md"
    if os.environ.get("EVENHAND_WRITE_DOCS"):
        page.write_text(measures_page(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == measures_page(), "run EVENHAND_WRITE_DOCS=1 make test"


def test_every_measure_is_documented() -> None:
    page = (ROOT / "docs/measures.md").read_text(encoding="utf-8")
    for name in MEASURES:
        assert f"`{name}`" in page


def test_help_names_every_engine_and_format() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evenhand", "audit", "--help"], capture_output=True, text=True, check=True
    )
    words = set(re.findall(r"[a-z]+", done.stdout))
    assert words.issuperset(ENGINES)
    assert words.issuperset(FORMATS)
