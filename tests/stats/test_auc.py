"""AUC and DeLong from counts, against Hanley and McNeil's table, statsmodels and scikit-learn."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from statsmodels.stats.nonparametric import rank_compare_2ordinal

from evenhand.stats.auc import auc_difference, auc_estimate, auc_level, auc_ratio

ABNORMAL, NORMAL = [3, 2, 2, 11, 33], [33, 6, 6, 11, 2]


def test_hanley_mcneil() -> None:
    """Hanley & McNeil 1982, 109 images in five grades: AUC .8932; DeLong SE .0307, interval .83295 to .95339."""
    estimate = auc_estimate(ABNORMAL, NORMAL)
    assert estimate is not None
    contrast = auc_level(estimate)
    assert contrast is not None
    interval = contrast.interval()
    assert round(estimate.value, 4) == 0.8932
    assert round(math.sqrt(estimate.variance), 4) == 0.0307
    assert (round(interval.low, 5), round(interval.high, 5)) == (0.83295, 0.95339)


def test_equals_statsmodels() -> None:
    """Oracle: statsmodels rank_compare_2ordinal(use_t=False), 1,000 random tables of 2 to 12 score values."""
    draw = random.Random(121)
    for _ in range(1000):
        values = draw.randint(2, 12)
        positives = [draw.randint(0, 8) for _ in range(values)]
        negatives = [draw.randint(0, 8) for _ in range(values)]
        positives[draw.randrange(values)] += 2
        negatives[draw.randrange(values)] += 2
        estimate = auc_estimate(positives, negatives)
        assert estimate is not None
        with np.errstate(all="ignore"):
            oracle = rank_compare_2ordinal(positives, negatives, use_t=False)
        assert estimate.value == pytest.approx(float(oracle.prob1), abs=1e-12)
        if not math.isnan(estimate.variance):
            assert estimate.variance == pytest.approx(float(oracle.var_prob), rel=1e-9, abs=1e-15)


def test_equals_scikit_learn_on_rows() -> None:
    """Oracle: sklearn roc_auc_score on the rows that the counts stand for."""
    scores = np.repeat(np.arange(5), ABNORMAL).tolist() + np.repeat(np.arange(5), NORMAL).tolist()
    labels = [1] * sum(ABNORMAL) + [0] * sum(NORMAL)
    estimate = auc_estimate(ABNORMAL, NORMAL)
    assert estimate is not None
    assert estimate.value == pytest.approx(float(roc_auc_score(labels, scores)), abs=1e-15)


def test_by_hand() -> None:
    """Positives at 1 and 3, negatives at 0 and 2: three of four pairs in order; S₁₀ = S₀₁ = .125, variance .125."""
    estimate = auc_estimate([0, 1, 0, 1], [1, 0, 1, 0])
    assert estimate is not None
    assert estimate.exact == Fraction(3, 4)
    assert estimate.variance == pytest.approx(0.125)


@pytest.mark.parametrize(("positives", "negatives"), [([0, 9], [9, 0]), ([9, 0], [0, 9]), ([1, 0], [3, 4])])
def test_certainty_from_a_sample_has_no_interval(positives: list[int], negatives: list[int]) -> None:
    """AUC 0 or 1, or one member of a class: an estimate, and no zero-width interval."""
    estimate, other = auc_estimate(positives, negatives), auc_estimate(ABNORMAL, NORMAL)
    assert estimate is not None
    assert other is not None
    assert auc_level(estimate) is None
    assert auc_difference(estimate, other) is None
    assert auc_ratio(other, estimate) is None


def test_scores_that_are_all_equal_have_no_interval() -> None:
    estimate = auc_estimate([5], [7])
    assert estimate is not None
    assert estimate.value == 0.5
    assert auc_level(estimate) is None


def test_an_empty_class_has_no_area() -> None:
    assert auc_estimate([0, 0], [1, 2]) is None
    assert auc_estimate([1, 2], [0, 0]) is None


def test_two_independent_groups() -> None:
    """By hand: the same table twice: variances add; ratio 1 with √2·SE/AUC on the log scale."""
    estimate = auc_estimate(ABNORMAL, NORMAL)
    assert estimate is not None
    difference, ratio = auc_difference(estimate, estimate), auc_ratio(estimate, estimate)
    assert difference is not None
    assert ratio is not None
    assert difference.standard_error == pytest.approx(math.sqrt(2 * estimate.variance))
    assert ratio.standard_error == pytest.approx(math.sqrt(2 * estimate.variance) / estimate.value)
    assert (difference.parity, ratio.parity) == (0, 1)


def test_counts_of_thousands_of_millions_do_not_overflow() -> None:
    """Multiplying every count by 10^9 leaves the area, and the variance shrinks by about 10^9."""
    estimate, huge = (
        auc_estimate(ABNORMAL, NORMAL),
        auc_estimate([10**9 * count for count in ABNORMAL], [10**9 * count for count in NORMAL]),
    )
    assert estimate is not None
    assert huge is not None
    assert huge.exact == estimate.exact
    assert huge.variance * 1e9 == pytest.approx(estimate.variance, rel=0.05)
