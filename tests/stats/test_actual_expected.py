"""Actual over expected: Garwood and the Poisson score test against statsmodels and scipy, amounts against the bootstrap."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.rates import confint_poisson
from statsmodels.stats.rates import test_poisson_2indep as poisson_test

from evenhand.stats.actual_expected import (
    PoissonLevel,
    PoissonRatio,
    amount_difference,
    amount_estimate,
    amount_level,
    amount_ratio,
)
from evenhand.stats.student import Estimate


def test_published_interval() -> None:
    """metrics.md: 130/110 → 1.181818, exact .987406 to 1.403313."""
    level = PoissonLevel(actual=130, expected=110)
    assert level.estimate == pytest.approx(1.181818, abs=1e-6)
    assert (level.interval().low, level.interval().high) == pytest.approx((0.987406, 1.403313), abs=1e-6)
    assert level.parity is None


def test_level_equals_statsmodels_and_scipy() -> None:
    """Oracles: confint_poisson(method="exact-c"); scipy.stats.poisson's tails; 200 random counts."""
    draw = random.Random(331)
    for _ in range(200):
        actual, expected = draw.randint(0, 400), draw.uniform(0.5, 300)
        level, limit = PoissonLevel(actual=actual, expected=expected), draw.uniform(0.1, 3)
        if actual:
            low, high = confint_poisson(actual, expected, method="exact-c")
            assert (level.interval().low, level.interval().high) == pytest.approx((low, high), rel=1e-9)
        law = stats.poisson(limit * expected)
        assert level.p_less(limit) == pytest.approx(float(law.cdf(actual)), rel=1e-9, abs=1e-300)
        assert level.p_greater(limit) == pytest.approx(float(law.sf(actual - 1)), rel=1e-9, abs=1e-300)


def test_no_claims_are_bounded_above() -> None:
    """0 of 10 expected: exp(−10u) = .025, u = .3689."""
    level = PoissonLevel(actual=0, expected=10)
    assert level.lower(0.025) == 0.0
    assert level.upper(0.025) == pytest.approx(-math.log(0.025) / 10)


def test_ratio_equals_statsmodels() -> None:
    """Oracle: statsmodels' test_poisson_2indep(method="score", compare="ratio"), one-sided, 300 random pairs."""
    draw = random.Random(332)
    for _ in range(300):
        counts = (draw.randint(1, 200), draw.uniform(1, 200), draw.randint(1, 200), draw.uniform(1, 200))
        ratio = PoissonRatio(
            actual=counts[0], expected=counts[1], reference_actual=counts[2], reference_expected=counts[3]
        )
        limit = draw.choice([0.8, 1.0, 1.25])
        for p, side in ((ratio.p_less(limit), "smaller"), (ratio.p_greater(limit), "larger")):
            oracle = poisson_test(*counts, value=limit, method="score", compare="ratio", alternative=side)
            assert p == pytest.approx(float(oracle.pvalue), rel=1e-7, abs=1e-12)


def test_ratio_by_hand() -> None:
    """30 for 10 against 20 for 20: 3; z = (30 − ½·20)/√(½·50) = 4. Wilson's share of 60% in odds, times two."""
    ratio = PoissonRatio(actual=30, expected=10, reference_actual=20, reference_expected=20)
    assert ratio.compare(Fraction(3)) == 0
    assert ratio.p_greater(1.0) == pytest.approx(3.167124e-05, rel=1e-6)
    z = 1.959963984540054
    spread = z * math.sqrt(50 * 0.24 + z * z / 4)
    low, high = ((30 + z * z / 2 + sign * spread) / (50 + z * z) for sign in (-1, 1))
    assert (ratio.interval().low, ratio.interval().high) == pytest.approx((2 * low / (1 - low), 2 * high / (1 - high)))


def test_swapping_groups_gives_the_reciprocal() -> None:
    draw = random.Random(333)
    for _ in range(300):
        one = {"actual": draw.randint(0, 50), "expected": draw.randint(1, 50)}
        other = {"actual": draw.randint(0, 50), "expected": draw.randint(1, 50)}
        here = PoissonRatio(**one, **{f"reference_{name}": value for name, value in other.items()})
        there = PoissonRatio(**other, **{f"reference_{name}": value for name, value in one.items()})
        low = here.lower(0.025)
        assert there.upper(0.025) == pytest.approx(1 / low if low else math.inf, rel=1e-9)
        if one["actual"] or other["actual"]:
            assert there.p_less(1.25) == pytest.approx(here.p_greater(0.8), rel=1e-8, abs=1e-280)


def test_ratio_to_no_claims_has_no_upper_bound() -> None:
    ratio = PoissonRatio(actual=9, expected=10, reference_actual=0, reference_expected=10)
    assert ratio.estimate == math.inf
    assert ratio.upper(0.025) == math.inf
    assert ratio.lower(0.025) > 1
    neither = PoissonRatio(actual=0, expected=10, reference_actual=0, reference_expected=10)
    assert neither.estimate is None
    assert (neither.lower(0.025), neither.upper(0.025)) == (0.0, math.inf)
    assert (neither.p_less(1), neither.p_greater(1)) == (1.0, 1.0)


