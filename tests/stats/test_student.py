"""StudentContrast and its tails against scipy and by hand; estimates of two groups against Welch's t."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from evenhand.stats.student import Estimate, StudentContrast, student_difference, student_level, student_ratio
from evenhand.stats.tails import critical_student, critical_z, normal_below, normal_below_array, student_below


def test_tails_equal_scipy() -> None:
    """Oracle: scipy.stats norm and t, into the deep tail, 1,000 points each."""
    draw = random.Random(61)
    for _ in range(1000):
        z, freedom = draw.uniform(-35, 8), draw.choice([1, 2, 5.5, 30, 1e4])
        assert normal_below(z) == pytest.approx(float(stats.norm.cdf(z)), rel=1e-12)
        assert student_below(z, freedom) == pytest.approx(float(stats.t.cdf(z, freedom)), rel=1e-9)
        alpha = draw.choice([0.4, 0.05, 1e-3, 1e-9])
        assert critical_z(alpha) == pytest.approx(float(stats.norm.isf(alpha)), rel=1e-12)
        assert critical_student(alpha, freedom) == pytest.approx(float(stats.t.isf(alpha, freedom)), rel=1e-8)


def test_array_tail_is_the_scalar_one() -> None:
    z = np.linspace(-37, 8, 1000)
    assert normal_below_array(z) == pytest.approx([normal_below(float(value)) for value in z], rel=1e-12)


def test_far_tail_by_hand() -> None:
    """Cauchy: P(T ≤ −t) = ½ − atan(t)/π, about 1/(πt); t = 10^6 gives 3.18e-7, and infinity is 0 and 1."""
    assert student_below(-1e6, 1) == pytest.approx(math.atan(1e-6) / math.pi, rel=1e-9)
    assert (student_below(-math.inf, 5), student_below(math.inf, 5)) == (0.0, 1.0)
    assert student_below(-1.0, math.inf) == normal_below(-1.0)


def test_two_standard_errors_by_hand() -> None:
    contrast = StudentContrast(estimate=2.0, standard_error=0.5, parity=1.0)
    assert contrast.p_greater(1.0) == pytest.approx(0.022750131948)
    assert contrast.p_parity() == pytest.approx(2 * 0.022750131948)
    assert contrast.upper(0.025) == pytest.approx(2 + 0.5 * 1.959963984540054)


def test_log_scale_by_hand() -> None:
    """log 2 / .5 = 1.386: twice the parity, half a log standard error off."""
    contrast = StudentContrast(estimate=2.0, standard_error=0.5, scale="log", parity=1.0)
    assert contrast.p_greater(1.0) == pytest.approx(normal_below(-math.log(2) / 0.5))
    assert contrast.upper(0.025) == pytest.approx(2 * math.exp(0.5 * 1.959963984540054))
    assert contrast.lower(0.025) == pytest.approx(4 / contrast.upper(0.025))
    assert contrast.p_less(0.0) == 1.0
    assert contrast.p_greater(-1.0) == 0.0


def test_natural_bounds_cut_the_interval() -> None:
    contrast = StudentContrast(estimate=0.95, standard_error=0.1, lowest=0.0, highest=1.0)
    assert contrast.upper(0.025) == 1.0
    assert contrast.p_less(1.1) == 0.0
    assert contrast.p_greater(-0.1) == 0.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"standard_error": 0.0},
        {"standard_error": math.nan},
        {"estimate": math.nan},
        {"estimate": None},
        {"degrees_of_freedom": 0.0},
        {"estimate": 0.0, "scale": "log"},
    ],
)
def test_what_has_no_interval_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        StudentContrast(**{"estimate": 1.0, "standard_error": 1.0, **wrong})  # type: ignore[arg-type]


def test_difference_by_hand() -> None:
    contrast = student_difference(Estimate(value=5, variance=9), Estimate(value=1, variance=16), method="z")
    assert contrast is not None
    assert (contrast.estimate, contrast.standard_error, contrast.parity) == (4, 5, 0)


def test_ratio_by_hand() -> None:
    """1/400 + .25/100 = .005 on the log scale."""
    contrast = student_ratio(Estimate(value=20, variance=1), Estimate(value=10, variance=0.25), method="delta")
    assert contrast is not None
    assert contrast.estimate == 2
    assert contrast.standard_error == pytest.approx(math.sqrt(0.005))


def test_welch_degrees_of_freedom() -> None:
    """Oracle: scipy.stats.ttest_ind(equal_var=False), 200 random pairs of samples."""
    generator = np.random.default_rng(62)
    for _ in range(200):
        a = generator.normal(1, generator.uniform(0.1, 5), generator.integers(3, 40))
        b = generator.normal(0, generator.uniform(0.1, 5), generator.integers(3, 40))
        estimates = [
            Estimate(value=x.mean(), variance=x.var(ddof=1) / len(x), degrees_of_freedom=len(x) - 1) for x in (a, b)
        ]
        contrast = student_difference(*estimates, method="Welch's t")
        assert contrast is not None
        oracle = stats.ttest_ind(a, b, equal_var=False)
        interval, theirs = contrast.interval(), oracle.confidence_interval(0.95)
        assert contrast.p_parity() == pytest.approx(float(oracle.pvalue), rel=1e-8)
        assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), rel=1e-7, abs=1e-9)


def test_nothing_that_varies_has_no_contrast() -> None:
    still = Estimate(value=1.0, variance=0.0)
    assert student_level(still, method="t") is None
    assert student_difference(still, still, method="t") is None
    assert student_ratio(still, still, method="t") is None
    assert student_level(Estimate(value=1.0, variance=math.nan), method="t") is None
    assert student_ratio(Estimate(value=0.0, variance=1.0), Estimate(value=1.0, variance=1.0), method="t") is None


def test_ties_are_exact_where_the_values_are() -> None:
    group = Estimate(value=0.2, variance=1, exact=Fraction(1, 5))
    reference = Estimate(value=0.25, variance=1, exact=Fraction(1, 4))
    contrast = student_ratio(group, reference, method="delta")
    assert contrast is not None
    assert contrast.compare(Fraction(4, 5)) == 0
    difference = student_difference(group, reference, method="t")
    assert difference is not None
    assert difference.compare(Fraction(-1, 20)) == 0
