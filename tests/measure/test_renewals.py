"""Price walking and the tenure index, by hand and against numpy, scipy and statsmodels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from small_audits import COLUMNS, audit_of, audited

from evenhand.measure.renewals import UNCHECKED

WALKING = [
    "price_walking_breaches",
    "price_walking_breach_rate",
    "price_walking_breach_rate_ratio",
    "price_walking_percent",
    "price_walking_percent_difference",
    "price_walking_p95_percent",
    "price_walking_max_percent",
]
TENURE = ["price_walking_by_tenure_percent", "tenure_index", "tenure_index_of_everyone"]
ROLES = {"price": "price", "equivalent_new_business_price": "new"}


def document(
    rows: Mapping[str, Any],
    *,
    columns: Mapping[str, Any] | None = None,
    measures: Any = None,
    engine: str = "duckdb",
    **changes: Any,
) -> dict[str, Any]:
    audit = audit_of(
        measures=measures or WALKING,
        columns={**dict.fromkeys(COLUMNS), **ROLES, "is_renewal": "renewal", **(columns or {})},
        model={"name": "m", "version": "1", "kind": "pricing"},
        polarity="burden",
        population={},
        protected={"sex": {"reference": "m"}},
        **changes,
    )
    return audited(audit, pa.table(dict(rows)), engine=engine).document


def comparisons(found: Mapping[str, Any]) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """Metric -> (group, *at) -> comparison."""
    return {
        check["metric"]: {(c["group"], *c["at"].values()): c for c in check["comparisons"]} for check in found["checks"]
    }


BY_HAND = {
    "sex": ["m", "m", "m", "f", "f", "f", "f", None, "m"],
    "renewal": ["yes", "yes", "no", "yes", "yes", "yes", "yes", "yes", None],
    "price": [100.0, 110.0, 200.0, 99.0, 120.0, 130.0, 100.0, 101.0, 500.0],
    "new": [100.0, 100.0, 100.0, 100.0, 100.0, 100.0, None, 100.0, 100.0],
    "tenure": [1, 2, 0, 1, 2, 10, 3, 1, 4],
}
"""Renewals: men 0 and +10%; women −1, +20, +30% and one that cannot be checked; one of unknown sex at +1%."""


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_by_hand(engine: str) -> None:
    found = document(BY_HAND, engine=engine)
    by = comparisons(found)
    whole = by["price_walking_breaches"]["everyone",]
    assert (whole["estimate"], whole["n"]) == (4, 6)
    assert UNCHECKED in str(found["warnings"])

    def numbers(metric: str) -> dict[str, float]:
        return {group: c["estimate"] for (group,), c in by[metric].items()}

    assert numbers("price_walking_breach_rate") == {"f": pytest.approx(2 / 3), "m": 0.5}
    assert numbers("price_walking_breach_rate_ratio") == {"f": pytest.approx(4 / 3)}
    assert numbers("price_walking_percent") == {"f": pytest.approx(49 / 3), "m": 5}
    assert numbers("price_walking_percent_difference") == {"f": pytest.approx(49 / 3 - 5)}
    assert numbers("price_walking_p95_percent") == {"f": 30, "m": 10}
    assert numbers("price_walking_max_percent") == {"f": 30, "m": 10}
    interval = by["price_walking_percent"]["f",]["interval"]
    expected = stats.ttest_1samp([-1, 20, 30], 0).confidence_interval(0.95)
    assert (interval["low"], interval["high"]) == pytest.approx((expected.low, expected.high))


def test_without_a_column_of_renewals_every_row_counts() -> None:
    found = comparisons(document(BY_HAND, columns={"is_renewal": None}))
    whole = found["price_walking_breaches"]["everyone",]
    assert (whole["estimate"], whole["n"]) == (6, 8)
    assert found["price_walking_max_percent"]["m",]["estimate"] == 400
    assert found["price_walking_breach_rate"]["m",]["estimate"] == 0.75


def test_the_tolerance_of_the_audit_file_is_held_exactly() -> None:
    """1% more than 100 is 101: not beyond it. Of 1.01 → 1.02: 1.02 > 1.0201 is false in cents, too."""
    rows = {"sex": ["m", "f", "f"], "renewal": ["yes"] * 3, "price": [101.0, 101.01, 102.0], "new": [100.0] * 3}
    for tolerance, breaches in (("0", 3), ("0.01", 2), ("0.02", 0)):
        columns = {"walking_tolerance": float(tolerance)}
        found = comparisons(document(rows, columns=columns, measures=["price_walking_breaches"]))
        assert found["price_walking_breaches"]["everyone",]["estimate"] == breaches


def test_a_breach_fails_a_limit_of_none_and_no_renewal_is_no_pass() -> None:
    check = {"id": "walk", "metric": "price_walking_breaches", "max": 0, "why": "ICOBS 6B"}
    rows = {"sex": ["m", "f"], "renewal": ["yes", "yes"], "price": [100.0, 100.01], "new": [100.0, 100.0]}
    assert document(rows, checks=[check])["verdict"] == "fail"
    assert document(rows | {"price": [100.0, 99.0]}, checks=[check])["verdict"] == "pass"
    none = document(rows | {"renewal": ["no", "no"]}, checks=[check])
    assert (none["verdict"], none["checks"][0]["comparisons"][0]["reason"]["code"]) == ("inconclusive", "vacuous")


def test_the_largest_excess_of_a_small_group_is_judged() -> None:
    """A fact needs no number of people: one renewal at +30% breaks a limit of 20%."""
    check = {"id": "max", "metric": "price_walking_max_percent", "max": 20, "why": "agreed"}
    found = document(BY_HAND, checks=[check])
    assert {c["group"]: c["status"] for c in found["checks"][0]["comparisons"]} == {"f": "fail", "m": "pass"}


def made_up(size: int = 800) -> dict[str, Any]:
    random = np.random.default_rng(12)
    person = random.integers(0, size // 3, size)
    new = np.round(np.exp(random.normal(5, 0.3, size)), 2)
    tenure = random.integers(0, 4, size)
    return {
        "person": person,
        "sex": np.where(person % 2 == 0, "m", "f"),
        "renewal": random.choice(["true", "false"], size, p=[0.7, 0.3]),
        "new": new,
        "price": np.round(new * (1 + 0.02 * tenure + random.normal(0, 0.05, size)), 2),
        "tenure": tenure,
        "region": random.choice(["north", "south"], size),
        "weight": random.integers(50, 200, size) / 100,
    }


@pytest.mark.parametrize("weighted", [False, True])
def test_means_and_quantiles_over_the_rows(weighted: bool) -> None:
    """Excess in basis points, floor(x + ½); numpy's inverted_cdf quantile, with weights too."""
    rows = made_up()
    found = comparisons(document(rows, columns={"weight": "weight"} if weighted else {}))
    for sex in ("f", "m"):
        kept = (rows["sex"] == sex) & (rows["renewal"] == "true")
        excess = np.floor((rows["price"] / rows["new"] - 1)[kept] * 1e4 + 0.5) / 100
        w = rows["weight"][kept] if weighted else np.ones(kept.sum())
        own = found["price_walking_percent"][sex,]
        mean, effective = float(w @ excess / w.sum()), float(w.sum() ** 2 / (w @ w))
        variance = float(w**2 @ (excess - mean) ** 2) / w.sum() ** 2 * effective / (effective - 1)
        assert own["estimate"] == pytest.approx(mean, rel=1e-9)
        half = (own["interval"]["high"] - own["interval"]["low"]) / 2
        assert half == pytest.approx(stats.t.ppf(0.975, effective - 1) * math.sqrt(variance), rel=1e-9)
        p95 = found["price_walking_p95_percent"][sex,]
        assert p95["estimate"] == pytest.approx(np.quantile(excess, 0.95, method="inverted_cdf", weights=w))
        assert p95["interval"]["low"] < p95["estimate"] < p95["interval"]["high"]
        assert found["price_walking_max_percent"][sex,]["estimate"] == pytest.approx(excess.max())


