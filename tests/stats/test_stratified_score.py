"""The stratified score test against the single table, a constrained likelihood by brute force, and its own level."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from evenhand.stats.power import people_needed, smallest_detectable
from evenhand.stats.score import ScoreRatio
from evenhand.stats.stratified_rates import RateStratum, mantel_haenszel_ratio
from evenhand.stats.stratified_score import StratifiedScoreRatio, stratified_score_ratio

Counts = tuple[int, int, int, int]
FIELDS = ("cases", "total", "reference_cases", "reference_total")


def stratum(cases: int, total: int, reference_cases: int, reference_total: int) -> RateStratum:
    return RateStratum(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)


def score(*tables: Counts) -> StratifiedScoreRatio:
    return StratifiedScoreRatio(strata=[stratum(*table) for table in tables])


@pytest.mark.parametrize(
    "table",
    [(0, 100, 30, 100), (0, 1, 2, 2), (0, 20, 1, 500), (30, 100, 0, 100), (1, 1, 0, 40), (0, 9, 0, 7), (5, 5, 8, 8)],
)
def test_one_stratum_is_the_score_ratio(table: Counts) -> None:
    ours, single = score(table), ScoreRatio(**dict(zip(FIELDS, table, strict=True)))
    assert ours.estimate == single.estimate
    for limit in (0.0, 0.3, 0.8, 1.0, 1.25, 4.0, math.inf):
        assert ours.p_less(limit) == pytest.approx(single.p_less(limit), rel=1e-11)
        assert ours.p_greater(limit) == pytest.approx(single.p_greater(limit), rel=1e-11)
    for alpha in (0.05, 0.0025):
        assert ours.lower(alpha) == pytest.approx(single.lower(alpha), rel=1e-9)
        assert ours.upper(alpha) == pytest.approx(single.upper(alpha), rel=1e-9)


def restricted_variance(table: Counts, limit: float) -> float:
    """Rates that maximise the likelihood under p₁ = limit·p₀, found by search; and the variance they give."""
    a, n1, c, n0 = table

    def loss(p: float) -> float:
        return -sum(
            (x * math.log(r) if x else 0) + ((n - x) * math.log(1 - r) if n > x else 0)
            for x, n, r in ((a, n1, limit * p), (c, n0, p))
        )

    p = minimize_scalar(loss, bounds=(1e-12, min(1, 1 / limit) - 1e-12), method="bounded", options={"xatol": 1e-14}).x
    variance = limit * p * (1 - limit * p) / n1 + limit**2 * p * (1 - p) / n0
    return float((n1 * n0 / (n1 + n0)) ** 2 * variance * (n1 + n0) / (n1 + n0 - 1))


@pytest.mark.parametrize("limit", [0.5, 0.8, 1.25])
def test_statistic_is_that_of_the_constrained_likelihood(limit: float) -> None:
    tables = [(0, 60, 20, 60), (0, 15, 2, 90), (0, 3, 3, 4)]
    gap = sum((a * n0 - limit * c * n1) / (n1 + n0) for a, n1, c, n0 in tables)
    variance = sum(restricted_variance(table, limit) for table in tables)
    assert score(*tables).statistic(limit) == pytest.approx(gap / math.sqrt(variance), rel=1e-6)


def test_two_halves_say_almost_what_the_whole_says() -> None:
    """S is the same and V differs by N/(N − 1): 199/200 against 99/100, a factor of 1.005025 in all."""
    whole, halves = score((0, 100, 30, 100)), score((0, 50, 15, 50), (0, 50, 15, 50))
    assert (halves.statistic(0.8) / whole.statistic(0.8)) ** 2 == pytest.approx((99 / 100) / (199 / 200), rel=1e-12)


def test_swapping_the_groups_gives_the_reciprocal_interval() -> None:
    tables = [(0, 60, 20, 70), (0, 15, 2, 90)]
    here, there = score(*tables), score(*[(c, n0, a, n1) for a, n1, c, n0 in tables])
    assert (here.estimate, there.estimate) == (0.0, math.inf)
    assert (here.lower(0.05), there.upper(0.05)) == (0.0, math.inf)
    assert there.lower(0.05) == pytest.approx(1 / here.upper(0.05), rel=1e-9)
    assert there.p_greater(1.25) == pytest.approx(here.p_less(0.8), rel=1e-9)


def test_the_order_of_strata_changes_nothing() -> None:
    draw = random.Random(4)
    tables = [(0, draw.randint(1, 50), draw.randint(0, 3), draw.randint(3, 60)) for _ in range(40)]
    shuffled = draw.sample(tables, len(tables))
    assert score(*tables).p_less(0.8) == score(*shuffled).p_less(0.8)
    assert score(*tables).upper(0.01) == score(*shuffled).upper(0.01)


def test_nobody_on_either_side_and_strata_of_one_side_only() -> None:
    nobody = score((0, 50, 0, 50), (0, 9, 0, 9))
    assert (nobody.estimate, nobody.lower(0.05), nobody.upper(0.05)) == (None, 0.0, math.inf)
    assert stratified_score_ratio([stratum(0, 5, 0, 0), stratum(0, 0, 3, 5)]) is None
    alone = stratified_score_ratio([stratum(0, 50, 9, 50), stratum(7, 9, 0, 0)])
    assert alone is not None
    assert alone.p_less(0.8) == score((0, 50, 9, 50)).p_less(0.8)


def test_it_is_only_for_strata_without_a_logarithm() -> None:
    tables = [stratum(1, 60, 20, 70), stratum(0, 15, 2, 90)]
    assert mantel_haenszel_ratio(tables) is not None
    with pytest.raises(ValueError, match="one has no cases"):
        StratifiedScoreRatio(strata=tables)
    with pytest.raises(ValueError, match="two sides"):
        StratifiedScoreRatio(strata=[])


@pytest.mark.parametrize(("strata", "group", "reference"), [(200, 1, 1), (100, 1, 10), (50, 5, 5), (200, 1, 3)])
def test_level_at_the_limit_in_sparse_strata(strata: int, group: int, reference: int) -> None:
    """True ratio .8, so few expected cases that nobody is one in 5 to 22% of samples: `ratio < .8` stays below .05.

    Figures of 4,000 samples: .034 at most, at 2.5 to 3 expected cases. Each sample without cases is judged; those
    with cases have Greenland and Robins' interval.
    """
    draw = np.random.Generator(np.random.PCG64(8))
    samples = 1000
    for expected in (1.5, 2.5, 3.0):
        rate = expected / (strata * group * 0.8)
        empty = draw.binomial(group, 0.8 * rate, (samples, strata)).sum(axis=1) == 0
        assert 0.02 < empty.mean() < 0.3
        rejected = 0
        for cases in draw.binomial(reference, rate, (int(empty.sum()), strata)):
            rejected += score(*((0, group, int(c), reference) for c in cases)).p_less(0.8) < 0.05
        assert rejected / samples < 0.05


def test_sample_sizes_are_those_of_the_single_table_where_strata_are_alike() -> None:
    """Ten strata of 0/20 against 6/20 as 0/200 against 60/200; they part by N/(N − 1) alone: 39/40 against 399/400."""
    whole, parts = (
        ScoreRatio(cases=0, total=200, reference_cases=60, reference_total=200),
        score(*[(0, 20, 6, 20)] * 10),
    )
    needs = [people_needed(c, minimum=0.8, maximum=None, comparisons=1, people=200) for c in (whole, parts)]
    assert None not in needs
    assert needs[1] == pytest.approx(needs[0], rel=0.03)
    seen = [smallest_detectable(c, minimum=0.8, maximum=None, comparisons=1) for c in (whole, parts)]
    assert seen[1] == pytest.approx(seen[0], abs=0.01)
    unbounded = score((3, 20, 0, 20), (2, 20, 0, 20))
    assert people_needed(unbounded, minimum=0.8, maximum=None, comparisons=1, people=40) is None
