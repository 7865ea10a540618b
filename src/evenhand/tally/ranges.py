"""What is refused before anything is summed: numbers that no exact sum can hold, keys that make too many cells.

May import: errors, tally.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from evenhand.errors import DataError
from evenhand.load.labels import MISSING
from evenhand.tally.cell_table import CellTable
from evenhand.tally.definition import Definition, Distribution
from evenhand.tally.engines.base import Engine
from evenhand.tally.labelling import text_of
from evenhand.tally.needs import Needs
from evenhand.tally.passes import amounts_of, attribute_keys
from evenhand.tally.plan import LIMB, WEIGHT_SCALE, Amount, Beyond, Excess, Gap, Grid, GroupBy, Key, Range, Sign

LARGEST_TERM = 2**55
"""What a row, or a person, contributes stays below it, so that products fit three limbs of Int64."""

LARGEST_UNITS = 2**48
"""Whole units of a number that is compared or counted by its value; times a tolerance or basis points it fits Int64."""

DIVIDE = "divide every weight by the same number"
COARSER = "declare a coarser `columns.resolution`"


def number_columns(definition: Definition, needs: Needs) -> list[str]:
    """Columns whose range must be known before they are summed."""
    columns = [definition.count_column, definition.weight_column]
    columns += [column for attribute in definition.members for _, column, _ in attribute.shares or ()]
    columns += [column for amount in amounts_of(definition, needs) for column in amount.columns]
    columns += [column for _, column, _ in numbers_by_value(definition, needs)]
    return list(dict.fromkeys(column for column in columns if column))


def numbers_by_value(definition: Definition, needs: Needs) -> Iterator[tuple[str, str, int]]:
    """Numbers that are compared or counted by their value: (name, column, whole units in 1)."""
    keys = [(name, definition.distributions[name].bins) for name in sorted(needs.values)]
    keys += [(name, key) for name, key in definition.derived.items() if name in needs.keys]
    for name, key in keys:
        match key.derive:
            case Grid(scale) | Sign(scale):
                yield name, key.column, scale
            case Beyond(other, scale) | Excess(other, scale) | Gap(other, scale):
                yield name, key.column, scale
                yield name, other, scale


def check_ranges(ranges: Mapping[str, Range], definition: Definition, needs: Needs, rows: int) -> None:
    """Counts are whole and not negative, weights and shares finite and not negative, sums within their limbs."""
    summed = amounts_of(definition, needs)
    people = check_factors(ranges, definition, rows, squares=bool(summed))
    weight = largest_weight(ranges, definition)
    for amount in summed:
        # Products reach most², their upper limbs most²/2⁴⁸, and these are added up over all rows.
        most = reach(amount, ranges) * weight
        if most >= LARGEST_TERM or most**2 * people * max(1, rows) >= 2 ** (63 + 2 * LIMB):
            column = max(amount.columns, key=lambda name: largest(ranges[name]))
            raise DataError(
                f"column `{definition.name_of(column)}` ({amount.name}) holds numbers too large to be summed "
                "exactly" + (" with these weights" if weight > 1 else ""),
                hint=f"{DIVIDE}, or {COARSER}" if weight > 1 else COARSER,
            )
    for name, counted, scale in numbers_by_value(definition, needs):
        if largest(ranges[counted]) * scale >= LARGEST_UNITS:
            raise DataError(
                f"column `{definition.name_of(counted)}` ({name}) is too large for its resolution",
                hint="declare a coarser `columns.score_resolution`" if name == "score" else COARSER,
            )


def products_fit(ranges: Mapping[str, Range], definition: Definition, needs: Needs, rows: int) -> bool:
    """Whether every sum of products over these rows is far below 2⁶³, so that an engine need not cut numbers up.

    Σ|a·b| is at most the largest |a| times Σ|b|, and rows weigh at most as much as the heaviest.
    """
    weight, people = largest_weight(ranges, definition), 1.0
    if definition.count_column:
        people = max(1.0, ranges[definition.count_column].high or 0)
    most, total = weight, weight * rows
    for amount in amounts_of(definition, needs):
        most = max(most, reach(amount, ranges) * weight)
        size = sum(ranges[column].size for column in amount.columns) * amount.scale
        total = max(total, (size + rows) * weight)
    return most * total * people < 2**61


def most_cells(
    main: CellTable, distribution: Distribution, definition: Definition, ranges: Mapping[str, Range]
) -> float:
    """How many cells a distribution could have at most: its groups, times the whole units of its range; or all rows."""
    rows = main.total("rows")
    match distribution.bins.derive:
        case Grid(scale):
            found = ranges[distribution.bins.column]
            bins = ((found.high or 0) - (found.low or 0)) * scale + 2
        case Gap(other, scale):
            bins = (largest(ranges[distribution.bins.column]) + largest(ranges[other])) * scale + 2
        case _:
            return rows
    groups = [a.name for a in definition.attributes if a.name in main.keys]
    groups += [factor.name for factor in definition.factors if distribution.strata]
    return rows if distribution.keys else min(rows, len(main.marginal(groups)) * bins)


def check_factors(ranges: Mapping[str, Range], definition: Definition, rows: int, *, squares: bool) -> int:
    """What multiplies rows: counts, weights, shares of groups. Returns the most people that one row stands for.

    `squares`: whether amounts are squared, as weights always are.
    """
    squares = squares or definition.weight_column is not None or bool(definition.members)
    people_per_row = 1
    factors = [(definition.count_column, "count"), (definition.weight_column, "weight")]
    factors += [
        (column, f"share of `{label}`")
        for attribute in definition.members
        for label, column, _ in attribute.shares or ()
    ]
    for column, role in factors:
        if column is None:
            continue
        found, name = ranges[column], definition.name_of(column)
        if found.missing or found.not_finite:
            raise DataError(
                f"column `{name}` ({role}) is missing in {found.missing:,} rows and not a finite number in "
                f"{found.not_finite:,}",
                hint=f"every row needs a {role}; leave such rows out with `data.where` or give them one",
            )
        if found.low is not None and found.low < 0:
            raise DataError(f"column `{name}` ({role}) holds negative numbers", hint=f"a {role} is 0 or more")
        most = found.high or 0
        if role == "weight" and found.high == 0:
            raise DataError(f"column `{name}` (weight) is 0 in every row", hint="at least one weight must be above 0")
        fixed = most * (1 if role == "count" else WEIGHT_SCALE)
        # Squares are summed in limbs of up to 2²⁴ for each person, so people must leave room for them.
        room = 2 ** (63 - LIMB) if role == "count" and squares else 2**63
        if fixed >= 2**47 or fixed * people_per_row * max(1, rows) >= room:
            raise DataError(
                f"column `{name}` ({role}) holds numbers too large to be summed exactly",
                hint="split the file" if role == "count" else DIVIDE,
            )
        if role == "count":
            people_per_row = max(1, math.ceil(most))
    both = largest_weight(ranges, definition)
    if definition.members and (both >= 2**47 or both * people_per_row * max(1, rows) >= 2**63):
        message = "the shares of groups, times the weights of their rows, are too large to be summed exactly"
        raise DataError(message, hint=DIVIDE)
    return people_per_row


def largest_weight(ranges: Mapping[str, Range], definition: Definition) -> float:
    """The largest fixed-point weight of a row, shares of groups included; 1 where rows are not weighted."""
    shares = [ranges[column].high or 0 for a in definition.members for _, column, _ in a.shares or ()]
    if definition.weight_column is None and not shares:
        return 1
    weight = (ranges[definition.weight_column].high or 0) if definition.weight_column else 1
    return max([1.0, *shares]) * weight * WEIGHT_SCALE


def reach(amount: Amount, ranges: Mapping[str, Range]) -> float:
    """The largest absolute value that an amount can have, in its whole units."""
    return sum(largest(ranges[column]) * amount.scale for column in amount.columns)


def largest(found: Range) -> float:
    """The largest absolute value of a column."""
    return max(abs(found.low or 0), abs(found.high or 0))


def check_sums_per_person(ranges: Mapping[str, Range], definition: Definition, needs: Needs, rows: int) -> None:
    """Sums of one person's weights and amounts stay below 2⁵⁵, so that their products, in limbs, fit Int64."""
    weight = largest_weight(ranges, definition)
    weighted = [definition.weight_column, *(column for a in definition.members for _, column, _ in a.shares or ())]
    sums = [(column, "weight", weight) for column in weighted if column][:1]
    sums += [(a.column, a.name, reach(a, ranges) * weight) for a in amounts_of(definition, needs)]
    for column, role, most in sums:
        if most * rows >= LARGEST_TERM:
            raise DataError(
                f"column `{definition.name_of(column)}` ({role}) holds numbers too large to be summed "
                "exactly per person",
                hint=DIVIDE if weight > 1 else COARSER,
            )


