"""Standardised differences: published numbers, numpy's moments, and the bootstrap for skewed prices."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from scipy import stats

from evenhand.stats.standardized_difference import (
    CentralMoments,
    Denominator,
    central_moments,
    hedges_correction,
    skewness,
    standardized_difference,
)

PRICES = [100, 120, 130, 150, 200]
REFERENCE = [90, 100, 110, 115, 160, 125]


def of_rows(rows: list[int]) -> CentralMoments:
    moments = central_moments(rows, [1] * len(rows))
    assert moments is not None
    return moments


def of_normal(mean: float, deviation: float, n: int) -> CentralMoments:
    """A group known by its mean, sample deviation and n: third moment 0, fourth 3σ⁴, as the normal law has them."""
    second = deviation**2 * (n - 1) / n
    return CentralMoments(n=n, weight=n, mean=mean, second=second, third=0.0, fourth=3 * second**2)


@pytest.mark.parametrize(
    ("denominator", "expected"), [("pooled", 0.746910), ("average", 0.729404), ("whole_sample", 0.728165)]
)
def test_published_denominators(denominator: Denominator, expected: float) -> None:
    """metrics.md: three denominators of the price fixture."""
    found = standardized_difference(of_rows(PRICES), of_rows(REFERENCE), denominator)
    assert found is not None
    assert found.estimate == pytest.approx(expected, abs=1e-6)
    assert found.degrees_of_freedom == 9
    assert found.parity == 0.0


def test_denominators_equal_numpy() -> None:
    """Oracle: numpy's variances with ddof 1."""
    a, b = np.array(PRICES), np.array(REFERENCE)
    gap = a.mean() - b.mean()
    expected = {
        "pooled": gap / math.sqrt((4 * a.var(ddof=1) + 5 * b.var(ddof=1)) / 9),
        "average": gap / math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2),
        "reference": gap / b.std(ddof=1),
        "whole_sample": gap / np.concatenate([a, b]).std(ddof=1),
    }
    assert set(expected) == set(get_args(Denominator))
    for denominator in get_args(Denominator):
        found = standardized_difference(of_rows(PRICES), of_rows(REFERENCE), denominator)
        assert found is not None
        assert found.estimate == pytest.approx(expected[denominator], rel=1e-12)


def test_borenstein() -> None:
    """Borenstein, Hedges, Higgins & Rothstein 2009, ch. 4: d .5970, V_d .0416; g .5924."""
    found = standardized_difference(of_normal(103, 5.5, 50), of_normal(100, 4.5, 50), "pooled")
    assert found is not None
    assert found.estimate == pytest.approx(0.5970, abs=5e-5)
    # Their V_d takes both variances to be the pooled one and 2(n₁ + n₂) for twice the degrees of freedom.
    assert found.standard_error**2 == pytest.approx(0.0416, abs=0.0012)
    assert found.estimate is not None
    assert found.estimate * hedges_correction(98) == pytest.approx(0.5924, abs=5e-5)


def test_normal_moments_give_hedges_and_olkin() -> None:
    """Equal variances, 2,000 a side, d = .8: 2/n + d²/4n."""
    found = standardized_difference(of_normal(108, 10, 2000), of_normal(100, 10, 2000), "pooled")
    assert found is not None
    assert found.standard_error**2 == pytest.approx(2 / 2000 + 0.64 / (4 * 2000), rel=1e-3)


def test_correction_equals_the_published_approximation() -> None:
    """Hedges 1981: 1 − 3/(4f − 1); at f = 2 exactly Γ(1)/Γ(½) = 1/√π."""
    assert hedges_correction(2) == pytest.approx(1 / math.sqrt(math.pi))
    for freedom in (10, 50, 1000):
        assert hedges_correction(freedom) == pytest.approx(1 - 3 / (4 * freedom - 1), abs=4e-4)
    with pytest.raises(ValueError, match="more than 1"):
        hedges_correction(1)


