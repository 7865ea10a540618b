"""An estimate with a standard error: `Estimate`, and `StudentContrast` on its own scale or on the logarithm.

For means, mean ratios, areas under the curve, calibration coefficients and every rate whose rows come in clusters:
`student_level`, `student_ratio` and `student_difference` turn estimates of groups into contrasts; the groups are
independent unless a covariance says how much of them is one and the same.
May import: stats.contrast, stats.tails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from evenhand.stats.contrast import Contrast
from evenhand.stats.tails import critical_student, student_below


@dataclass(frozen=True, kw_only=True)
class StudentContrast(Contrast):
    """t = (estimate − limit)/standard_error, or (log estimate − log limit)/standard_error on the log scale.

    `standard_error` is on the scale named; `degrees_of_freedom` infinite means the normal. `lowest` and `highest` are
    the natural bounds of the quantity (0 and 1 for an area under the curve): intervals are cut there.
    Raises ValueError where the standard error is not positive: a spread of zero is no interval (the contract's
    `no_interval`), and the caller gives no contrast at all.

    Example: estimate 2, standard error .5, limit 1: t = 2 and p_greater(1) = .0228 by the normal.
    """

    estimate: float | None
    standard_error: float
    degrees_of_freedom: float = math.inf
    scale: Literal["identity", "log"] = "identity"
    parity: float | None = None
    method: str = "normal"
    lowest: float = -math.inf
    highest: float = math.inf
    exact: Fraction | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.standard_error) and self.standard_error > 0 and self.degrees_of_freedom > 0):
            raise ValueError("a standard error and its degrees of freedom must be positive")
        if self.scale == "log":
            object.__setattr__(self, "lowest", max(self.lowest, 0.0))
        if self.estimate is None or not math.isfinite(self.estimate) or (self.scale == "log" and self.estimate <= 0):
            raise ValueError("the estimate must be a number, and above 0 on the log scale")

    def _place(self, value: float) -> float:
        if self.scale == "identity":
            return value
        return math.log(value) if value > 0 else -math.inf

    @property
    def _centre(self) -> float:
        return self._place(self.estimate if self.estimate is not None else math.nan)

    def statistic(self, limit: float) -> float:
        """t at `limit`; ±∞ beyond the natural bounds, which the truth cannot pass."""
        if limit < self.lowest:
            return math.inf
        if limit > self.highest:
            return -math.inf
        return (self._centre - self._place(limit)) / self.standard_error

    def p_less(self, limit: float) -> float:
        return student_below(self.statistic(limit), self.degrees_of_freedom)

    def p_greater(self, limit: float) -> float:
        return student_below(-self.statistic(limit), self.degrees_of_freedom)

    def lower(self, alpha: float) -> float:
        return max(self.lowest, self._value(-critical_student(alpha, self.degrees_of_freedom)))

    def upper(self, alpha: float) -> float:
        return min(self.highest, self._value(critical_student(alpha, self.degrees_of_freedom)))

    def _value(self, t: float) -> float:
        place = self._centre + t * self.standard_error
        if self.scale == "identity":
            return place
        return math.exp(place) if place < 709 else math.inf

    def exact_estimate(self) -> Fraction | None:
        return self.exact


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One group's number with its sampling variance (of the estimate, not of a row) and degrees of freedom.

    `exact` is the value as a fraction where it is a function of whole sums; `lowest` and `highest` are its natural
    bounds.
    """

    value: float
    variance: float
    degrees_of_freedom: float = math.inf
    exact: Fraction | None = None
    lowest: float = -math.inf
    highest: float = math.inf


def student_level(group: Estimate, *, method: str) -> StudentContrast | None:
    """A group's own number, by t; None where the variance is zero or undefined: that is no interval."""
    if not _spreads(group.variance, group.degrees_of_freedom):
        return None
    return StudentContrast(
        estimate=group.value,
        standard_error=math.sqrt(group.variance),
        degrees_of_freedom=group.degrees_of_freedom,
        method=method,
        lowest=group.lowest,
        highest=group.highest,
        exact=group.exact,
    )


