"""Area under the ROC curve with DeLong's variance, from counts per score value; never from rows.

May import: numpy, stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from evenhand.stats.student import Estimate, StudentContrast, student_difference, student_level, student_ratio

METHOD = "DeLong"


def auc_estimate(positives: Sequence[int], negatives: Sequence[int]) -> Estimate | None:
    """P(score of a positive > score of a negative) + ½P(tie), with DeLong's variance S₁₀/m + S₀₁/n.

    `positives` and `negatives` count people at each score value, in ascending order of the score. S₁₀ is the variance
    (divisor m − 1) over positives of the share of negatives they beat, ties ½; S₀₁ the same over negatives.
    None where a class is empty. The variance is NaN, and no contrast comes of it, where a class has fewer than 2
    members or the area is 0 or 1: a zero-width interval would claim certainty.
    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44, 837-845.

    Example: positives at scores 1 and 3, negatives at 0 and 2: three of four pairs in order, area .75; the positives
    beat ½ and 1 of the negatives, S₁₀ = .125, S₀₁ = .125, variance .125.
    """
    above = np.asarray(positives, dtype=object)
    below = np.asarray(negatives, dtype=object)
    m, n = int(sum(above)), int(sum(below))
    if m == 0 or n == 0:
        return None
    # Twice the count, so that a tie's half stays a whole number; Python integers, so that no product overflows.
    beaten = 2 * np.cumsum(below) - below
    beating = 2 * (m - np.cumsum(above)) + above
    exact = Fraction(int(sum(above * beaten)), 2 * m * n)
    variance = math.nan
    if m > 1 and n > 1 and 0 < exact < 1:
        variance = _mean_variance(above, beaten, n, m) + _mean_variance(below, beating, m, n)
    return Estimate(value=float(exact), variance=variance, exact=exact, lowest=0.0, highest=1.0)


def _mean_variance(counts: np.ndarray, wins: np.ndarray, opponents: int, members: int) -> float:
    """Variance of the mean of wins/(2·opponents) over the members of a class."""
    total, squares = int(sum(counts * wins)), int(sum(counts * wins * wins))
    spread = Fraction(squares) - Fraction(total * total, members)
    return float(spread / (4 * opponents**2) / (members - 1) / members)


def auc_level(group: Estimate) -> StudentContrast | None:
    """A group's own area, by the normal; Hanley and McNeil's 109 images: .8932 (.8330 to .9534)."""
    return student_level(group, method=METHOD)


def auc_difference(group: Estimate, reference: Estimate) -> StudentContrast | None:
    """Difference of the areas of two independent groups; None where either has no variance."""
    if not (group.variance > 0 and reference.variance > 0):
        return None
    return student_difference(group, reference, method=METHOD)


def auc_ratio(group: Estimate, reference: Estimate) -> StudentContrast | None:
    """Ratio of the areas of two independent groups, on the log scale; None where either has no variance."""
    if not (group.variance > 0 and reference.variance > 0):
        return None
    return student_ratio(group, reference, method=f"{METHOD}, log ratio")