def test_counts_that_are_none_are_refused() -> None:
    for actual, expected in ((-1, 5.0), (3, 0.0), (3, math.inf), (3, math.nan)):
        with pytest.raises(ValueError, match="expected number above 0"):
            PoissonLevel(actual=actual, expected=expected)


def sums(actual: np.ndarray, expected: np.ndarray) -> Estimate:
    a, e = [int(x) for x in actual], [int(x) for x in expected]
    found = amount_estimate(
        actual=sum(a),
        expected=sum(e),
        actual_squares=sum(x * x for x in a),
        cross_products=sum(x * y for x, y in zip(a, e, strict=True)),
        expected_squares=sum(y * y for y in e),
        units=len(a),
    )
    assert found is not None
    return found


def test_amounts_by_hand() -> None:
    """(1, 2) and (3, 4): 2/3, variance 1/81."""
    found = sums(np.array([1, 3]), np.array([2, 4]))
    assert found.exact == Fraction(2, 3)
    assert found.variance == pytest.approx(1 / 81)
    assert found.degrees_of_freedom == 1


def test_amounts_equal_the_bootstrap() -> None:
    """Oracle: 4,000 resamples of policies; standard errors of level, log ratio and difference within 5%.

    One policy in five has a claim, gamma sized, against expected amounts that vary tenfold.
    """
    generator = np.random.default_rng(334)
    policies, drawn = [], []
    for n, rate in ((3000, 0.22), (4000, 0.18)):
        expected = generator.integers(200, 2000, n)
        actual = (generator.random(n) < rate) * (expected / 0.2 * generator.gamma(2, 0.5, n)).round()
        policies.append(sums(actual, expected))
        rows = generator.integers(0, n, (4000, n), dtype=np.int32)
        drawn.append(actual[rows].sum(axis=1) / expected[rows].sum(axis=1))
    level, ratio = amount_level(policies[0]), amount_ratio(*policies)
    difference = amount_difference(*policies)
    assert level is not None
    assert ratio is not None
    assert difference is not None
    assert level.standard_error == pytest.approx(float(np.log(drawn[0]).std()), rel=0.05)
    assert ratio.standard_error == pytest.approx(float(np.log(drawn[0] / drawn[1]).std()), rel=0.05)
    assert difference.standard_error == pytest.approx(float((drawn[0] - drawn[1]).std()), rel=0.05)
    assert ratio.exact_estimate() == (policies[0].exact or 0) / (policies[1].exact or 1)


def test_upper_bound_of_a_loss_ratio_misses_as_often_as_it_says() -> None:
    """By simulation, 2,000 samples of 200 policies with A/E 1: the 5% upper bound misses in .04 to .07 (plain t: .09)."""
    generator = np.random.default_rng(335)
    expected = generator.integers(200, 2000, (2000, 200)).astype(float)
    actual = (generator.random(expected.shape) < 0.2) * expected / 0.2 * generator.gamma(2, 0.5, expected.shape)
    ratios = actual.sum(axis=1) / expected.sum(axis=1)
    squares = ((actual - ratios[:, None] * expected) ** 2).sum(axis=1)
    variances = 200 / 199 * squares / expected.sum(axis=1) ** 2
    missed = 0
    for ratio, variance in zip(ratios, variances, strict=True):
        level = amount_level(Estimate(value=float(ratio), variance=float(variance), degrees_of_freedom=199))
        assert level is not None
        missed += level.upper(0.05) < 1
    assert 0.04 <= missed / 2000 <= 0.07


def test_level_is_exact_at_a_limit() -> None:
    level = amount_level(sums(np.array([1, 3]), np.array([2, 4])))
    assert level is not None
    assert level.standard_error == pytest.approx(1 / 6)
    assert level.compare(Fraction(2, 3)) == 0


def test_weights_are_weighted_terms() -> None:
    """Every weight 3: sums ×3, squares ×9, the same estimate and variance."""
    plain = amount_estimate(actual=4, expected=6, actual_squares=10, cross_products=14, expected_squares=20, units=2)
    heavy = amount_estimate(
        actual=12, expected=18, actual_squares=90, cross_products=126, expected_squares=180, units=2
    )
    assert plain == heavy


def test_no_claim_or_one_policy_is_no_contrast() -> None:
    nothing, some = sums(np.array([0, 0]), np.array([2, 4])), sums(np.array([1, 3]), np.array([2, 4]))
    assert (nothing.value, nothing.variance) == (0.0, 0.0)
    assert amount_level(nothing) is None
    assert amount_ratio(nothing, some) is None
    assert amount_difference(some, nothing) is None
    one = sums(np.array([3]), np.array([2]))
    assert math.isnan(one.variance)
    assert amount_level(one) is None
    assert amount_difference(one, some) is None
    assert (
        amount_estimate(actual=1, expected=0, actual_squares=1, cross_products=0, expected_squares=0, units=3) is None
    )
