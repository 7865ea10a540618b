"""Groups given as shares of rows, in measures of distributions and scores: n is people, the sum of shares.

Expected values are sums over the rows with numpy; Kish's effective n is (Σp)²/Σp².
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from price_audits import measured

from evenhand.measure.base import Finding

SEX = {"sex": {"probabilities": {"f": "p_f", "m": "p_m"}, "reference": "m"}}
ENGINES = ("duckdb", "polars", "plain")
SIZE = 400
Known = np.ndarray[Any, np.dtype[np.bool_]]

PRICED = (
    "mean_price",
    "geometric_price",
    "geometric_price_difference",
    "standardized_mean_difference_pooled",
    "standardized_mean_difference_whole_sample",
    "wasserstein",
    "ks_distance",
    "quantile_ratio_curve",
)
AMONG_ERRORS = ("mean_error", "root_mean_squared_error", "root_mean_squared_error_ratio")
RENEWALS = ("price_walking_percent", "price_walking_percent_difference", "price_walking_p95_percent")
LARGEST = "price_walking_max_percent"
BY_TENURE = "price_walking_by_tenure_percent"
SCORED_AND_LABELLED = ("auc", "auc_difference", "brier", "log_loss", "calibration_slope")
DECIDED = ("f1", "mcc", "mcc_difference")
COLUMNS = {
    "technical_price": "technical",
    "expected_loss": "expected",
    "actual_loss": "lost",
    "equivalent_new_business_price": "as_new",
    "is_renewal": "renewal",
    "tenure": "years",
    "score": "score",
    "label": "turned_out",
    "positive": ["yes"],
    "decision": "decided",
    "selected": ["1"],
}


def made_up(seed: int) -> dict[str, Any]:
    """Different prices throughout; some technical and equivalent prices, labels and scores are missing."""
    random = np.random.default_rng(seed)
    share = np.round(random.beta(0.6, 0.6, SIZE), 2)
    price = random.permutation(SIZE) + 100.0

    def some(values: Any, part: float) -> list[Any]:
        missing = random.random(SIZE) < part
        return [None if gone else value for value, gone in zip(np.asarray(values).tolist(), missing, strict=True)]

    return {
        "p_f": share.tolist(),
        "p_m": np.round(1 - share, 2).tolist(),
        "region": ["N"] * SIZE,
        "price": price.tolist(),
        "technical": some(price - random.integers(1, 40, SIZE), 0.2),
        "expected": (price / 2).tolist(),
        "lost": np.where(random.random(SIZE) < 0.3, price, 0.0).tolist(),
        "as_new": some(price - random.integers(-9, 9, SIZE), 0.1),
        "renewal": random.choice(["true", "false"], SIZE).tolist(),
        "years": random.integers(0, 3, SIZE).tolist(),
        "score": some(np.round(random.random(SIZE), 2), 0.1),
        "turned_out": some(random.choice(["yes", "no"], SIZE), 0.1),
        "decided": random.integers(0, 2, SIZE).tolist(),
    }


ROWS = made_up(11)


def known(*names: str) -> Known:
    return np.array([all(ROWS[name][i] is not None for name in names) for i in range(SIZE)])


def people(group: str, among: Known) -> tuple[int, float]:
    """The sum of shares as whole people, and Kish's effective n."""
    share = np.array(ROWS["p_f" if group == "f" else "p_m"]) * among
    return int(share.sum() + 0.5), float(share.sum() ** 2 / (share @ share))


def holds(finding: Finding, among: Known) -> None:
    n, effective = people(finding.group, among)
    assert (finding.n, finding.measure) == (n, finding.measure)
    assert finding.n_effective == pytest.approx(effective, rel=1e-6), finding.measure
    assert finding.n <= finding.people
    if finding.reference is not None:
        assert finding.n_reference == people("m", among)[0]


