"""ScoreOddsRatio against statsmodels' score test of an odds ratio, and its edges.

Known difference: statsmodels clips restricted rates at 1e-10, which matters only at the edges of the table.
"""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from statsmodels.stats.proportion import test_proportions_2indep as statsmodels_test

from evenhand.stats.score import ScoreOddsRatio
from evenhand.stats.score_statistics import odds_ratio_statistic


def odds_ratio(cases: int, total: int, reference_cases: int, reference_total: int) -> ScoreOddsRatio:
    return ScoreOddsRatio(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)


def interior_table(draw: random.Random) -> tuple[int, int, int, int]:
    total, reference_total = (round(math.exp(draw.uniform(1.2, 9))) for _ in range(2))
    return draw.randint(1, total - 1), total, draw.randint(1, reference_total - 1), reference_total


def test_p_values_equal_statsmodels() -> None:
    """Oracle: statsmodels test_proportions_2indep(compare='odds-ratio', method='score'), 1,500 interior tables."""
    draw = random.Random(21)
    for _ in range(1500):
        table = interior_table(draw)
        limit = draw.choice([0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0])
        z, _ = statsmodels_test(*table, value=limit, compare="odds-ratio", method="score", return_results=False)
        assert odds_ratio(*table).statistic(limit) == pytest.approx(float(z), rel=1e-8, abs=1e-9), (table, limit)


def test_array_statistic_is_the_scalar_one() -> None:
    draw = random.Random(22)
    tables = [interior_table(draw) for _ in range(500)]
    limits = np.array([math.exp(draw.uniform(-2, 2)) for _ in tables])
    z = odds_ratio_statistic(*np.array(tables, dtype=float).T, limits)
    for table, limit, value in zip(tables, limits, z, strict=True):
        assert odds_ratio(*table).statistic(float(limit)) == pytest.approx(value, rel=1e-12, abs=1e-13)


def test_parity_is_the_pooled_test_of_proportions() -> None:
    """By hand: 30/100 v 20/100 at 1, p̃ = .25 in both: z = .1/√(2·.25·.75/100·200/199)."""
    z = 0.1 / math.sqrt(2 * 0.25 * 0.75 / 100 * 200 / 199)
    assert odds_ratio(30, 100, 20, 100).statistic(1.0) == pytest.approx(z, rel=1e-13)


def test_complement_turns_the_odds_ratio_over() -> None:
    """Odds of not being selected: the statistic changes sign and the bounds are reciprocals."""
    contrast, complement = odds_ratio(30, 100, 20, 80), odds_ratio(70, 100, 60, 80)
    assert complement.lower(0.025) == pytest.approx(1 / contrast.upper(0.025), rel=1e-9)
    assert complement.statistic(0.5) == pytest.approx(-contrast.statistic(2.0), rel=1e-12)


@pytest.mark.parametrize("table", [(0, 50, 0, 60), (50, 50, 60, 60)])
def test_all_or_none_selected_fit_every_odds_ratio(table: tuple[int, int, int, int]) -> None:
    contrast = odds_ratio(*table)
    assert contrast.estimate is None
    assert (contrast.lower(0.025), contrast.upper(0.025)) == (0.0, math.inf)
    assert contrast.p_less(2.0) == contrast.p_greater(0.5) == 0.5


def test_empty_cells_have_exact_limits() -> None:
    assert odds_ratio(0, 50, 30, 60).lower(0.025) == 0.0
    assert odds_ratio(0, 50, 30, 60).estimate == 0.0
    assert odds_ratio(50, 50, 30, 60).upper(0.025) == math.inf
    assert odds_ratio(50, 50, 30, 60).estimate == math.inf
    assert odds_ratio(5, 50, 30, 60).p_greater(0.0) == 0.0


def test_exact_comparison() -> None:
    """30·80/(70·20) = 12/7."""
    contrast = odds_ratio(30, 100, 20, 100)
    assert contrast.exact_estimate() == Fraction(12, 7)
    assert contrast.compare(Fraction(12, 7)) == 0
    assert contrast.compare(Fraction(171, 100)) == 1
