"""The passes over the rows: the main cells and the distributions of numbers; sums per person are in `per_person.py`.

Each asks the engine for one group-by and names its keys with labels. An attribute whose groups are given as shares per
row has tables of its own (`main@race`): there each row counts in every group. May import: errors, load, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evenhand.errors import DataError
from evenhand.tally.cell_table import CellTable, Ints, KeyColumn
from evenhand.tally.coarsening import LARGEST_STEP, STEP, coarser, fits
from evenhand.tally.definition import Attribute, Definition, Distribution, Flag
from evenhand.tally.engines.base import Engine
from evenhand.tally.labelling import attribute_label, distinct_values, flag_labels
from evenhand.tally.needs import Needs, Sum
from evenhand.tally.plan import (
    MEMBER,
    WEIGHT,
    Amount,
    Gap,
    Grid,
    GroupBy,
    Key,
    product_columns,
    shared_products,
    total_columns,
)

if TYPE_CHECKING:
    import pyarrow as pa

RawByLabel = dict[str, dict[str, tuple[Any, ...]]]
MANAGEABLE = 1_000_000
"""Cells that may leave an engine, to be made fewer here."""

WEIGHT_SUMS = ("w", "w2_hi", "w2_mid", "w2_lo")


def main_cells(
    engine: Engine, definition: Definition, needs: Needs, member: Attribute | None = None, *, narrow: bool = False
) -> tuple[CellTable, RawByLabel]:
    """The main table of the audited rows, and the raw values behind each flag's labels."""
    flags = [flag for flag in definition.flags if flag.name in needs.keys]
    labels = [label for label in definition.labels if label.name in needs.keys]
    labels += definition.factors if needs.strata else ()
    derived = [key for name, key in definition.derived.items() if name in needs.keys]
    weighted = is_weighted(definition, member)
    totals, products = amount_sums(needs.products, weighted)
    if member and member.reference:
        products += shared_products(totals, [pair for pair in products if WEIGHT not in pair])
    sums = ("rows", "n", "matched", *(WEIGHT_SUMS if weighted else ()))
    query = GroupBy(
        "main",
        (
            *attribute_keys(definition, member),
            *(Key(flag.name, flag.column) for flag in flags),
            *(Key(label.name, label.column, label.derive) for label in labels),
            *derived,
        ),
        sums,
        admission=definition.admission,
        count=definition.count_column,
        weight=definition.weight_column,
        membership=member.membership if member else None,
        amounts=tuple(definition.amounts[name] for name in totals),
        totals=totals,
        products=products,
        narrow=narrow,
    )
    raw = engine.group(query)
    labelled, raw_values = labelled_keys(raw, definition, member, flags, labels)
    for key in derived:
        labelled[key.name] = derived_labels(raw[key.name])
    table = CellTable(labelled, sums_of(raw, query))
    return table.marginal(list(labelled)), raw_values


def value_cells(
    engine: Engine,
    definition: Definition,
    needs: Needs,
    distribution: Distribution,
    member: Attribute | None = None,
    *,
    most: float = 0,
    narrow: bool = False,
) -> tuple[CellTable, int]:
    """Counts per group, key and bin of a number, and the step of its grid; only rows where it is a finite number.

    `most`: how many cells there could be at most.
    """
    flags = [flag for flag in definition.flags if flag.name in distribution.keys and flag.name in needs.keys]
    labels = [label for label in definition.labels if label.name in distribution.keys]
    labels += definition.factors if distribution.strata else ()
    weighted = is_weighted(definition, member)
    beside = [pair for pair in needs.products if distribution.amounts and distribution.bins.name not in pair]
    totals, products = amount_sums(beside, weighted)

    def query(step: int) -> GroupBy:
        return GroupBy(
            distribution.name,
            (
                *attribute_keys(definition, member),
                *(Key(flag.name, flag.column) for flag in flags),
                *(Key(label.name, label.column, label.derive) for label in labels),
                stepped(distribution.bins, step),
            ),
            ("rows", "n", *(WEIGHT_SUMS if weighted else ())),
            admission=definition.admission,
            finite=distribution.finite,
            count=definition.count_column,
            weight=definition.weight_column,
            membership=member.membership if member else None,
            amounts=tuple(definition.amounts[name] for name in totals),
            totals=totals,
            products=products,
            narrow=narrow,
        )

    def table_of(raw: pa.Table) -> CellTable:
        raw = raw.filter(raw[distribution.bins.name].is_valid())
        labelled, _ = labelled_keys(raw, definition, member, flags, labels)
        labelled[distribution.bins.name] = KeyColumn(int_column(raw, distribution.bins.name))
        return CellTable(labelled, sums_of(raw, query(1))).marginal(list(labelled))

    if not distribution.coarsened:
        if distribution.keys and engine.size(query(1)) > definition.max_cells:
            names = " and ".join(f"`{label.described}`" for label in labels) or f"`{distribution.name}`"
            raise DataError(
                f"the distribution of {distribution.name} has more than {definition.max_cells:,} cells",
                hint=f"group the values of {names}, or declare a coarser `columns.resolution`",
            )
        return table_of(engine.group(query(1))), 1
    return smallest_that_fits(lambda step: table_of(engine.group(query(step))), distribution.bins.name, most)


