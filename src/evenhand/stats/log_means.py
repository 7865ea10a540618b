"""Geometric means of prices from a value table: the mean of the logs, its level and the ratio of two groups'.

Logs are taken here, after the last merge, from each value once. May import: stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from evenhand.stats.student import Estimate, StudentContrast, welch_satterthwaite

METHOD = "t on the mean log"


@dataclass(frozen=True, kw_only=True)
class LogMean:
    """The mean log of the prices above 0 (`estimate`, on the log scale) and the count of those `left_out` (p ≤ 0)."""

    estimate: Estimate | None
    counted: int
    left_out: int

    @property
    def geometric_mean(self) -> float | None:
        return math.exp(self.estimate.value) if self.estimate is not None else None


def log_mean(values: Sequence[float], counts: Sequence[int], *, effective_n: float | Fraction | None = None) -> LogMean:
    """m = Σw·log p/Σw over p > 0 with variance s²/n, s² = Σw(log p − m)²/Σw · n/(n − 1), n − 1 degrees of freedom.

    A price of 0 or below has no logarithm: such people are left out and counted. `effective_n`, where `counts` are
    weights, is Kish's (Σw)²/Σw² of the people counted. Without anyone the estimate is None; one person has no variance
    (NaN), and no contrast comes of it.

    Example: prices 1 and e² once each and one of 0: m = 1, s² = 2, variance 1, one left out.
    """
    kept = [(math.log(value), int(count)) for value, count in zip(values, counts, strict=True) if value > 0]
    counted = sum(count for _, count in kept)
    left_out = sum(int(count) for count in counts) - counted
    if counted <= 0:
        return LogMean(estimate=None, counted=0, left_out=left_out)
    n = float(counted if effective_n is None else effective_n)
    mean = math.fsum(count * log for log, count in kept) / counted
    variance = math.nan
    if n > 1:
        variance = math.fsum(count * (log - mean) ** 2 for log, count in kept) / counted / (n - 1)
    estimate = Estimate(value=mean, variance=variance, degrees_of_freedom=max(n - 1, 0.0))
    return LogMean(estimate=estimate, counted=counted, left_out=left_out)


def geometric_level(group: LogMean) -> StudentContrast | None:
    """A group's geometric mean exp(m), t on the log scale; None where nothing varies.

    Example: prices 1 and e²: e, and at one standard error from 1 to e².
    """
    if group.estimate is None:
        return None
    return _contrast(group.estimate.value, group.estimate.variance, group.estimate.degrees_of_freedom, parity=None)


def geometric_ratio(group: LogMean, reference: LogMean) -> StudentContrast | None:
    """exp(m_g − m₀) by Welch's t on the logs, parity 1; None where a side has no price above 0 or nothing varies.

    Example: 100, 120, 130, 150, 200 v 90, 100, 110, 115, 160, 125: a gap of .171516 in the logs, a ratio of 1.1871.
    """
    ours, theirs = group.estimate, reference.estimate
    if ours is None or theirs is None:
        return None
    freedom = welch_satterthwaite(ours, theirs, ours.variance, theirs.variance)
    return _contrast(ours.value - theirs.value, ours.variance + theirs.variance, freedom, parity=1.0)


def _contrast(log: float, variance: float, freedom: float, *, parity: float | None) -> StudentContrast | None:
    if not (math.isfinite(variance) and variance > 0 and freedom > 0):
        return None
    return StudentContrast(
        estimate=math.exp(log),
        standard_error=math.sqrt(variance),
        degrees_of_freedom=freedom,
        scale="log",
        parity=parity,
        method=METHOD,
    )