@pytest.mark.parametrize("denominator", get_args(Denominator))
def test_skewed_prices_equal_the_bootstrap(denominator: Denominator) -> None:
    """Oracle: 4,000 resamples of gamma prices (skewness 1.4 and 2), a gap of two deviations: errors within 5%.

    The gap is wide so that the third and fourth moments count; the normal-theory formula is off by far more than 5%.
    """
    generator = np.random.default_rng(321)
    a, b = generator.gamma(2, 60, 500).round(), generator.gamma(1, 80, 700).round() - 120
    found = standardized_difference(of_rows([int(x) for x in a]), of_rows([int(x) for x in b]), denominator)
    assert found is not None
    x, y = generator.choice(a, (4000, len(a))), generator.choice(b, (4000, len(b)))
    gap, own, other = x.mean(axis=1) - y.mean(axis=1), x.var(axis=1, ddof=1), y.var(axis=1, ddof=1)
    square = {
        "pooled": (499 * own + 699 * other) / 1198,
        "average": (own + other) / 2,
        "reference": other,
        "whole_sample": np.concatenate([x, y], axis=1).var(axis=1, ddof=1),
    }[denominator]
    drawn = gap / np.sqrt(square)
    assert found.standard_error == pytest.approx(float(drawn.std()), rel=0.05)
    if denominator == "reference":
        normal = math.sqrt(1 / 500 + 1 / 700 + (found.estimate or 0.0) ** 2 / (2 * 1200))
        assert normal < 0.8 * float(drawn.std())


def test_moments_equal_scipy() -> None:
    """Oracle: scipy.stats.moment and skew over the expanded rows; prices given in units or in cents."""
    generator = np.random.default_rng(322)
    for scale in (1, 0.01):
        values = np.unique(generator.integers(1, 5000, 60)) * scale
        counts = generator.integers(1, 9, len(values))
        rows = np.repeat(values, counts)
        moments = central_moments(values.tolist(), counts.tolist())
        assert moments is not None
        assert (moments.n, moments.mean) == pytest.approx((len(rows), rows.mean()))
        assert moments.variance == pytest.approx(rows.var(ddof=1))
        for order, ours in ((2, moments.second), (3, moments.third), (4, moments.fourth)):
            assert ours == pytest.approx(float(stats.moment(rows, order)), rel=1e-9)
        assert skewness(values.tolist(), counts.tolist()) == pytest.approx(float(stats.skew(rows)), rel=1e-9)


def test_moments_near_a_thousand_million_are_exact() -> None:
    """1e9 − 1, 1e9, 1e9 + 1: second 2/3, third 0, fourth 2/3; float sums of squares lose all of it."""
    moments = of_rows([10**9 - 1, 10**9, 10**9 + 1])
    assert (moments.second, moments.third, moments.fourth) == (float(Fraction(2, 3)), 0.0, float(Fraction(2, 3)))


def test_weights_with_a_kish_n() -> None:
    """Equal weights change nothing in any denominator; half the effective people widen by √2."""
    generator = np.random.default_rng(323)
    rows = [[int(x) for x in generator.gamma(3, 40, n)] for n in (800, 900)]
    plain = [of_rows(side) for side in rows]
    equal = [central_moments(side, [10**6] * len(side), effective_n=len(side)) for side in rows]
    half = [central_moments(side, [10**6] * len(side), effective_n=len(side) / 2) for side in rows]
    for denominator in get_args(Denominator):
        contrasts = []
        for group, reference in (plain, equal, half):
            assert group is not None
            assert reference is not None
            contrasts.append(standardized_difference(group, reference, denominator))
        one, same, wide = contrasts
        assert one is not None
        assert same is not None
        assert wide is not None
        assert same.estimate == pytest.approx(one.estimate, rel=1e-12)
        assert same.standard_error == pytest.approx(one.standard_error, rel=1e-12)
        assert wide.standard_error / one.standard_error == pytest.approx(math.sqrt(2), rel=0.01)


def test_swapping_groups_negates_it() -> None:
    here = standardized_difference(of_rows(PRICES), of_rows(REFERENCE), "pooled")
    there = standardized_difference(of_rows(REFERENCE), of_rows(PRICES), "pooled")
    assert here is not None
    assert there is not None
    assert here.lower(0.025) == pytest.approx(-there.upper(0.025))


def test_nothing_to_standardise_by() -> None:
    assert standardized_difference(of_rows([5]), of_rows(PRICES), "pooled") is None
    assert standardized_difference(of_rows([5, 5]), of_rows([7, 7]), "pooled") is None
    assert standardized_difference(of_rows(PRICES), of_rows([7, 7]), "reference") is None
    assert standardized_difference(of_rows([5, 5]), of_rows([5, 5]), "whole_sample") is None
    assert skewness([5], [9]) is None
    assert skewness([], []) is None
    assert math.isnan(of_rows([5]).variance)


def test_skewness_by_hand() -> None:
    """0, 0, 3: 2/2√2 = .7071."""
    assert skewness([0, 3], [2, 1]) == pytest.approx(math.sqrt(0.5))
