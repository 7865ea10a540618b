"""People with rows in several strata, group by group, for gaps whose variance must know which rows are one person's.

May import: measure.amounts, stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from evenhand.measure.amounts import Stratum, factor_keys
from evenhand.measure.base import Grouping, GroupKey, Setting
from evenhand.stats.clustered_strata import ClusteredStrata, Products, Totals
from evenhand.stats.moments import Moments
from evenhand.tally.cell_table import CellTable, product_total
from evenhand.tally.needs import Mask, Sum
from evenhand.tally.plan import other_key, people_column

PRICE: Mapping[str, int] = {"price": 1}
Clustered = Mapping[GroupKey, ClusteredStrata[Stratum]]


def people_in_strata(
    setting: Setting, grouping: Grouping, among: Mask, amounts: Mapping[str, int] = PRICE
) -> dict[GroupKey, ClusteredStrata[Stratum]]:
    """By group, what its people add in every two strata: Σ of `amounts` times their factors, over the rows of a mask.

    {"price": 1, "list_price": −1} is the price above the list price. Empty where every person has one row, or where
    there were too many pairs of strata to keep. Computed once.
    """
    at = ("people in strata", grouping.keys, among, tuple(amounts.items()))
    if at not in setting.cache:
        units, unit = setting.units(grouping), Fraction(1, setting.scale(next(iter(amounts))))
        setting.cache[at] = {
            key: clustered(setting, part, units[key].total(people_column(among.name)), among, amounts, unit)
            for key, part in setting.unit_strata(grouping).items()
            if len(part)
        }
    found: dict[GroupKey, ClusteredStrata[Stratum]] = setting.cache[at]
    return found


def clustered(
    setting: Setting, part: CellTable, people: int, among: Mask, amounts: Mapping[str, int], unit: Fraction
) -> ClusteredStrata[Stratum]:
    """One group's pairs of strata as statistics want them."""
    factors = factor_keys(setting)
    sums = {Sum(among, amount).name: factor for amount, factor in amounts.items()}
    weight = among.name
    totals, pairs = {}, {}
    for key, cells in part.by(*factors, *map(other_key, factors)).items():
        one, other, found = key[: len(factors)], key[len(factors) :], cells.totals()
        pairs[one, other] = Products(
            yy=sum(
                by * times * product_total(found, left, right)
                for left, by in sums.items()
                for right, times in sums.items()
            ),
            yx=sum(by * product_total(found, left, weight) for left, by in sums.items()),
            xy=sum(by * product_total(found, weight, right) for right, by in sums.items()),
            xx=product_total(found, weight, weight),
        )
        if one == other:
            y = sum(by * found[name] for name, by in sums.items())
            totals[one] = Totals(y=y, x=found[weight], people=found[people_column(weight)])
    return ClusteredStrata.of(people, totals, pairs, unit=unit)


def counted_by_people(
    cells: Mapping[GroupKey, Mapping[Stratum, Moments]], people: Clustered
) -> dict[GroupKey, dict[Stratum, Moments]]:
    """Cells of rows with the people of every stratum instead of their rows."""
    return {
        key: {stratum: replace(cell, n=people[key].people_in.get(stratum, 0)) for stratum, cell in strata.items()}
        for key, strata in cells.items()
    }