def check_size(engine: Engine, definition: Definition, needs: Needs) -> None:
    """Refuse keys that would make more cells than `max_cells`, before they are made."""
    asked = [label for label in definition.labels if label.name in needs.keys]
    strata = definition.factors if needs.strata else ()
    grouped = [*definition.attributes, *asked, *strata]
    counted = engine.sizes([a.column for a in grouped if not (a.band_labels or a.shares)])
    sizes = {a.name: len(a.band_labels or a.shares or ()) or counted[a.column] for a in grouped}
    for attribute in grouped:
        if sizes[attribute.name] > 10_000:
            what, hint = "grouping of people", "give it `bands`, or leave it out of `protected`"
            if attribute in strata:
                what, hint = "factor", "give it `bands`, or leave it out of `factors`"
            elif attribute in asked:
                hint = f"name a column with fewer values, or none, as `columns.{attribute.name}`"
            message = f"`{attribute.described}` has {sizes[attribute.name]:,} different values; that is no {what}"
            raise DataError(message, hint=hint)
    if math.prod(size + 1 for size in sizes.values()) <= definition.max_cells:
        return
    keys = [*attribute_keys(definition, None), *(Key(a.name, a.column, a.derive) for a in (*asked, *strata))]
    times = max([len(a.shares or ()) for a in definition.members], default=1)
    cells = engine.size(GroupBy("size", tuple(keys), ("rows",))) * times
    if cells > definition.max_cells:
        most = sorted(sizes.items(), key=lambda size: -size[1])[:4]
        values = ", ".join(f"`{name.removeprefix('factor:')}` {size:,}" for name, size in most)
        raise DataError(
            f"the protected attributes{' and factors' if strata else ''} together make {cells:,} groups, more than "
            f"{definition.max_cells:,} (values: {values})",
            hint="group values with `values` or `bands`, or audit fewer attributes at once",
        )


def values_in_common(engine: Engine, definition: Definition) -> dict[str, str]:
    """The one value of every column that must hold a single one. DataError where there are several."""
    found = {}
    for role, column in definition.one_value.items():
        raw = engine.group(GroupBy(role, (Key(role, column),), ("rows",), admission=definition.admission))
        name = definition.name_of(column)
        labels = sorted({text_of(value, definition, name) for value in raw[role].to_pylist()})
        if len(labels) > 1:
            several = f"{len(labels)} values" if MISSING not in labels else f"{len(labels) - 1} values and missing ones"
            raise DataError(
                f"column `{name}` ({role}) holds {several}: sums over them mean nothing",
                hint=f"audit one {role} at a time with `data.where`",
            )
        found[role] = labels[0]
    return found
