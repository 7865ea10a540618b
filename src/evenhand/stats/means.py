"""Means of prices, scores or per-person values from power sums: their variance, ratio and difference.

May import: stats.student.
"""

from __future__ import annotations

import math
from fractions import Fraction

from evenhand.stats.student import Estimate, StudentContrast, student_difference, student_ratio


def mean_estimate(*, n: int, total: int | Fraction, squares: int | Fraction) -> Estimate | None:
    """Mean Σp/n with variance s²/n, s² = (Σp² − (Σp)²/n)/(n−1), n−1 degrees of freedom; None for n = 0.

    Exact in fractions: float sums of squares of 1e9 ± 1 give a variance of −167. One row has no variance: it is NaN
    there, and no contrast comes of it.

    Example: 1, 2, 3: mean 2, s² = 1, variance of the mean 1/3.
    """
    return weighted_mean_estimate(
        weight=n, weight_value=total, weight_squared=n, weight_squared_value=total, weight_squared_squares=squares
    )


def weighted_mean_estimate(
    *,
    weight: int,
    weight_value: int | Fraction,
    weight_squared: int,
    weight_squared_value: int | Fraction,
    weight_squared_squares: int | Fraction,
) -> Estimate | None:
    """m = Σwp/Σw with Var(m) = (Σw²p² − 2mΣw²p + m²Σw²)/(Σw)² · n_eff/(n_eff − 1), n_eff = (Σw)²/Σw² (Kish).

    Arguments: Σw, Σwp, Σw², Σw²p, Σw²p². None without weight. Degrees of freedom n_eff − 1.

    Example: values 0 and 3 with weights 2 and 1: m = 1, Σw²(p−m)² = 4 + 4 = 8, n_eff = 9/5, variance
    8/9 · (9/5)/(4/5) = 2.
    """
    if weight <= 0:
        return None
    mean = Fraction(weight_value) / weight
    spare = weight**2 - weight_squared  # (n_eff − 1)·Σw²
    if spare <= 0:
        return Estimate(value=float(mean), variance=math.nan, degrees_of_freedom=0.0, exact=mean)
    # Var = (S·W² − 2·V·C·W + V²·Q)/(W²·(W² − Q)) over one denominator, in whole numbers: there are many thousand cells.
    value, value_unit = weight_value.numerator, weight_value.denominator
    cross, cross_unit = weight_squared_value.numerator, weight_squared_value.denominator
    squares, squares_unit = weight_squared_squares.numerator, weight_squared_squares.denominator
    above = (
        squares * weight**2 * value_unit**2 * cross_unit
        - 2 * value * cross * weight * value_unit * squares_unit
        + value**2 * weight_squared * cross_unit * squares_unit
    )
    variance = above / (value_unit**2 * cross_unit * squares_unit * weight**2 * spare)
    return Estimate(value=float(mean), variance=variance, degrees_of_freedom=spare / weight_squared, exact=mean)


def mean_ratio(group: Estimate, reference: Estimate, *, covariance: float = 0.0) -> StudentContrast | None:
    """m₁/m₀ by the delta method on the log ratio, Welch's degrees of freedom; None unless both means are above 0.

    `covariance` is that of the means, where groups have rows in common (`Moments.covariance`).
    Source: delta method (Friedrich & Friede, ratio of means); checked against the bootstrap.
    Example: means 140 and 116.67 give 1.2.
    """
    return student_ratio(group, reference, method="delta method on the log ratio", covariance=covariance)


def mean_difference(group: Estimate, reference: Estimate, *, covariance: float = 0.0) -> StudentContrast | None:
    """m₁ − m₀ by Welch's t, V + V₀ − 2·Cov where groups have rows in common.

    Example: 100, 120, 130, 150, 200 v 90, 100, 110, 115, 160, 125: 23.3333, t = 1.1824.
    """
    return student_difference(group, reference, method="Welch's t", covariance=covariance)


def enough_for_a_mean(*, n: float, skewness: float) -> bool:
    """Whether n ≥ 25·skewness², Cochran's rule for trusting the normal law of a mean; below it say `approximate`.

    Source: Cochran 1977, Sampling Techniques, section 2.15. Example: skewness 2 asks for 100 people.
    """
    return n >= 25 * skewness**2
