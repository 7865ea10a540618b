"""ScaledContrast: a share times the people it concerns, by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from statistics import NormalDist

import pytest

from evenhand.stats.rates import RateContrast
from evenhand.stats.scaled import ScaledContrast
from evenhand.stats.score import ScoreDifference
from evenhand.stats.student import StudentContrast

TABLE = ScoreDifference(cases=20, total=50, reference_cases=50, reference_total=100)


def test_shortfall_by_hand() -> None:
    """−50 · (.4 − .5) = 5 people short; the bounds change places."""
    contrast = ScaledContrast(inner=TABLE, factor=-50)
    assert contrast.estimate == pytest.approx(5)
    assert contrast.compare(Fraction(5)) == 0
    assert contrast.lower(0.05) == pytest.approx(-50 * TABLE.upper(0.05))
    assert contrast.upper(0.05) == pytest.approx(-50 * TABLE.lower(0.05))
    assert contrast.p_less(10) == TABLE.p_greater(-0.2)
    assert contrast.parity == 0
    assert contrast.method == TABLE.method


def test_limits_inside() -> None:
    assert ScaledContrast(inner=TABLE, factor=-50).inside(None, 10) == (-0.2, None)
    assert ScaledContrast(inner=TABLE, factor=2).inside(None, 1) == (None, 0.5)


def test_a_ratio_as_a_percentage_by_hand() -> None:
    """1.05 with standard error .02 of the log: 5 percent, exactly; bounds 100·(1.05·e^(±1.645·.02) − 1); parity 0."""
    ratio = StudentContrast(estimate=1.05, standard_error=0.02, scale="log", parity=1.0, exact=Fraction(21, 20))
    percent = ScaledContrast(inner=ratio, factor=100, origin=1)
    assert (percent.estimate, percent.parity, percent.compare(Fraction(5))) == (5, 0, 0)
    assert percent.lower(0.05) == pytest.approx(100 * (1.05 * math.exp(-1.6448536 * 0.02) - 1))
    assert percent.p_parity() == pytest.approx(2 * (1 - NormalDist().cdf(math.log(1.05) / 0.02)))
    assert percent.inside(-5, 10) == pytest.approx((0.95, 1.1))
    for limit in (-3, 0, 1, 2, 4.9, 5.2, 8, 9, 20):
        assert (percent.upper(0.05) < limit) == (percent.p_less(limit) < 0.05)
        assert (percent.lower(0.05) > limit) == (percent.p_greater(limit) < 0.05)


def test_a_factor_that_is_no_whole_number_is_not_exact() -> None:
    """1/.3 as a float is not 10/3: comparing fractions would make a tie a matter of that rounding."""
    contrast = ScaledContrast(inner=RateContrast(cases=24, total=100), factor=1 / 0.3, parity=1.0)
    assert contrast.exact_estimate() is None
    assert contrast.compare(Fraction(4, 5)) == 0


def test_a_factor_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="0"):
        ScaledContrast(inner=TABLE, factor=0)
