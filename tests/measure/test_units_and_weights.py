"""People with several rows against statsmodels' clustered regressions, weighted rows against sums over the rows.

Through the whole path: rows, engine, unit table, integer products, finding.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from small_audits import audit_of, cells_of, findings_of

from evenhand.measure.base import Finding
from evenhand.stats.student import StudentContrast

NO_ROLES = {"score": None, "consent": None, "vulnerable": None, "stages": None, "campaign": None, "contacts": None}
PROTECTED = {"sex": {"reference": "m"}}
MEASURES = [
    q + form
    for q in ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy", "balanced_accuracy")
    for form in ("", "_ratio", "_difference")
] + ["average_odds_difference", "equalized_odds_difference"]


@cache
def clustered_rows() -> pd.DataFrame:
    """300 people with 2 to 9 rows each; decisions of one person hang together strongly, labels change from row to row."""
    random = np.random.default_rng(77)
    rows = random.integers(2, 10, 300)
    person = np.repeat(np.arange(300), rows)
    sex = np.where(np.arange(300) % 2 == 0, "m", "f")[person]
    tendency = random.beta(0.4, 0.6, 300)[person]
    frame = pd.DataFrame({"person": person, "sex": sex})
    # Every person has a positive and a negative row, so that all rates of a group have the same number of people.
    first = ~frame.duplicated("person")
    second = frame.groupby("person").cumcount() == 1
    frame["turned_out"] = np.where(first, 1, np.where(second, 0, random.random(len(frame)) < 0.4)).astype(int)
    frame["decided"] = (random.random(len(frame)) < tendency).astype(int)
    frame["weight"] = random.integers(10, 400, len(frame)) / 100
    return frame


@cache
def findings(*, weighted: bool) -> dict[str, dict[str, Finding]]:
    columns = {**NO_ROLES, "positive": ["1"], "unit": "person", "weight": "weight" if weighted else None}
    audit = audit_of(measures=MEASURES, columns=columns, protected=PROTECTED)
    found = findings_of(audit, cells_of(audit, clustered_rows(), engine="duckdb"))
    return {name: {finding.group: finding for finding in by} for name, by in found.items()}


def clustered_fit(
    rows: pd.DataFrame, y: pd.Series, x: pd.DataFrame, *, weighted: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and covariance of statsmodels' WLS, clustered by person, times u/(u − 1) for u people."""
    weights = rows["weight"] if weighted else np.ones(len(rows))
    fit = sm.WLS(y.astype(float), x.astype(float), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": rows["person"], "use_correction": False}
    )
    people = rows["person"].nunique()
    return fit.params.to_numpy(), fit.cov_params().to_numpy() * people / (people - 1)


def rows_of(sex: str) -> pd.DataFrame:
    frame = clustered_rows()
    return frame[frame["sex"] == sex]


DENOMINATORS = {
    "selection_rate": lambda rows: rows,
    "true_positive_rate": lambda rows: rows[rows["turned_out"] == 1],
    "false_positive_rate": lambda rows: rows[rows["turned_out"] == 0],
    "accuracy": lambda rows: rows,
}


def expected_rate(quantity: str, sex: str, *, weighted: bool) -> tuple[float, float, int]:
    """(rate, variance, people) by a regression on a constant among the rows of the denominator.

    Never less than the variance of independent rows (contract: the design effect is never below 1).
    """
    rows = DENOMINATORS[quantity](rows_of(sex))
    y = rows["decided"] == rows["turned_out"] if quantity == "accuracy" else rows["decided"]
    params, covariance = clustered_fit(
        rows, y, pd.DataFrame({"one": np.ones(len(rows))}, index=rows.index), weighted=weighted
    )
    rate = float(params[0])
    return rate, max(float(covariance[0, 0]), rate * (1 - rate) / len(rows)), rows["person"].nunique()


