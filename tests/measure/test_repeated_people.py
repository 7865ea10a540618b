"""Where people have several rows: n counts people, few or dominating people are flagged, odds and z have intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from evenhand.measure import MEASURES
from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.roles import Sources

AUDIT = """\
version: 1
model: {{name: m, version: 1, kind: targeting}}
purpose: p
columns: {{decision: d, selected: 1, label: y, positive: 1, score: s, unit: person}}
polarity: benefit
protected: {{sex: {{reference: male}}}}
checks:
{checks}
"""
METRICS = ("selection_odds_ratio", "two_sd", "f1", "auc", "brier", "score_above_median_rate", "selection_rate_ratio")


def comparisons(tmp_path: Path, rows: pa.Table, metrics: tuple[str, ...] = METRICS) -> dict[str, dict]:
    checks = "\n".join(f"  - {{id: c{i}, metric: {m}, level: report, why: w}}" for i, m in enumerate(metrics))
    path = tmp_path / "evenhand.yaml"
    path.write_text(AUDIT.format(checks=checks))
    document = audit_rows(open_audit(path), Sources(rows), Options()).document
    return {
        check["metric"]: next(c for c in check["comparisons"] if c["group"] == "female") for check in document["checks"]
    } | {"document": document}


def rows_of(persons: int, each: int, seed: int = 1) -> pa.Table:
    generator = np.random.Generator(np.random.PCG64(seed))
    person = np.repeat(np.arange(persons), each)
    n = len(person)
    return pa.table(
        {
            "person": person,
            "sex": np.where(person % 2, "female", "male"),
            "d": generator.integers(0, 2, n),
            "y": generator.integers(0, 2, n),
            "s": generator.integers(0, 100, n) / 100,
        }
    )


def test_n_is_people_and_every_estimate_is_there(tmp_path: Path) -> None:
    found = comparisons(tmp_path, rows_of(400, 3))
    for metric in METRICS:
        assert found[metric]["n"] == 200, metric
        assert found[metric]["estimate"] is not None, metric
    for metric in ("selection_odds_ratio", "two_sd", "selection_rate_ratio"):
        assert found[metric]["interval"] is not None, metric


def test_two_equal_rows_a_person_are_one(tmp_path: Path) -> None:
    """Duplicated rows tell nothing new: the odds ratio's log standard error is that of one row each, √Σ1/cell."""
    once = rows_of(2000, 1)
    twice = pa.concat_tables([once, once])
    found = comparisons(tmp_path, twice, ("selection_odds_ratio",))["selection_odds_ratio"]
    table = once.to_pandas().groupby(["sex", "d"]).size()
    error = np.sqrt((1 / table).sum())
    half = (np.log(found["interval"]["high"]) - np.log(found["interval"]["low"])) / 2
    assert half / error == pytest.approx(1.96, rel=0.005)


def test_few_or_dominating_people_are_flagged(tmp_path: Path) -> None:
    from evenhand.measure.base import Grouping, Setting
    from evenhand.tally.cells import Cells

    grouping = Grouping("sex", ("sex",), ("male",))

    def flags(rows: pa.Table) -> dict[str, bool]:
        path = tmp_path / "evenhand.yaml"
        path.write_text(AUDIT.format(checks="  - {id: c, metric: selection_rate, level: report, why: w}"))
        cells: Cells = audit_rows(open_audit(path), Sources(rows), Options()).cells
        findings = MEASURES["selection_rate"].findings(Setting(cells), grouping)
        return {f.group: f.few_units for f in findings}

    assert flags(rows_of(60, 3)) == {"female": False, "male": False}
    assert flags(rows_of(30, 3)) == {"female": True, "male": True}, "15 people a group"
    busy = rows_of(100, 1).to_pandas()
    one = busy[busy["person"] == 1]
    import pandas as pd

    many = pa.Table.from_pandas(pd.concat([busy, *[one] * 60], ignore_index=True), preserve_index=False)
    assert flags(many) == {"female": True, "male": False}, "one of 50 women has 61 of 110 rows"


def test_nobody_selected_is_no_clean_bill_of_consent(tmp_path: Path) -> None:
    path = tmp_path / "evenhand.yaml"
    path.write_text(
        AUDIT.format(checks="  - {id: c, metric: consent_breaches, max: 0, why: w}").replace(
            "unit: person", "consent: {column: ok, given: 1}"
        )
    )
    rows = rows_of(100, 1)
    rows = rows.set_column(2, "d", pa.array([0] * 100)).append_column("ok", pa.array([0] * 100))
    document = audit_rows(open_audit(path), Sources(rows), Options()).document
    assert (document["exit_code"], document["checks"][0]["reason"]["code"]) == (3, "vacuous")


def test_breaches_of_consent_are_people_not_rows(tmp_path: Path) -> None:
    """Three persons, ten rows each, all selected; two of them never consented: two breaches."""
    path = tmp_path / "evenhand.yaml"
    text = AUDIT.format(checks="  - {id: c, metric: consent_breaches, max: 0, why: w}")
    path.write_text(text.replace("unit: person", "unit: person, consent: {column: ok, given: 1}"))
    person = np.repeat([1, 2, 3], 10)
    rows = pa.table(
        {
            "person": person,
            "sex": np.where(person % 2, "female", "male"),
            "d": np.ones(30, dtype=int),
            "y": np.ones(30, dtype=int),
            "s": np.full(30, 0.5),
            "ok": (person == 2).astype(int),
        }
    )
    (found,) = audit_rows(open_audit(path), Sources(rows), Options()).document["checks"][0]["comparisons"]
    assert (found["estimate"], found["n"]) == (2.0, 3)
