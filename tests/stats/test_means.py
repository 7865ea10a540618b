"""Means from power sums against scipy, the published price fixture, and the bootstrap."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from evenhand.stats.means import enough_for_a_mean, mean_difference, mean_estimate, mean_ratio, weighted_mean_estimate
from evenhand.stats.student import Estimate

PRICES = [100, 120, 130, 150, 200]
REFERENCE = [90, 100, 110, 115, 160, 125]


def from_rows(values: list[int]) -> Estimate:
    estimate = mean_estimate(n=len(values), total=sum(values), squares=sum(value * value for value in values))
    assert estimate is not None
    return estimate


def test_price_fixture() -> None:
    """metrics.md: ratio 1.2, gap 23.3333, Welch t 1.182372, p .277936."""
    difference, ratio = (
        mean_difference(from_rows(PRICES), from_rows(REFERENCE)),
        mean_ratio(from_rows(PRICES), from_rows(REFERENCE)),
    )
    assert difference is not None
    assert ratio is not None
    assert ratio.estimate == 1.2
    assert ratio.compare(Fraction(6, 5)) == 0
    assert difference.estimate == pytest.approx(23.3333, abs=1e-4)
    assert difference.statistic(0) == pytest.approx(1.182372, abs=1e-6)
    assert difference.p_parity() == pytest.approx(0.277936, abs=1e-6)
    oracle = stats.ttest_ind(PRICES, REFERENCE, equal_var=False)
    assert difference.p_parity() == pytest.approx(float(oracle.pvalue), rel=1e-10)


def test_prices_near_a_thousand_million_keep_their_variance() -> None:
    """hostile.md: 1e9 ± 1 in float sums of squares has variance −167; it is 1."""
    estimate = from_rows([10**9 - 1, 10**9, 10**9 + 1])
    assert estimate.variance == pytest.approx(1 / 3, rel=1e-15)


def test_log_ratio_equals_the_bootstrap() -> None:
    """Oracle: 20,000 resamples of the rows; standard error of the log ratio within 3%."""
    generator = np.random.default_rng(111)
    a, b = (generator.gamma(4, 25, size).round() for size in (300, 400))
    contrast = mean_ratio(from_rows([int(x) for x in a]), from_rows([int(x) for x in b]))
    assert contrast is not None
    draws = [
        np.log(generator.choice(sample, (20_000, len(sample))).mean(axis=1))
        for sample in (a.astype("f4"), b.astype("f4"))
    ]
    assert contrast.standard_error == pytest.approx(float((draws[0] - draws[1]).std()), rel=0.03)


def test_weighted_mean_by_hand() -> None:
    """Values 0 and 3, weights 2 and 1: m = 1, 8/9 · (9/5)/(4/5) = 2."""
    estimate = weighted_mean_estimate(
        weight=3, weight_value=3, weight_squared=5, weight_squared_value=3, weight_squared_squares=9
    )
    assert estimate is not None
    assert (estimate.value, estimate.degrees_of_freedom) == (1, 0.8)
    assert estimate.variance == pytest.approx(2)


def test_one_row_has_a_mean_and_no_contrast() -> None:
    one = from_rows([7])
    assert one.value == 7
    assert math.isnan(one.variance)
    assert mean_difference(one, from_rows(PRICES)) is None
    assert mean_ratio(from_rows(PRICES), one) is None
    assert mean_estimate(n=0, total=0, squares=0) is None


def test_a_constant_reference_still_compares() -> None:
    """A list price for everybody has no spread; the other group's spread carries the test alone."""
    contrast = mean_difference(from_rows(PRICES), from_rows([120] * 50))
    assert contrast is not None
    assert contrast.degrees_of_freedom == pytest.approx(4)
    assert mean_difference(from_rows([5, 5]), from_rows([5, 5])) is None


def test_ratio_of_a_mean_of_nought_is_undefined() -> None:
    assert mean_ratio(from_rows([-1, 1]), from_rows(PRICES)) is None


def test_rule_for_skewed_prices() -> None:
    assert enough_for_a_mean(n=100, skewness=2)
    assert not enough_for_a_mean(n=99, skewness=2)
