"""Amounts of money by group and stratum, as the moments that means, ratios and regressions are computed from.

One place decides whether they are over plain rows, weighted rows or the sums of people who have several rows.
May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from evenhand.measure.answers import Side
from evenhand.measure.base import Grouping, GroupKey, Setting
from evenhand.measure.shares import FEW_UNITS, as_people
from evenhand.stats.moments import Moments, Overlap
from evenhand.tally.cell_table import CellTable, product_total
from evenhand.tally.needs import Mask, Needs, Sum
from evenhand.tally.plan import (
    REFERENCE,
    WEIGHT,
    in_reference,
    join_limbs,
    people_column,
    product_columns,
    total_columns,
)

FINITE = ("finite",)
Stratum = tuple[str, ...]
Sums = Mapping[str, int]
"""A sum of cells by its name, as `CellTable.totals` gives them."""


def known(*amounts: str) -> Mask:
    """Rows in which every one of these amounts is a finite number.

    >>> known("price").name
    'price_presence=finite'
    """
    return Mask.of({f"{amount}_presence": FINITE for amount in amounts})


def mean_needs(amount: str, among: Mask) -> Needs:
    """What the mean of an amount over a mask needs: its sum and squares, by row and by person."""
    return Needs(
        keys=among.keys,
        products=frozenset({(amount, amount)}),
        pairs=frozenset({(Sum(among, amount), among)}),
    )


def moments_of_rows(sums: Sums, amount: str, scale: int, *, overlapping: bool = False) -> Moments:
    """Moments of an amount from sums over rows, in the amount's own units (not cents), weighted where rows are.

    `overlapping`: whether the rows are in the reference, too, as `setting.overlaps` says.
    """
    return moments_of_amounts(sums, [(1, amount)], scale, overlapping=overlapping)


def moments_of_amounts(
    sums: Sums, amounts: Sequence[tuple[int, str]], scale: int, *, overlapping: bool = False
) -> Moments:
    """The same of a sum of amounts, each with its sign: Σ(p − t)² = Σp² − 2Σpt + Σt²."""
    return moments_of_whole(whole_sums(sums, amounts, overlapping), scale, weighted="w" in sums)


def whole_sums(sums: Mapping[str, Any], amounts: Sequence[tuple[int, str]], overlapping: bool) -> list[Any]:
    """What `moments_of_whole` takes, in whole units: of one cell or, as columns of exact numbers, of many at once."""

    def products(name: Callable[[str], str]) -> Any:
        return sum(sign * product_total(sums, amount, name(amount)) for sign, amount in amounts)

    total = sum(sign * join_limbs(0, *(sums[limb] for limb in total_columns(amount))) for sign, amount in amounts)
    squares = sum(
        sign * other_sign * product_total(sums, amount, other)
        for sign, amount in amounts
        for other_sign, other in amounts
    )
    if "w" not in sums:
        return [sums["n"], total, squares]
    weight_squared = join_limbs(sums["w2_hi"], sums["w2_mid"], sums["w2_lo"])
    found = [sums["n"], sums["w"], weight_squared, total, products(lambda _: WEIGHT), squares]
    if not overlapping:
        return found
    shared = sum(
        sign * other_sign * product_total(sums, *in_order(sums, amount, other))
        for sign, amount in amounts
        for other_sign, other in amounts
    )
    return [*found, product_total(sums, WEIGHT, REFERENCE), products(lambda _: REFERENCE), shared]


def moments_of_whole(whole: Sequence[int], scale: int, *, weighted: bool) -> Moments:
    """Moments from n, Σp and Σp²; with weights n, Σw, Σw², Σwp, Σw²p, Σw²p² and what is shared with the reference."""
    if not weighted:
        n, total, squares = whole
        return Moments.of_counts(n, Fraction(total, scale), Fraction(squares, scale**2))
    n, weight, weight_squared, total, cross, squares, *shared = whole
    overlap = Overlap()
    if shared:
        both, value, products = shared
        unit = Fraction(value, scale)
        overlap = Overlap(weight=both, value=unit, reference_value=unit, squares=Fraction(products, scale**2))
    return Moments(
        n=n,
        weight=weight,
        weight_squared=weight_squared,
        value=Fraction(total, scale),
        weight_squared_value=Fraction(cross, scale),
        weight_squared_squares=Fraction(squares, scale**2),
        overlap=overlap,
    )


def in_order(sums: Sums, amount: str, other: str) -> tuple[str, str]:
    """The names under which sums hold the product of one amount with another in the reference.

    A row's two amounts share both its weights, so that it is the same whichever of them is taken in the reference.
    """
    names = (amount, in_reference(other))
    return names if product_columns(*names)[0] in sums else (other, in_reference(amount))


def overlap_of_people(sums: Sums, amounts: Sequence[tuple[int, str]], among: Mask, scale: int) -> Overlap:
    """The same of people who have several rows: what each adds to the group, times what they add to the reference."""
    unit = Fraction(1, scale)
    own = [(sign, Sum(among, amount).name) for sign, amount in amounts]
    products = [
        sign * other_sign * product_total(sums, name, in_reference(other))
        for sign, name in own
        for other_sign, other in own
    ]
    return Overlap(
        weight=product_total(sums, among.name, in_reference(among.name)),
        value=sum(sign * product_total(sums, name, in_reference(among.name)) for sign, name in own) * unit,
        reference_value=sum(sign * product_total(sums, among.name, in_reference(name)) for sign, name in own) * unit,
        squares=sum(products) * unit**2,
    )


def moments_of_people(sums: Sums, amount: str, among: Mask, scale: int, *, overlapping: bool = False) -> Moments:
    """The same over people: each adds the sum of their rows, so that the variance is cluster-robust."""
    unit, own = Fraction(1, scale), Sum(among, amount).name
    return Moments(
        n=sums[people_column(among.name)],
        weight=sums[among.name],
        weight_squared=product_total(sums, among.name, among.name),
        value=sums[own] * unit,
        weight_squared_value=product_total(sums, own, among.name) * unit,
        weight_squared_squares=product_total(sums, own, own) * unit**2,
        overlap=overlap_of_people(sums, [(1, amount)], among, scale) if overlapping else Overlap(),
    ).over_units()


def moments(setting: Setting, grouping: Grouping, amount: str, among: Mask) -> dict[GroupKey, Moments]:
    """Moments of an amount by group, in the order of the labels; computed once."""
    at = ("moments", grouping.keys, amount, among)
    if at not in setting.cache:
        scale, units = setting.scale(amount), setting.units(grouping)
        setting.cache[at] = {
            key: moments_of_people(
                units[key].totals(), amount, among, scale, overlapping=setting.overlaps(grouping, key)
            )
            if key in units
            else moments_of_rows(
                part.masked(among).totals(), amount, scale, overlapping=setting.overlaps(grouping, key)
            )
            for key, part in setting.main(grouping).items()
        }
    found: dict[GroupKey, Moments] = setting.cache[at]
    return found


def strata_moments(
    setting: Setting, grouping: Grouping, amount: str, among: Mask
) -> dict[GroupKey, dict[Stratum, Moments]]:
    """Moments of an amount over rows by group and stratum: a combination of the labels of all declared factors.

    Where people have several rows these are rows still: their variance is not that of independent people.
    """
    return strata_moments_of(setting, grouping, [(1, amount)], among)


def strata_moments_of(
    setting: Setting, grouping: Grouping, amounts: Sequence[tuple[int, str]], among: Mask
) -> dict[GroupKey, dict[Stratum, Moments]]:
    """The same of a sum of amounts, each with its sign; computed once."""
    at = ("strata", grouping.keys, tuple(amounts), among)
    if at not in setting.cache:
        scale = setting.scale(amounts[0][1])
        setting.cache[at] = {
            key: moments_by_stratum(setting, part.masked(among), amounts, scale, setting.overlaps(grouping, key))
            for key, part in setting.main(grouping).items()
        }
    found: dict[GroupKey, dict[Stratum, Moments]] = setting.cache[at]
    return found


def moments_by_stratum(
    setting: Setting, part: CellTable, amounts: Sequence[tuple[int, str]], scale: int, overlapping: bool
) -> dict[Stratum, Moments]:
    """One group's moments, strata in the order of their labels: by columns, not a table for each of many thousand."""
    factors = factor_keys(setting)
    if not factors:
        return {(): moments_of_amounts(part.totals(), amounts, scale, overlapping=overlapping)}
    table = part.marginal(list(factors))
    columns = {name: values.astype(object) for name, values in table.sums.items()}
    cells = zip(*(column.tolist() for column in whole_sums(columns, amounts, overlapping)), strict=True)
    strata = zip(*(table.keys[factor].values() for factor in factors), strict=True)
    return {
        stratum: moments_of_whole(whole, scale, weighted=table.weighted)
        for stratum, whole in zip(strata, cells, strict=True)
    }


