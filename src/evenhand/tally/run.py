"""The passes of an audit, in order, and the self-checks that their totals must satisfy.

`tally` asks the engine for: who is who (keys), the ranges of number columns, the `main` cells, and, where measures need
them, the `value` cells and the `unit` cells. May import: errors, load, tally.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evenhand.errors import DataError, SelfCheckError
from evenhand.load.joining import JoinCounts, check_join
from evenhand.tally.cells import Cells, CellsHeader, CellTable, Ints, KeyColumn
from evenhand.tally.definition import Attribute, Definition, Flag
from evenhand.tally.engines.base import Engine
from evenhand.tally.labelling import attribute_label, distinct_values, flag_labels, text_of
from evenhand.tally.needs import Mask, Needs
from evenhand.tally.plan import (
    LIMB,
    WEIGHT_SCALE,
    Grid,
    GroupBy,
    Key,
    Presence,
    Range,
    RawMask,
    UnitGroupBy,
    people_column,
    product_columns,
)

if TYPE_CHECKING:
    import pyarrow as pa

Note = tuple[str, str, int]
RawByLabel = dict[str, dict[str, tuple[Any, ...]]]


def tally(engine: Engine, definition: Definition, needs: Needs) -> Cells:
    """Cells of the rows that `engine` holds.

    Errors: DataError where the data do not fit the definition, SelfCheckError where totals contradict each other.
    """
    rows_read = engine.rows.predictions.rows
    counts = who_is_who(engine, definition)
    ranges = engine.ranges(number_columns(definition, needs), definition.admission)
    check_ranges(ranges, definition, rows_read)
    check_size(engine, definition, needs)

    main, raw_values = main_cells(engine, definition, needs)
    counts |= {"rows_audited": main.total("rows"), "people": main.total("n")}
    counts |= left_out_counts(engine, definition, rows_read - counts["rows_audited"])
    if not counts["rows_audited"]:
        raise DataError(
            f"none of the {rows_read:,} rows is audited: {counts['rows_outside_where']:,} are outside `data.where`, "
            f"{counts['rows_person_unknown']:,} name no person",
            hint="the values under `data.where` must be written as they stand in the data",
        )
    repeated = definition.unit_column is not None and counts["units"] < counts["rows_audited"]
    if engine.rows.attributes is not None:
        counts["rows_unmatched"] = counts["rows_audited"] - main.total("matched")
    main = CellTable(main.keys, {name: values for name, values in main.sums.items() if name != "matched"})
    tables = {"main": main}
    notes: list[Note] = []
    if needs.values and definition.score_column:
        tables["value"] = value_cells(engine, definition, needs)
    if repeated:
        check_sums_per_person(ranges, definition, rows_read)
        tables["unit"] = unit_cells(engine, definition, needs, raw_values)
        notes = several_groups_note(tables["unit"], counts)
    check_totals(rows_read, counts, tables)
    definition_and_units = definition.canonical() | {"unit_rows": "several" if repeated else "one"}
    return Cells.of(CellsHeader(definition_and_units, counts, tuple(notes)), tables)


# Before the main pass ------------------------------------------------------------------------------------------


def who_is_who(engine: Engine, definition: Definition) -> dict[str, int]:
    """Rows read, keys on both sides, and people among the audited rows."""
    counts = {"rows_read": engine.rows.predictions.rows}
    join, unit, keys = engine.rows.join, definition.unit_column, None
    if join is not None and engine.rows.attributes is not None:
        keys, without_key = engine.distinct(join.left)
        attribute_keys, attributes_without_key = engine.distinct(join.right)
        attribute_rows = engine.rows.attributes.rows
        unmatched = engine.unmatched_attributes() if attribute_keys == attribute_rows - attributes_without_key else 0
        joined = JoinCounts(
            rows=engine.rows.predictions.rows,
            rows_without_key=without_key,
            keys=keys,
            attribute_rows=attribute_rows,
            attribute_keys=attribute_keys,
            attribute_rows_without_key=attributes_without_key,
            attribute_rows_unmatched=unmatched,
        )
        check_join(joined, key=definition.name_of(join.left), attributes=engine.rows.attributes.described)
        counts |= {"attribute_rows": attribute_rows, "attribute_rows_unmatched": unmatched}
    if unit is not None:
        known = join is not None and unit == join.left and not definition.admission.conditions
        counts["units"] = keys if known and keys is not None else engine.distinct(unit, definition.admission)[0]
    return counts


def number_columns(definition: Definition, needs: Needs) -> list[str]:
    """Columns whose range must be known before they are summed."""
    columns = [definition.count_column, definition.weight_column]
    if needs.values:
        columns.append(definition.score_column)
    return list(dict.fromkeys(column for column in columns if column))


def check_ranges(ranges: Mapping[str, Range], definition: Definition, rows: int) -> None:
    """Counts are whole and not negative, weights finite and not negative, sums within Int64."""
    people_per_row = 1
    for column, role in ((definition.count_column, "count"), (definition.weight_column, "weight")):
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
        largest = found.high or 0
        if role == "weight" and found.high == 0:
            raise DataError(f"column `{name}` (weight) is 0 in every row", hint="at least one weight must be above 0")
        fixed = largest * (WEIGHT_SCALE if role == "weight" else 1)
        # Squares of weights are summed in limbs of up to 2²⁴ for each person, so people must leave room for them.
        room = 2 ** (63 - LIMB) if role == "count" and definition.weight_column else 2**63
        if fixed >= 2**47 or fixed * people_per_row * max(1, rows) >= room:
            raise DataError(
                f"column `{name}` ({role}) holds numbers too large to be summed exactly",
                hint=f"divide every {role} by the same number" if role == "weight" else "split the file",
            )
        if role == "count":
            people_per_row = max(1, math.ceil(largest))
    if definition.score_column is not None and definition.score_column in ranges:
        found = ranges[definition.score_column]
        reach = max(abs(found.low or 0), abs(found.high or 0)) * definition.score_scale
        if reach >= 2**52:
            raise DataError(
                f"column `{definition.name_of(definition.score_column)}` (score) is too large for its resolution",
                hint="declare a coarser `columns.score_resolution`",
            )


def check_sums_per_person(ranges: Mapping[str, Range], definition: Definition, rows: int) -> None:
    """Sums of one person's weights stay below 2⁵⁵, so that their products, in limbs of 24 bits, fit Int64."""
    if definition.weight_column is None:
        return
    if (ranges[definition.weight_column].high or 0) * WEIGHT_SCALE * rows >= 2**55:
        raise DataError(
            f"column `{definition.name_of(definition.weight_column)}` (weight) holds numbers too large to be summed "
            "exactly per person",
            hint="divide every weight by the same number",
        )


