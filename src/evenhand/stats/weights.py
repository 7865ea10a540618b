"""Weighted rows: how many unweighted people carry the same information (`effective_n`), and a weighted rate's counts.

Weights stand for sampling or exposure, one person a row; rows that stand for several people are counts, not weights.
May import: the standard library only. Integers (fixed-point weights) in, exact fractions out.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, kw_only=True)
class WeightedRate:
    """A weighted rate as the counts that a test of proportions takes: `total` = effective n, `cases` = rate · total."""

    rate: Fraction
    total: Fraction

    @property
    def cases(self) -> Fraction:
        return self.rate * self.total


def weighted_rate(*, weight: int, weight_cases: int, weight_squared: int, weight_squared_cases: int) -> WeightedRate:
    """Σwy/Σw with n_eff = p(1−p)(Σw)²/Σw²(y−p)²; Kish's (Σw)²/Σw² where p is 0 or 1 and the former is 0/0.

    `weight` = Σw, `weight_cases` = Σwy, `weight_squared` = Σw², `weight_squared_cases` = Σw²y, for y of 0 and 1.
    Scaling every weight changes nothing, and equal weights give n itself. The linearised n_eff exceeds n where the
    rarer outcome carries the smaller weights. Raises ValueError without weight.
    Source: linearised variance of a ratio, Särndal, Swensson & Wretman 1992, ch. 5; Kish 1965.

    Example: weights 1, 1, 2 with cases at the first and last: p = 3/4, Σw²(y−p)² = 1/16 + 9/16 + 4/16 = 7/8, and
    n_eff = (3/16)·16/(7/8) = 24/7.
    """
    if weight <= 0:
        raise ValueError("the weights must add up to more than 0")
    rate = Fraction(weight_cases, weight)
    spread = weight_squared_cases * (1 - rate) ** 2 + (weight_squared - weight_squared_cases) * rate**2
    if rate in (0, 1):
        return WeightedRate(rate=rate, total=Fraction(weight * weight, weight_squared))
    return WeightedRate(rate=rate, total=rate * (1 - rate) * weight * weight / spread)


def kish_effective_n(weight: int, weight_squared: int) -> Fraction:
    """(Σw)²/Σw², the effective size for a mean. Example: weights 1, 1, 2: 16/6 = 8/3."""
    if weight <= 0:
        raise ValueError("the weights must add up to more than 0")
    return Fraction(weight * weight, weight_squared)
