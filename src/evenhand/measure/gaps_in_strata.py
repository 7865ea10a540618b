"""The gap between a group and the reference within strata, as findings: money, percent, basis points or a total.

`like_for_like` makes strata of the declared factors, `same_item` of items. May import: stats, tally.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from evenhand.measure.amounts import Stratum, people_in, strata_moments
from evenhand.measure.answers import Side, comparison_finding
from evenhand.measure.base import Finding, Grouping, GroupKey, Setting
from evenhand.measure.people_in_strata import Clustered, counted_by_people
from evenhand.measure.shares import FEW_UNITS
from evenhand.stats.clustered_strata import ClusteredStrata
from evenhand.stats.contrast import Contrast
from evenhand.stats.like_for_like import LikeForLike, Standard, like_for_like
from evenhand.stats.moments import Moments
from evenhand.stats.scaled import ScaledContrast
from evenhand.tally.needs import Mask
from evenhand.tally.plan import WEIGHT_SCALE

Strata = Mapping[Stratum, Moments]
Measured = Literal["money", "percent", "points"]
"""In what a gap is given."""

Place = tuple[str, str]
"""What people are compared within, one and many, as a reader is told."""

IN_STRATA: Place = ("stratum", "strata")


def strata_of(setting: Setting, grouping: Grouping, amount: str, among: Mask) -> dict[GroupKey, Strata]:
    """Moments of an amount by group and stratum, people counted as `as_people` does."""
    return as_people(setting, grouping, strata_moments(setting, grouping, amount, among))


def as_people(setting: Setting, grouping: Grouping, cells: Mapping[GroupKey, Strata]) -> dict[GroupKey, Strata]:
    """The same cells; where groups are shares of rows, a group has as many people in a stratum as its shares add up to.

    Every row is in every group there, if only with a share of 0.
    """
    if not setting.shared.intersection(grouping.keys):
        return dict(cells)
    return {
        key: {
            stratum: replace(cell, n=people_in(setting, grouping, cell))
            for stratum, cell in strata.items()
            if cell.weight
        }
        for key, strata in cells.items()
    }


@dataclass(frozen=True)
class Compared:
    """One group against the reference over the strata that both have, and the two as sides of a finding."""

    result: LikeForLike
    side: Side
    reference: Side
    size: Fraction
    """Rows of the group in these strata; what they weigh, where they are weighted."""
    withheld: str | None


def compared(
    setting: Setting,
    grouping: Grouping,
    cells: Mapping[GroupKey, Strata],
    key: GroupKey,
    standard: Standard,
    of: str,
    where: Place = IN_STRATA,
    people: Clustered | None = None,
) -> Compared:
    """The comparison of one group; both sides count the people in the strata where either has `min_in_stratum`.

    `of` says what the cells hold: the gap of the same thing in another unit is not computed again.
    """
    floor = max(1, setting.min_in_stratum)
    ours, theirs = cells[key], cells[grouping.reference]
    at = ("like for like", grouping.keys, of, key, standard, floor)
    if at not in setting.cache:
        both_people = (people[key], people[grouping.reference]) if people else None
        setting.cache[at] = like_for_like(ours, theirs, standard=standard, floor=floor, people=both_people)
    result: LikeForLike = setting.cache[at]
    both = [
        stratum
        for stratum, cell in ours.items()
        if stratum in theirs and min(cell.n, theirs[stratum].n) >= floor and cell.weight and theirs[stratum].weight
    ]
    counts = {"strata": result.strata, "strata compared": result.strata_used}
    side, reference = (
        side_over(setting, grouping, group, cells[group], both, mean, people[group] if people else None)
        for group, mean in ((key, result.group_mean), (grouping.reference, result.reference_mean))
    )
    size = Fraction(sum(ours[stratum].weight for stratum in both))
    return Compared(
        result,
        replace(side, counts={**side.counts, **counts}),
        reference,
        size / WEIGHT_SCALE if setting.weighted(grouping) else size,
        too_little_overlap(setting, result.coverage, where=where),
    )


def side_over(
    setting: Setting,
    grouping: Grouping,
    key: GroupKey,
    cells: Strata,
    used: list[Stratum],
    mean: Fraction | None,
    people: ClusteredStrata[Stratum] | None = None,
) -> Side:
    """A group's mean over the strata used, with the people behind it."""
    n, everyone = sum(cells[stratum].n for stratum in used), sum(cell.n for cell in cells.values())
    if people is not None:  # who is in several strata is one of the people still
        n, everyone = min(n, people.people), people.people
        effective = people.effective_people(used)
    else:
        squares = sum(cells[stratum].weight_squared for stratum in used)
        effective = sum(cells[stratum].weight for stratum in used) ** 2 / squares if squares else 0.0
    members = setting.people(grouping)[key]
    if setting.repeated:  # rows may be all that the cells know of a stratum
        n, everyone = min(n, members), min(everyone, members)
    return Side(
        n=n,
        people=members,
        value=None if mean is None else float(mean),
        effective=effective if people is not None or setting.weighted(grouping) else None,
        counts={"people": everyone, "people compared": n},
        few_units=people is not None and bool(used) and effective < FEW_UNITS,
    )