def test_people_with_several_rows() -> None:
    """The count is of renewals, the rate is cluster-robust, means over the distribution have no interval."""
    rows = made_up()
    found = comparisons(document(rows, columns={"unit": "person", "tenure": "tenure"}, measures=[*WALKING, *TENURE]))
    renewals = rows["renewal"] == "true"
    whole = found["price_walking_breaches"]["everyone",]
    assert whole["estimate"] == (renewals & (rows["price"] > rows["new"])).sum()
    assert whole["n"] == len(set(rows["person"][renewals]))
    assert found["price_walking_breach_rate"]["f",]["interval"] is not None
    for name in ("price_walking_percent", "price_walking_percent_difference", "price_walking_p95_percent"):
        assert found[name]["f",]["estimate"] is not None
        assert found[name]["f",]["interval"] is None
    assert all(c["estimate"] is not None and c["interval"] is None for c in found["tenure_index"].values())


# Tenures -----------------------------------------------------------------------------------------------------------


def test_excess_by_tenure_goes_from_the_newest_on() -> None:
    """As numbers: 10 after 2. A tenure at which a group has no renewal is undefined there. Everyone is there twice,
    since the mean of one person would be withheld."""
    measures = ["price_walking_by_tenure_percent"]
    twice = {name: values * 2 for name, values in BY_HAND.items()}
    found = comparisons(document(twice, columns={"tenure": "tenure"}, measures=measures))[measures[0]]
    assert [tenure for group, tenure in found if group == "f"] == ["1", "2", "10"]
    assert {tenure: found["f", tenure]["estimate"] for tenure in ("1", "2", "10")} == {"1": -1, "2": 20, "10": 30}
    assert found["m", "10"]["estimate"] is None
    banded = {"tenure": "tenure", "tenure_bands": [1, 2, 5]}
    found = comparisons(document(twice, columns=banded, measures=measures))[measures[0]]
    assert {tenure: c["estimate"] for (group, tenure), c in found.items() if group == "f"} == {
        "1": -1,
        "2-4": 20,
        "5+": 30,
    }


