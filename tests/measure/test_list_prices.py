"""Prices against list prices: by hand, and against scipy and statsmodels over made-up rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
from scipy import stats
from small_audits import COLUMNS, audit_of, audited

EVERY = [
    "markup",
    "markup_gap",
    "markup_gap_bp",
    "markup_ratio",
    "exception_rate",
    "exception_rate_ratio",
    "surcharge_rate",
    "discount_rate",
    "discount_rate_difference",
    "exception_size",
    "exception_size_difference",
    "exception_size_ratio",
]


def found_in(
    rows: Mapping[str, Any], columns: Mapping[str, Any] | None = None, *, engine: str = "duckdb"
) -> dict[str, dict[str, dict[str, Any]]]:
    """Metric -> group -> comparison of the results document."""
    audit = audit_of(
        measures=EVERY,
        columns={**dict.fromkeys(COLUMNS), "price": "price", "list_price": "list", **(columns or {})},
        model={"name": "m", "version": "1", "kind": "pricing"},
        polarity="burden",
        population={},
        protected={"sex": {"reference": "m"}},
    )
    document = audited(audit, pa.table(dict(rows)), engine=engine).document
    return {check["metric"]: {c["group"]: c for c in check["comparisons"]} for check in document["checks"]}


BY_HAND = {
    "sex": ["m"] * 4 + ["f"] * 4 + ["f", "m"],
    "price": [100.0, 90.0, 110.0, 104.0, 100.0, 100.0, 130.0, 120.0, None, 50.0],
    "list": [100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 130.0, 100.0, math.nan],
}
"""Men: 0, −10, +10, +4; women: 0, 0, +30, −10; one of each without both prices."""


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_by_hand(engine: str) -> None:
    found = found_in(BY_HAND, engine=engine)

    def numbers(metric: str) -> dict[str, float]:
        return {group: c["estimate"] for group, c in found[metric].items()}

    assert numbers("markup") == {"f": 5, "m": 1}
    assert found["markup"]["f"]["n"] == 4
    assert numbers("markup_gap") == {"f": 4}
    assert numbers("markup_ratio") == {"f": 5}
    assert numbers("markup_gap_bp") == {"f": pytest.approx(400)}, "4 of a list price of 100"
    assert numbers("exception_rate") == {"f": 0.5, "m": 0.75}
    assert numbers("surcharge_rate") == {"f": 0.25, "m": 0.5}
    assert numbers("discount_rate") == {"f": 0.25, "m": 0.25}
    assert numbers("exception_rate_ratio") == {"f": pytest.approx(2 / 3)}
    assert numbers("exception_size") == {"f": 10, "m": pytest.approx(4 / 3)}
    assert found["exception_size"]["m"]["n"] == 3
    assert numbers("exception_size_difference") == {"f": pytest.approx(10 - 4 / 3)}
    assert numbers("exception_size_ratio") == {"f": pytest.approx(7.5)}
    men, women = [0, -10, 10, 4], [0, 0, 30, -10]
    welch = stats.ttest_ind(women, men, equal_var=False)
    interval = welch.confidence_interval(0.95)
    gap, points = found["markup_gap"]["f"], found["markup_gap_bp"]["f"]
    assert gap["p"]["parity"] == pytest.approx(welch.pvalue)
    assert (gap["interval"]["low"], gap["interval"]["high"]) == pytest.approx((interval.low, interval.high))
    assert (points["interval"]["low"], points["interval"]["high"]) == pytest.approx(
        (100 * interval.low, 100 * interval.high)
    )
    assert (points["value"], points["value_reference"]) == (5, 1), "the markups, in money"


@pytest.mark.parametrize(("unit", "points"), [("percent", 400), ("fraction", 40_000)])
def test_basis_points_of_prices_that_are_rates(unit: str, points: float) -> None:
    """4 percentage points are 400 basis points; a gap of 4 in fractions of 1 is 40,000."""
    found = found_in(BY_HAND, {"price_unit": unit})
    assert found["markup_gap_bp"]["f"]["estimate"] == pytest.approx(points)


@pytest.mark.parametrize(("metric", "off_list"), [("markup_ratio", False), ("exception_size_ratio", True)])
def test_a_ratio_of_markups_is_the_ratio_of_means_of_the_markups(metric: str, off_list: bool) -> None:
    """Welch's t over the delta method on the log, from the markups themselves with numpy."""
    random = np.random.default_rng(9)
    sex = np.array(["f", "m"])[np.arange(300) % 2]
    listed = random.integers(80, 120, 300).astype(float)
    markup = np.round(np.where(random.random(300) < 0.3, 0, random.gamma(2, 4, 300) * np.where(sex == "f", 1.5, 1)), 2)
    own = found_in({"sex": sex, "list": listed, "price": np.round(listed + markup, 2)})[metric]["f"]
    of, freedoms = [], []
    for which in ("f", "m"):
        values = markup[(sex == which) & ((markup != 0) | (not off_list))]
        of.append((values.mean(), values.var(ddof=1) / len(values) / values.mean() ** 2))
        freedoms.append(len(values) - 1)
    (ours, v), (theirs, v0) = of
    freedom = (v + v0) ** 2 / (v**2 / freedoms[0] + v0**2 / freedoms[1])
    assert own["estimate"] == pytest.approx(ours / theirs, rel=1e-9)
    ends = [ours / theirs * math.exp(side * stats.t.ppf(0.975, freedom) * math.sqrt(v + v0)) for side in (-1, 1)]
    assert (own["interval"]["low"], own["interval"]["high"]) == pytest.approx(ends, rel=1e-9)


