"""Total variation with a valid test: level and power by simulation, edges by hand, the law of every contrast."""

from __future__ import annotations

import numpy as np
import pytest

from evenhand.stats.distance import MOST_GROUPS, DistanceContrast, declared_distance, delivered_distance, subsets


def test_every_set_of_groups_but_the_trivial_ones() -> None:
    assert subsets(2).tolist() == [[1, 0], [0, 1]]
    assert len(subsets(6)) == 2**6 - 2


def test_metas_worked_number_is_the_estimate() -> None:
    """metrics.md: delivered (.63, .37) against eligible (.48, .52) is .15."""
    contrast = delivered_distance([63, 37], [4800, 5200], seed=1)
    assert contrast is not None
    assert contrast.estimate == pytest.approx(0.15, abs=1e-12)


def test_standard_error_of_two_groups_by_hand() -> None:
    """Delivered 30 of 100 in a, 10 of 100 in b: Var = Σφ²/n² with φ = δ(1_a − .75)/.2 − (1_a − .5).

    φ: delivered a .25/.2 − .5 = .75 (30), delivered b −.75/.2 + .5 = −3.25 (10), others a −.5 (70), others b .5 (90):
    Σφ² = 16.875 + 105.625 + 17.5 + 22.5 = 162.5, over 200² = .0040625.
    """
    contrast = delivered_distance([30, 10], [100, 100], seed=1)
    assert contrast is not None
    assert contrast.errors.tolist() == pytest.approx([0.0040625**0.5] * 2, rel=1e-12)


def test_declared_shares_have_the_binomial_error() -> None:
    contrast = declared_distance([60, 40], [0.5, 0.5], seed=1)
    assert contrast is not None
    assert contrast.estimate == pytest.approx(0.1)
    assert contrast.errors.tolist() == pytest.approx([(0.6 * 0.4 / 100) ** 0.5] * 2)


@pytest.mark.parametrize(
    ("counts", "shares", "distance"), [([6000, 4000, 0], [0.4, 0.3, 0.3], 0.3), ([10_000, 0], [0.5, 0.5], 0.5)]
)
def test_a_group_that_is_absent_counts_most(counts: list[int], shares: list[float], distance: float) -> None:
    """½(.2 + .1 + .3) = .3: the absent group's own gap, which has no spread in the data, makes the distance."""
    contrast = declared_distance(counts, shares, seed=1)
    assert contrast is not None
    assert contrast.estimate == pytest.approx(distance, abs=1e-12)
    assert contrast.p_less(distance - 0.05) > 0.99
    assert contrast.p_greater(distance - 0.05) < 0.01


def test_level_with_an_absent_group_at_exactly_the_limit() -> None:
    """Shares .4, .3, .3 declared, .6, .4, 0 true: distance .3 exactly; passing a limit of .3 is false."""
    generator = np.random.Generator(np.random.PCG64(9))
    passes = 0
    for seed in range(200):
        counts = [*generator.multinomial(1000, [0.6, 0.4]).tolist(), 0]
        contrast = declared_distance(counts, [0.4, 0.3, 0.3], seed=seed)
        assert contrast is not None
        passes += contrast.p_less(0.3) < 0.05
    assert passes / 200 <= 0.08


def gate(eligible: np.ndarray, delivered_share: np.ndarray, n: int, limit: float, audits: int) -> tuple[float, float]:
    """(false or true fails, passes) of simulated audits in which 20% of n eligible people are delivered."""
    generator = np.random.Generator(np.random.PCG64(5))
    cells = np.concatenate([0.2 * delivered_share, eligible - 0.2 * delivered_share])
    fails = passes = 0
    for seed in range(audits):
        drawn = generator.multinomial(n, cells)
        delivered = drawn[: len(eligible)]
        contrast = delivered_distance(delivered.tolist(), (delivered + drawn[len(eligible) :]).tolist(), seed=seed)
        assert contrast is not None
        fails += contrast.p_greater(limit) <= 0.05
        passes += contrast.p_less(limit) < 0.05
    return fails / audits, passes / audits


def test_level_at_exactly_the_limit_where_a_bootstrap_of_the_distance_fails() -> None:
    """One group over by .10, one under, four without any gap: a basic bootstrap fails falsely in 20% of such audits."""
    eligible = np.full(6, 1 / 6)
    delivered = eligible + np.array([0.1, -0.1, 0, 0, 0, 0])
    fails, passes = gate(eligible, delivered, 2000, 0.10, 150)
    assert fails <= 0.08
    assert passes <= 0.08


def test_power_to_pass_at_parity() -> None:
    eligible = np.full(6, 1 / 6)
    fails, passes = gate(eligible, eligible, 3000, 0.10, 60)
    assert fails == 0
    assert passes >= 0.9


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.05, 0.2])
def test_bounds_invert_the_test(alpha: float) -> None:
    contrast = delivered_distance([40, 60, 30], [300, 300, 300], seed=3)
    assert contrast is not None
    for limit in np.linspace(0.001, 0.4, 400):
        assert (contrast.upper(alpha) < limit) == (contrast.p_less(float(limit)) < alpha)
        assert (contrast.lower(alpha) > limit) == (contrast.p_greater(float(limit)) < alpha)


def test_edges() -> None:
    assert delivered_distance([0, 0], [10, 10], seed=1) is None
    assert delivered_distance([10, 10], [10, 10], seed=1) is None
    assert delivered_distance([1] * (MOST_GROUPS + 1), [9] * (MOST_GROUPS + 1), seed=1) is None
    assert declared_distance([5], [1.0], seed=1) is None
    with pytest.raises(ValueError, match="some of the eligible"):
        delivered_distance([11, 1], [10, 10], seed=1)
    assert isinstance(delivered_distance([5, 0], [10, 10], seed=1), DistanceContrast)
