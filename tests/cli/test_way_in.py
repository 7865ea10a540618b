"""The way in: the sample to copy, a first audit file of the kind asked for, limits with their unit, hints that help."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand.explaining import explained, measures_page

Run = Callable[..., subprocess.CompletedProcess[str]]
SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"

PRICES = """\
version: 1
model: {name: tariff, version: 1, kind: pricing}
purpose: set a premium
data: {predictions: rows.csv, currency: EUR}
columns: {price: premium, list_price: tariff}
protected: {sex: {reference: m}}
factors: {region: {why: filed}}
checks:
  - {id: percent, metric: like_for_like_gap_percent, max: 5}
  - {id: points, metric: like_for_like_gap_bp, max: 10}
  - {id: money, metric: like_for_like_gap, min: -2, max: 2}
  - {id: ratio, metric: mean_price_ratio, max: 1.05}
  - {id: rate, metric: missing_price_rate, max: 0.05}
  - {id: level, metric: mean_price, max: 500}
"""


def test_the_sample_is_copied_whole_and_never_over_something(evenhand: Run, audit_folder: Path) -> None:
    done = evenhand("demo", "pricing", "--copy", "prices")
    assert (done.returncode, done.stderr) == (0, "")
    here = {path.relative_to(audit_folder / "prices") for path in (audit_folder / "prices").rglob("*")}
    there = {path.relative_to(SAMPLES / "pricing") for path in (SAMPLES / "pricing").rglob("*")}
    assert here == {path for path in there if "__pycache__" not in path.parts}
    assert not (audit_folder / "evenhand-out").exists(), "nothing is audited"
    again = evenhand("demo", "pricing", "--copy", "prices")
    assert again.returncode == 2
    assert "`prices` exists and is left as it is" in again.stderr
    homeless = evenhand("demo", "--copy", "p.csv/below")
    assert homeless.returncode == 2
    assert "cannot copy the sample" in homeless.stderr


def test_a_quiet_demo(evenhand: Run) -> None:
    lines = evenhand("demo", "-q", "--out", "demo").stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("FAILED")
    assert "as expected" in lines[1]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["demo", "--nothing"], "`evenhand demo --help`"),
        (["demo", "targeting", "pricing"], "`evenhand demo --help`"),
        (["demo", "tariffs"], "`evenhand demo --help`"),
        (["policy", "check", "--nothing"], "`evenhand policy check --help`"),
        (["--nothing"], "`evenhand --help`"),
    ],
)
def test_a_wrong_call_is_told_where_its_help_is(evenhand: Run, arguments: list[str], hint: str) -> None:
    done = evenhand(*arguments)
    assert done.returncode == 2
    assert hint in done.stderr


def test_init_writes_the_kind_that_is_asked_for(evenhand: Run, audit_folder: Path) -> None:
    (audit_folder / "claims.csv").write_text("sex,expo,amount\n" + "f,1,120.5\nm,0.5,0\n" * 20)
    done = evenhand("init", "claims.csv", "--kind", "pricing", "-o", "a.yaml")
    assert done.returncode == 0
    assert "note: no price column was found" in done.stderr
    text = (audit_folder / "a.yaml").read_text()
    assert "kind: pricing" in text
    assert "  price:  # no price column was found" in text
    assert "actual_loss: amount" in text
    assert evenhand("policy", "check", "a.yaml").returncode == 2, "a price is for people to name"
    assert evenhand("init", "claims.csv", "--kind", "leasing", "-o", "b.yaml").returncode == 2


def test_init_says_why_a_shared_column_is_no_key(evenhand: Run, audit_folder: Path) -> None:
    (audit_folder / "d.csv").write_text("town,sent\n" + "a,1\nb,0\n" * 20)
    (audit_folder / "p.csv").write_text("town,sex\n" + "a,f\na,m\nb,f\n" * 20)
    done = evenhand("init", "d.csv", "--attributes", "p.csv", "-o", "a.yaml")
    assert done.returncode == 0
    assert "note: no key was found: `town` stands in both files, but repeats in the attributes" in done.stderr


def test_policy_check_prints_limits_with_their_unit(evenhand: Run, audit_folder: Path) -> None:
    (audit_folder / "prices.yaml").write_text(PRICES)
    printed = evenhand("policy", "check", "prices.yaml").stdout
    for line in (
        "percent: like_for_like_gap_percent ≤ 5%, by",
        "points: like_for_like_gap_bp ≤ 10 bp, by",
        "money: like_for_like_gap ≥ -2 EUR and ≤ 2 EUR, by",
        "ratio: mean_price_ratio ≤ 1.05, by",
        "rate: missing_price_rate ≤ 0.05, by",
    ):
        assert line in printed
    rates = PRICES.replace(", currency: EUR", "").replace("list_price: tariff", "price_unit: percent")
    (audit_folder / "prices.yaml").write_text(rates)
    printed = evenhand("policy", "check", "prices.yaml").stdout
    assert "≥ -2 percentage points and ≤ 2 percentage points" in printed
    assert "level: mean_price ≤ 500%" in printed


def test_a_measure_that_is_never_judged_says_so() -> None:
    assert "decided by   reported, never judged" in explained("decomposition")
    assert "- decided by: reported, never judged" in measures_page()
    assert "decided by: \n" not in measures_page()


def test_the_key_is_called_by_its_name_where_another_column_is_the_person(evenhand: Run, audit_folder: Path) -> None:
    (audit_folder / "d.csv").write_text("policy,holder,offered\n" + "".join(f"k{i},h{i},1\n" for i in range(40)))
    (audit_folder / "people.csv").write_text("policy,sex\n" + "k1,m\nk1,f\nk2,male\n")
    text = (audit_folder / "evenhand.yaml").read_text()
    for old, new in (
        ("p.csv", "d.csv"),
        ("key: id", "key: policy"),
        (", score: score, label: bought, positive: yes", ", unit: holder"),
    ):
        assert old in text
        text = text.replace(old, new)
    (audit_folder / "evenhand.yaml").write_text(text)
    done = evenhand("audit")
    assert done.returncode == 2
    assert "key `policy` is not unique" in done.stderr