def by_stratum(setting: Setting, part: CellTable) -> dict[Stratum, CellTable]:
    """A table split by the combinations of its factors' labels; () is the one stratum where there is no factor."""
    factors = factor_keys(setting)
    return part.marginal(list(factors)).by(*factors) if factors else {(): part}


MOST_LEVELS = 500
"""Levels of all factors together up to which models with a coefficient for each of them are fitted: the work grows
with the cube, and coefficients of so many levels say nothing to a reader. Like-for-like gaps have no such limit."""


def too_many_levels(*cells: Mapping[Stratum, Moments]) -> bool:
    """Whether the strata of both sides have more levels, factor by factor, than a model is fitted for."""
    strata = {stratum for side in cells for stratum in side}
    return sum(len(set(levels)) for levels in zip(*strata, strict=True)) > MOST_LEVELS


def factor_keys(setting: Setting) -> tuple[str, ...]:
    """The keys of the declared factors in cells, sorted: their order in the audit file changes no digit."""
    return tuple(sorted(setting.cells.header.definition["factors"]))


def people_in(setting: Setting, grouping: Grouping, found: Moments) -> int:
    """The people behind moments; where groups are shares of rows, as many as the shares add up to, rounded.

    Every row is in every group there, if only with a share of 0. People who have several rows are counted already.
    """
    if not setting.shared.intersection(grouping.keys) or found.cluster_variance is not None:
        return found.n
    return as_people(found.weight)


def side_of(setting: Setting, grouping: Grouping, key: GroupKey, found: Moments) -> Side:
    """A group's mean as a side of a comparison."""
    mean, n = found.mean, people_in(setting, grouping, found)
    people = setting.people(grouping)[key]
    effective = found.weight**2 / found.weight_squared if found.weight_squared else 0.0
    varies = found.weighted or setting.repeated
    return Side(
        n=n,
        people=people,
        value=None if mean is None else float(mean),
        effective=effective if varies else None,
        counts={"people": n},
        few_units=setting.repeated and mean is not None and effective < FEW_UNITS,
        basis=found,
    )
