"""Cluster-robust rates against statsmodels' clustered regression, by hand, and by coverage."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm

from evenhand.stats.clusters import (
    ClusterRate,
    cluster_rate,
    clustered_difference,
    clustered_level,
    clustered_ratio,
    linearised_variance,
)
from evenhand.stats.rates import RateContrast
from evenhand.stats.score import ScoreDifference, ScoreRatio
from evenhand.stats.student import StudentContrast


def from_units(cases: np.ndarray, rows: np.ndarray) -> ClusterRate:
    """The sums that a unit table holds."""
    return cluster_rate(
        numerator=int(cases.sum()),
        denominator=int(rows.sum()),
        numerator_squares=int((cases * cases).sum()),
        cross_products=int((cases * rows).sum()),
        denominator_squares=int((rows * rows).sum()),
        units=len(rows),
    )


def random_units(generator: np.random.Generator, units: int) -> tuple[np.ndarray, np.ndarray]:
    rows = generator.integers(1, 12, units)
    rates = generator.beta(0.6, 0.9, units)
    return generator.binomial(rows, rates), rows


def test_variance_by_hand() -> None:
    """(1, 2) and (3, 4): r = 2/3, deviations −1/3 and 1/3: 2/1 · (2/9)/36 = 1/81."""
    variance = linearised_variance(
        numerator=4, denominator=6, numerator_squares=10, cross_products=14, denominator_squares=20, units=2
    )
    assert variance == Fraction(1, 81)


def test_design_effect_by_hand() -> None:
    """Four units of two rows that always agree: variance 1/12 against 1/32 for eight independent rows."""
    rate = from_units(np.array([2, 2, 0, 0]), np.array([2, 2, 2, 2]))
    assert rate.variance == pytest.approx(1 / 12)
    assert rate.design_effect == pytest.approx(8 / 3)
    assert rate.effective_n == pytest.approx(3)


def test_variance_equals_clustered_regression() -> None:
    """Oracle: statsmodels OLS on a constant, cov_type='cluster' (its correction is u/(u−1) there), 100 unit tables."""
    generator = np.random.default_rng(91)
    for _ in range(100):
        cases, rows = random_units(generator, int(generator.integers(5, 60)))
        y = np.concatenate([np.r_[np.ones(c), np.zeros(n - c)] for c, n in zip(cases, rows, strict=True)])
        if y.mean() in (0, 1):
            continue
        unit = np.repeat(np.arange(len(rows)), rows)
        fit = sm.OLS(y, np.ones_like(y)).fit(cov_type="cluster", cov_kwds={"groups": unit})
        rate = from_units(cases, rows)
        assert float(rate.rate) == pytest.approx(float(fit.params[0]))
        binomial = float(rate.rate * (1 - rate.rate)) / len(y)
        assert rate.variance == pytest.approx(max(float(fit.cov_params()[0, 0]), binomial), rel=1e-9)


def test_design_effect_is_never_below_one() -> None:
    """Units that always have one case in two rows vary less than independent rows; that is chance, not information."""
    rate = from_units(np.array([1, 1, 1, 1, 1, 2]), np.full(6, 2))
    assert rate.design_effect == 1.0
    assert rate.effective_n == 12.0


def test_one_row_a_person_is_the_plain_rate() -> None:
    """With one row a unit the linearised variance is p(1−p)/(n−1): the binomial one with a degree of freedom less."""
    rate = from_units(np.array([1] * 30 + [0] * 70), np.ones(100, dtype=int))
    assert rate.variance == pytest.approx(0.3 * 0.7 / 99)


def test_repeating_everybody_changes_nothing() -> None:
    """Law of the hostile page: duplicated rows with a unit leave intervals as they are."""
    cases, rows = random_units(np.random.default_rng(92), 50)
    once, tenfold = from_units(cases, rows), from_units(cases * 10, rows * 10)
    assert tenfold.variance == pytest.approx(once.variance)
    assert tenfold.effective_n == pytest.approx(once.effective_n)


def test_coverage_where_naive_intervals_fail() -> None:
    """Simulation: 400 samples of 60 people with 1 to 11 rows; 95% intervals cover .4 in at least 92% of them."""
    generator = np.random.default_rng(93)
    covered = naive = 0
    for _ in range(400):
        rate = from_units(*random_units(generator, 60))
        contrast = clustered_level(rate)
        assert contrast is not None
        interval = contrast.interval()
        covered += interval.low <= 0.4 <= interval.high
        rows = rate.effective_n * rate.design_effect
        half = 1.96 * math.sqrt(float(rate.rate * (1 - rate.rate)) / rows)
        naive += abs(float(rate.rate) - 0.4) <= half
    assert covered / 400 >= 0.92
    assert naive / 400 < 0.8


def test_comparisons_are_t_with_welch_degrees_of_freedom() -> None:
    """By hand: equal units and variances give u−1 + u−1 degrees of freedom; the ratio is on the log scale."""
    rate = from_units(np.array([2, 2, 0, 0]), np.array([2, 2, 2, 2]))
    ratio, difference = clustered_ratio(rate, rate), clustered_difference(rate, rate)
    assert isinstance(ratio, StudentContrast)
    assert isinstance(difference, StudentContrast)
    assert (ratio.scale, ratio.estimate, difference.estimate) == ("log", 1.0, 0.0)
    assert ratio.degrees_of_freedom == pytest.approx(6)
    assert ratio.standard_error == pytest.approx(math.sqrt(2 * (1 / 12) / 0.25))
    assert difference.standard_error == pytest.approx(math.sqrt(2 / 12))


def test_rates_of_nought_and_one_take_the_score_interval_with_units_for_n() -> None:
    nobody = from_units(np.zeros(40, dtype=int), np.full(40, 5))
    some = from_units(np.array([2, 2, 0, 0] * 10), np.full(40, 2))
    level, ratio, difference = (
        clustered_level(nobody),
        clustered_ratio(nobody, some),
        clustered_difference(nobody, some),
    )
    assert level == RateContrast(cases=Fraction(0), total=40)
    assert isinstance(ratio, ScoreRatio)
    assert isinstance(difference, ScoreDifference)
    assert (ratio.cases, ratio.total) == (0, 40)
    assert float(ratio.reference_total) == pytest.approx(some.effective_n)
    assert ratio.upper(0.05) > 0


def test_one_person_alone_has_no_interval() -> None:
    alone = from_units(np.array([3]), np.array([7]))
    many = from_units(np.array([2, 2, 0, 0]), np.array([2, 2, 2, 2]))
    assert clustered_level(alone) is None
    assert clustered_ratio(alone, many) is None
    assert clustered_difference(many, alone) is None
    with pytest.raises(ValueError, match="2 units"):
        linearised_variance(
            numerator=1, denominator=2, numerator_squares=1, cross_products=2, denominator_squares=4, units=1
        )
