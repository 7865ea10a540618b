"""Two rates of one group taken together: their mean and, where people have several rows, how they move together.

Rows of different people make independent rates (of positives and of negatives); a person with both kinds of rows ties
them. May import: stats, tally.
"""

from __future__ import annotations

from fractions import Fraction

from evenhand.measure.shares import Share
from evenhand.stats.student import Estimate
from evenhand.tally.cell_table import CellTable, product_total
from evenhand.tally.needs import Mask

Rate = tuple[Mask, Mask]
"""Cases and denominator."""


def cross_pairs(first: Rate, second: Rate) -> frozenset[tuple[Mask, Mask]]:
    """Masks that must be multiplied per person for `covariance`."""
    return frozenset((one, other) for one in first for other in second)


def covariance(units: CellTable, first: Rate, second: Rate) -> Fraction:
    """Cov(r₁, r₂) ≈ u/(u−1) · Σ(y₁ − r₁x₁)(y₂ − r₂x₂)/(Σx₁ Σx₂) over the u people of one group, with r = Σy/Σx.

    Exact in fractions; there are at least 2 people. Source: Cochran 1977, Sampling Techniques, ch. 6 (linearisation).

    Example: two people with (y₁, x₁, y₂, x₂) of (1, 1, 1, 1) and (0, 1, 0, 1): both rates ½, deviations ½ and −½ in
    both, so 2/1 · (¼ + ¼)/(2·2) = ¼, which is the variance too: one rate tells the other.
    """
    sums = units.totals()
    (y1, x1), (y2, x2) = ((Fraction(sums[cases.name]), Fraction(sums[among.name])) for cases, among in (first, second))
    r1, r2 = y1 / x1, y2 / x2
    product = {
        (i, j): product_total(sums, one.name, other.name)
        for i, one in enumerate(first)
        for j, other in enumerate(second)
    }
    moved = product[0, 0] - r2 * product[0, 1] - r1 * product[1, 0] + r1 * r2 * product[1, 1]
    people = sums["units"]
    return Fraction(people, people - 1) * moved / (x1 * x2)


def mean_of_rates(first: Share, second: Share, units: CellTable, pairs: tuple[Rate, Rate]) -> Estimate | None:
    """½(r₁ + r₂) of people with several rows, variance ¼(V₁ + V₂ + 2Cov), degrees of freedom of the fewer people.

    None where a rate is 0 or 1, since its linearised variance is 0 and says nothing, or one person stands alone.
    """
    one, other = first.cluster, second.cluster
    if one is None or other is None or one.degenerate or other.degenerate or min(one.units, other.units) < 2:
        return None
    variance = (one.variance + other.variance + 2 * float(covariance(units, *pairs))) / 4
    exact = (one.rate + other.rate) / 2
    return Estimate(
        value=float(exact),
        variance=variance,
        degrees_of_freedom=float(min(one.units, other.units) - 1),
        exact=exact,
        lowest=0.0,
        highest=1.0,
    )
