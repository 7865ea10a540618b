"""MOVER against Newcombe's interval; the largest of several gaps by hand and by simulation."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from evenhand.stats.combined import LargestOf, MoverContrast
from evenhand.stats.known import KnownValue
from evenhand.stats.rates import RateContrast
from evenhand.stats.score import ScoreDifference, ScoreRatio
from evenhand.stats.student import StudentContrast


def newcombe(cases: int, total: int, reference_cases: int, reference_total: int) -> MoverContrast:
    group, reference = (
        RateContrast(cases=cases, total=total),
        RateContrast(cases=reference_cases, total=reference_total),
    )
    return MoverContrast(parts=((1.0, group), (-1.0, reference)), parity=0.0)


def test_difference_of_wilson_rates_is_newcombe() -> None:
    """Oracle: statsmodels 'newcomb' (MOVER of two Wilson intervals), 1,000 tables; 5/56 − 0/29 (−.0381, .1926)."""
    interval = newcombe(5, 56, 0, 29).interval()
    assert (round(interval.low, 4), round(interval.high, 4)) == (-0.0381, 0.1926)
    draw = random.Random(71)
    for _ in range(1000):
        total, reference_total = draw.randint(1, 400), draw.randint(1, 400)
        table = (draw.randint(0, total), total, draw.randint(0, reference_total), reference_total)
        low, high = confint_proportions_2indep(*table, compare="diff", method="newcomb")
        ours = newcombe(*table).interval()
        assert ours.low == pytest.approx(low, abs=1e-9)
        assert ours.high == pytest.approx(high, abs=1e-9)


def test_normal_parts_by_hand() -> None:
    """½·(.2 ± .06) + ½·(.1 ± .08) at z = 2, se .03 and .04: .15 ± √(.03² + .04²) = .15 ± .05."""
    parts = (
        (0.5, StudentContrast(estimate=0.2, standard_error=0.03)),
        (0.5, StudentContrast(estimate=0.1, standard_error=0.04)),
    )
    contrast = MoverContrast(parts=parts)
    interval = contrast.interval(0.9544997361036416)
    assert (interval.low, interval.high) == pytest.approx((0.10, 0.20))
    assert contrast.p_greater(0.10) == pytest.approx(0.022750131948)
    assert contrast.p_less(0.15) == pytest.approx(0.5)
    assert contrast.p_greater(0.15) == pytest.approx(0.5)


def test_average_odds_is_exact_at_a_tie() -> None:
    """½(1/10 + 3/10) = 1/5, though .1 + .3 over 2 need not be in floats."""
    parts = tuple(
        (0.5, ScoreDifference(cases=cases, total=10, reference_cases=0, reference_total=10)) for cases in (1, 3)
    )
    assert MoverContrast(parts=parts, parity=0.0).compare(Fraction(1, 5)) == 0
    blurred = MoverContrast(parts=((1.0, StudentContrast(estimate=0.1, standard_error=1.0)),))
    assert blurred.exact_estimate() is None


def test_limits_out_of_reach_are_certain() -> None:
    contrast = MoverContrast(parts=((1.0, RateContrast(cases=5, total=10)),))
    assert contrast.p_less(1.5) == 0.0
    assert contrast.p_greater(1.5) == 1.0


def gap(estimate: float, standard_error: float) -> StudentContrast:
    return StudentContrast(estimate=estimate, standard_error=standard_error, parity=0.0)


def test_largest_gap_by_hand() -> None:
    """Gaps .2 and −.05, se .05. Above .1: z = 2 for the first (p .02275), so 2·2·.02275 = .091.

    Below .3: the first z = −2 (p .02275), and −.3 is 10 standard errors off; the second is 7 off: the maximum.
    """
    contrast = LargestOf(parts=(gap(0.2, 0.05), gap(-0.05, 0.05)))
    assert contrast.estimate == 0.2
    assert contrast.p_greater(0.1) == pytest.approx(4 * 0.022750131948)
    assert contrast.p_less(0.3) == pytest.approx(0.022750131948)
    assert contrast.upper(0.022750131948) == pytest.approx(0.3)
    assert contrast.lower(4 * 0.022750131948) == pytest.approx(0.1)
    assert contrast.p_parity() == contrast.p_greater(0.0)


def test_largest_gap_sees_a_negative_gap() -> None:
    contrast = LargestOf(parts=(gap(-0.4, 0.05), gap(0.0, 0.05)))
    assert contrast.estimate == 0.4
    assert contrast.p_greater(0.1) < 1e-8
    assert contrast.p_less(0.3) > 0.9


def test_largest_gap_keeps_its_levels() -> None:
    """By simulation (20,000 draws): two gaps at ±limit are found in ≤ 5%, one at the limit passes in ≤ 5%."""
    generator = np.random.default_rng(72)
    failed = passed = 0
    for first, second in generator.normal((0.1, -0.1), 0.04, size=(20_000, 2)):
        contrast = LargestOf(parts=(gap(first, 0.04), gap(second, 0.04)))
        failed += contrast.p_greater(0.1) <= 0.05
        passed += contrast.p_less(0.1) < 0.05
    assert failed / 20_000 <= 0.055
    assert passed / 20_000 <= 0.05


def test_largest_gap_is_exact_at_a_tie() -> None:
    tenth = ScoreDifference(cases=5, total=10, reference_cases=6, reference_total=10)
    none = ScoreDifference(cases=5, total=10, reference_cases=5, reference_total=10)
    assert LargestOf(parts=(tenth, none)).compare(Fraction(1, 10)) == 0
    assert LargestOf(parts=(tenth, KnownValue(estimate=0.05))).exact_estimate() is None


def test_parts_without_a_value_are_refused() -> None:
    undefined = ScoreRatio(cases=0, total=5, reference_cases=0, reference_total=5)
    with pytest.raises(ValueError, match="finite estimate"):
        LargestOf(parts=(undefined,))
    with pytest.raises(ValueError, match="finite estimate"):
        MoverContrast(parts=((1.0, undefined),))