def check_size(engine: Engine, definition: Definition, needs: Needs) -> None:
    """Refuse keys that would make more cells than `max_cells`, before they are made."""
    sizes = {
        attribute.name: len(attribute.band_labels or ()) or engine.distinct(attribute.column)[0]
        for attribute in definition.attributes
    }
    asked = {name: column for name, column in definition.labels.items() if name in needs.keys}
    sizes |= {name: engine.distinct(column)[0] for name, column in asked.items()}
    for name, size in sizes.items():
        if size > 10_000:
            raise DataError(
                f"`{name}` has {size:,} different values; that is no grouping of people",
                hint="give it `bands`, or leave it out of `protected`",
            )
    product = math.prod(size + 1 for size in sizes.values())
    if product > definition.max_cells:
        largest = ", ".join(f"`{name}` {size:,}" for name, size in sorted(sizes.items(), key=lambda s: -s[1])[:4])
        query = GroupBy("size", tuple(attribute_keys(definition)), ("rows",))
        cells = len(engine.group(query))
        if cells > definition.max_cells:
            raise DataError(
                f"the protected attributes together make {cells:,} groups, more than {definition.max_cells:,} "
                f"(values: {largest})",
                hint="group values with `values` or `bands`, or audit fewer attributes at once",
            )


# The passes ----------------------------------------------------------------------------------------------------


