"""ScoreRatio against the contract's worked cases, statsmodels, and its edges.

Known differences from statsmodels 0.15, each shown below: its score test of a ratio is NaN when both counts are 0, and
when both are complete at a ratio of 1 (ours is p = .5: no evidence either way); its score interval is wrong, even
complex, when a rate is 0 or 1.
"""

from __future__ import annotations

import csv
import math
import random
import warnings
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.proportion import test_proportions_2indep as statsmodels_test

from evenhand.stats.many import holm
from evenhand.stats.score import ScoreRatio
from evenhand.stats.score_statistics import ratio_statistic

ORACLES = Path(__file__).parents[1] / "oracles"


def ratio(cases: int, total: int, reference_cases: int, reference_total: int) -> ScoreRatio:
    return ScoreRatio(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)


def contract_cases() -> dict[str, list[dict[str, str]]]:
    cases: dict[str, list[dict[str, str]]] = {}
    with (ORACLES / "score_ratio_at_four_fifths.csv").open() as file:
        for row in csv.DictReader(file):
            cases.setdefault(row["case"], []).append(row)
    return cases


@pytest.mark.parametrize("case", contract_cases())
def test_contract_cases(case: str) -> None:
    rows = contract_cases()[case]
    columns = ("cases", "total", "reference_cases", "reference_total")
    contrasts = [ratio(*(int(row[column]) for column in columns)) for row in rows]
    level = holm([contrast.p_less(0.8) for contrast in contrasts]).alpha_star
    for row, contrast in zip(rows, contrasts, strict=True):
        assert contrast.p_less(0.8) == pytest.approx(float(row["p_less"]), rel=1e-11)
        if row["interval_low"]:
            interval = contrast.interval()
            assert interval.low == pytest.approx(float(row["interval_low"]), abs=1e-11)
            assert interval.high == pytest.approx(float(row["interval_high"]), abs=1e-11)
            assert contrast.lower(0.05) == pytest.approx(float(row["decision_low"]), abs=1e-11)
            assert contrast.upper(level) == pytest.approx(float(row["decision_high"]), abs=1e-11)


