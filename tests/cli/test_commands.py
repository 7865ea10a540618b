"""The other commands, and what the command line promises of itself: fast help, silence, no network, no row values."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand.measure import MEASURES

Run = Callable[..., subprocess.CompletedProcess[str]]

HEAVY = ("pandas", "matplotlib", "scipy", "duckdb", "polars", "pyarrow", "narwhals", "jinja2", "numpy")
"""pydantic is not among them: typer itself imports it to read arguments, 0.05 s."""


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["--version"], ["policy", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """0.3 s over bare Python is promised; imports cost that time, and can be counted without a clock."""
    code = (
        "import sys, contextlib, io\n"
        f"sys.argv = ['evenhand', *{arguments!r}]\n"
        "from evenhand.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    main()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_measures_lists_every_measure(evenhand: Run) -> None:
    lines = evenhand("measures").stdout.splitlines()
    names = {line.split()[0] for line in lines}
    assert names.issuperset(MEASURES)


@pytest.mark.parametrize("name", list(MEASURES))
def test_explain_says_everything_about_every_measure(name: str) -> None:
    from evenhand.explaining import explained

    text = explained(name)
    for part in ("formula", "source", "when not", "edge cases", MEASURES[name].question):
        assert part in text


def test_explain_resolves_aliases_and_suggests_names(evenhand: Run) -> None:
    assert "true_positive_rate_difference" in evenhand("explain", "equal_opportunity_difference").stdout
    assert "did you mean `score_rate@250`" in evenhand("explain", "score_rates@250").stderr
    done = evenhand("explain", "selection_rat")
    assert done.returncode == 2
    assert "`selection_rate`" in done.stderr


def test_policy_check_reads_no_data(evenhand: Run, audit_folder: Path) -> None:
    (audit_folder / "p.csv").unlink()
    done = evenhand("policy", "check")
    assert done.returncode == 0
    assert "parity: selection_rate_ratio ≥ 0.80" in done.stdout


def test_policy_schema_is_draft_07(evenhand: Run) -> None:
    assert json.loads(evenhand("policy", "schema").stdout)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_init_writes_an_audit_file_that_checks_and_never_overwrites(evenhand: Run, audit_folder: Path) -> None:
    rows = ["sex,offered,score,bought"] + [f"{'F' if i % 2 else 'M'},{i % 3 == 0:d},0.{i},{i % 2}" for i in range(60)]
    (audit_folder / "one.csv").write_text("\n".join(rows) + "\n")
    done = evenhand("init", "one.csv", "-o", "new.yaml")
    assert done.returncode == 0, done.stderr
    assert (audit_folder / "new.yaml").read_text().startswith("# yaml-language-server: $schema=")
    assert evenhand("policy", "check", "new.yaml").returncode == 0
    again = evenhand("init", "one.csv", "-o", "new.yaml")
    assert again.returncode == 2
    assert "new.yaml" in again.stderr


def test_doctor_finds_every_engine_in_agreement(evenhand: Run) -> None:
    done = evenhand("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    digests = re.findall(r"^engine \w+: cells (\w+)", done.stdout, re.M)
    assert len(digests) == 3
    assert len(set(digests)) == 1


def test_demo_ends_as_expected_and_names_the_report(evenhand: Run) -> None:
    done = evenhand("demo", "--out", "demo")
    assert done.returncode == 0, done.stderr
    assert "demo/report.html" in done.stdout
    assert "as expected" in done.stdout.splitlines()[-1]


CANARIES = ("zqxcanaryid", "zqxcanaryfree", "zqxcanarydecision", "0.7319731973")


def test_no_value_of_a_row_reaches_any_output(evenhand: Run, audit_folder: Path) -> None:
    """Canaries in the key, in a score, in a column nobody asked for, and in a decision that is then refused."""
    predictions = (audit_folder / "p.csv").read_text().splitlines()
    rows = [f"{line},{CANARIES[1]}" for line in predictions[1:]]
    rows[0] = f"{CANARIES[0]},1,{CANARIES[3]},yes,{CANARIES[1]}"
    (audit_folder / "p.csv").write_text("\n".join([predictions[0] + ",notes", *rows]) + "\n")
    people = (audit_folder / "people.csv").read_text().replace("k0,", f"{CANARIES[0]},")
    (audit_folder / "people.csv").write_text(people)
    good = evenhand("audit", "--out", "run", "-v", "--format", "text", "--format", "json", "--format", "github")
    assert good.returncode == 1, good.stderr
    (audit_folder / "p.csv").write_text((audit_folder / "p.csv").read_text().replace(",1,", f",{CANARIES[2]},", 1))
    bad = evenhand("audit", "--out", "run2")
    assert bad.returncode == 2
    texts = [good.stdout, good.stderr, bad.stdout, bad.stderr]
    texts += [p.read_bytes().decode("latin-1") for p in (audit_folder / "run").rglob("*") if p.is_file()]
    for text in texts:
        for canary in CANARIES:
            assert canary not in text


def test_an_audit_opens_no_socket(audit_folder: Path) -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*arguments, **more): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        "socket.create_connection = refuse\n"
        "sys.argv = ['evenhand', 'audit']\n"
        "from evenhand.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=audit_folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr


def test_the_api_gives_what_the_command_line_gives(evenhand: Run, audit_folder: Path) -> None:
    import pandas as pd

    from evenhand import audit

    evenhand("audit", "--out", "run")
    result = audit(
        pd.read_csv(audit_folder / "p.csv"),
        audit_folder / "evenhand.yaml",
        attributes=pd.read_csv(audit_folder / "people.csv"),
    )
    on_disk = json.loads((audit_folder / "run/results.json").read_text())
    assert result.verdict == "fail"
    assert result.exit_code == 1
    assert result.checks["parity"]["comparisons"] == on_disk["checks"][0]["comparisons"]
    frame = result.to_frame()
    assert frame.loc[0, "estimate"] == 0.2
    assert frame.loc[0, "check_status"] == "fail"
    assert repr(result) == "<AuditResult fail: 1 fail>"
    assert result._repr_html_().startswith("<iframe srcdoc=")
    result.save(audit_folder / "saved")
    assert (audit_folder / "saved/report.html").exists()


def test_unexpected_errors_are_one_sentence_and_exit_2(audit_folder: Path) -> None:
    code = (
        "import sys, evenhand.pipeline as p\n"
        "def broken(*a, **k): raise RuntimeError('zqx row value')\n"
        "p.judge_cells = broken\n"
        "sys.argv = ['evenhand', 'audit']\n"
        "from evenhand.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=audit_folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "internal error, RuntimeError" in done.stderr
    assert "zqx" not in done.stderr
