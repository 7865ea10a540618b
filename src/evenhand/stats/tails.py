"""Tail probabilities and critical values of the normal and Student distributions, accurate far out in the tail.

Everything that turns a statistic into a p-value, or a level into a critical value, passes through here.
May import: the standard library; scipy.special inside functions (scipy.stats takes 1.9 s to import).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NORMAL = NormalDist()


def normal_below(z: float) -> float:
    """P(Z ≤ z) = erfc(−z/√2)/2. The complement 1 − P(Z ≤ −z) would lose every digit beyond z = −8.

    Example: normal_below(-1.96) is 0.0250, as in any table of the normal distribution.
    """
    return 0.5 * math.erfc(-z / math.sqrt(2))


def normal_below_array(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """`normal_below` of every element."""
    from scipy.special import ndtr

    below: NDArray[np.float64] = ndtr(z)
    return below


def critical_z(alpha: float) -> float:
    """The z with P(Z ≥ z) = alpha, for 0 < alpha < 1 (Wichura's AS 241, as in the standard library).

    Example: critical_z(0.05) is 1.6449.
    """
    return -_NORMAL.inv_cdf(alpha)


def student_below(t: float, degrees_of_freedom: float) -> float:
    """P(T ≤ t) for Student's t; the normal where `degrees_of_freedom` is infinite.

    Example: with 1 degree of freedom (Cauchy), student_below(1, 1) = ½ + atan(1)/π = 0.75.
    """
    if math.isinf(degrees_of_freedom):
        return normal_below(t)
    if math.isinf(t):
        return 0.0 if t < 0 else 1.0
    from scipy.special import betainc

    # P(T ≤ −|t|) = I(df/(df + t²); df/2, ½)/2: keeps its relative accuracy in the tail, where stdtr does not always.
    tail = 0.5 * float(betainc(degrees_of_freedom / 2, 0.5, degrees_of_freedom / (degrees_of_freedom + t * t)))
    return tail if t < 0 else 1 - tail


def critical_student(alpha: float, degrees_of_freedom: float) -> float:
    """The t with P(T ≥ t) = alpha, for 0 < alpha < 1.

    Example: critical_student(0.25, 1) = tan(π/4) = 1.
    """
    if math.isinf(degrees_of_freedom):
        return critical_z(alpha)
    from scipy.special import stdtrit

    return -float(stdtrit(degrees_of_freedom, alpha))