def random_table(draw: random.Random) -> tuple[int, int, int, int]:
    total, reference_total = (round(math.exp(draw.uniform(0.7, 9))) for _ in range(2))
    rate, reference_rate = draw.random(), draw.random()
    if draw.random() < 0.3:
        rate, reference_rate = rate / 20, reference_rate / 20
    cases = sum(draw.random() < rate for _ in range(min(total, 200))) * max(1, total // 200)
    reference_cases = round(reference_total * reference_rate)
    return min(cases, total), total, reference_cases, reference_total


def test_p_values_equal_statsmodels() -> None:
    """Oracle: statsmodels test_proportions_2indep(compare='ratio', method='score'), 1,500 random tables."""
    draw = random.Random(1)
    compared = 0
    for _ in range(1500):
        table = random_table(draw)
        limit = draw.choice([0.5, 0.8, 0.9, 1.0, 1.25, 2.0])
        with np.errstate(all="ignore"):
            z, _ = statsmodels_test(*table, value=limit, compare="ratio", method="score", return_results=False)
        if math.isnan(z):  # known difference: statsmodels has 0/0 there
            assert table[0] == table[2] == 0 or (table[0], table[2]) == (table[1], table[3])
            continue
        if math.isinf(z):
            continue
        compared += 1
        assert ratio(*table).statistic(limit) == pytest.approx(float(z), rel=1e-9, abs=1e-11), (table, limit)
    assert compared > 1400


def decimal_statistic(x1: int, n1: int, x0: int, n0: int, limit: float) -> float:
    """The textbook quadratic in 60 decimal digits, where no cancellation matters."""
    with localcontext(prec=60):
        ratio_limit, everyone = Decimal(limit), n1 + n0
        a, c = everyone * ratio_limit, Decimal(x1 + x0)
        b = -(n1 * ratio_limit + x1 + n0 + x0 * ratio_limit)
        p0 = (-b - max(b * b - 4 * a * c, Decimal(0)).sqrt()) / (2 * a)
        p1 = ratio_limit * p0
        variance = p1 * (1 - p1) / n1 + ratio_limit**2 * p0 * (1 - p0) / n0
        gap = Decimal(x1) / n1 - ratio_limit * x0 / n0
        return float(gap / (variance * everyone / (everyone - 1)).sqrt())


def test_statistic_keeps_eleven_digits() -> None:
    """Oracle: 60-digit decimals, 1,500 tables with up to 10^9 people and rates within 10^-8 of 0 and 1."""
    draw = random.Random(3)
    for _ in range(1500):
        total, reference_total = draw.choice([3, 50, 10**4, 10**9]), draw.choice([3, 50, 10**4, 10**9])
        cases = draw.choice([0, 1, total // 3, total - 1, total])
        reference_cases = draw.choice([1, 2, reference_total // 3, reference_total - 1, reference_total])
        limit = draw.choice([0.1, 0.5, 0.8, 0.999, 1.001, 1.25, 4.0])
        table = (cases, total, reference_cases, reference_total)
        expected = decimal_statistic(*table, limit)
        assert ratio(*table).statistic(limit) == pytest.approx(expected, rel=1e-11, abs=1e-11), (table, limit)


def test_array_statistic_is_the_scalar_one() -> None:
    """The formula is written once for floats and arrays: both paths must give the same number."""
    draw = random.Random(2)
    tables = [random_table(draw) for _ in range(1000)]
    columns = np.array(tables, dtype=float).T
    limits = np.full(len(tables), 0.8)
    for table, z in zip(tables, ratio_statistic(*columns, limits), strict=True):
        assert ratio(*table).statistic(0.8) == pytest.approx(z, rel=1e-13, abs=1e-13)


def test_deep_tails_keep_their_digits() -> None:
    """By hand: 0 of 1,000 v 360 of 1,000 at 1: p̃ = .18, z = −.36/√(2·.18·.82/1000 · 2000/1999), p = erfc(−z/√2)/2."""
    contrast = ratio(0, 1000, 360, 1000)
    z = -0.36 / math.sqrt(2 * 0.18 * 0.82 / 1000 * 2000 / 1999)
    assert contrast.statistic(1.0) == pytest.approx(z, rel=1e-14)
    assert contrast.p_less(1.0) == pytest.approx(math.erfc(-z / math.sqrt(2)) / 2, rel=1e-12)
    assert 0 < contrast.p_less(1.0) < 1e-90
    assert ratio(0, 10**6, 360_000, 10**6).p_less(1.0) == 0.0


def test_nobody_in_either_group() -> None:
    """Contract: 0 of n v 0 of m is undefined, (0, ∞), no evidence."""
    contrast = ratio(0, 50, 0, 60)
    assert contrast.estimate is None
    assert (contrast.lower(0.025), contrast.upper(0.025)) == (0.0, math.inf)
    assert contrast.interval().unbounded
    assert contrast.p_less(0.8) == contrast.p_greater(0.8) == 0.5
    with pytest.raises(ValueError, match="undefined"):
        contrast.compare(Fraction(4, 5))


def test_reference_never_selected() -> None:
    """Contract: estimate unbounded, [L, ∞) from the same test: at L the score statistic is z."""
    contrast = ratio(5, 56, 0, 29)
    assert contrast.estimate == math.inf
    assert contrast.upper(0.025) == math.inf
    assert contrast.statistic(contrast.lower(0.025)) == pytest.approx(1.959963984540054, abs=1e-9)
    assert contrast.compare(Fraction(10**6)) == 1
    assert ratio(150, 500, 0, 500).p_greater(1.25) < 1e-20


def test_group_never_selected() -> None:
    contrast = ratio(0, 5000, 1500, 5000)
    assert contrast.estimate == 0.0
    assert contrast.lower(0.001) == 0.0
    assert contrast.p_less(0.8) < 1e-300
    assert 0 < contrast.upper(0.05) < 0.01


def test_everyone_selected_in_both() -> None:
    """At .8 only p̃₁ is restricted (p̃₀ = 1): z = (1 − .8)/√(.8·.2/n · N/(N−1)). At 1 it is 0/0: no evidence."""
    contrast = ratio(500, 500, 500, 500)
    assert contrast.estimate == 1.0
    assert contrast.statistic(0.8) == pytest.approx(0.2 / math.sqrt(0.16 / 500 * 1000 / 999), rel=1e-12)
    assert contrast.p_less(1.0) == contrast.p_greater(1.0) == 0.5
    assert contrast.lower(0.025) < 1 < contrast.upper(0.025)


def test_interval_of_a_full_reference() -> None:
    """Fixture of methods: 29/55 v 11/11 is (.397, .742). statsmodels' own inversion gives 0.606 there (its defect)."""
    interval = ratio(29, 55, 11, 11).interval()
    assert (round(interval.low, 3), round(interval.high, 3)) == (0.397, 0.742)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        wrong = confint_proportions_2indep(29, 55, 11, 11, compare="ratio", method="score")
    assert abs(complex(wrong[0]) - interval.low) > 0.1


def test_intervals_equal_statsmodels_inside_the_table() -> None:
    """Oracle: statsmodels confint_proportions_2indep(method='score'), where no rate is 0 or 1 (solved to 1e-6)."""
    draw = random.Random(4)
    for _ in range(100):
        total, reference_total = draw.randint(20, 3000), draw.randint(20, 3000)
        table = (draw.randint(5, total - 5), total, draw.randint(5, reference_total - 5), reference_total)
        low, high = confint_proportions_2indep(*table, compare="ratio", method="score")
        interval = ratio(*table).interval()
        assert interval.low == pytest.approx(low, rel=1e-5)
        assert interval.high == pytest.approx(high, rel=1e-5)


@pytest.mark.parametrize(
    ("table", "low", "high", "p"),
    [((157, 2435, 235, 2435), 0.550, 0.811, 4.0e-5), ((557, 1835, 1198, 2691), 0.628, 0.739, None)],
)
def test_published_fixtures(table: tuple[int, int, int, int], low: float, high: float, p: float | None) -> None:
    """methods.md section 7: Bertrand & Mullainathan 2004; UC Berkeley 1973, crude."""
    contrast = ratio(*table)
    interval = contrast.interval()
    assert interval.low == pytest.approx(low, abs=6e-4)
    assert interval.high == pytest.approx(high, abs=6e-4)
    if p is not None:
        assert contrast.p_parity() == pytest.approx(p, rel=0.01)


def test_every_exact_four_fifths_tie_is_a_tie() -> None:
    """methods.md: among 10 ≤ n, m ≤ 60 there are 3,120 exact ties at 4/5, of which 1,039 miss it in float division."""
    limit = Fraction(4, 5)
    ties = missed_by_floats = 0
    for n in range(10, 61):
        for m in range(10, 61):
            for y in range(1, m + 1):
                if 4 * y * n % (5 * m) == 0:
                    x = 4 * y * n // (5 * m)
                    ties += 1
                    missed_by_floats += x / n / (y / m) < 0.8
                    assert ratio(x, n, y, m).compare(limit) == 0
    assert ties == 3120
    assert missed_by_floats == 1039


def test_one_person_more_or_less_leaves_the_tie() -> None:
    assert ratio(6, 10, 9, 12).compare(Fraction(4, 5)) == 0
    assert ratio(7, 10, 9, 12).compare(Fraction(4, 5)) == 1
    assert ratio(5, 10, 9, 12).compare(Fraction(4, 5)) == -1
    assert ratio(6, 10, 9, 12).estimate == 0.8


@pytest.mark.parametrize("table", [(3, 2, 1, 2), (-1, 2, 1, 2), (1, 0, 1, 2), (1, 2, 1, math.nan)])
def test_impossible_counts_are_refused(table: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="cases"):
        ratio(*table)


def test_weighted_counts_as_fractions_and_floats_agree() -> None:
    """Equal tables in three number types are one contrast; fractions stay exact at a tie."""
    exact = ratio(6, 10, 9, 12)
    fractions = ScoreRatio(
        cases=Fraction(6), total=Fraction(10), reference_cases=Fraction(9), reference_total=Fraction(12)
    )
    floats = ScoreRatio(cases=6.0, total=10.0, reference_cases=9.0, reference_total=12.0)
    assert exact.p_less(0.7) == fractions.p_less(0.7) == floats.p_less(0.7)
    assert fractions.compare(Fraction(4, 5)) == 0
    assert exact.exact_estimate() == fractions.exact_estimate() == Fraction(4, 5)
    assert floats.exact_estimate() is None


def test_numpy_counts_are_whole_numbers_too() -> None:
    """5e9 · 5e9 overflows numpy's 64 bits; the estimate and the tie must not notice."""
    n = np.int64(5_000_000_000)
    contrast = ScoreRatio(cases=n // 10 * 4, total=n, reference_cases=n // 10 * 5, reference_total=n)
    assert contrast.estimate == 0.8
    assert contrast.compare(Fraction(4, 5)) == 0
    assert contrast.lower(0.05) < 0.8 < contrast.upper(0.05)
