"""Proxy strength through whole audits: hand calculations, and adjusted R² by statsmodels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from price_audits import REGION, TWO_FACTORS, measured, price_audit, random_prices, setting, verdict_of
from small_audits import audit_of, cells_of, findings_of, random_rows

from evenhand.checking import groupings_of
from evenhand.measure.base import Finding
from evenhand.measure.beside import BESIDE

NAMES = ("proxy_strength", "proxy_strength_cramers_v", "proxy_strength_joint_auc")
BOTH: dict[str, Any] = {
    "price": [1.0] * 8,
    "sex": ["f", "f", "f", "m", "f", "m", "m", "m"],
    "region": ["N"] * 4 + ["S"] * 4,
}
"""Three of four women live in the north, three of four men in the south."""


def strengths(findings: list[Finding]) -> dict[tuple[str, str], float | None]:
    return {(f.group, f.at.get("factor", "all")): f.estimate for f in findings}


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_by_hand(engine: str) -> None:
    """η² = 1/4, adjusted 1 − ¾·7/6 = 1/8; φ² = 1/4, V = √(3/28 · 7/6) = √(1/8)."""
    by = measured(BOTH, *NAMES[:2], engine=engine)
    assert strengths(by["proxy_strength"]) == pytest.approx({("f", "region"): 0.125})
    assert strengths(by["proxy_strength_cramers_v"]) == pytest.approx({("all groups", "region"): 0.125**0.5})


def repeated(times: int, **columns: Any) -> dict[str, Any]:
    return {name: list(values) * times for name, values in BOTH.items()} | columns


def test_weights_that_are_all_alike_change_nothing() -> None:
    by, weighted = (
        measured(repeated(3, two=[2.0] * 24), *NAMES, columns=columns) for columns in ({}, {"weight": "two"})
    )
    for name in NAMES:
        assert strengths(weighted[name]) == pytest.approx(strengths(by[name]), rel=1e-12)


def test_weights_count_for_as_many_as_they_are_worth() -> None:
    """Half of the rows at weight 3: shares move, and the correction is with (Σw)²/Σw² = 16²/40 = 6.4 people.

    Weights 3 for the first two of each region: north women 3 + 3 + 1, men 1; south women 3, men 3 + 1 + 1.
    p = 10/16; η² = 16·(8·(7/8 − 5/8)²·2)/(16·16·(5/8)(3/8))… = .25²/(.234375) = 4/15; adjusted 1 − 11/15·5.4/4.4 = .1.
    """
    rows = {**BOTH, "weight": [3.0, 3.0, 1.0, 1.0] * 2}
    by = measured(rows, "proxy_strength", columns={"weight": "weight"})
    assert strengths(by["proxy_strength"])["f", "region"] == pytest.approx(1 - 11 / 15 * 5.4 / 4.4, rel=1e-12)


def test_people_with_several_rows_count_once_in_the_correction() -> None:
    """Each of the eight three times: η² is still ¼, and so is the number of people that it rests on."""
    rows = repeated(3, person=list(range(8)) * 3)
    by = measured(rows, *NAMES[:2], columns={"unit": "person"})
    assert strengths(by["proxy_strength"])["f", "region"] == pytest.approx(0.125)
    assert strengths(by["proxy_strength_cramers_v"])["all groups", "region"] == pytest.approx(0.125**0.5)


def test_shares_of_0_and_1_are_groups() -> None:
    rows = repeated(4)
    rows |= {f"is_{sex}": [float(one == sex) for one in rows["sex"]] for sex in ("f", "m")}
    spread = {"sex": {"probabilities": {"f": "is_f", "m": "is_m"}, "reference": "m"}}
    one, other = measured(rows, *NAMES), measured(rows, *NAMES, protected=spread)
    for name in NAMES:
        assert strengths(other[name]) == pytest.approx(strengths(one[name]), rel=1e-12)


def test_adjusted_r_squared() -> None:
    """Oracle: statsmodels' adjusted R² of each group's indicator on the levels of each factor."""
    rows = random_prices(41)
    frame = pd.DataFrame(rows)
    by = measured(rows, "proxy_strength", factors=TWO_FACTORS)
    for (group, factor), value in strengths(by["proxy_strength"]).items():
        frame["member"] = (frame["sex"] == group).astype(float)
        assert value == pytest.approx(smf.ols(f"member ~ C({factor})", frame).fit().rsquared_adj, abs=1e-12)


def test_one_group_alone_has_no_proxies() -> None:
    rows = {"sex": ["m"] * 20, "region": ["N", "S"] * 10, "price": [1.0] * 20}
    by = measured(rows, *NAMES)
    assert {f.undefined for f in by["proxy_strength_cramers_v"]} == {"no_denominator"}
    assert by["proxy_strength"] == by["proxy_strength_joint_auc"] == []
    alone = measured({**rows, "sex": ["f"] * 20}, "proxy_strength")["proxy_strength"]
    assert [(f.group, f.undefined) for f in alone] == [("f", "no_denominator")]


def test_beside_a_gap_stands_the_group_that_a_factor_gives_away_most() -> None:
    """All of x live in the west, f and m are spread alike: the largest proxy strength is that of x."""
    rows = {
        "sex": ["f"] * 20 + ["m"] * 20 + ["x"] * 10,
        "region": ["N", "S"] * 20 + ["W"] * 10,
        "price": [1.0, 2.0] * 25,
    }
    audit = price_audit("like_for_like_gap", "proxy_strength")
    made = setting(audit, rows)
    (figure,) = BESIDE["like_for_like_gap"](made, groupings_of(audit)["sex"])
    assert figure.label.startswith("region: proxy strength of sex (adjusted η², largest: x)")
    assert figure.value == 1.0 == strengths(measured(rows, "proxy_strength")["proxy_strength"])["x", "region"]


def test_two_harmless_factors_that_give_the_group_away_together() -> None:
    """Women where region and tariff agree, men where they differ: each says nothing, both say all.

    A constant factor says nothing either: area .5.
    """
    random = np.random.default_rng(4)
    region, tariff = random.integers(0, 2, 400), random.integers(0, 2, 400)
    rows = {
        "sex": np.where(region == tariff, "f", "m").tolist(),
        "region": np.where(region, "N", "S").tolist(),
        "tariff": np.where(tariff, "full", "basic").tolist(),
        "price": [1.0] * 400,
    }
    by = measured(rows, *NAMES, factors=TWO_FACTORS)
    assert strengths(by["proxy_strength_joint_auc"]) == {("f", "all"): 1.0}
    assert all(value is not None and abs(value) < 0.02 for value in strengths(by["proxy_strength"]).values())
    blind = measured({**rows, "region": ["N"] * 400}, NAMES[2], factors=REGION)
    assert strengths(blind[NAMES[2]]) == {("f", "all"): 0.5}


def test_the_joint_area_is_the_same_every_time_and_needs_five_people_a_side() -> None:
    rows = random_prices(42)
    one, other = (measured(rows, NAMES[2], factors=TWO_FACTORS)[NAMES[2]] for _ in range(2))
    assert strengths(one) == strengths(other)
    assert all(f.estimate is not None and f.undefined == "no_interval" for f in one)
    few = measured(BOTH, NAMES[2])[NAMES[2]]
    assert [(f.estimate, f.undefined) for f in few] == [(None, "no_denominator")]


def test_a_limit_is_decided_by_the_point() -> None:
    check = {"metric": "proxy_strength", "max": 0.1, "decide_by": "point"}
    checked = verdict_of(repeated(10), check)
    assert checked["status"] == "fail"
    assert {comparison["at"]["factor"] for comparison in checked["comparisons"]} == {"region"}


def test_factors_serve_targeting_too() -> None:
    audit = audit_of(
        measures=NAMES, factors={"campaign": {"column": "campaign", "why": "a test"}}, columns={"campaign": None}
    )
    by = findings_of(audit, cells_of(audit, random_rows(5)))
    assert {f.at["factor"] for f in by["proxy_strength"]} == {"campaign"}
    assert all(f.estimate is not None for name in NAMES[:2] for f in by[name])
