"""ScoreDifference against brute-force constrained likelihood, published values, and its edges.

Known difference: statsmodels 0.15 has a wrong coefficient in the cubic of the restricted rates (its issue #10269), so
that its score test at a value other than 0 and its score interval are no oracle; shown below on one table. At 0 it is
right, and used.
"""

from __future__ import annotations

import random
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from statsmodels.stats.proportion import test_proportions_2indep as statsmodels_test

from evenhand.stats.score import ScoreDifference
from evenhand.stats.score_statistics import difference_statistic


def difference(cases: int, total: int, reference_cases: int, reference_total: int) -> ScoreDifference:
    return ScoreDifference(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)


def oracle_statistic(x1: int, n1: int, x0: int, n0: int, gap: float) -> float:
    """z at `gap` with the restricted rates found by bisecting the likelihood's falling slope, in 50 decimal digits.

    No cubic and no cosine; plain arithmetic that needs no care for cancellation.
    """
    with localcontext(prec=50):
        delta = Decimal(gap)
        low, high = max(Decimal(0), -delta), min(Decimal(1), 1 - delta)
        for _ in range(130):
            p = (low + high) / 2
            terms = ((x1, p + delta), (x1 - n1, 1 - p - delta), (x0, p), (x0 - n0, 1 - p))
            slope = sum((count / rate for count, rate in terms if count), Decimal(0))
            low, high = (p, high) if slope > 0 else (low, p)
        p = (low + high) / 2
        everyone = Decimal(n1 + n0)
        variance = (p + delta) * (1 - p - delta) / n1 + p * (1 - p) / n0
        return float((Decimal(x1) / n1 - Decimal(x0) / n0 - delta) / (variance * everyone / (everyone - 1)).sqrt())


def random_table(draw: random.Random) -> tuple[int, int, int, int]:
    total, reference_total = (draw.choice([1, 2, 3, 7, 20, 50, 300, 2000, 10**6]) for _ in range(2))
    return draw.randint(0, total), total, draw.randint(0, reference_total), reference_total


def test_statistic_equals_constrained_likelihood() -> None:
    """Oracle: bisection of the restricted likelihood, 1,200 random tables and limits, empty and full rows included."""
    draw = random.Random(11)
    for _ in range(1200):
        table = random_table(draw)
        gap = draw.choice([0.0, 0.05, -0.05, 0.1, -0.2, draw.uniform(-0.95, 0.95)])
        ours = difference(*table).statistic(gap)
        if gap == 0 and (table[0] + table[2]) in (0, table[1] + table[3]):
            assert ours == 0.0  # 0/0 there: no evidence
            continue
        assert ours == pytest.approx(oracle_statistic(*table, gap), rel=1e-11, abs=1e-12), (table, gap)


def test_array_statistic_is_the_scalar_one() -> None:
    draw = random.Random(12)
    tables = [random_table(draw) for _ in range(1000)]
    limits = np.array([draw.uniform(-0.9, 0.9) for _ in tables])
    z = difference_statistic(*np.array(tables, dtype=float).T, limits)
    for table, limit, value in zip(tables, limits, z, strict=True):
        assert difference(*table).statistic(float(limit)) == pytest.approx(value, rel=1e-11, abs=1e-12)


def test_bounds_equal_constrained_likelihood() -> None:
    """At each of our bounds the oracle's statistic is the critical value; 200 random tables."""
    draw = random.Random(13)
    for _ in range(200):
        table = random_table(draw)
        contrast = difference(*table)
        low, high = contrast.lower(0.025), contrast.upper(0.025)
        if low > -1:
            assert oracle_statistic(*table, low) == pytest.approx(1.959963984540054, abs=1e-9)
        if high < 1:
            assert oracle_statistic(*table, high) == pytest.approx(-1.959963984540054, abs=1e-9)


def test_published_interval() -> None:
    """methods.md and Newcombe 1998 (method 10 of his table): 5/56 − 0/29 is (−.0326, .1933)."""
    interval = difference(5, 56, 0, 29).interval()
    assert (round(interval.low, 4), round(interval.high, 4)) == (-0.0326, 0.1933)


def test_parity_equals_statsmodels_pooled_score_test() -> None:
    """Oracle: statsmodels score test at 0, where no cubic is involved; 1,000 tables."""
    draw = random.Random(14)
    for _ in range(1000):
        total, reference_total = draw.randint(2, 4000), draw.randint(2, 4000)
        table = (draw.randint(1, total - 1), total, draw.randint(1, reference_total - 1), reference_total)
        _, p = statsmodels_test(*table, value=0, compare="diff", method="score", return_results=False)
        ours = difference(*table).p_parity()
        assert ours == pytest.approx(float(p), rel=1e-9, abs=1e-300)


def test_statsmodels_cubic_is_wrong_away_from_zero() -> None:
    """The known difference: on 30/100 v 20/50 at −.2 statsmodels leaves the constrained maximum, we do not."""
    table = (30, 100, 20, 50)
    with np.errstate(all="ignore"):
        z, _ = statsmodels_test(*table, value=-0.2, compare="diff", method="score", return_results=False)
    truth = oracle_statistic(*table, -0.2)
    assert difference(*table).statistic(-0.2) == pytest.approx(truth, rel=1e-9)
    assert float(z) != pytest.approx(truth, rel=1e-3)


def test_one_person_against_a_million() -> None:
    """The cosine formula of the cubic's middle root loses half its digits here, which once changed z by 5%."""
    table = (1, 1, 999_966, 1_000_000)
    assert difference(*table).statistic(4.85e-5) == pytest.approx(oracle_statistic(*table, 4.85e-5), rel=1e-11)
    assert difference(*table).statistic(-0.5) == pytest.approx(oracle_statistic(*table, -0.5), rel=1e-11)


def test_limits_at_full_contrast_are_exact() -> None:
    everyone_v_nobody = difference(50, 50, 0, 60)
    assert everyone_v_nobody.estimate == 1.0
    assert everyone_v_nobody.upper(0.025) == 1.0
    assert 0.9 < everyone_v_nobody.lower(0.025) < 1
    assert difference(0, 60, 50, 50).lower(0.025) == -1.0


def test_nobody_in_either_group_has_an_interval() -> None:
    """0/n − 0/m: at the bound δ > 0 the statistic is −δ/√(p̃…); by symmetry of the arguments it is 0-centred."""
    contrast = difference(0, 50, 0, 50)
    assert contrast.estimate == 0.0
    assert contrast.upper(0.025) == pytest.approx(-contrast.lower(0.025), abs=1e-12)
    assert 0 < contrast.upper(0.025) < 0.1


def test_limits_beyond_one_are_certain() -> None:
    contrast = difference(30, 100, 20, 100)
    assert contrast.p_less(1.5) == 0.0
    assert contrast.p_greater(1.5) == 1.0
    assert contrast.p_greater(-1.5) == 0.0


def test_ties_are_decided_in_integers() -> None:
    """6/10 − 1/2 is exactly 1/10; in floats .6 − .5 is .09999999999999998."""
    contrast = difference(6, 10, 1, 2)
    assert 0.6 - 0.5 < 0.1
    assert contrast.compare(Fraction(1, 10)) == 0
    assert contrast.compare(Fraction("0.1000000001")) == -1
    assert contrast.estimate == 0.1