def student_difference(
    group: Estimate, reference: Estimate, *, method: str, covariance: float = 0.0
) -> StudentContrast | None:
    """group − reference, V + V₀ − 2·Cov, Welch-Satterthwaite degrees of freedom; None where nothing varies.

    Example: 5 ± se 3 and 1 ± se 4: the difference is 4 ± √(9 + 16) = 5; with a covariance of 8, ± √(25 − 16) = 3.
    """
    variance = group.variance + reference.variance - 2 * covariance
    freedom = degrees_of_freedom(group, reference, group.variance, reference.variance, covariance)
    if not _spreads(variance, freedom):
        return None
    exact = group.exact - reference.exact if group.exact is not None and reference.exact is not None else None
    return StudentContrast(
        estimate=float(exact) if exact is not None else group.value - reference.value,
        standard_error=math.sqrt(variance),
        degrees_of_freedom=freedom,
        parity=0.0,
        method=method,
        lowest=group.lowest - reference.highest,
        highest=group.highest - reference.lowest,
        exact=exact,
    )


def student_ratio(
    group: Estimate, reference: Estimate, *, method: str, covariance: float = 0.0
) -> StudentContrast | None:
    """group / reference on the log scale, by the delta method: variance of the log V/v² + V₀/v₀² − 2·Cov/(v·v₀).

    None where a value is not above 0 (the logarithm is undefined) or nothing varies.
    Example: 20 ± se 1 over 10 ± se .5: the log's variance is 1/400 + .25/100 = .005, the ratio 2. With a covariance of
    .1 it is .005 − .2/200 = .004.
    """
    if not (group.value > 0 and reference.value > 0):
        return None
    ours, theirs = group.variance / group.value**2, reference.variance / reference.value**2
    freedom = degrees_of_freedom(group, reference, ours, theirs, covariance)
    variance = ours + theirs - 2 * covariance / (group.value * reference.value)
    if not _spreads(variance, freedom):
        return None
    exact = group.exact / reference.exact if group.exact is not None and reference.exact else None
    return StudentContrast(
        estimate=float(exact) if exact is not None else group.value / reference.value,
        standard_error=math.sqrt(variance),
        degrees_of_freedom=freedom,
        scale="log",
        parity=1.0,
        method=method,
        exact=exact,
    )


def degrees_of_freedom(
    group: Estimate, reference: Estimate, variance: float, reference_variance: float, covariance: float
) -> float:
    """Welch's of independent groups; of groups that have rows in common the smaller of the two.

    The rows of both together are then fewer than those of each added up. Example: 9 and 19 degrees of freedom: 9.
    """
    if covariance:
        return min(group.degrees_of_freedom, reference.degrees_of_freedom)
    return welch_satterthwaite(group, reference, variance, reference_variance)


def welch_satterthwaite(group: Estimate, reference: Estimate, variance: float, reference_variance: float) -> float:
    """(v₁ + v₀)²/(v₁²/f₁ + v₀²/f₀), between the smaller and the sum of the two degrees of freedom.

    It approaches the smaller f where that group carries the variance, and does not punish a small group that carries
    none of it, as min(f₁, f₀) would. Source: Satterthwaite 1946; Welch 1947, Biometrika 34, 28-35.

    Example: equal variances with 10 and 10 degrees of freedom: 4/(1/10 + 1/10) = 20.
    """
    sides = ((variance, group.degrees_of_freedom), (reference_variance, reference.degrees_of_freedom))
    if any(freedom <= 0 for _, freedom in sides):
        return 0.0  # a single person has no variance: nothing to add up
    parts = sum(own**2 / freedom for own, freedom in sides)
    return (variance + reference_variance) ** 2 / parts if parts > 0 else math.inf


def _spreads(variance: float, degrees_of_freedom: float) -> bool:
    return math.isfinite(variance) and variance > 0 and degrees_of_freedom > 0