def student(finding: Finding) -> StudentContrast:
    assert isinstance(finding.contrast, StudentContrast)
    return finding.contrast


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sex", ["m", "f"])
@pytest.mark.parametrize("quantity", DENOMINATORS)
def test_a_rate_has_the_variance_of_a_clustered_regression(quantity: str, sex: str, weighted: bool) -> None:
    rate, variance, people = expected_rate(quantity, sex, weighted=weighted)
    finding = findings(weighted=weighted)[quantity][sex]
    assert finding.estimate == pytest.approx(rate, rel=1e-12)
    assert student(finding).standard_error ** 2 == pytest.approx(variance, rel=1e-9)
    assert student(finding).degrees_of_freedom == people - 1
    assert (finding.n, finding.people) == (people, 150)
    assert finding.n_effective == pytest.approx(rate * (1 - rate) / variance, rel=1e-9)
    rows = len(DENOMINATORS[quantity](rows_of(sex)))
    assert finding.n_effective is not None
    # The decisions on a person hang together; whether they were right does not, since the labels change.
    assert finding.n_effective < 0.7 * rows or quantity == "accuracy"


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("quantity", DENOMINATORS)
def test_comparisons_add_the_variances_of_both_groups(quantity: str, weighted: bool) -> None:
    """Difference: V_g + V₀. Ratio, on the log: V_g/p_g² + V₀/p₀². People are in one group only, so nothing is shared."""
    (p, v, _), (p0, v0, _) = (expected_rate(quantity, sex, weighted=weighted) for sex in ("f", "m"))
    difference = findings(weighted=weighted)[f"{quantity}_difference"]["f"]
    assert difference.estimate == pytest.approx(p - p0, rel=1e-12)
    assert student(difference).standard_error ** 2 == pytest.approx(v + v0, rel=1e-9)
    ratio = findings(weighted=weighted)[f"{quantity}_ratio"]["f"]
    assert ratio.estimate == pytest.approx(p / p0, rel=1e-12)
    assert student(ratio).standard_error ** 2 == pytest.approx(v / p**2 + v0 / p0**2, rel=1e-9)


def two_rates(sex: str, signs: tuple[float, float], *, weighted: bool) -> tuple[float, float]:
    """(s₁·TPR + s₂·FPR, its variance): a saturated regression of the decision on the label, clustered by person."""
    rows = rows_of(sex)
    x = pd.DataFrame({"positive": rows["turned_out"] == 1, "negative": rows["turned_out"] == 0})
    params, covariance = clustered_fit(rows, rows["decided"], x, weighted=weighted)
    weights = np.array(signs)
    return float(weights @ params), float(weights @ covariance @ weights)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_two_rates_of_one_person_are_not_taken_for_independent(weighted: bool) -> None:
    """Balanced accuracy ½TPR + ½(1 − FPR) and average odds ½ΔTPR + ½ΔFPR, with the covariance of TPR and FPR.

    Taking them as independent would make the first too wide and the second too narrow, here by a fifth and more.
    """
    balanced = {sex: two_rates(sex, (0.5, -0.5), weighted=weighted) for sex in ("m", "f")}
    found = findings(weighted=weighted)
    for sex, (half, variance) in balanced.items():
        level = found["balanced_accuracy"][sex]
        assert level.estimate == pytest.approx(0.5 + half, rel=1e-12)
        assert student(level).standard_error ** 2 == pytest.approx(variance, rel=1e-9)
    (b, v), (b0, v0) = balanced["f"], balanced["m"]
    assert student(found["balanced_accuracy_difference"]["f"]).standard_error ** 2 == pytest.approx(v + v0, rel=1e-9)
    log_variance = v / (0.5 + b) ** 2 + v0 / (0.5 + b0) ** 2
    assert student(found["balanced_accuracy_ratio"]["f"]).standard_error ** 2 == pytest.approx(log_variance, rel=1e-9)

    (mean, v), (mean0, v0) = (two_rates(sex, (0.5, 0.5), weighted=weighted) for sex in ("f", "m"))
    odds = found["average_odds_difference"]["f"]
    assert odds.estimate == pytest.approx(mean - mean0, rel=1e-10)
    assert student(odds).standard_error ** 2 == pytest.approx(v + v0, rel=1e-9)
    apart = sum(
        expected_rate(rate, sex, weighted=weighted)[1] / 4
        for rate in ("true_positive_rate", "false_positive_rate")
        for sex in ("m", "f")
    )
    assert v + v0 > 1.2 * apart


