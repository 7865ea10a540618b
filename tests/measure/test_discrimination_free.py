"""The discrimination-free benchmark through whole audits: metrics.md's fixture, and which strata and groups count."""

from __future__ import annotations

from typing import Any

import pytest
from price_audits import cell_rows, estimates, grouping_of, measured, price_audit, setting, verdict_of

from evenhand.measure import MEASURES
from evenhand.measure.discrimination_free import benchmark

NAMES = ("discrimination_free_overcharge", "proxy_effect")
FIXTURE = {("f", "N"): (300, 100.0), ("m", "N"): (100, 140.0), ("f", "S"): (100, 200.0), ("m", "S"): (500, 260.0)}


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_the_fixture(engine: str) -> None:
    """metrics.md: n 300/100/100/500, μ 100/140/200/260 → unaware 110/250, free 124/236.

    Women: .75·(100 − 124) + .25·(200 − 236) = −27, of that by proxy .75·(−14) + .25·14 = −7. Men: (16 + 5·24)/6 and
    (−14 + 5·14)/6.
    """
    rows = cell_rows(FIXTURE, around=9.0)
    by = measured(rows, *NAMES, *(f"{name}_gap" for name in NAMES), engine=engine)
    assert estimates(by["discrimination_free_overcharge"]) == pytest.approx({"f": -27, "m": 136 / 6})
    assert estimates(by["proxy_effect"]) == pytest.approx({"f": -7, "m": 56 / 6})
    assert estimates(by["discrimination_free_overcharge_gap"]) == pytest.approx({"f": -27 - 136 / 6})
    assert estimates(by["proxy_effect_gap"]) == pytest.approx({"f": -7 - 56 / 6})
    for findings in by.values():
        assert all(f.contrast is not None and f.at == {} for f in findings)
    audit = price_audit(*NAMES)
    _, found = benchmark(setting(audit, rows, engine=engine), grouping_of(audit))
    assert found is not None
    assert found.free == {("N",): 124, ("S",): 236}
    assert found.unaware == {("N",): 110, ("S",): 250}


@pytest.mark.parametrize("role", ["expected_loss", "technical_price"])
def test_mu_is_the_price_whatever_else_is_declared(role: str) -> None:
    """Costs of half the price, loadings doubling them: against μ made of costs the level would be the loadings."""
    rows: dict[str, Any] = cell_rows(FIXTURE, around=9.0)
    rows["cost"] = [price / 2 for price in rows["price"]]
    names = (*NAMES, *(f"{name}_gap" for name in NAMES))
    with_costs = measured(rows, *names, columns={role: "cost"})
    assert with_costs == measured(rows, *names)
    assert estimates(with_costs["discrimination_free_overcharge"]) == pytest.approx({"f": -27, "m": 136 / 6})
    for name in names:
        assert MEASURES[name].roles == ("price", "factors")
        assert "μ is the mean price" in MEASURES[name].caution


def test_a_handful_of_people_do_not_decide_which_strata_count() -> None:
    """Three people of a third sex, below the floor of people: h* is of the others, and they have no figure."""
    rows = cell_rows({**FIXTURE, ("x", "N"): (3, 100.0)}, around=9.0)
    audit = price_audit(NAMES[0])
    made = setting(audit, rows, min_people=10)
    sides, found = benchmark(made, grouping_of(audit))
    assert found is not None
    assert found.coverage == 1
    assert {key[0] for key in found.groups} == {"f", "m"}
    checked = verdict_of(rows, {"metric": "discrimination_free_overcharge_gap", "max": 1})
    assert {c["group"]: c["status"] for c in checked["comparisons"]} == {"f": "pass", "x": "not_tested"}
    assert len(sides) == 3


def test_too_little_overlap_withholds_the_verdict() -> None:
    cells = {("f", "N"): (60, 100.0), ("f", "S"): (40, 100.0), ("m", "N"): (100, 50.0)}
    checked = verdict_of(cell_rows(cells, around=3.0), {"metric": "discrimination_free_overcharge_gap", "max": 5})
    assert checked["status"] == "inconclusive"
    assert checked["comparisons"][0]["reason"]["text"].startswith(
        "only 60% of the group's people are in strata with at least 5 people of every group"
    )


def test_no_stratum_with_every_group() -> None:
    by = measured(cell_rows({("f", "N"): (30, 10.0), ("m", "S"): (30, 20.0)}, around=1.0), *NAMES)
    for findings in by.values():
        assert {(f.estimate, f.undefined) for f in findings} == {(None, "no_denominator")}


@pytest.mark.parametrize("columns", [{"weight": "two"}, {"unit": "person"}])
def test_weights_and_repeated_people(columns: dict[str, str]) -> None:
    """Weights of 2 change nothing; with several rows a person there is no interval."""
    rows: dict[str, Any] = cell_rows(FIXTURE, around=9.0)
    rows |= {"two": [2.0] * 1000, "person": [i // 2 for i in range(1000)]}
    by = measured(rows, *NAMES, columns=columns)
    assert estimates(by[NAMES[0]]) == pytest.approx({"f": -27, "m": 136 / 6})
    expected = {"units_unclear"} if "unit" in columns else {None}
    assert {f.undefined for f in by[NAMES[0]]} == expected