def too_little_overlap(
    setting: Setting, coverage: Fraction, of_whom: str = "of both groups", where: Place = IN_STRATA
) -> str | None:
    """Why a comparison is withheld that speaks for too small a share of the group; None where the share is enough."""
    there = f"at least {max(1, setting.min_in_stratum)} people {of_whom}"
    if not coverage:
        return f"no {where[0]} has {there}"
    if coverage >= Fraction(repr(setting.min_overlap)):
        return None
    share = math.floor(100 * coverage)
    part = f"only {share}%" if share else "less than 1%"
    asked = f"{100 * setting.min_overlap:g}%"
    return f"{part} of the group's people are in {where[1]} with {there}; the audit file asks for {asked}"


def in_units(
    setting: Setting, measured: Measured | Literal["total"], found: Compared, base: Fraction | None = None
) -> tuple[Contrast | None, float | None]:
    """The gap in money, percent or basis points, or all that it adds up to: its contrast, its estimate without one.

    A price that is a percentage or a fraction already has its basis points, 100 or 10,000 times the gap; a percentage
    is of the reference's price always. With `base`, both are of that amount, taken as known.
    """
    result, gap = found.result, found.result.difference
    if gap is None or result.group_mean is None or result.reference_mean is None:
        return None, None
    if measured == "money":
        return result.gap, float(gap)
    if measured == "total":
        return scaled(result.gap, gap, found.size)
    factor = Fraction(100 if measured == "percent" else 10_000)
    if measured == "points" and setting.price_unit != "money":
        return scaled(result.gap, gap, Fraction(100) if setting.price_unit == "percent" else factor)
    if base is not None:
        return scaled(result.gap, gap, factor / base) if base > 0 else (None, None)
    if result.reference_mean <= 0:
        return None, None
    contrast = result.percent if measured == "percent" else result.basis_points
    return contrast, float(factor * gap / result.reference_mean)


def scaled(contrast: Contrast | None, value: Fraction, factor: Fraction) -> tuple[Contrast | None, float]:
    """A contrast and its estimate, multiplied."""
    return None if contrast is None else ScaledContrast(inner=contrast, factor=float(factor)), float(value * factor)


TOO_MANY_PAIRS = (
    "people have rows in too many pairs of strata for an interval that knows whose rows they are: fewer levels of the "
    "factors, or one row a person, would do"
)


def gap_finding(
    name: str,
    setting: Setting,
    grouping: Grouping,
    key: GroupKey,
    found: Compared,
    answer: tuple[Contrast | None, float | None],
    *,
    people: Clustered | None,
) -> Finding:
    """The finding of one comparison; rows of one person depend on each other: no interval without `people`."""
    contrast, estimate = answer
    unclear = setting.repeated and not people
    finding = comparison_finding(
        name,
        grouping,
        key,
        found.side,
        found.reference,
        None if unclear else contrast,
        estimate=estimate,
        no_interval="units_unclear" if unclear else "no_interval",
        withheld=found.withheld,
    )
    if found.result.strata_used == 0:
        return replace(finding, undefined="no_denominator")
    too_many = unclear and people is not None
    return replace(finding, caveats=(*finding.caveats, TOO_MANY_PAIRS)) if too_many else finding


def gap_findings(
    name: str,
    setting: Setting,
    grouping: Grouping,
    cells: Mapping[GroupKey, Strata],
    standard: Standard,
    measured: Measured | Literal["total"],
    *,
    of: str,
    where: Place = IN_STRATA,
    bases: Mapping[GroupKey, Strata] | None = None,
    people: Clustered | None = None,
) -> list[Finding]:
    """Every group against the reference; `bases` holds the amounts that a percentage is of, if not the prices."""
    findings = []
    if people:
        at = ("counted by people", grouping.keys, of)
        if at not in setting.cache:
            setting.cache[at] = counted_by_people(cells, people)
        cells = setting.cache[at]
    for key in cells:
        if key == grouping.reference:
            continue
        if grouping.reference not in cells:
            findings.append(without_reference(name, setting, grouping, key, cells[key]))
            continue
        found = compared(setting, grouping, cells, key, standard, of, where, people)
        base = None
        if bases is not None:
            base = compared(setting, grouping, bases, key, standard, f"base of {of}", where).result.reference_mean
        answer = in_units(setting, measured, found, base)
        findings.append(gap_finding(name, setting, grouping, key, found, answer, people=people))
    return findings


def without_reference(name: str, setting: Setting, grouping: Grouping, key: GroupKey, cells: Strata) -> Finding:
    """A group with nobody to compare it with."""
    side = side_over(setting, grouping, key, cells, [], None)
    return comparison_finding(name, grouping, key, side, None, None)
