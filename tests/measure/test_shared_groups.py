"""Groups given as shares of rows: what two groups have in common, through the real tally; by numpy's closed formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from price_audits import measured, price_audit, setting
from small_audits import audited

from evenhand.measure.base import SHARES, Finding
from evenhand.stats.score import ScoreDifference
from evenhand.stats.student import StudentContrast

SEX = {"sex": {"probabilities": {"f": "p_f", "m": "p_m"}, "reference": "m"}}
MEANS = ("mean_price", "mean_price_ratio", "mean_price_difference", "markup_gap")
RATES = ("selection_rate_ratio", "selection_rate_difference", "selection_odds_ratio")
ENGINES = ("duckdb", "polars", "plain")


def territories(seed: int, size: int = 200) -> dict[str, Any]:
    """Shares in hundredths; some rows are of one group only, which the copies of rows must not lose."""
    random = np.random.default_rng(seed)
    share = np.round(random.beta(0.6, 0.6, size), 2)
    price = np.round(200 + 40 * share + random.gamma(2, 20, size), 2)
    return {
        "p_f": share.tolist(),
        "p_m": np.round(1 - share, 2).tolist(),
        "age": random.choice(["old", "young"], size).tolist(),
        "region": random.choice(["N", "S"], size).tolist(),
        "price": price.tolist(),
        "list_price": np.round(price - random.gamma(1, 9, size), 2).tolist(),
        "chosen": (random.random(size) < 0.2 + 0.3 * share).astype(int).tolist(),
        "weight": (random.integers(1, 300, size) / 100).tolist(),
        "people": random.integers(1, 4, size).tolist(),
        "person": random.integers(0, size // 3, size).tolist(),
    }


def of(rows: dict[str, Any], name: str) -> Any:
    return np.asarray(rows[name], dtype=float)


def linear(weights: Any, values: Any, among: Any = 1.0) -> tuple[float, Any, float]:
    """A weighted mean, what each row adds to its error, and the correction k/(k − 1)."""
    x = weights * among
    mean = float(x @ values / x.sum())
    k = x.sum() ** 2 / (x @ x)
    return mean, x * (values - mean) / x.sum(), float(k / (k - 1))


def standard_errors(group: tuple[float, Any, float], reference: tuple[float, Any, float]) -> tuple[float, float]:
    """Of the difference and of the logarithm of the ratio, the covariance taken away."""
    (m, one, c), (m0, other, c0) = group, reference
    parts = (c * one @ one, c0 * other @ other, math.sqrt(c * c0) * one @ other)
    return (
        math.sqrt(parts[0] + parts[1] - 2 * parts[2]),
        math.sqrt(parts[0] / m**2 + parts[1] / m0**2 - 2 * parts[2] / (m * m0)),
    )


def only(findings: list[Finding]) -> tuple[Finding, StudentContrast]:
    (finding,) = findings
    assert isinstance(finding.contrast, StudentContrast)
    return finding, finding.contrast


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("weighted", [False, True])
def test_means_of_the_same_rows(engine: str, weighted: bool) -> None:
    rows = territories(1)
    w = of(rows, "weight") if weighted else np.ones(200)
    columns = {"list_price": "list_price", **({"weight": "weight"} if weighted else {})}
    found = measured(rows, *MEANS, engine=engine, protected=SEX, columns=columns)
    groups = [linear(w * of(rows, name), of(rows, "price")) for name in ("p_f", "p_m")]
    difference, ratio = standard_errors(groups[0], groups[1])
    gap, contrast = only(found["mean_price_difference"])
    assert gap.estimate == pytest.approx(groups[0][0] - groups[1][0], rel=1e-9)
    assert contrast.standard_error == pytest.approx(difference, rel=1e-7)
    assert only(found["mean_price_ratio"])[1].standard_error == pytest.approx(ratio, rel=1e-7)
    markups = [linear(w * of(rows, name), of(rows, "price") - of(rows, "list_price")) for name in ("p_f", "p_m")]
    own = only(found["markup_gap"])[1]
    assert own.standard_error == pytest.approx(standard_errors(markups[0], markups[1])[0], rel=1e-7)
    assert gap.n == gap.people == round(float((w * of(rows, "p_f")).sum()))
    assert gap.n_reference == round(float((w * of(rows, "p_m")).sum()))
    share = w * of(rows, "p_f")
    assert gap.n_effective == pytest.approx(share.sum() ** 2 / (share @ share))


def test_counts_are_repetition() -> None:
    rows = territories(2, 120)
    repeated = {name: np.repeat(np.array(values), rows["people"]).tolist() for name, values in rows.items()}
    one = measured(rows, *MEANS, protected=SEX, columns={"count": "people", "list_price": "list_price"})
    other = measured(repeated, *MEANS, protected=SEX, columns={"list_price": "list_price"})
    for name in MEANS:
        for a, b in zip(one[name], other[name], strict=True):
            assert (a.estimate, a.n, a.n_reference, a.contrast) == (b.estimate, b.n, b.n_reference, b.contrast)


@pytest.mark.parametrize("engine", ENGINES)
def test_rates_of_the_same_rows(engine: str) -> None:
    rows = territories(3)
    found = measured(rows, *RATES, engine=engine, protected=SEX, columns={"decision": "chosen"})
    groups = [linear(of(rows, name), of(rows, "chosen")) for name in ("p_f", "p_m")]
    difference, ratio = standard_errors(groups[0], groups[1])
    gap, contrast = only(found["selection_rate_difference"])
    assert gap.estimate == pytest.approx(groups[0][0] - groups[1][0], rel=1e-9)
    assert contrast.standard_error == pytest.approx(difference, rel=1e-7)
    assert only(found["selection_rate_ratio"])[1].standard_error == pytest.approx(ratio, rel=1e-7)
    (m, one, c), (m0, other, c0) = groups
    odds = [c * one @ one / (m * (1 - m)) ** 2, c0 * other @ other / (m0 * (1 - m0)) ** 2]
    both = math.sqrt(c * c0) * one @ other / (m * (1 - m) * m0 * (1 - m0))
    error = only(found["selection_odds_ratio"])[1].standard_error
    assert error == pytest.approx(math.sqrt(odds[0] + odds[1] - 2 * both), rel=1e-7)
    assert gap.n == gap.people == round(float(of(rows, "p_f").sum()))
    assert gap.counts["cases"] == round(float(of(rows, "p_f") @ of(rows, "chosen")))


def test_a_rate_of_1_keeps_the_score_interval() -> None:
    rows = {**territories(4), "chosen": [1] * 200}
    (gap,) = measured(rows, "selection_rate_difference", protected=SEX, columns={"decision": "chosen"})[
        "selection_rate_difference"
    ]
    assert isinstance(gap.contrast, ScoreDifference)


@pytest.mark.parametrize("engine", ENGINES)
def test_people_with_several_rows(engine: str) -> None:
    """What a person's rows add to both groups, summed per person, squared and multiplied; u/(u − 1) for each side."""
    rows = territories(5)
    columns = {"unit": "person", "decision": "chosen", "list_price": "list_price"}
    found = measured(rows, *MEANS, *RATES, engine=engine, protected=SEX, columns=columns)
    persons, at = np.unique(rows["person"], return_inverse=True)

    def group(name: str, values: Any) -> tuple[float, Any, float]:
        x = of(rows, name)
        mean = float(x @ values / x.sum())
        people = len({person for person, share in zip(rows["person"], x, strict=True) if share > 0})
        deviations = np.bincount(at, x * (values - mean), len(persons)) / x.sum()
        return mean, deviations, people / (people - 1)

    markup = of(rows, "price") - of(rows, "list_price")
    for name, values in (("mean_price_difference", of(rows, "price")), ("markup_gap", markup)):
        expected = standard_errors(group("p_f", values), group("p_m", values))[0]
        assert only(found[name])[1].standard_error == pytest.approx(expected, rel=1e-7)
    rates = group("p_f", of(rows, "chosen")), group("p_m", of(rows, "chosen"))
    variances = []
    for (rate, one, c), rows_of in zip(rates, (of(rows, "p_f") > 0, of(rows, "p_m") > 0), strict=True):
        variances.append(max(c * one @ one, rate * (1 - rate) / rows_of.sum()))  # never below that of independent rows
    covariance = math.sqrt(rates[0][2] * rates[1][2]) * rates[0][1] @ rates[1][1]
    expected = math.sqrt(sum(variances) - 2 * covariance)
    assert only(found["selection_rate_difference"])[1].standard_error == pytest.approx(expected, rel=1e-7)


