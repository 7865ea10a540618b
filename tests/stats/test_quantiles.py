"""Quantiles against numpy, order-statistic intervals against scipy's quantile_test, ratios by hand and simulation."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from evenhand.stats.quantiles import QuantileContrast, QuantileRatio, quantile_level, quantile_ratio, table_quantile


def table(*samples: np.ndarray) -> tuple[list[float], list[list[int]]]:
    grid = np.unique(np.concatenate(samples))
    counts = [np.bincount(np.searchsorted(grid, rows), minlength=len(grid)).tolist() for rows in samples]
    return grid.tolist(), counts


def test_quantile_equals_numpy() -> None:
    """Oracle: numpy.quantile(method="inverted_cdf"), counts and weights, 1,000 random tables."""
    generator = np.random.default_rng(311)
    for _ in range(1000):
        grid = np.cumsum(generator.integers(1, 9, generator.integers(1, 40))).astype(float)
        counts = generator.integers(0, 6, len(grid))
        counts[generator.integers(len(grid))] += 1
        share = float(generator.uniform(0.001, 0.999))
        ours = table_quantile(grid.tolist(), counts.tolist(), share)
        assert ours == np.quantile(np.repeat(grid, counts), share, method="inverted_cdf")
        assert ours == np.quantile(grid, share, method="inverted_cdf", weights=counts)


def test_quantile_at_a_tie_is_decided_in_integers() -> None:
    """.7 of ten people are seven, though .7 · 10 is 7.000000000000001 in floats where numpy takes the eighth."""
    assert table_quantile(range(1, 11), [1] * 10, 0.7) == 7
    assert table_quantile([1, 2, 9], [5, 2, 3], Fraction(1, 2)) == 1
    assert table_quantile([1, 2], [0, 0], 0.5) is None


def test_exact_interval_equals_scipy() -> None:
    """Oracle: scipy.stats.quantile_test on untied rows: both one-sided p-values and the one-sided bounds."""
    generator = np.random.default_rng(312)
    for _ in range(60):
        rows = np.sort(generator.gamma(2, 50, generator.integers(15, 120)))
        share = float(generator.choice([0.1, 0.25, 0.5, 0.9]))
        grid, (counts,) = table(rows)
        ours = quantile_level(grid, counts, share)
        assert ours is not None
        limit = float(generator.uniform(rows[0], rows[-1]))
        less = stats.quantile_test(rows, q=limit, p=share, alternative="less")
        greater = stats.quantile_test(rows, q=limit, p=share, alternative="greater")
        assert ours.p_less(limit) == pytest.approx(float(less.pvalue), rel=1e-9)
        assert ours.p_greater(limit) == pytest.approx(float(greater.pvalue), rel=1e-9)
        bounds = stats.quantile_test(rows, q=limit, p=share).confidence_interval(0.95)
        high, low = float(bounds.high), float(bounds.low)
        assert ours.interval(0.95).high == (math.inf if math.isnan(high) else high)
        assert ours.interval(0.95).low == (-math.inf if math.isnan(low) else low)


def test_five_people_have_no_bounds_for_their_median() -> None:
    """(1/2)⁵ = 1/32 = .03125 ≥ .025: unbounded at one-sided .025, first and last person at .05."""
    level = quantile_level([1, 2, 3, 4, 5], [1] * 5, 0.5)
    assert level is not None
    assert level.interval(0.95).unbounded
    assert (level.lower(0.05), level.estimate, level.upper(0.05)) == (1, 3, 5)
    assert level.p_greater(0.5) == pytest.approx(1 / 32)
    # At the third price itself: three at or below it, two below: P(B ≤ 3) = P(B ≥ 2) = 26/32.
    assert (level.p_greater(3), level.p_less(3)) == pytest.approx((26 / 32, 26 / 32))
    assert level.parity is None


def test_interval_covers_with_prices_in_steps() -> None:
    """By simulation (1,500 samples of 80): a tied distribution, where the exact interval covers at least its level."""
    generator = np.random.default_rng(313)
    covered = 0
    for rows in generator.poisson(6, (1500, 80)):
        grid, (counts,) = table(rows)
        level = quantile_level(grid, counts, 0.5)
        assert level is not None
        covered += level.lower(0.025) <= 6 <= level.upper(0.025)
    assert covered / 1500 >= 0.95


def test_weights_widen_the_interval() -> None:
    """Equal weights with n people change nothing; a quarter of the effective people doubles the width (Woodruff)."""
    generator = np.random.default_rng(314)
    grid, (counts,) = table(generator.normal(100, 10, 4000))
    plain = quantile_level(grid, counts, 0.5)
    equal = quantile_level(grid, [1_000_000 * count for count in counts], 0.5, effective_n=4000)
    quarter = quantile_level(grid, [1_000_000 * count for count in counts], 0.5, effective_n=Fraction(1000))
    assert plain is not None
    assert equal is not None
    assert quarter is not None
    assert (equal.lower(0.025), equal.upper(0.025)) == (plain.lower(0.025), plain.upper(0.025))
    widths = [contrast.interval().high - contrast.interval().low for contrast in (plain, quarter)]
    assert widths[1] / widths[0] == pytest.approx(2, rel=0.1)
    # Woodruff's normal bounds: the values at q ± 1.96·√(q(1−q)/n_eff) of the distribution.
    margin = 1.959964 * math.sqrt(0.25 / 1000)
    assert quarter.lower(0.025) == pytest.approx(table_quantile(grid, counts, 0.5 - margin), abs=0.05)
    assert quarter.upper(0.025) == pytest.approx(table_quantile(grid, counts, 0.5 + margin), abs=0.05)


def side(estimate: float, low: float, high: float) -> QuantileContrast:
    """A quantile whose mid-p bounds are `low` and `high` at one-sided .05: 3 of 11 people around each, by count."""
    values = np.array([low, estimate, high])
    return QuantileContrast(
        values=values, below=np.array([3.0, 8.0, 11.0]), total=11.0, quantile=0.5, estimate=estimate, mid=True
    )


def test_ratio_by_hand() -> None:
    """log u = log 1.2 + √(log²(130/120) + log²(100/95)): the parts' distances added in quadrature on the log scale.

    Of 11 people 3, 5 and 3 lie at the three values. Mid-p of 3 or fewer below the median: P(B < 3) + ½P(B = 3) =
    (67 + 82.5)/2048 = .0730 ≥ .05, so that .05 is bounded by the outer values.
    """
    ratio = QuantileRatio(group=side(120, 110, 130), reference=side(100, 95, 105))
    assert ratio.estimate == 1.2
    assert ratio.upper(0.05) == pytest.approx(1.2 * math.exp(math.hypot(math.log(130 / 120), math.log(100 / 95))))
    assert ratio.lower(0.05) == pytest.approx(1.2 * math.exp(-math.hypot(math.log(120 / 110), math.log(105 / 100))))
    beyond = ratio.upper(0.05) * 1.0001
    assert ratio.p_less(beyond) == pytest.approx(0.5**11 / 2, rel=1e-6)  # only nobody below bounds nothing


def test_swapping_groups_gives_the_reciprocal() -> None:
    draw = random.Random(315)
    for _ in range(200):
        grid = sorted({draw.randint(1, 400) for _ in range(40)})
        group, reference = ([draw.randint(0, 4) for _ in grid] for _ in range(2))
        group[0] += 1
        reference[0] += 1
        here, there = quantile_ratio(grid, group, reference, 0.5), quantile_ratio(grid, reference, group, 0.5)
        assert here is not None
        assert there is not None
        assert here.exact_estimate() == 1 / (there.exact_estimate() or Fraction(0))
        assert here.upper(0.025) == pytest.approx(1 / there.lower(0.025), rel=1e-12)
        assert here.p_greater(1.1) == pytest.approx(there.p_less(1 / 1.1), rel=1e-9)


def test_ratio_is_exact_at_a_limit() -> None:
    """Medians 6 and 5: 6/5 ties with a limit of 1.2."""
    ratio = quantile_ratio([5, 6], [0, 7], [9, 0], 0.5)
    assert ratio is not None
    assert ratio.compare(Fraction(6, 5)) == 0


@pytest.mark.parametrize(("sigma", "n", "share"), [(0.5, 100, 0.5), (1.5, 100, 0.9), (1.0, 1000, 0.1)])
def test_ratio_covers_log_normal_prices(sigma: float, n: int, share: float) -> None:
    """By simulation, 600 pairs; 2,000 of each setting are in the figures of the class."""
    generator = np.random.default_rng(316)
    covered = 0
    for rows in np.exp(sigma * generator.standard_normal((600, 2, n))):
        grid, (group, reference) = table(*rows)
        ratio = quantile_ratio(grid, group, reference, share)
        assert ratio is not None
        covered += ratio.lower(0.025) <= 1 <= ratio.upper(0.025)
    assert 0.93 <= covered / 600 <= 0.995


def test_scaling_counts_narrows_the_ratio() -> None:
    generator = np.random.default_rng(317)
    grid, (group, reference) = table(*np.round(np.exp(generator.normal(5, 0.3, (2, 40_000)))))
    one = quantile_ratio(grid, group, reference, 0.5)
    thin = quantile_ratio(grid, group, reference, 0.5, effective_n=400, reference_effective_n=400)
    assert one is not None
    assert thin is not None
    widths = [math.log(contrast.upper(0.025) / contrast.lower(0.025)) for contrast in (thin, one)]
    assert widths[0] / widths[1] == pytest.approx(10, rel=0.25)


def test_no_ratio_of_quantiles_that_are_not_above_nought() -> None:
    assert quantile_ratio([0, 5], [3, 0], [0, 3], 0.5) is None
    assert quantile_ratio([-1, 5], [0, 3], [3, 0], 0.5) is None
    assert quantile_ratio([1, 5], [0, 0], [0, 3], 0.5) is None
    with pytest.raises(ValueError, match="above 0"):
        QuantileRatio(group=side(-1, -2, 3), reference=side(100, 95, 105))


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5])
def test_shares_that_are_none_are_refused(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        table_quantile([1], [1], share)


def test_tables_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        table_quantile([2, 1], [1, 1], 0.5)
    with pytest.raises(ValueError, match="0 or more"):
        table_quantile([1, 2], [1, -1], 0.5)
