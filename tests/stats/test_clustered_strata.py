"""People with rows in several strata: against loops over people, and by simulation, one person at a time."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from evenhand.stats.clustered_strata import ClusteredStrata, Products, Totals
from evenhand.stats.clusters import linearised_variance
from evenhand.stats.like_for_like import Standard, like_for_like
from evenhand.stats.moments import Moments


def folded(values: np.ndarray, rows: np.ndarray, *, unit: Fraction = Fraction(1)) -> ClusteredStrata[int]:
    """From Σ of values and of rows per person and stratum (people down, strata across)."""
    strata = range(values.shape[1])
    y, x = values.astype(object), rows.astype(object)
    totals = {s: Totals(y[:, s].sum(), x[:, s].sum(), int((rows[:, s] > 0).sum())) for s in strata}
    pairs = {
        (s, t): Products(
            (y[:, s] * y[:, t]).sum(), (y[:, s] * x[:, t]).sum(), (x[:, s] * y[:, t]).sum(), (x[:, s] * x[:, t]).sum()
        )
        for s in strata
        for t in strata
        if (rows[:, s] * rows[:, t]).any()
    }
    return ClusteredStrata.of(len(values), totals, pairs, unit=unit)


def test_the_docstrings_examples() -> None:
    two = folded(np.array([[3], [5]]), np.array([[1], [1]]))
    assert two.centres == {0: 4}
    assert (two.yy.tolist(), two.yx.tolist(), two.xx.tolist()) == ([2.0], [0.0], [2.0])
    assert two.variance({0: (0.5, 0.0)}) == 1.0
    assert folded(np.array([[3], [5]]), np.array([[3], [1]])).effective_people([0]) == 1.6


def test_one_stratum_is_the_ratio_of_sums() -> None:
    """(N−1)/(N−1) is 1 there: `linearised_variance`, which is tested against statsmodels, says the same."""
    random = np.random.default_rng(1)
    rows = random.integers(1, 6, (40, 1))
    values = rows * random.integers(50, 150, (40, 1))
    y, x = values[:, 0], rows[:, 0]
    expected = linearised_variance(
        numerator=int(y.sum()),
        denominator=int(x.sum()),
        numerator_squares=int((y * y).sum()),
        cross_products=int((x * y).sum()),
        denominator_squares=int((x * x).sum()),
        units=40,
    )
    people, mean = folded(values, rows), Fraction(int(y.sum()), int(x.sum()))
    slope = 1 / float(x.sum())
    found = people.variance({0: (slope, slope * float(people.centres[0] - mean))})
    assert found == pytest.approx(float(expected), rel=1e-12)


def test_products_are_those_of_every_person_by_a_loop() -> None:
    """Σ over people of (Σ_s A_s(y_s − c_s x_s) + B_s x_s)², written out; strata without coefficients do not count."""
    random = np.random.default_rng(2)
    rows = random.poisson(1.2, (60, 5))
    values = rows * random.integers(-100, 300, (60, 5))
    people = folded(values, rows, unit=Fraction(1, 100))
    coefficients = {s: (float(random.normal()), float(random.normal())) for s in range(4)}
    squares = 0.0
    for person in range(60):
        own = 0.0
        for s, (a, b) in coefficients.items():
            own += a * (values[person, s] / 100 - float(people.centres[s]) * rows[person, s]) + b * rows[person, s]
        squares += own**2
    there = int((rows[:, :4] > 0).sum())
    factor = 60 / 59 * (there - 1) / (there - 4)
    assert people.variance(coefficients) == pytest.approx(factor * squares, rel=1e-12)
    assert people.degrees_of_freedom(coefficients) == min(59, there - 4)


def test_large_prices_keep_their_spread() -> None:
    """1e9 − 1 and 1e9 + 1 in cents: around their mean ±1, as by hand; floats of 10²² would have nothing of it left."""
    values = np.array([[10**11 - 100], [10**11 + 100]] * 10, dtype=object)
    people = folded(values, np.ones((20, 1), dtype=np.int64), unit=Fraction(1, 100))
    assert people.variance({0: (1 / 20, 0.0)}) == pytest.approx(20 / 19 * 20 / 400, rel=1e-12)


def test_too_few_people_have_no_variance() -> None:
    assert math.isnan(folded(np.array([[3]]), np.array([[1]])).variance({0: (1.0, 0.0)}))
    two_alone = folded(np.array([[3, 0], [0, 4]]), np.array([[1, 0], [0, 1]]))
    assert math.isnan(two_alone.variance({0: (1.0, 0.0), 1: (1.0, 0.0)}))


def moments_of(values: np.ndarray, rows: np.ndarray, squares: np.ndarray) -> dict[int, Moments]:
    return {
        s: Moments.of_counts(n=int(rows[:, s].sum()), total=int(values[:, s].sum()), squares=int(squares[s]))
        for s in range(values.shape[1])
    }


def drawn(random: np.random.Generator, people: int, quotes: int, mix: np.ndarray, means: np.ndarray):  # type: ignore[no-untyped-def]  # a tuple of what like_for_like takes
    """People with so many quotes each, in any stratum; half of the variance of a price is the person's."""
    person, stratum = np.repeat(np.arange(people), quotes), random.choice(len(mix), people * quotes, p=mix)
    own, chance = random.normal(0, 20, people), random.normal(0, 20, people * quotes)
    price = np.round(means[stratum] + own[person] + chance).astype(np.int64)
    values, rows = np.zeros((people, len(mix)), np.int64), np.zeros((people, len(mix)), np.int64)
    np.add.at(values, (person, stratum), price)
    np.add.at(rows, (person, stratum), 1)
    squares = np.bincount(stratum, weights=price.astype(float) ** 2, minlength=len(mix))
    return moments_of(values, rows, squares), folded(values, rows)


