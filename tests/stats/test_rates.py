"""One proportion: Wilson and Clopper-Pearson against statsmodels and scipy, RateContrast against the score test."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from evenhand.stats.rates import RateContrast, clopper_pearson, wilson


def random_counts(draw: random.Random) -> tuple[int, int]:
    total = round(math.exp(draw.uniform(0, 14)))
    return draw.choice([0, total, draw.randint(0, total), draw.randint(0, min(total, 5))]), total


def test_wilson_equals_statsmodels() -> None:
    """Oracle: statsmodels proportion_confint(method='wilson'), 1,500 random counts and levels."""
    draw = random.Random(51)
    for _ in range(1500):
        cases, total = random_counts(draw)
        confidence = draw.choice([0.8, 0.95, 0.999])
        low, high = proportion_confint(cases, total, 1 - confidence, method="wilson")
        interval = wilson(cases, total, confidence)
        assert interval.low == pytest.approx(float(low), rel=1e-7, abs=1e-12)
        assert interval.high == pytest.approx(float(high), rel=1e-7, abs=1e-12)


def test_clopper_pearson_equals_statsmodels_and_scipy() -> None:
    """Oracles: statsmodels 'beta' (1,500 random counts); scipy binomtest on every tenth."""
    draw = random.Random(52)
    for i in range(1500):
        cases, total = random_counts(draw)
        interval = clopper_pearson(cases, total)
        low, high = proportion_confint(cases, total, 0.05, method="beta")
        assert interval.low == pytest.approx(float(low), rel=1e-8, abs=1e-14)
        assert interval.high == pytest.approx(float(high), rel=1e-8, abs=1e-14)
        if i % 10 == 0 and total < 10**4:
            exact = binomtest(cases, total).proportion_ci(0.95, method="exact")
            assert interval.low == pytest.approx(float(exact.low), rel=1e-6, abs=1e-9)
            assert interval.high == pytest.approx(float(exact.high), rel=1e-6, abs=1e-9)


def test_by_hand() -> None:
    """(1 − p)³ = .025 for 0 of 3; z²/(n + z²) for 0 of n."""
    assert clopper_pearson(0, 3).high == pytest.approx(1 - 0.025 ** (1 / 3), rel=1e-12)
    z2 = 1.959963984540054**2
    assert wilson(0, 4).high == pytest.approx(z2 / (4 + z2), rel=1e-12)


@pytest.mark.parametrize("method", [wilson, clopper_pearson])
def test_limits_at_nobody_and_everybody_are_exact(method) -> None:  # type: ignore[no-untyped-def]
    assert method(0, 7).low == 0.0
    assert method(7, 7).high == 1.0
    assert method(7, 7).low > 0
    assert method(0, 7).high < 1


def test_score_p_values_equal_statsmodels() -> None:
    """Oracle: proportions_ztest(prop_var=limit), 1,000 random counts."""
    draw = random.Random(53)
    for _ in range(1000):
        total = draw.randint(1, 10**5)
        cases, limit = draw.randint(0, total), draw.uniform(0.01, 0.99)
        z, _ = proportions_ztest(cases, total, limit, prop_var=limit)
        assert RateContrast(cases=cases, total=total).statistic(limit) == pytest.approx(float(z), rel=1e-9, abs=1e-10)


def test_a_level_has_no_parity() -> None:
    contrast = RateContrast(cases=60, total=100)
    assert contrast.parity is None
    assert contrast.p_parity() is None
    assert contrast.p_greater(0.5) == pytest.approx(0.02275, abs=1e-5)  # z = 2


def test_limits_that_no_rate_passes() -> None:
    contrast = RateContrast(cases=3, total=10)
    assert contrast.p_greater(0.0) == 0.0
    assert contrast.p_less(1.0) == 0.0
    assert contrast.p_less(-0.1) == 1.0
    assert RateContrast(cases=0, total=10).p_less(0.0) == 0.5


def test_exact_ties() -> None:
    assert RateContrast(cases=3, total=10).compare(Fraction(3, 10)) == 0
    assert RateContrast(cases=1, total=3).compare(Fraction("0.333333333333333333")) == 1


@pytest.mark.parametrize(("cases", "total"), [(0, 0), (2, 1), (-1, 3)])
def test_impossible_counts_are_refused(cases: int, total: int) -> None:
    with pytest.raises(ValueError, match="cases"):
        wilson(cases, total)
    with pytest.raises(ValueError, match="cases"):
        clopper_pearson(cases, total)