def smallest_that_fits(table_at: Callable[[int], CellTable], bins: str, most: float) -> tuple[CellTable, int]:
    """The table at the smallest step, a power of ten, at which it stays small; and that step.

    `most` is as many cells as there could be at step 1. The rows are read at a step that makes a table that is certain
    to be manageable, and made coarser here; only where it turns out to have room for a finer grid are they read again,
    since ten bins make one of the next step.
    """
    step = 1
    while most / step > MANAGEABLE and step < LARGEST_STEP:
        step *= STEP
    table = table_at(step)
    if fits(len(table), step):
        while step > 1 and fits(len(finer := table_at(step // STEP)), step // STEP):
            table, step = finer, step // STEP
        return table, step
    while not fits(len(table), step):
        table, step = coarser(table, bins, STEP), step * STEP
    return table, step


def stepped(bins: Key, step: int) -> Key:
    """The key on a grid of whole steps."""
    match bins.derive:
        case Grid(scale):
            return Key(bins.name, bins.column, Grid(scale, step))
        case Gap(other, scale):
            return Key(bins.name, bins.column, Gap(other, scale, step))
        case _:
            return bins


# Keys and sums -------------------------------------------------------------------------------------------------


def attribute_keys(definition: Definition, member: Attribute | None) -> list[Key]:
    """The group-by columns of the protected attributes, under names that no other column of a query can have."""
    keys = [Key(query_name(attribute), attribute.column, attribute.derive) for attribute in definition.labelled]
    return [*keys, Key(query_name(member), MEMBER)] if member else keys


def query_name(attribute: Attribute) -> str:
    return f"attribute:{attribute.name}"


def is_weighted(definition: Definition, member: Attribute | None) -> bool:
    """Whether the rows of a table weigh differently: by the weight column, or by their share of a group."""
    return definition.weight_column is not None or member is not None


def amounts_of(definition: Definition, needs: Needs) -> list[Amount]:
    """Every amount that is summed somewhere."""
    names = {name for pair in needs.products for name in pair}
    names |= {term.amount for pair in needs.pairs for term in pair if isinstance(term, Sum)}
    return [amount for name, amount in definition.amounts.items() if name in names]


def amount_sums(
    asked: Sequence[tuple[str, str]] | frozenset[tuple[str, str]], weighted: bool
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The amounts to total and the products to sum; with weights, of each amount with the weight too."""
    totals = tuple(sorted({name for pair in asked for name in pair}))
    products = sorted({tuple(sorted(pair)) for pair in asked})
    with_weight = [(name, WEIGHT) for name in totals] if weighted else []
    return totals, tuple((a, b) for a, b in [*products, *with_weight])


def sums_of(raw: pa.Table, query: GroupBy) -> dict[str, Ints]:
    """Every sum of a group-by, by its name."""
    names = [
        *query.sums,
        *(column for name in query.totals for column in total_columns(name)),
        *(column for pair in query.products for column in product_columns(*pair)),
    ]
    return {name: int_column(raw, f"sum:{name}") for name in names}


def labelled_keys(
    raw: pa.Table,
    definition: Definition,
    member: Attribute | None,
    flags: Sequence[Flag],
    labels: Sequence[Attribute],
) -> tuple[dict[str, KeyColumn], RawByLabel]:
    """The keys of a raw table as labels, attributes first; and the raw values behind each flag's labels."""
    labelled = {a.name: groups_of(raw[query_name(a)], a, definition) for a in definition.labelled}
    if member:
        labelled[member.name] = KeyColumn.of_labels(raw[query_name(member)].to_pylist())
    raw_values: RawByLabel = {}
    for flag in flags:
        rows = int_column(raw, "sum:rows")
        labelled[flag.name], raw_values[flag.name] = flags_of(raw[flag.name], rows, flag, definition)
    labelled |= {label.name: groups_of(raw[label.name], label, definition) for label in labels}
    return labelled, raw_values


def derived_labels(column: pa.ChunkedArray) -> KeyColumn:
    """Values that are labels already; missing where there is none."""
    codes, values = distinct_values(column)
    return KeyColumn.of_codes(codes, ["(missing)" if value is None else value for value in values])


def groups_of(column: pa.ChunkedArray, attribute: Attribute, definition: Definition) -> KeyColumn:
    """The groups of a raw column, each different value named once."""
    codes, values = distinct_values(column)
    return KeyColumn.of_codes(codes, [attribute_label(value, attribute, definition) for value in values])


def flags_of(
    column: pa.ChunkedArray, rows: Ints, flag: Flag, definition: Definition
) -> tuple[KeyColumn, dict[str, tuple[Any, ...]]]:
    """1, 0 or (missing) of a raw column, and label -> raw values that mean it, by which a later pass selects rows."""
    codes, values = distinct_values(column)
    counts = np.bincount(codes, weights=rows, minlength=len(values)).astype(np.int64)
    labels = flag_labels(values, counts.tolist(), flag, definition)
    raw: dict[str, tuple[Any, ...]] = {}
    for value, label in zip(values, labels, strict=True):
        raw[label] = (*raw.get(label, ()), value)
    return KeyColumn.of_codes(codes, labels), raw


def int_column(table: pa.Table, name: str) -> Ints:
    return np.asarray(table[name].to_numpy(), dtype=np.int64)
