"""Error rates, predictive values and AUC against published tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evenhand import audit

Compared = Callable[..., Mapping[str, Mapping[str, Any]]]
PUBLISHED = Path(__file__).resolve().parents[2] / "sample_data" / "published"

# fairlearn user guide, "Common fairness metrics" / MetricFrame quickstart data, 18 people.
TRUE = [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]
PREDICTED = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
GROUPS = list("bbabbcccaacabccbcc")
GUIDE = {
    "true_positive_rate": {"a": 0.5, "b": 0.6, "c": 0.4},
    "false_positive_rate": {"a": 1.0, "b": 0.0, "c": 2 / 3},
    "selection_rate": {"a": 0.75, "b": 0.5, "c": 0.5},
}


@pytest.mark.parametrize("metric", GUIDE)
def test_fairlearn_guide(compared: Compared, metric: str) -> None:
    """Values printed by the guide: tpr/fpr/selection a .5/1/.75, b .6/0/.5, c .4/.6667/.5."""
    found = compared(
        zip(GROUPS, PREDICTED, TRUE, strict=True),
        "a",
        {"metric": metric, "level": "report"},
        names=("group", "predicted", "true"),
        columns={"decision": "predicted", "selected": "1", "label": "true", "positive": "1"},
    )
    assert {g: c["estimate"] for g, c in found.items()} == pytest.approx(GUIDE[metric], abs=1e-12)


@pytest.fixture(scope="module")
def compas() -> Mapping[str, Any]:
    return audit(audit_file=PUBLISHED / "compas" / "evenhand.yaml").document


def evidence(document: Mapping[str, Any], check: str, attribute: str) -> dict[str, tuple[int, int]]:
    """(cases, total) of each group as the report's evidence table shows them."""
    table = document["evidence"][check]["table"]
    at = [table["columns"].index(name) for name in ("attribute", "group", "cases", "total")]
    rows = [[row[i] for i in at] for row in table["rows"]]
    return {group: (cases, total) for name, group, cases, total in rows if name == attribute}


@pytest.mark.parametrize(
    ("check", "group", "cases", "total", "percent"),
    [
        ("false-alarm-rates", "African-American", 805, 990 + 805, 44.85),
        ("false-alarm-rates", "Caucasian", 349, 1139 + 349, 23.45),
        ("miss-rates", "African-American", 532, 532 + 1369, 27.99),
        ("miss-rates", "Caucasian", 461, 461 + 505, 47.72),
    ],
)
def test_compas_by_race(
    compas: Mapping[str, Any], check: str, group: str, cases: int, total: int, percent: float
) -> None:
    """ProPublica 2016, "How We Analyzed the COMPAS Recidivism Algorithm": all 7,214 people, flag = medium or high."""
    assert compas["people"] == 7_214
    assert evidence(compas, check, "race")[group] == (cases, total)
    comparisons = next(c for c in compas["checks"] if c["id"] == check)["comparisons"]
    found = next(c for c in comparisons if c["group"] == group)
    assert 100 * found["estimate"] == pytest.approx(percent, abs=0.005)


def test_compas_everyone(compas: Mapping[str, Any]) -> None:
    """All defendants: TN 2681, FP 1282, FN 1216, TP 2035, hence 32.35% and 37.40%; the sexes add up to them."""
    false_alarms = [sum(column) for column in zip(*evidence(compas, "false-alarm-rates", "sex").values(), strict=True)]
    misses = [sum(column) for column in zip(*evidence(compas, "miss-rates", "sex").values(), strict=True)]
    assert false_alarms == [1282, 2681 + 1282]
    assert misses == [1216, 1216 + 2035]


def test_hanley_mcneil() -> None:
    """Hanley & McNeil 1982, table I: AUC .8932; DeLong SE .0307 and interval .83295-.95339 (statsmodels, t off)."""
    checks = audit(audit_file=PUBLISHED / "hanley_mcneil" / "evenhand.yaml").checks
    found = checks["area"]["comparisons"][0]
    assert found["n"] == 109
    assert found["estimate"] == pytest.approx(0.8932, abs=5e-5)
    low, high = found["interval"]["low"], found["interval"]["high"]
    assert (low, high) == pytest.approx((0.83295, 0.95339), abs=5e-6)
    assert (high - low) / (2 * 1.959964) == pytest.approx(0.0307, abs=5e-5)