def test_the_largest_gap_needs_no_independence() -> None:
    """Equalized odds: the larger of the two gaps, whose tests (union of both) hold whatever ties them."""
    found = findings(weighted=False)
    gaps = [found[f"{rate}_difference"]["f"].estimate or 0.0 for rate in ("true_positive_rate", "false_positive_rate")]
    largest = found["equalized_odds_difference"]["f"]
    assert largest.estimate == pytest.approx(max(map(abs, gaps)), rel=1e-12)
    assert largest.contrast is not None


def test_a_rate_of_zero_takes_the_score_interval_of_the_people() -> None:
    """20 people with 3 rows each, none selected: Wilson's interval of 0 of 20 is [0, z²/(20 + z²)]."""
    frame = pd.DataFrame(
        {"person": np.repeat(range(40), 3), "sex": ["m"] * 60 + ["f"] * 60, "decided": [0, 1, 1] * 20 + [0] * 60}
    )
    columns = {**NO_ROLES, "label": None, "unit": "person"}
    audit = audit_of(measures=["selection_rate", "selection_rate_ratio"], columns=columns, protected=PROTECTED)
    found = findings_of(audit, cells_of(audit, frame))
    level = next(finding for finding in found["selection_rate"] if finding.group == "f")
    assert level.contrast is not None
    interval = level.contrast.interval(0.95)
    z2 = 1.959963984540054**2
    assert (interval.low, interval.high) == (0.0, pytest.approx(z2 / (20 + z2)))
    assert level.n_effective == 20
    assert found["selection_rate_ratio"][0].estimate == 0.0


def test_a_rate_of_one_has_no_variance_to_add() -> None:
    """All positives of f selected: the linearised variance of a TPR of 1 is 0, which would be half of a certainty."""
    frame = clustered_rows().copy()
    frame.loc[(frame["sex"] == "f") & (frame["turned_out"] == 1), "decided"] = 1
    names = ["balanced_accuracy", "balanced_accuracy_difference", "average_odds_difference"]
    audit = audit_of(measures=names, columns={**NO_ROLES, "positive": ["1"], "unit": "person"}, protected=PROTECTED)
    found = findings_of(audit, cells_of(audit, frame))
    for name in names:
        (finding,) = [finding for finding in found[name] if finding.group == "f"]
        assert (finding.contrast, finding.undefined) == (None, "no_interval")


def test_one_person_alone_has_no_interval() -> None:
    frame = pd.DataFrame(
        {"person": [1, 1, 2, 2, 3, 3], "sex": ["m", "m", "f", "f", "m", "m"], "decided": [1, 0, 1, 0, 0, 1]}
    )
    audit = audit_of(
        measures=["selection_rate", "selection_rate_difference"],
        columns={**NO_ROLES, "label": None, "unit": "person"},
        protected=PROTECTED,
    )
    found = findings_of(audit, cells_of(audit, frame))
    assert [(f.group, f.contrast is None, f.undefined) for f in found["selection_rate"]] == [
        ("f", True, "no_interval"),
        ("m", False, None),
    ]
    assert found["selection_rate_difference"][0].undefined == "no_interval"


def test_people_not_rows_are_counted() -> None:
    """n is people in the denominator: 150 men have 1 to 8 rows, but a man without a known decision is not in it."""
    frame = clustered_rows().assign(decided=lambda rows: rows["decided"].where(rows["person"] != 0))
    columns = {**NO_ROLES, "positive": ["1"], "unit": "person"}
    audit = audit_of(measures=["selection_rate"], columns=columns, protected=PROTECTED)
    found = {finding.group: finding for finding in findings_of(audit, cells_of(audit, frame))["selection_rate"]}
    assert (found["m"].n, found["m"].people) == (149, 150)
    assert (found["f"].n, found["f"].people) == (150, 150)


# Weights -------------------------------------------------------------------------------------------------------------


def effective_n(y: np.ndarray, w: np.ndarray) -> float:
    """p(1 − p)(Σw)²/Σw²(y − p)² from the rows; Kish's (Σw)²/Σw² where p is 0 or 1."""
    p = (w * y).sum() / w.sum()
    if p in (0, 1):
        return float(w.sum() ** 2 / (w**2).sum())
    return float(p * (1 - p) * w.sum() ** 2 / (w**2 * (y - p) ** 2).sum())


