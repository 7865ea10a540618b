"""One proportion: Wilson and Clopper-Pearson intervals, and `RateContrast`, a group's own rate against a limit.

May import: stats.contrast, stats.tails; scipy.special inside functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Integral
from typing import Any

from evenhand.stats.contrast import Contrast, Interval
from evenhand.stats.tails import critical_z, normal_below


def wilson(cases: float, total: float, confidence: float = 0.95) -> Interval:
    """Wilson's score interval: all p with |p̂ − p| ≤ z·√(p(1−p)/n).

    Exactly 0 (1) at the end where nobody (everybody) is a case. Raises ValueError unless 0 ≤ cases ≤ total > 0.
    Source: Wilson 1927; recommended by Brown, Cai & DasGupta 2001, Statistical Science 16, 101-133.

    Example: 0 of 4 at z = 2 (confidence .9545): from 0 to z²/(n + z²) = 4/8 = .5.
    """
    return RateContrast(cases=cases, total=total).interval(confidence)


def clopper_pearson(cases: int, total: int, confidence: float = 0.95) -> Interval:
    """The exact interval: p is kept while neither binomial tail is below (1 − confidence)/2.

    Beta quantiles (x, n−x+1) and (x+1, n−x); exactly 0 (1) where nobody (everybody) is a case. Never covers less
    than asked for, and so is wider than Wilson's. Source: Clopper & Pearson 1934, Biometrika 26, 404-413.

    Example: 0 of 3 at 95%: the upper bound solves (1 − p)³ = .025, p = .7076.
    """
    _check(cases, total)
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = 0.0 if cases == 0 else float(betaincinv(cases, total - cases + 1, tail))
    # The mirrored lower bound: betaincinv at 1 − tail would lose the digits of a small tail.
    high = 1.0 if cases == total else 1 - float(betaincinv(total - cases, cases + 1, tail))
    return Interval(low, high, confidence, "Clopper–Pearson exact")


@dataclass(frozen=True, kw_only=True)
class RateContrast(Contrast):
    """A group's own rate p̂ = cases/total, tested by z = (p̂ − p)/√(p(1−p)/n), bounded by Wilson's inversion of it.

    There is no parity. Counts may be fractions or floats where rows are weighted (cases = rate · effective n).
    Source: Wilson 1927. Raises ValueError unless 0 ≤ cases ≤ total > 0.

    Example: 60 of 100 against .5: z = .1/√(.25/100) = 2, so p_greater(.5) = .0228.
    """

    cases: float | Fraction
    total: float | Fraction
    estimate: float | None = field(init=False, default=None)
    parity: float | None = field(init=False, default=None)
    method = "Wilson score"

    def __post_init__(self) -> None:
        object.__setattr__(self, "cases", plain_count(self.cases))
        object.__setattr__(self, "total", plain_count(self.total))
        _check(self.cases, self.total)
        object.__setattr__(self, "estimate", float(self.cases / self.total))

    def statistic(self, limit: float) -> float:
        """The signed z at `limit`; ±∞ where the limit is a rate that the data cannot come from."""
        cases, total = float(self.cases), float(self.total)
        gap = cases / total - limit
        if limit <= 0 or limit >= 1:
            return 0.0 if gap == 0 else math.copysign(math.inf, gap)
        return gap / math.sqrt(limit * (1 - limit) / total)

    def p_less(self, limit: float) -> float:
        return normal_below(self.statistic(limit))

    def p_greater(self, limit: float) -> float:
        return normal_below(-self.statistic(limit))

    def lower(self, alpha: float) -> float:
        return _wilson_lower(float(self.cases), float(self.total), alpha)

    def upper(self, alpha: float) -> float:
        return 1 - _wilson_lower(float(self.total - self.cases), float(self.total), alpha)

    def exact_estimate(self) -> Fraction | None:
        if isinstance(self.cases, (int, Fraction)) and isinstance(self.total, (int, Fraction)):
            return Fraction(self.cases) / Fraction(self.total)
        return None


def _wilson_lower(cases: float, total: float, alpha: float) -> float:
    """x²/n over [x + z²/2 + z√(x(n−x)/n + z²/4)]: the smaller root, written without cancellation."""
    if not 0 < alpha <= 0.5:
        raise ValueError("a one-sided bound needs 0 < alpha ≤ .5")
    if cases == 0:
        return 0.0
    z = critical_z(alpha)
    half = cases + z * z / 2
    return cases * cases / total / (half + z * math.sqrt(cases * (total - cases) / total + z * z / 4))


def plain_count(count: Any) -> float | Fraction:
    """A whole number of any library as Python's: products of numpy's integers overflow silently at 9.2e18."""
    plain: float | Fraction = int(count) if isinstance(count, Integral) else count
    return plain


def _check(cases: float | Fraction, total: float | Fraction) -> None:
    if not (math.isfinite(total) and total > 0 and 0 <= cases <= total):
        raise ValueError("a rate needs 0 ≤ cases ≤ total and a total above 0")