def main_cells(engine: Engine, definition: Definition, needs: Needs) -> tuple[CellTable, RawByLabel]:
    """The main table of the audited rows, and the raw values behind each flag's labels."""
    keys = attribute_keys(definition)
    flags = [flag for flag in definition.flags if flag.name in needs.keys]
    keys += [Key(flag.name, flag.column) for flag in flags]
    keys += [Key(name, column) for name, column in definition.labels.items() if name in needs.keys]
    if definition.score_column and "score_presence" in needs.keys:
        keys.append(Key("score_presence", definition.score_column, Presence()))
    sums = ["rows", "n", "matched"]
    if definition.weight_column:
        sums += ["w", "w2_hi", "w2_mid", "w2_lo"]
    query = GroupBy(
        "main",
        tuple(keys),
        tuple(sums),
        admission=definition.admission,
        count=definition.count_column,
        weight=definition.weight_column,
    )
    raw = engine.group(query)
    rows = int_column(raw, "sum:rows")
    labelled: dict[str, KeyColumn] = {}
    raw_values: RawByLabel = {}
    for attribute in definition.attributes:
        labelled[attribute.name] = groups_of(raw[query_name(attribute)], attribute, definition)
    for flag in flags:
        labelled[flag.name], raw_values[flag.name] = flags_of(raw[flag.name], rows, flag, definition)
    for name, column in definition.labels.items():
        if name in needs.keys:
            codes, values = distinct_values(raw[name])
            texts = [text_of(value, definition, definition.name_of(column)) for value in values]
            labelled[name] = KeyColumn.of_codes(codes, texts)
    if "score_presence" in raw.column_names:
        labelled["score_presence"] = KeyColumn.of_labels(raw["score_presence"].to_pylist())
    table = CellTable(labelled, {name: int_column(raw, f"sum:{name}") for name in sums})
    return table.marginal(list(labelled)), raw_values


def value_cells(engine: Engine, definition: Definition, needs: Needs) -> CellTable:
    """Counts per group, label and score bin; only rows whose score is a finite number."""
    assert definition.score_column is not None
    flags = [flag for flag in definition.flags if flag.name == "label" and "label" in needs.keys]
    keys = attribute_keys(definition)
    keys += [Key(flag.name, flag.column) for flag in flags]
    keys.append(Key("score", definition.score_column, Grid(definition.score_scale)))
    sums = ["rows", "n"] + (["w", "w2_hi", "w2_mid", "w2_lo"] if definition.weight_column else [])
    query = GroupBy(
        "value",
        tuple(keys),
        tuple(sums),
        admission=definition.admission,
        finite=definition.score_column,
        count=definition.count_column,
        weight=definition.weight_column,
    )
    raw = engine.group(query)
    labelled = {a.name: groups_of(raw[query_name(a)], a, definition) for a in definition.attributes}
    for flag in flags:
        labelled[flag.name], _ = flags_of(raw[flag.name], int_column(raw, "sum:rows"), flag, definition)
    labelled["score"] = KeyColumn(int_column(raw, "score"))
    table = CellTable(labelled, {name: int_column(raw, f"sum:{name}") for name in sums})
    return table.marginal(list(labelled))


