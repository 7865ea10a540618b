"""Decompositions through whole audits: metrics.md's Kitagawa fixture, statsmodels' Oaxaca, and parts that add up."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from price_audits import TWO_FACTORS, cell_rows, measured, random_prices, verdict_of
from statsmodels.stats.oaxaca import OaxacaBlinder

from evenhand.errors import AuditFileError
from evenhand.measure.base import Finding

FIXTURE = {("f", "N"): (60, 100.0), ("f", "S"): (40, 200.0), ("m", "N"): (30, 90.0), ("m", "S"): (70, 180.0)}
METHODS = ("pooled", "Neumark", "Cotton", "Reimers")


def parts_of(findings: list[Finding], group: str = "f") -> dict[tuple[str, str], float | None]:
    return {(f.at["method"], f.at["part"]): f.estimate for f in findings if f.group == group}


def decomposed(rows: dict[str, Any], **changes: Any) -> list[Finding]:
    return measured(rows, "decomposition", **changes)["decomposition"]


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_the_fixture(engine: str) -> None:
    """metrics.md: shares .6/.4 v .3/.7, means 100/200 v 90/180: −13 = mix −28.5 + like-for-like 15.5.

    Three-fold: (.6 − .3)·(90 − 180) = −27, .3·10 + .7·20 = 17, (.3)·(10 − 20) = −3.
    """
    findings = decomposed(cell_rows(FIXTURE, around=5.0), engine=engine)
    parts = parts_of(findings)
    assert parts["Kitagawa", "mix"] == -28.5
    assert parts["Kitagawa", "like for like at the average mix"] == 15.5
    assert parts["Kitagawa", "no counterpart"] == 0.0
    assert parts["Oaxaca–Blinder, Reimers", "explained"] == pytest.approx(-28.5)
    assert parts["Oaxaca–Blinder, Reimers", "explained by region"] == pytest.approx(-28.5)
    three = [parts["Oaxaca–Blinder, three-fold", part] for part in ("endowments", "coefficients", "interaction")]
    assert three == pytest.approx([-27, 17, -3])
    assert {(f.value, f.value_reference) for f in findings} == {(140.0, 153.0)}


@pytest.mark.parametrize("columns", [{}, {"weight": "weight"}, {"unit": "person"}])
def test_the_parts_of_every_method_add_up_to_the_raw_gap(columns: dict[str, str]) -> None:
    findings = decomposed(random_prices(21), factors=TWO_FACTORS, columns=columns)
    for group in ("f", "x"):
        parts = parts_of(findings, group)
        first = next(f for f in findings if f.group == group)
        assert first.value is not None
        assert first.value_reference is not None
        raw = first.value - first.value_reference
        for method in {method for method, _ in parts}:
            own = [amount for (m, part), amount in parts.items() if m == method and not part.startswith("explained by")]
            assert None not in own
            assert math.fsum(own) == pytest.approx(raw, abs=1e-9), method  # type: ignore[arg-type]  # all are numbers
        for method in METHODS:
            by = [parts[f"Oaxaca–Blinder, {method}", f"explained by {name}"] for name in ("region", "tariff")]
            assert math.fsum(by) == pytest.approx(parts[f"Oaxaca–Blinder, {method}", "explained"], abs=1e-9)  # type: ignore[arg-type]  # all are numbers


def test_a_part_without_a_counterpart() -> None:
    """Ten women at 300 in the west, where no man is: raw (60·100 + 30·200 + 10·300)/100 − 150 = 0.

    Over the common strata women pay 12,000/90 on average: 0 − (133.33 − 150) = 16.67 is the west's.
    """
    cells = {("f", "N"): (60, 100.0), ("f", "S"): (30, 200.0), ("f", "W"): (10, 300.0)}
    cells |= {("m", "N"): (50, 100.0), ("m", "S"): (50, 200.0)}
    parts = parts_of(decomposed(cell_rows(cells, around=5.0)))
    assert parts["Kitagawa", "no counterpart"] == pytest.approx(50 / 3)
    assert parts["Kitagawa", "like for like at the average mix"] == pytest.approx(0, abs=1e-12)
    assert parts["Kitagawa", "mix"] == pytest.approx(-50 / 3)


def test_what_is_not_identified_is_left_open_and_said() -> None:
    """The men have nobody in the west: their coefficient for it does not exist, so neither do Cotton's or Reimers's."""
    cells = {("f", "N"): (60, 100.0), ("f", "W"): (40, 300.0), ("m", "N"): (50, 100.0), ("m", "S"): (50, 200.0)}
    findings = decomposed(cell_rows(cells, around=5.0))
    open_ = {(f.at["method"], f.at["part"]): f for f in findings if f.estimate is None}
    assert {method for method, _ in open_} == {
        "Oaxaca–Blinder, Cotton",
        "Oaxaca–Blinder, Reimers",
        "Oaxaca–Blinder, three-fold",
    }
    assert {f.undefined for f in open_.values()} == {"no_denominator"}
    assert all("one group has a level" in f.caveats[-1] for f in open_.values())


@pytest.mark.parametrize(
    ("type_", "method"), [("pooled", "pooled"), ("nuemark", "Neumark"), ("cotton", "Cotton"), ("reimers", "Reimers")]
)
def test_two_fold_against_statsmodels(type_: str, method: str) -> None:
    """Oracle: OaxacaBlinder(…, hasconst=False, swap=False) on the rows; 'nuemark' is its own spelling."""
    rows = random_prices(22)
    frame = pd.DataFrame(rows)
    frame = frame[frame["sex"] != "x"]
    design = pd.get_dummies(frame[["region", "tariff"]], drop_first=True, dtype=float)
    design["f"] = (frame["sex"] == "f").astype(float)
    model = OaxacaBlinder(frame["price"].to_numpy(), design.to_numpy(), design.shape[1] - 1, hasconst=False, swap=False)
    unexplained, explained, gap = model.two_fold(two_fold_type=type_).params
    parts = parts_of(decomposed(rows, factors=TWO_FACTORS))
    means = frame.groupby("sex")["price"].mean()
    sign = 1 if gap * (means["f"] - means["m"]) > 0 else -1
    assert parts[f"Oaxaca–Blinder, {method}", "explained"] == pytest.approx(sign * explained, rel=1e-7)
    assert parts[f"Oaxaca–Blinder, {method}", "unexplained"] == pytest.approx(sign * unexplained, rel=1e-7)


def test_it_is_reported_and_never_judged() -> None:
    rows = cell_rows(FIXTURE, around=5.0)
    checked = verdict_of(rows, {"metric": "decomposition", "level": "report"})
    assert len(checked["comparisons"]) == 3 + 4 * 3 + 3
    assert {comparison["status"] for comparison in checked["comparisons"]} == {"not_tested"}
    with pytest.raises(AuditFileError, match="can be reported, not judged"):
        verdict_of(rows, {"metric": "decomposition", "max": 5})
