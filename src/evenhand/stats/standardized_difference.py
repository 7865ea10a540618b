"""Standardised mean difference with its denominator named, its interval for skewed prices, and central moments.

May import: numpy, stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from evenhand.stats.student import StudentContrast

Denominator = Literal["pooled", "average", "reference", "whole_sample"]


@dataclass(frozen=True, kw_only=True)
class CentralMoments:
    """A group's mean and central moments Σw(p − m)ʲ/Σw for j = 2, 3, 4, with its (effective) n and its Σw."""

    n: float
    weight: float
    mean: float
    second: float
    third: float
    fourth: float
    exact_mean: Fraction | None = None

    @property
    def variance(self) -> float:
        """The sample variance, divisor n − 1; NaN for a single person."""
        return self.second * self.n / (self.n - 1) if self.n > 1 else math.nan


def central_moments(
    values: Sequence[float | Fraction], counts: Sequence[int], *, effective_n: float | Fraction | None = None
) -> CentralMoments | None:
    """Mean and central moments of a value table: an exact mean, then Σw(p − m)ʲ in floats; None without people.

    Deviations from the mean have no large part in common left to cancel, and float sums are rounded once (`fsum`), so
    that their order changes nothing. `effective_n` (Kish's (Σw)²/Σw²) is given where `counts` are weights.

    Example: 1, 2 and 6 once each: mean 3, deviations −2, −1, 3: second 14/3, third 18/3, fourth 98/3.
    """
    people = [int(count) for count in counts]
    weight = sum(people)
    if weight <= 0:
        return None
    # Whole multiples of one denominator: fractions one by one are many times slower.
    prices = [value if isinstance(value, int) else Fraction(value) for value in values]
    scale = math.lcm(*{price.denominator for price in prices})
    whole = [price.numerator * (scale // price.denominator) for price in prices]
    total = sum(count * price for count, price in zip(people, whole, strict=True))
    # From the nearest whole number, exactly; what is left of the mean is a fraction of one step of the grid.
    middle = total // weight
    rest = float(Fraction(total - middle * weight, weight * scale))
    shares = np.array(people, dtype=np.float64)
    from_mean = np.array([(price - middle) / scale for price in whole], dtype=np.float64) - rest
    square = from_mean * from_mean
    second, third, fourth = (
        math.fsum((shares * power).tolist()) / weight for power in (square, square * from_mean, square * square)
    )
    mean = Fraction(total, weight * scale)
    return CentralMoments(
        n=float(weight if effective_n is None else effective_n),
        weight=float(weight),
        mean=float(mean),
        second=second,
        third=third,
        fourth=fourth,
        exact_mean=mean,
    )


def skewness(values: Sequence[float | Fraction], counts: Sequence[int]) -> float | None:
    """m₃/m₂^(3/2), Fisher's g₁, as Cochran's rule takes it (`means.enough_for_a_mean`); None where nothing varies.

    Example: 0, 0 and 3: mean 1, m₂ = 2, m₃ = 2, g₁ = 2/2√2 = .7071.
    """
    moments = central_moments(values, counts)
    if moments is None or moments.second == 0:
        return None
    return moments.third / (moments.second * math.sqrt(moments.second))


def standardized_difference(
    group: CentralMoments, reference: CentralMoments, denominator: Denominator
) -> StudentContrast | None:
    """d = (m_g − m₀)/S, with S² named:

    pooled [(n_g−1)s_g² + (n₀−1)s₀²]/(n_g+n₀−2) · average (s_g² + s₀²)/2 · reference s₀² · whole_sample, the variance
    of everyone in the two groups (divisor n_g+n₀−1), which holds the gap itself.

    Variance by the delta method over the four independent pairs of moments, Var(m) = s²/n, Cov(m, s²) = m₃/n,
    Var(s²) = [m₄ − s⁴(n−3)/(n−1)]/n: for normal prices it is Hedges and Olkin's 1/n_g + 1/n₀ + d²/2(n_g+n₀); for
    skewed prices theirs is too short (log-normal σ .5, 1,000 people, the reference's denominator: it covers .918 for
    .95, this one .949). Very skewed prices need many people all the same (σ 1: .90 at 100, .92 at 1,000): Cochran's
    rule, `means.enough_for_a_mean`, says which. t with n_g + n₀ − 2 degrees of freedom, parity 0. Weighted people
    enter with Kish's n. None where a side has fewer than 2 people or S is 0.
    Source: Hedges & Olkin 1985, Statistical Methods for Meta-Analysis, ch. 5; Cramér 1946, ch. 27 (moments).

    Example: means 103 and 100, sd 5.5 and 4.5, 50 people each: pooled S = √25.25, d = .5970.
    """
    if min(group.n, reference.n) < 2:
        return None
    gap = group.mean - reference.mean
    if group.exact_mean is not None and reference.exact_mean is not None:
        gap = float(group.exact_mean - reference.exact_mean)
    ours, theirs, of_gap = _shares(group, reference, denominator)
    square = ours * group.variance + theirs * reference.variance + of_gap * gap**2
    if not square > 0:
        return None
    scale = math.sqrt(square)
    by_square = -gap / (2 * scale**3)
    by_gap = 1 / scale + by_square * 2 * of_gap * gap
    variance = _linear_variance(group, by_gap, by_square * ours)
    variance += _linear_variance(reference, -by_gap, by_square * theirs)
    if not (math.isfinite(variance) and variance > 0):
        return None
    return StudentContrast(
        estimate=gap / scale,
        standard_error=math.sqrt(variance),
        degrees_of_freedom=group.n + reference.n - 2,
        parity=0.0,
        method="delta method on four moments",
    )


def hedges_correction(degrees_of_freedom: float) -> float:
    """Γ(f/2)/[√(f/2)·Γ((f−1)/2)] ≈ 1 − 3/(4f − 1): what d is multiplied by to take out its small-sample bias.

    Raises ValueError unless the degrees of freedom are above 1. Source: Hedges 1981, Journal of Educational Statistics
    6, 107-128. Example: 98 degrees of freedom: .9923, so d = .5970 becomes g = .5924.
    """
    if not degrees_of_freedom > 1:
        raise ValueError("the correction needs more than 1 degree of freedom")
    half = degrees_of_freedom / 2
    return math.exp(math.lgamma(half) - math.lgamma(half - 0.5)) / math.sqrt(half)


def _shares(group: CentralMoments, reference: CentralMoments, denominator: Denominator) -> tuple[float, float, float]:
    """S² as a·s_g² + b·s₀² + c·gap²: a, b and c."""
    if denominator == "reference":
        return 0.0, 1.0, 0.0
    if denominator == "average":
        return 0.5, 0.5, 0.0
    if denominator == "pooled":
        freedom = group.n + reference.n - 2
        return (group.n - 1) / freedom, (reference.n - 1) / freedom, 0.0
    # Shares of the weight, and (Σw)²/Σw² over both groups; unweighted, the shares of people and their number.
    everyone = group.weight + reference.weight
    ours, theirs = group.weight / everyone, reference.weight / everyone
    effective = 1 / (ours**2 / group.n + theirs**2 / reference.n)
    divisor = effective / (effective - 1)
    return (
        divisor * ours * (group.n - 1) / group.n,
        divisor * theirs * (reference.n - 1) / reference.n,
        divisor * ours * theirs,
    )


def _linear_variance(side: CentralMoments, by_mean: float, by_variance: float) -> float:
    """Variance of by_mean·m + by_variance·s² of one group."""
    of_variance = side.fourth - side.variance**2 * (side.n - 3) / (side.n - 1)
    return (by_mean**2 * side.variance + by_variance**2 * of_variance + 2 * by_mean * by_variance * side.third) / side.n
