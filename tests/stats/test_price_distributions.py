"""Signed burden and KS against scipy and by hand; the distances at parity by enumeration."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from evenhand.stats.price_distributions import distribution_null, ks_distance, signed_burden

PRICES = [100, 120, 130, 150, 200]
REFERENCE = [90, 100, 110, 115, 160, 125]


def tables(a: list[float], b: list[float]) -> tuple[list[float], list[int], list[int]]:
    grid = sorted({*a, *b})
    return grid, [a.count(value) for value in grid], [b.count(value) for value in grid]


def random_table(draw: random.Random, scale: float) -> tuple[list[float], list[int], list[int]]:
    grid = sorted({draw.randint(-50, 500) * scale for _ in range(draw.randint(1, 30))})
    group, reference = ([draw.choice([0, draw.randint(0, 9)]) for _ in grid] for _ in range(2))
    group[draw.randrange(len(grid))] += 1
    reference[draw.randrange(len(grid))] += 1
    return grid, group, reference


def test_published_burden() -> None:
    """metrics.md: 1, 5 v 2, 3: W 1.5, more 1.0, less −.5, gap .5."""
    burden = signed_burden(*tables([1, 5], [2, 3]))
    assert burden is not None
    assert (burden.distance, burden.more, burden.less, burden.gap) == (
        Fraction(3, 2),
        1,
        Fraction(-1, 2),
        Fraction(1, 2),
    )


def test_published_ks_distance() -> None:
    """metrics.md: .466667 (7/15)."""
    assert ks_distance(*tables(PRICES, REFERENCE)) == Fraction(7, 15)


def test_parts_add_up_to_the_mean_gap() -> None:
    """Law, 1,000 random tables: more + less = m_g − m₀ in fractions; swapping the groups exchanges the parts."""
    draw = random.Random(301)
    for _ in range(1000):
        grid, group, reference = random_table(draw, draw.choice([1, 0.01]))
        burden, swapped = signed_burden(grid, group, reference), signed_burden(grid, reference, group)
        assert burden is not None
        assert swapped is not None
        means = [
            sum(Fraction(value) * count for value, count in zip(grid, side, strict=True)) / sum(side)
            for side in (group, reference)
        ]
        assert burden.more + burden.less == means[0] - means[1]
        assert burden.more >= 0 >= burden.less
        assert (swapped.more, swapped.less) == (-burden.less, -burden.more)


def test_distances_equal_scipy() -> None:
    """Oracles: scipy.stats.wasserstein_distance and ks_2samp, 1,000 random tables."""
    draw = random.Random(302)
    for _ in range(1000):
        grid, group, reference = random_table(draw, 0.25)
        rows = [np.repeat(grid, side) for side in (group, reference)]
        burden, ks = signed_burden(grid, group, reference), ks_distance(grid, group, reference)
        assert burden is not None
        assert ks is not None
        assert float(burden.distance) == pytest.approx(float(stats.wasserstein_distance(*rows)), rel=1e-12, abs=1e-12)
        assert float(ks) == pytest.approx(float(stats.ks_2samp(*rows, method="exact").statistic), rel=1e-12)


def test_weights_may_be_of_any_size() -> None:
    """Fixed-point weights: a million times the counts is the same distribution."""
    grid, group, reference = tables(PRICES, REFERENCE)
    heavy = [10**12 * count for count in group]
    assert signed_burden(grid, heavy, reference) == signed_burden(grid, group, reference)
    assert ks_distance(grid, heavy, reference) == Fraction(7, 15)


def test_distances_at_parity_by_enumeration() -> None:
    """Two people of the group among prices 1, 2, 3, 4: all 6 pairs, by hand.

    KS: {1,2} and {3,4} 1, the other four ½: mean 2/3. Wasserstein: 2, {1,3} and {2,4} 1, {1,4} and {2,3} 1:
    for {1,4} v {2,3} it is (1 + 1)/2 = 1. Mean 8/6. More: {3,4} 2, {2,4} 1, {1,4} and {2,3} ½, else 0: mean 4/6.
    Observed {2,4} v {1,3}: p of `more` is 2/6 (it and {3,4}), of the distances 1.
    """
    null = distribution_null([1, 2, 3, 4], [0, 1, 0, 1], [1, 0, 1, 0], replicates=20_000, seed=3)
    assert null is not None
    assert (null.ks.mean, null.wasserstein.mean, null.more.mean) == pytest.approx((2 / 3, 8 / 6, 4 / 6), abs=0.01)
    assert (null.ks.percentile_95, null.wasserstein.percentile_95, null.more.percentile_95) == (1.0, 2.0, 2.0)
    assert (null.ks.p, null.wasserstein.p) == (1.0, 1.0)
    assert null.more.p == pytest.approx(2 / 6, abs=0.01)


def test_ks_at_parity_equals_the_exact_test() -> None:
    """Oracle: ks_2samp(method="exact"), which is the permutation distribution where no price is tied."""
    generator = np.random.default_rng(303)
    for shift in (0.0, 0.5, 1.0):
        a, b = generator.normal(shift, 1, 25).tolist(), generator.normal(0, 1, 40).tolist()
        null = distribution_null(*tables(a, b), replicates=10_000, seed=4)
        assert null is not None
        assert null.ks.p == pytest.approx(float(stats.ks_2samp(a, b, method="exact").pvalue), abs=0.015)


def test_wasserstein_is_biased_up_and_its_test_keeps_its_level() -> None:
    """200 pairs from one distribution: mean distance well above 0, equal to the null's; p below .1 in about a tenth."""
    generator = np.random.default_rng(304)
    found, expected, low = [], [], 0
    for seed in range(200):
        a, b = (generator.gamma(4, 25, 40).round(0).tolist() for _ in range(2))
        burden, null = signed_burden(*tables(a, b)), distribution_null(*tables(a, b), replicates=2000, seed=seed)
        assert burden is not None
        assert null is not None
        found.append(float(burden.distance))
        expected.append(null.wasserstein.mean)
        low += null.wasserstein.p <= 0.1
    assert np.mean(found) > 8
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.06)
    assert 0.05 <= low / 200 <= 0.15


