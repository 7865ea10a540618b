"""How far one amount lies above another (price − technical price, price − list price): moments and means by group.

They follow from the sums and products of the two amounts, so that no pass of their own is needed. May import: stats,
tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from evenhand.measure.amounts import moments_of_amounts, overlap_of_people, side_of
from evenhand.measure.answers import Side, quantity_findings
from evenhand.measure.base import Finding, Form, Grouping, GroupKey, Setting
from evenhand.stats.contrast import Contrast
from evenhand.stats.means import mean_difference, mean_ratio
from evenhand.stats.moments import Moments, Overlap
from evenhand.stats.student import student_level
from evenhand.tally.cell_table import product_total
from evenhand.tally.needs import Mask, Needs, Sum
from evenhand.tally.plan import people_column


def gap_needs(plus: str, minus: str, among: Mask) -> Needs:
    """What the mean of `plus` − `minus` over a mask needs: all sums and products of the two, by row and by person."""
    above, below = Sum(among, plus), Sum(among, minus)
    return Needs(
        keys=among.keys,
        products=frozenset({(plus, plus), (plus, minus), (minus, minus)}),
        pairs=frozenset({(above, among), (below, among), (above, below)}),
    )


def gap_moments_of_people(
    sums: Mapping[str, int], plus: str, minus: str, among: Mask, scale: int, *, overlapping: bool = False
) -> Moments:
    """The same over people: each adds the sum of their rows, so that the variance is cluster-robust."""
    unit, above, below = Fraction(1, scale), Sum(among, plus).name, Sum(among, minus).name
    squares = (
        product_total(sums, above, above) - 2 * product_total(sums, above, below) + product_total(sums, below, below)
    )
    return Moments(
        n=sums[people_column(among.name)],
        weight=sums[among.name],
        weight_squared=product_total(sums, among.name, among.name),
        value=(sums[above] - sums[below]) * unit,
        weight_squared_value=(product_total(sums, above, among.name) - product_total(sums, below, among.name)) * unit,
        weight_squared_squares=squares * unit**2,
        overlap=overlap_of_people(sums, [(1, plus), (-1, minus)], among, scale) if overlapping else Overlap(),
    ).over_units()


def gap_moments(setting: Setting, grouping: Grouping, plus: str, minus: str, among: Mask) -> dict[GroupKey, Moments]:
    """Moments of `plus` − `minus` by group, in the order of the labels; computed once."""
    at = ("gap moments", grouping.keys, plus, minus, among)
    if at not in setting.cache:
        scale, units = setting.scale(plus), setting.units(grouping)
        setting.cache[at] = {
            key: gap_moments_of_people(
                units[key].totals(), plus, minus, among, scale, overlapping=setting.overlaps(grouping, key)
            )
            if key in units
            else moments_of_amounts(
                part.masked(among).totals(),
                [(1, plus), (-1, minus)],
                scale,
                overlapping=setting.overlaps(grouping, key),
            )
            for key, part in setting.main(grouping).items()
        }
    found: dict[GroupKey, Moments] = setting.cache[at]
    return found


# Means out of moments ----------------------------------------------------------------------------------------------


def mean_sides(setting: Setting, grouping: Grouping, found: Mapping[GroupKey, Moments]) -> dict[GroupKey, Side]:
    """Every group's mean as a side of a comparison."""
    return {key: side_of(setting, grouping, key, moments) for key, moments in found.items()}


def mean_findings(measure: str, form: Form, grouping: Grouping, sides: Mapping[GroupKey, Side]) -> list[Finding]:
    """Findings of a mean whose sides rest on moments: Student's t, Welch's t, the delta method on the log ratio."""
    return quantity_findings(
        measure, form, grouping, sides, level=level_of_mean, ratio=ratio_of_means, difference=difference_of_means
    )


def level_of_mean(side: Side) -> Contrast | None:
    estimate = side.basis.estimate()
    return None if estimate is None else student_level(estimate, method="Student's t")


def ratio_of_means(side: Side, reference: Side) -> Contrast | None:
    group, base = side.basis.estimate(), reference.basis.estimate()
    if group is None or base is None:
        return None
    return mean_ratio(group, base, covariance=side.basis.covariance(reference.basis))


def difference_of_means(side: Side, reference: Side) -> Contrast | None:
    group, base = side.basis.estimate(), reference.basis.estimate()
    if group is None or base is None:
        return None
    return mean_difference(group, base, covariance=side.basis.covariance(reference.basis))