@pytest.mark.parametrize("seed", range(5))
def test_weighted_rates_have_the_effective_n_of_the_rows(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = 600
    frame = pd.DataFrame(
        {
            "sex": random.choice(["m", "f", "x", "y"], size, p=[0.5, 0.4, 0.05, 0.05]),
            "decided": (random.random(size) < 0.4).astype(int),
            "turned_out": (random.random(size) < 0.3).astype(int),
            "weight": random.integers(0, 500, size) / 100,
        }
    )
    frame.loc[frame["sex"] == "y", "decided"] = 0
    columns = {**NO_ROLES, "positive": ["1"], "weight": "weight"}
    audit = audit_of(measures=["selection_rate", "true_positive_rate"], columns=columns, protected=PROTECTED)
    found = findings_of(audit, cells_of(audit, frame, engine="duckdb"))
    for name, rows in (("selection_rate", frame), ("true_positive_rate", frame[frame["turned_out"] == 1])):
        for finding in found[name]:
            group = rows[rows["sex"] == finding.group]
            y, w = group["decided"].to_numpy(float), group["weight"].to_numpy()
            assert finding.n == len(group)
            assert finding.estimate == pytest.approx((w * y).sum() / w.sum(), rel=1e-12)
            n = effective_n(y, w)
            assert finding.n_effective == pytest.approx(n, rel=1e-9)
            assert finding.contrast is not None
            interval = finding.contrast.interval(0.95)
            low, high = wilson_by_hand(float(finding.estimate or 0), n)
            assert interval.low == pytest.approx(low, abs=1e-9)
            assert interval.high == pytest.approx(high, abs=1e-9)


def wilson_by_hand(p: float, n: float) -> tuple[float, float]:
    """(p + z²/2n ± z√(p(1−p)/n + z²/4n²))/(1 + z²/n), Wilson 1927."""
    z = 1.959963984540054
    centre, reach = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - reach) / (1 + z * z / n), (centre + reach) / (1 + z * z / n)


def test_counts_and_weights_together_repeat_the_weighted_row() -> None:
    """A row of 3 people with weight 2 is three rows of one person with weight 2."""
    frame = pd.DataFrame(
        {
            "sex": ["m", "f"] * 30,
            "decided": [1, 0, 0, 1, 1, 1] * 10,
            "people": [1, 2, 3] * 20,
            "weight": [0.5, 1.0, 2.25, 3.0] * 15,
        }
    )
    columns: dict[str, Any] = {**NO_ROLES, "label": None, "weight": "weight"}
    together = audit_of(measures=["selection_rate_ratio"], columns={**columns, "count": "people"}, protected=PROTECTED)
    repeated = audit_of(measures=["selection_rate_ratio"], columns=columns, protected=PROTECTED)
    one = findings_of(together, cells_of(together, frame))["selection_rate_ratio"][0]
    other = findings_of(repeated, cells_of(repeated, frame.loc[frame.index.repeat(frame["people"])]))[
        "selection_rate_ratio"
    ][0]
    assert one == other
    assert one.n_effective is not None


def test_weighted_contacts_are_the_weighted_mean() -> None:
    """Oracle: statsmodels' WLS on a constant with HC0, times Kish's n/(n − 1)."""
    random = np.random.default_rng(9)
    frame = pd.DataFrame(
        {
            "sex": random.choice(["m", "f"], 300),
            "times": random.integers(0, 9, 300),
            "weight": random.integers(1, 300, 300) / 100,
        }
    )
    columns = {**NO_ROLES, "decision": None, "label": None, "contacts": "times", "weight": "weight"}
    audit = audit_of(measures=["contact_pressure"], columns=columns, protected=PROTECTED)
    for finding in findings_of(audit, cells_of(audit, frame))["contact_pressure"]:
        rows = frame[frame["sex"] == finding.group]
        fit = sm.WLS(rows["times"], np.ones(len(rows)), weights=rows["weight"]).fit(cov_type="HC0")
        kish = rows["weight"].sum() ** 2 / (rows["weight"] ** 2).sum()
        assert finding.estimate == pytest.approx(fit.params.iloc[0], rel=1e-12)
        assert student(finding).standard_error == pytest.approx(
            fit.bse.iloc[0] * math.sqrt(kish / (kish - 1)), rel=1e-9
        )
        assert finding.n_effective == pytest.approx(kish)