def test_like_for_like_of_one_stratum_is_the_difference() -> None:
    """One region and the reference's mix of it: the gap is the difference of means, covariance and all."""
    rows = {**territories(6), "region": ["N"] * 200}
    found = measured(rows, "like_for_like_gap", "mean_price_difference", protected=SEX)
    gap, contrast = only(found["like_for_like_gap"])
    plain, other = only(found["mean_price_difference"])
    assert (gap.estimate, gap.n, gap.n_reference) == (plain.estimate, plain.n, plain.n_reference)
    assert contrast.standard_error == pytest.approx(other.standard_error, rel=1e-12)
    assert contrast.degrees_of_freedom == pytest.approx(other.degrees_of_freedom)


def test_an_intersection_has_rows_in_common_only_where_other_labels_agree() -> None:
    """Old women and old men (the reference) share old rows; young women share none: two independent means."""
    rows = territories(7)
    protected = {**SEX, "age": {"reference": "old"}}
    audit = price_audit("mean_price_difference", protected=protected, intersections=[["age", "sex"]])
    found = {
        finding.group: finding
        for finding in measured(rows, "mean_price_difference", protected=protected, intersections=[["age", "sex"]])[
            "mean_price_difference"
        ]
        if finding.attribute == "age × sex"
    }
    assert setting(audit, rows).shared == {"sex"}
    old = np.asarray(rows["age"]) == "old"
    price = of(rows, "price")
    reference = linear(of(rows, "p_m"), price, old)
    for group, share, among, common in (
        ("old × f", "p_f", old, True),
        ("young × f", "p_f", ~old, False),
        ("young × m", "p_m", ~old, False),
    ):
        own = linear(of(rows, share), price, among)
        contrast = found[group].contrast
        assert isinstance(contrast, StudentContrast)
        assert contrast.standard_error == pytest.approx(standard_errors(own, reference)[0], rel=1e-7)
        assert bool(np.any(own[1] * reference[1])) == common


def test_an_attribute_that_a_column_names_is_left_as_it_is() -> None:
    rows = territories(8)
    protected = {**SEX, "age": {"reference": "old"}}
    alone = measured(rows, "mean_price_difference", protected={"age": {"reference": "old"}})["mean_price_difference"]
    beside = measured(rows, "mean_price_difference", protected=protected)["mean_price_difference"]
    assert [f for f in beside if f.attribute == "age"] == alone
    assert [f.caveats.count(SHARES) for f in beside] == [int("sex" in f.attribute) for f in beside]


def test_shares_are_said_to_understate_once() -> None:
    rows = territories(9)
    names = ("mean_price_ratio", "mean_price_difference")
    audit = price_audit(*names, protected=SEX)
    table = pa.table({name: pa.array(values) for name, values in rows.items()})
    said = [note["text"] for note in audited(audit, table).document["warnings"] if SHARES in note["text"]]
    assert said == [f"sex = f: {SHARES}"]
