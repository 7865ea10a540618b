"""Geometric means: the published log gap, scipy's Welch test on the logs, and prices that have no logarithm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evenhand.stats.log_means import LogMean, geometric_level, geometric_ratio, log_mean

PRICES = [100, 120, 130, 150, 200]
REFERENCE = [90, 100, 110, 115, 160, 125]


def of_rows(rows: list[int]) -> LogMean:
    return log_mean(rows, [1] * len(rows))


def test_published_log_gap() -> None:
    """metrics.md: .171516 in the logs."""
    ratio = geometric_ratio(of_rows(PRICES), of_rows(REFERENCE))
    assert ratio is not None
    assert math.log(ratio.estimate or 0.0) == pytest.approx(0.171516, abs=1e-6)
    assert ratio.parity == 1.0


def test_ratio_equals_welch_on_the_logs() -> None:
    """Oracle: scipy.stats.ttest_ind(equal_var=False) of the logs, p-value and interval; gmean for the levels."""
    a, b = np.log(PRICES), np.log(REFERENCE)
    oracle = stats.ttest_ind(a, b, equal_var=False)
    ratio = geometric_ratio(of_rows(PRICES), of_rows(REFERENCE))
    assert ratio is not None
    assert ratio.p_parity() == pytest.approx(float(oracle.pvalue), rel=1e-10)
    bounds = oracle.confidence_interval(0.95)
    assert ratio.interval().low == pytest.approx(math.exp(bounds.low), rel=1e-10)
    assert ratio.interval().high == pytest.approx(math.exp(bounds.high), rel=1e-10)
    level = geometric_level(of_rows(PRICES))
    assert level is not None
    assert level.estimate == pytest.approx(float(stats.gmean(PRICES)))
    assert of_rows(PRICES).geometric_mean == pytest.approx(float(stats.gmean(PRICES)))
    low, high = stats.t.interval(0.95, 4, a.mean(), a.std(ddof=1) / math.sqrt(5))
    assert (level.interval().low, level.interval().high) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-10)


def test_prices_without_a_logarithm_are_left_out_and_counted() -> None:
    """1/e and e once each, two of 0 and one refund: mean log 0, variance 2/2, three left out."""
    found = log_mean([-3.0, 0.0, math.e**-1, math.e], [1, 2, 1, 1])
    assert (found.counted, found.left_out) == (2, 3)
    assert found.estimate is not None
    assert (found.estimate.value, found.estimate.variance) == pytest.approx((0.0, 1.0))


def test_counts_and_equal_weights_are_rows() -> None:
    rows = [10, 10, 20, 40, 40, 40]
    by_count, by_row = log_mean([10, 20, 40], [2, 1, 3]).estimate, of_rows(rows).estimate
    weighted = log_mean([10, 20, 40], [2 * 10**6, 10**6, 3 * 10**6], effective_n=6).estimate
    halved = log_mean([10, 20, 40], [2 * 10**6, 10**6, 3 * 10**6], effective_n=3).estimate
    assert by_count is not None
    assert by_row is not None
    assert weighted is not None
    assert halved is not None
    assert by_count.variance == pytest.approx(float(np.log(rows).var(ddof=1) / 6))
    assert by_row.variance == pytest.approx(by_count.variance)
    assert weighted.variance == pytest.approx(by_count.variance)
    assert (halved.variance, halved.degrees_of_freedom) == pytest.approx((by_count.variance * 5 / 2, 2))


def test_swapping_groups_gives_the_reciprocal() -> None:
    here = geometric_ratio(of_rows(PRICES), of_rows(REFERENCE))
    there = geometric_ratio(of_rows(REFERENCE), of_rows(PRICES))
    assert here is not None
    assert there is not None
    assert here.lower(0.025) == pytest.approx(1 / there.upper(0.025))


def test_nobody_and_nothing_that_varies_give_no_contrast() -> None:
    nobody = log_mean([0, -1], [4, 1])
    assert (nobody.estimate, nobody.counted, nobody.left_out, nobody.geometric_mean) == (None, 0, 5, None)
    assert geometric_level(nobody) is None
    assert geometric_ratio(nobody, of_rows(PRICES)) is None
    assert geometric_ratio(of_rows([7]), of_rows(PRICES)) is None
    assert geometric_level(of_rows([7, 7])) is None