def test_a_wide_grid_is_drawn_in_chunks_and_a_seed_repeats() -> None:
    """5,000 steps and 2,000 replicates are 10 M counts: drawn in parts, and equal for an equal seed."""
    generator = np.random.default_rng(305)
    group, reference = (generator.poisson(30, 5000).tolist() for _ in range(2))
    null = distribution_null(range(5000), group, reference, replicates=2000, seed=5)
    assert null is not None
    assert null == distribution_null(range(5000), group, reference, replicates=2000, seed=5)
    # Kolmogorov's limit: the 95th percentile of KS is 1.358·√(1/n_g + 1/n₀).
    bound = 1.358 * (1 / sum(group) + 1 / sum(reference)) ** 0.5
    assert null.ks.percentile_95 == pytest.approx(bound, rel=0.05)


def test_one_price_for_everybody() -> None:
    null = distribution_null([100], [4], [6], replicates=2000, seed=1)
    assert null is not None
    assert (null.ks.mean, null.wasserstein.p, null.more.percentile_95) == (0.0, 1.0, 0.0)
    burden = signed_burden([100], [4], [6])
    assert burden is not None
    assert burden.distance == 0


def test_an_empty_side_has_no_distance() -> None:
    assert signed_burden([1, 2], [0, 0], [1, 1]) is None
    assert ks_distance([1, 2], [1, 1], [0, 0]) is None
    assert distribution_null([1, 2], [0, 0], [1, 1], replicates=2000, seed=1) is None


@pytest.mark.parametrize(
    ("values", "group", "message"),
    [([2, 1], [1, 1], "ascending"), ([1], [1, 1], "count"), ([1, 2], [-1, 2], "0 or more")],
)
def test_tables_that_are_none_are_refused(values: list[float], group: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        signed_burden(values, group, [1, 1])


def test_too_few_replicates_and_too_many_people_are_refused() -> None:
    with pytest.raises(ValueError, match="2000"):
        distribution_null([1, 2], [1, 1], [1, 1], replicates=1999, seed=1)
    with pytest.raises(ValueError, match="thousand million"):
        distribution_null([1, 2], [10**9, 1], [1, 1], replicates=2000, seed=1)