def unit_cells(engine: Engine, definition: Definition, needs: Needs, raw_values: RawByLabel) -> CellTable:
    """Sums, squares and cross-products of what each person adds to the cases and the denominator of every rate."""
    assert definition.unit_column is not None
    masks = {mask.name: mask for pair in needs.pairs for mask in pair}
    products = sorted(
        {
            tuple(sorted(names))
            for cases, among in needs.pairs
            for names in ((cases.name, cases.name), (cases.name, among.name), (among.name, among.name))
        }
    )
    names = sorted(masks)
    alias = {name: f"m{i}" for i, name in enumerate(names)}
    flags = {flag.name: Key(flag.name, flag.column) for flag in definition.flags}
    query = UnitGroupBy(
        keys=tuple(attribute_keys(definition)),
        unit=definition.unit_column,
        masks=tuple(
            RawMask(alias[name], raw_alternatives(masks[name], flags, raw_values, definition)) for name in names
        ),
        products=tuple((alias[a], alias[b]) for a, b in products),
        admission=definition.admission,
        count=definition.count_column,
        weight=definition.weight_column,
    )
    raw = engine.group_units(query)
    labelled = {a.name: groups_of(raw[query_name(a)], a, definition) for a in definition.attributes}
    sums = {"units": int_column(raw, "units")} | {name: int_column(raw, alias[name]) for name in names}
    sums |= {people_column(name): int_column(raw, people_column(alias[name])) for name in names}
    for a, b in products:
        for stored, found in zip(product_columns(a, b), product_columns(alias[a], alias[b]), strict=True):
            sums[stored] = int_column(raw, found)
    return CellTable(labelled, sums).marginal(list(labelled))


def raw_alternatives(
    mask: Mask, flags: Mapping[str, Key], raw_values: RawByLabel, definition: Definition
) -> tuple[tuple[tuple[Key, tuple[object, ...]], ...], ...]:
    """A mask over labels as conditions over the raw values that carry them."""

    def raw(key: str, labels: Sequence[str]) -> tuple[Key, tuple[object, ...]]:
        if key == "score_presence" and definition.score_column:
            return Key(key, definition.score_column, Presence()), tuple(labels)
        return flags[key], tuple(value for label in labels for value in raw_values[key].get(label, ()))

    return tuple(tuple(raw(key, labels) for key, labels in conjunction) for conjunction in mask.alternatives)


def attribute_keys(definition: Definition) -> list[Key]:
    """The group-by columns of the protected attributes, under names that no other column of a query can have."""
    return [Key(query_name(attribute), attribute.column, attribute.derive) for attribute in definition.attributes]


def query_name(attribute: Attribute) -> str:
    return f"attribute:{attribute.name}"


# Small things --------------------------------------------------------------------------------------------------


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


def left_out_counts(engine: Engine, definition: Definition, left_out: int) -> dict[str, int]:
    """Rows that are not audited, by reason; a pass of its own, made only where there are any."""
    by_reason: dict[str, int] = {}
    if left_out:
        raw = engine.group(GroupBy("admission", (Key("admission", "one", definition.admission),), ("rows",)))
        by_reason = dict(zip(raw["admission"].to_pylist(), raw["sum:rows"].to_pylist(), strict=True))
    return {
        "rows_outside_where": by_reason.get("outside where", 0),
        "rows_person_unknown": by_reason.get("person unknown", 0),
    }


def several_groups_note(unit: CellTable, counts: Mapping[str, int]) -> list[Note]:
    """People found in more than one group count once in each; said, since their rows are then not independent."""
    extra = unit.total("units") - counts.get("units", 0)
    if extra <= 0:
        return []
    text = "people whose rows fall into more than one group; each counts once in each"
    return [("people_in_several_groups", text, extra)]


def check_totals(rows_read: int, counts: Mapping[str, int], tables: Mapping[str, CellTable]) -> None:
    """The self-checks of every run: independent ways of counting the same rows agree."""
    found = counts["rows_audited"] + counts["rows_outside_where"] + counts["rows_person_unknown"]
    if found != rows_read:
        raise SelfCheckError(
            f"the reader counted {rows_read:,} rows and the engine {found:,}",
            hint="did the file change during the run? if not, please report this",
        )
    main = tables["main"]
    value = tables.get("value")
    if value is not None and "score_presence" in main.keys:
        finite = main.select({"score_presence": ["finite"]}).total("rows")
        if value.total("rows") != finite:
            raise SelfCheckError(f"{finite:,} rows have a finite score but {value.total('rows'):,} were distributed")
    unit = tables.get("unit")
    if unit is not None and "all" in unit.sums and unit.total("all") != main.total("w" if "w" in main.sums else "n"):
        raise SelfCheckError("the sums per person do not add up to the sums of the rows")