RENEWED = np.array(ROWS["renewal"]) == "true"
DENOMINATORS: dict[tuple[str, ...], Callable[[], Known]] = {
    PRICED: lambda: known("price"),
    AMONG_ERRORS: lambda: known("technical"),
    (*RENEWALS, LARGEST): lambda: known("as_new") & RENEWED,
    SCORED_AND_LABELLED: lambda: known("score", "turned_out"),
    DECIDED: lambda: known("turned_out"),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_people_in_denominators(engine: str) -> None:
    names = [name for group in DENOMINATORS for name in group]
    found = measured(ROWS, *names, engine=engine, protected=SEX, columns=COLUMNS)
    for group, among in DENOMINATORS.items():
        for name in group:
            assert found[name]
            for finding in found[name]:
                holds(finding, among())


@pytest.mark.parametrize("engine", ENGINES)
def test_people_above_a_median(engine: str) -> None:
    """Rates have methods.md's linearised effective n, p(1 − p)(Σw)²/Σw²(y − p)²."""
    for name, column in (("score_rate", "price"), ("score_above_median_rate", "score")):
        found = measured(ROWS, name, f"{name}_ratio", engine=engine, protected=SEX, columns=COLUMNS)
        among = known(column)
        values = np.array([value for value in ROWS[column] if value is not None])
        above = values > np.median(values)
        for finding in found[name]:
            share = np.array(ROWS[f"p_{finding.group}"])[among]
            rate = share @ above / share.sum()
            assert finding.n == people(finding.group, among)[0]
            assert finding.estimate == pytest.approx(rate)
            linearised = rate * (1 - rate) * share.sum() ** 2 / (share**2 @ (above - rate) ** 2)
            assert finding.n_effective == pytest.approx(linearised)
            assert finding.counts["cases"] == int(share @ above + 0.5)
        (ratio,) = found[f"{name}_ratio"]
        assert (ratio.n, ratio.n_reference) == (people("f", among)[0], people("m", among)[0])


def test_people_at_each_tenure() -> None:
    found = measured(ROWS, BY_TENURE, "tenure_index", protected=SEX, columns=COLUMNS)
    years = np.array(ROWS["years"])
    assert len(found[BY_TENURE]) == 6
    for finding in found[BY_TENURE]:
        holds(finding, known("as_new") & RENEWED & (years == int(finding.at["tenure"])))
    assert len(found["tenure_index"]) == 4
    for finding in found["tenure_index"]:
        here, first = (people(finding.group, years == year) for year in (int(finding.at["tenure"]), 0))
        assert finding.n == min(here[0], first[0])
        assert finding.n_effective == pytest.approx(min(here[1], first[1]))
        assert finding.counts == {"people": here[0], "people_at_first_tenure": first[0]}


def test_people_in_each_tenth_of_the_prices() -> None:
    """Prices differ and shares add up to 1 in every row: each tenth has forty rows, in the order of their prices."""
    name = "actual_to_expected_by_band"
    found = measured(ROWS, name, protected=SEX, columns=COLUMNS)[name]
    rank = np.argsort(np.argsort(ROWS["price"]))
    assert len(found) == 20
    for finding in found:
        tenth = int("".join(c for c in finding.at["band"] if c.isdigit())) - 1
        holds(finding, rank // (SIZE // 10) == tenth)


def test_a_confusion_matrix_counts_people() -> None:
    finding = next(f for f in measured(ROWS, "f1", protected=SEX, columns=COLUMNS)["f1"] if f.group == "f")
    decided, label = np.array(ROWS["decided"]), np.array(ROWS["turned_out"], dtype=object)
    for cell, decision, turned_out in (
        ("true_positives", 1, "yes"),
        ("false_positives", 1, "no"),
        ("false_negatives", 0, "yes"),
        ("true_negatives", 0, "no"),
    ):
        assert finding.counts[cell] == people("f", (decided == decision) & (label == turned_out))[0]


def test_a_share_of_less_than_half_a_person_has_a_rate_of_nobody() -> None:
    rows = {**ROWS, "p_f": [0.001] * SIZE, "p_m": [0.999] * SIZE}
    rate = next(f for f in measured(rows, "score_rate", protected=SEX)["score_rate"] if f.group == "f")
    assert (rate.n, rate.people) == (0, 0)
    assert rate.estimate == pytest.approx(0.5)


def test_weighted_scores_have_an_effective_n() -> None:
    """Kish's of the weights, where groups are named by a column: n counts rows."""
    sex = ["f", "m"] * (SIZE // 2)
    weight = np.random.default_rng(12).integers(1, 300, SIZE) / 100
    rows = {**ROWS, "sex": sex, "weight": weight.tolist()}
    found = measured(rows, "auc", "mcc", "actual_to_expected_by_band", columns={**COLUMNS, "weight": "weight"})
    for name, among in (("auc", known("score", "turned_out")), ("mcc", known("turned_out"))):
        for finding in found[name]:
            own = weight[among & (np.array(sex) == finding.group)]
            assert finding.n == len(own)
            assert finding.n_effective == pytest.approx(own.sum() ** 2 / (own @ own))
    assert all(f.n_effective is not None and f.n_effective <= f.n for f in found["actual_to_expected_by_band"])