FACTORS = {"factors": {"region": {"why": "prices differ by region"}}, "small_groups": {"min_in_stratum": 2}}


def at_tenure(rows: Mapping[str, Any], tenure: int, region: str, sex: str | None = None) -> np.ndarray[Any, Any]:
    kept = (rows["tenure"] == tenure) & (rows["region"] == region)
    return np.asarray(rows["price"][kept if sex is None else kept & (rows["sex"] == sex)])


@pytest.mark.parametrize("sex", [None, "f"])
def test_the_index_is_standardised_to_the_newest_customers_mix(sex: str | None) -> None:
    """Σ w_s m_ts / Σ w_s m_0s over the rows; the interval by the delta method, the mix a sample."""
    rows = made_up()
    columns = {"tenure": "tenure", "is_renewal": None, "equivalent_new_business_price": None}
    found = comparisons(
        document(rows, columns=columns, measures=["tenure_index", "tenure_index_of_everyone"], **FACTORS)
    )
    name = "tenure_index_of_everyone" if sex is None else "tenure_index"
    for tenure in (1, 2, 3):
        own = found[name][sex or "everyone", str(tenure), "0"]
        first, later = ({region: at_tenure(rows, t, region, sex) for region in ("north", "south")} for t in (0, tenure))
        n = sum(len(prices) for prices in first.values())
        share = {region: len(prices) / n for region, prices in first.items()}
        ours, theirs = (sum(share[r] * prices[r].mean() for r in share) for prices in (later, first))
        assert own["estimate"] == pytest.approx(ours / theirs, rel=1e-9)
        fixed = sum(
            share[r] ** 2
            * (later[r].var(ddof=1) / len(later[r]) / ours**2 + first[r].var(ddof=1) / len(first[r]) / theirs**2)
            for r in share
        )
        mix = sum(len(first[r]) * (later[r].mean() / ours - first[r].mean() / theirs) ** 2 for r in share) / n**2
        half = math.log(own["interval"]["high"] / own["interval"]["low"]) / 2
        assert half / math.sqrt(fixed + mix) == pytest.approx(1.97, abs=0.03), "t at .975"
        assert own["p"]["parity"] is not None


def test_a_mix_that_changes_with_tenure_is_not_taken_for_loyalty() -> None:
    """Both regions cost the same at every tenure, but dear ones stay: the raw ratio is 1.5, the index 1."""
    prices = {"cheap": [90.0, 110.0], "dear": [190.0, 210.0]}
    rows: dict[str, list[Any]] = {"sex": [], "price": [], "tenure": [], "region": []}
    for tenure, region, times in (("new", "cheap", 30), ("new", "dear", 10), ("old", "cheap", 10), ("old", "dear", 30)):
        for sex in ("m", "f"):
            for price in prices[region] * times:
                for name, value in (("sex", sex), ("price", price), ("tenure", tenure), ("region", region)):
                    rows[name].append(value)
    columns = {"tenure": "tenure", "is_renewal": None, "equivalent_new_business_price": None}
    found = comparisons(document(rows, columns=columns, measures=["tenure_index"], **FACTORS))["tenure_index"]
    assert found["f", "old", "new"]["estimate"] == pytest.approx(1)
    raw = comparisons(document(rows, columns=columns, measures=["tenure_index"]))["tenure_index"]
    assert raw["f", "old", "new"]["estimate"] == pytest.approx(175 / 125)


def test_too_few_alike_at_both_tenures_withholds_the_verdict() -> None:
    """Half of the newest customers have nobody like them among the older ones; the audit file asks for 80%."""
    rows = {
        "sex": ["m", "f"] * 100,
        "tenure": [0] * 100 + [1] * 100,
        "region": (["north"] * 2 + ["south"] * 2) * 25 + ["north"] * 100,
        "price": [100.0, 100.0, 102.0, 102.0] * 50,
    }
    columns = {"tenure": "tenure", "is_renewal": None, "equivalent_new_business_price": None}
    check = {"id": "index", "metric": "tenure_index", "max": 1.5, "why": "agreed"}
    found = document(rows, columns=columns, checks=[check], factors=FACTORS["factors"])
    whole = {c["group"]: (c["status"], c["reason"]["code"]) for c in found["checks"][0]["comparisons"]}
    assert whole == {"f": ("inconclusive", "withheld"), "m": ("inconclusive", "withheld")}
    assert "only 50%" in found["checks"][0]["comparisons"][0]["reason"]["text"]
