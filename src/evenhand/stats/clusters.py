"""Several rows per person: the cluster-robust variance of a ratio of sums, and rates compared with it.

A unit table (person → sums) is folded into squares and cross-products of the units' sums, as integers; nothing else
of the units is needed. May import: stats.contrast, stats.rates, stats.score, stats.student.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from evenhand.stats.contrast import Contrast
from evenhand.stats.rates import RateContrast
from evenhand.stats.score import ScoreDifference, ScoreRatio
from evenhand.stats.student import Estimate, student_difference, student_level, student_ratio

METHOD = "cluster-robust t"


@dataclass(frozen=True, kw_only=True)
class ClusterRate:
    """A rate whose rows come in `units`: variance of the rate, design effect against independent rows, effective n."""

    rate: Fraction
    variance: float
    units: int
    design_effect: float
    effective_n: float

    @property
    def estimate(self) -> Estimate:
        return Estimate(
            value=float(self.rate),
            variance=self.variance,
            degrees_of_freedom=self.units - 1,
            exact=self.rate,
            lowest=0.0,
            highest=1.0,
        )

    @property
    def degenerate(self) -> bool:
        """Whether the rate is 0 or 1, where the linearised variance is 0 and says nothing."""
        return self.rate in (0, 1)


def linearised_variance(
    *,
    numerator: int | Fraction,
    denominator: int | Fraction,
    numerator_squares: int | Fraction,
    cross_products: int | Fraction,
    denominator_squares: int | Fraction,
    units: int,
) -> Fraction:
    """Var(Σy/Σx) ≈ u/(u−1) · Σ(yᵤ − r·xᵤ)²/(Σx)² over units u, with r = Σy/Σx.

    The sum of squares is Σy² − 2rΣxy + r²Σx² of the units' totals, exact in fractions. Raises ValueError with fewer
    than 2 units or no denominator. Source: Cochran 1977, Sampling Techniques, ch. 6 and 9 (with-replacement units).

    Example: two units with (y, x) = (1, 2) and (3, 4): r = 2/3, deviations −1/3 and 1/3, so 2/1 · (2/9)/36 = 1/81.
    """
    if units < 2 or denominator <= 0:
        raise ValueError("a cluster-robust variance needs at least 2 units and a denominator above 0")
    rate = Fraction(numerator) / Fraction(denominator)
    squares = numerator_squares - 2 * rate * cross_products + rate**2 * denominator_squares
    return Fraction(units, units - 1) * squares / Fraction(denominator) ** 2


def cluster_rate(
    *,
    numerator: int,
    denominator: int,
    numerator_squares: int,
    cross_products: int,
    denominator_squares: int,
    units: int,
    rows: int | None = None,
) -> ClusterRate:
    """A rate Σy/Σx with its cluster-robust variance and design effect.

    The design effect is the variance over r(1−r)/rows, never below 1: rows of one person cannot tell more than rows
    of different people, and a smaller figure is chance; the variance is raised with it. `rows` is the number of rows
    when the denominator is a sum of weights; by default the denominator is the number of rows. Where the rate is 0 or
    1 the effective n is the number of units; one unit alone has no variance (NaN), and no contrast comes of it.

    Example: four units of two rows that always agree, two with both rows a case: r = ½, the variance is
    4/3 · (4·1)/64 = 1/12, that of 8 independent rows 1/32: design effect 8/3, effective n 3.
    """
    rate = Fraction(numerator, denominator)
    size = denominator if rows is None else rows
    if rate in (0, 1):
        return ClusterRate(rate=rate, variance=0.0, units=units, design_effect=size / units, effective_n=float(units))
    if units < 2:
        return ClusterRate(rate=rate, variance=math.nan, units=units, design_effect=float(size), effective_n=1.0)
    variance = linearised_variance(
        numerator=numerator,
        denominator=denominator,
        numerator_squares=numerator_squares,
        cross_products=cross_products,
        denominator_squares=denominator_squares,
        units=units,
    )
    binomial = rate * (1 - rate) / size
    effect = max(Fraction(1), variance / binomial)
    return ClusterRate(
        rate=rate,
        variance=float(effect * binomial),
        units=units,
        design_effect=float(effect),
        effective_n=float(size / effect),
    )


def clustered_level(group: ClusterRate) -> Contrast | None:
    """A group's own rate by t with units − 1; Wilson with n = units where it is 0 or 1; None below 2 units."""
    if group.units < 2:
        return None
    if group.degenerate:
        return RateContrast(cases=group.rate * group.units, total=group.units)
    return student_level(group.estimate, method=METHOD)


def clustered_ratio(group: ClusterRate, reference: ClusterRate, *, covariance: float = 0.0) -> Contrast | None:
    """group / reference by t on the log scale; the score interval where a rate is 0 or 1; None below 2 units.

    Degrees of freedom: Welch-Satterthwaite over units − 1 of each side, as for any two independent groups; with a
    `covariance`, of groups that are shares of the same people, as in `student_ratio`. The score
    interval takes n = units for a rate of 0 or 1 and the effective n for the other one.
    """
    if min(group.units, reference.units) < 2:
        return None
    if group.degenerate or reference.degenerate:
        return ScoreRatio(**_counts(group, reference))
    return student_ratio(group.estimate, reference.estimate, method=METHOD, covariance=covariance)


def clustered_difference(group: ClusterRate, reference: ClusterRate, *, covariance: float = 0.0) -> Contrast | None:
    """group − reference by t; the score interval where a rate is 0 or 1; None below 2 units. As `clustered_ratio`."""
    if min(group.units, reference.units) < 2:
        return None
    if group.degenerate or reference.degenerate:
        return ScoreDifference(**_counts(group, reference))
    return student_difference(group.estimate, reference.estimate, method=METHOD, covariance=covariance)


def _counts(group: ClusterRate, reference: ClusterRate) -> dict[str, Fraction]:
    total, reference_total = (max(Fraction(side.effective_n), Fraction(1)) for side in (group, reference))
    return {
        "cases": group.rate * total,
        "total": total,
        "reference_cases": reference.rate * reference_total,
        "reference_total": reference_total,
    }
