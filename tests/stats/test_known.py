"""KnownValue: counts over everyone, by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from evenhand.stats.known import KnownValue


def test_a_breach_is_a_breach() -> None:
    contrast = KnownValue(estimate=3)
    assert contrast.p_greater(0) == 0.0
    assert contrast.p_less(0) == 1.0
    assert contrast.compare(Fraction(0)) == 1
    assert (contrast.interval().low, contrast.interval().high) == (3, 3)
    assert contrast.known


def test_no_breach_meets_the_limit_of_none() -> None:
    contrast = KnownValue(estimate=0)
    assert contrast.p_greater(0) == contrast.p_less(0) == 1.0
    assert contrast.compare(Fraction(0)) == 0


def test_a_quotient_is_compared_as_given() -> None:
    """.6/.75 is .7999… in floats and 4/5 as a fraction."""
    assert KnownValue(estimate=0.6 / 0.75, exact=Fraction(4, 5)).compare(Fraction(4, 5)) == 0
    assert KnownValue(estimate=0.8).compare(Fraction(4, 5)) == 0
    assert KnownValue(estimate=0.8, parity=1.0).p_parity() == 0.0
    assert KnownValue(estimate=1.0, parity=1.0).p_parity() == 1.0


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_nothing_is_not_known(nothing: float | None) -> None:
    with pytest.raises(ValueError, match="number"):
        KnownValue(estimate=nothing)
