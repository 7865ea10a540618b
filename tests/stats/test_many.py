"""Holm's correction against statsmodels, and the level that it leaves."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from evenhand.stats.many import holm


def test_equals_statsmodels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: statsmodels multipletests(method='holm'), 1,500 random families of 1 to 40."""
    monkeypatch.setattr("gc.collect", lambda: 0)  # statsmodels collects garbage at every call: 30 s of this test
    draw = random.Random(41)
    for _ in range(1500):
        p_values = [draw.random() ** draw.choice([1, 4, 20]) for _ in range(draw.randint(1, 40))]
        reject, adjusted, _, _ = multipletests(p_values, alpha=0.05, method="holm")
        ours = holm(p_values)
        assert ours.adjusted == pytest.approx(adjusted.tolist(), rel=1e-12)
        assert ours.rejected == int(reject.sum())


def test_by_hand() -> None:
    result = holm([0.01, 0.04, 0.03])
    assert result.adjusted == pytest.approx((0.03, 0.06, 0.06))
    assert result.rejected == 1
    assert result.alpha_star == 0.05 / 2


def test_contract_case_outside_alone_but_not_after_holm() -> None:
    """Contract: one of 19 comparisons with p = .0074 is within α alone, and 19 · .0074 = .14 is not."""
    result = holm([0.9999] * 18 + [0.007394048723902618])
    assert result.rejected == 0
    assert result.adjusted[-1] == pytest.approx(0.14048692575, rel=1e-6)
    assert result.alpha_star == 0.05 / 19


@given(
    st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.05 / k for k in range(1, 8)])), max_size=12),
    st.sampled_from([0.05, 0.025, 0.01, 0.1]),
)
def test_a_p_is_within_alpha_star_exactly_when_its_adjusted_one_is_within_alpha(p: list[float], alpha: float) -> None:
    result = holm(p, alpha)
    assert [x <= result.alpha_star for x in p] == [x <= alpha for x in result.adjusted]
    assert sum(x <= alpha for x in result.adjusted) == result.rejected
    assert all(a >= x or math.isclose(a, x) for a, x in zip(result.adjusted, p, strict=True))


def test_all_rejected_and_none_tested_leave_alpha_itself() -> None:
    assert holm([0.001, 0.002]).alpha_star == 0.05
    assert holm([]) == holm([], 0.05)
    assert (holm([]).alpha_star, holm([]).rejected, holm([]).adjusted) == (0.05, 0, ())


@pytest.mark.parametrize("bad", [math.nan, -0.1, 1.1])
def test_undefined_p_values_are_refused(bad: float) -> None:
    """Known difference: multipletests([.01, nan, .02]) rejects all three."""
    with pytest.raises(ValueError, match="p-values"):
        holm([0.01, bad, 0.02])