def test_markups_that_are_not_above_nothing_have_no_ratio() -> None:
    """Discounts on average: to a reference at −1 no ratio; of a group at −1 to a reference at 2, −½ with no interval."""
    rows = {"sex": ["m", "m", "f", "f"], "price": [9.0, 9.0, 11.0, 13.0], "list": [10.0, 10.0, 10.0, 10.0]}
    turned = {**rows, "sex": ["f", "f", "m", "m"]}
    for metric in ("markup_ratio", "exception_size_ratio"):
        (undefined, low) = (found_in(made)[metric]["f"] for made in (rows, turned))
        assert (undefined["estimate"], undefined["interval"]) == (None, None)
        assert (low["estimate"], low["interval"]) == (-0.5, None)


def test_list_prices_that_are_nothing_have_no_basis_points() -> None:
    found = found_in({"sex": ["m", "m", "f", "f"], "price": [1.0, 2.0, 3.0, 4.0], "list": [0.0] * 4})
    assert found["markup_gap"]["f"]["estimate"] == 2
    assert found["markup_gap_bp"]["f"]["estimate"] is None


def test_nobody_with_an_exception_has_no_size() -> None:
    found = found_in({"sex": ["m", "m", "f"] * 2, "price": [1.0, 2.0, 3.0] * 2, "list": [1.0, 2.5, 3.004] * 2})
    assert found["exception_rate"]["f"]["estimate"] == 0, "equal in cents"
    assert found["exception_size"]["f"]["estimate"] is None
    assert found["exception_size"]["m"]["estimate"] == -0.5


def test_people_with_several_rows_and_weights_have_the_variance_of_a_clustered_regression() -> None:
    random = np.random.default_rng(8)
    person = np.repeat(np.arange(120), 4)
    rows: dict[str, Any] = {
        "person": person,
        "sex": np.where(person % 2 == 0, "m", "f"),
        "list": random.integers(80, 120, 480).astype(float),
        "w": np.ones(480),
    }
    personal = random.normal(0, 5, 120)[person]
    rows["price"] = np.round(
        rows["list"] + np.where(random.random(480) < 0.5, 0, personal + random.normal(1, 1, 480)), 2
    )
    found = found_in(rows, {"unit": "person", "weight": "w"})
    for metric, kept in (
        ("markup", np.ones(480, dtype=bool)),
        ("markup_gap", np.ones(480, dtype=bool)),
        ("exception_size_difference", np.round(rows["price"] - rows["list"], 2) != 0),
    ):
        fits = {}
        for sex in ("f", "m"):
            mine = kept & (rows["sex"] == sex)
            gap, who = (rows["price"] - rows["list"])[mine], person[mine]
            fit = sm.OLS(gap, np.ones(mine.sum())).fit(
                cov_type="cluster", cov_kwds={"groups": who, "use_correction": False}
            )
            units = len(np.unique(who))
            variance = float(np.asarray(fit.cov_params())[0, 0]) * units / (units - 1)
            fits[sex] = (float(fit.params[0]), variance, units - 1)
        (ours, v, df), (theirs, v0, df0) = fits["f"], fits["m"]
        if metric == "markup":
            ours, v, df, theirs, v0, df0 = ours, v, df, 0.0, 0.0, 1.0
        freedom = (v + v0) ** 2 / (v**2 / df + v0**2 / df0)
        own = found[metric]["f"]
        assert own["estimate"] == pytest.approx(ours - theirs, rel=1e-9)
        half = (own["interval"]["high"] - own["interval"]["low"]) / 2
        assert half == pytest.approx(stats.t.ppf(0.975, freedom) * math.sqrt(v + v0), rel=1e-9)