@pytest.mark.parametrize("standard", ["group", "overall", "reference", "overlap"])
def test_one_row_a_person_is_as_good_as_independent(standard: Standard) -> None:
    """Two ways to one variance: cells of independent rows (n − 1 in each), and people (CR1); equal for equal cells."""
    random = np.random.default_rng(3)
    sides = []
    for shift in (0, 5):
        stratum = np.repeat(np.arange(4), 50)
        price = random.integers(50, 150, 200) + 100 * stratum + shift
        values, rows = (np.zeros((200, 4), np.int64) for _ in range(2))
        values[np.arange(200), stratum] = price
        rows[np.arange(200), stratum] = 1
        squares = np.bincount(stratum, weights=price.astype(float) ** 2)
        sides.append((moments_of(values, rows, squares), folded(values, rows)))
    (ours, we), (theirs, they) = sides
    alone = like_for_like(ours, theirs, standard=standard, fixed_mix=True)
    people = like_for_like(ours, theirs, standard=standard, fixed_mix=True, people=(we, they))
    for one, other in ((alone.gap, people.gap), (alone.ratio, people.ratio)):
        assert one is not None
        assert other is not None
        # 200/199 · 199/196 here, 50/49 in each cell there: the same
        assert other.standard_error == pytest.approx(one.standard_error, rel=1e-9)


@pytest.mark.parametrize("quotes", [1, 5, 20])
def test_intervals_cover_the_truth_as_often_as_they_say(quotes: int) -> None:
    """400 draws of 80 people against 120, in 6 strata whose gaps differ: the 95% interval holds D in .95 ± .03.

    The truth is D of the population, by hand: Σ mix · gap. Taking the rows as independent covers half of it at 20.
    """
    random = np.random.default_rng([4, quotes])
    strata = np.arange(6)
    mix, others = (np.array(weights) / 21 for weights in ([6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6]))
    means, gaps = 1000.0 + 100 * strata, -20.0 + 12 * strata
    truth, covered, by_rows = float((mix * gaps).sum()), 0, 0
    for _ in range(400):
        ours, we = drawn(random, 80, quotes, mix, means + gaps)
        theirs, they = drawn(random, 120, quotes, others, means)
        gap = like_for_like(ours, theirs, people=(we, they)).gap
        rows = like_for_like(ours, theirs).gap
        assert gap is not None
        assert rows is not None
        interval, narrow = gap.interval(0.95), rows.interval(0.95)
        covered += interval.low <= truth <= interval.high
        by_rows += narrow.low <= truth <= narrow.high
    assert 0.92 <= covered / 400 <= 0.975
    if quotes == 20:
        assert by_rows / 400 < 0.75
