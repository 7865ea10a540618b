"""Weighted rates: by hand, against the formula on rows, and as laws."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenhand.stats.score import ScoreRatio
from evenhand.stats.weights import WeightedRate, kish_effective_n, weighted_rate

ROWS = st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=40)


def from_rows(rows: list[tuple[int, bool]]) -> WeightedRate:
    return weighted_rate(
        weight=sum(w for w, _ in rows),
        weight_cases=sum(w for w, y in rows if y),
        weight_squared=sum(w * w for w, _ in rows),
        weight_squared_cases=sum(w * w for w, y in rows if y),
    )


def test_by_hand() -> None:
    """Weights 1, 1, 2, cases at the first and last: p = 3/4, n_eff = (3/16)·16/(7/8) = 24/7."""
    rate = from_rows([(1, True), (1, False), (2, True)])
    assert (rate.rate, rate.total, rate.cases) == (Fraction(3, 4), Fraction(24, 7), Fraction(18, 7))


def test_equals_the_formula_on_rows() -> None:
    """Oracle: methods.md, n_eff = p(1−p)(Σw)²/Σw²(y−p)² in numpy on rows, 300 random samples."""
    generator = np.random.default_rng(101)
    for _ in range(300):
        w, y = generator.integers(1, 30, 50), generator.integers(0, 2, 50)
        p = (w * y).sum() / w.sum()
        n_eff = p * (1 - p) * w.sum() ** 2 / (w**2 * (y - p) ** 2).sum()
        rate = from_rows(list(zip(w.tolist(), (y == 1).tolist(), strict=True)))
        assert float(rate.rate) == pytest.approx(p)
        assert float(rate.total) == pytest.approx(n_eff)


def test_all_or_none_take_kish() -> None:
    assert from_rows([(1, True), (1, True), (2, True)]).total == kish_effective_n(4, 6) == Fraction(8, 3)
    assert from_rows([(1, False), (3, False)]).total == Fraction(16, 10)


@given(ROWS, st.integers(2, 1000))
def test_scaling_every_weight_changes_nothing(rows: list[tuple[int, bool]], factor: int) -> None:
    assert from_rows(rows) == from_rows([(w * factor, y) for w, y in rows])


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 99))
def test_equal_weights_are_no_weights(cases: list[bool], weight: int) -> None:
    """n_eff is n and the cases are the cases, exactly: a tie at the limit stays one."""
    rate = from_rows([(weight, y) for y in cases])
    assert (rate.total, rate.cases) == (len(cases), sum(cases))


def test_weighted_ratio_is_the_ratio_of_weighted_rates() -> None:
    group, reference = from_rows([(1, True), (1, False), (2, True)]), from_rows([(3, True), (5, False)])
    contrast = ScoreRatio(
        cases=group.cases, total=group.total, reference_cases=reference.cases, reference_total=reference.total
    )
    assert contrast.exact_estimate() == Fraction(3, 4) / Fraction(3, 8) == 2
    assert contrast.compare(Fraction(2)) == 0


def test_no_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="add up"):
        weighted_rate(weight=0, weight_cases=0, weight_squared=0, weight_squared_cases=0)
    with pytest.raises(ValueError, match="add up"):
        kish_effective_n(0, 0)
