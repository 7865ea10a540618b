"""The passes of an audit, in order, and the self-checks that their totals must satisfy.

`tally` asks the engine for: who is who (keys), the ranges of number columns, the `main` cells, and, where measures need
them, distributions (`value:…`) and the `unit` cells. May import: errors, load, tally.
"""

from __future__ import annotations

from collections.abc import Mapping

from evenhand.errors import DataError, SelfCheckError
from evenhand.load.joining import JoinCounts, check_join
from evenhand.tally.cell_table import CellTable
from evenhand.tally.cells import PAIRS, Cells, CellsHeader, table_name, value_table
from evenhand.tally.definition import Definition
from evenhand.tally.engines.base import Engine
from evenhand.tally.needs import Needs
from evenhand.tally.passes import main_cells, value_cells
from evenhand.tally.per_person import pair_cells, strata_pairs, unit_cells
from evenhand.tally.plan import GroupBy, Key, Presence, Sign
from evenhand.tally.ranges import (
    check_ranges,
    check_size,
    check_sums_per_person,
    most_cells,
    number_columns,
    products_fit,
    values_in_common,
)

Note = tuple[str, str, int]


def tally(engine: Engine, definition: Definition, needs: Needs) -> Cells:
    """Cells of the rows that `engine` holds.

    Errors: DataError where the data do not fit the definition, SelfCheckError where totals contradict each other.
    """
    rows_read = engine.rows.predictions.rows
    counts = who_is_who(engine, definition)
    ranges = engine.ranges(number_columns(definition, needs), definition.admission)
    check_ranges(ranges, definition, needs, rows_read)
    check_size(engine, definition, needs)
    in_common = values_in_common(engine, definition)

    narrow = products_fit(ranges, definition, needs, rows_read)
    main, raw_values = main_cells(engine, definition, needs, narrow=narrow)
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
    if repeated:
        check_sums_per_person(ranges, definition, needs, rows_read)
    tables: dict[str, CellTable] = {}
    steps: dict[str, int] = {}
    for member in (None, *definition.members):
        of = member.name if member else None
        groups = main_cells(engine, definition, needs, member, narrow=narrow)[0] if member else main
        tables[table_name("main", of)] = without_matched(groups)
        for name in sorted(needs.values):
            distribution, table = definition.distributions[name], table_name(value_table(name), of)
            most = most_cells(groups, distribution, definition, ranges)
            tables[table], steps[table] = value_cells(
                engine, definition, needs, distribution, member, most=most, narrow=narrow
            )
        if repeated:
            tables[table_name("unit", of)] = unit_cells(engine, definition, needs, raw_values, member)
        if repeated and strata_pairs(needs):
            pairs = pair_cells(engine, definition, needs, raw_values, groups, member)
            tables[table_name(PAIRS, of)] = pairs
    notes = several_groups_note(tables["unit"], counts) if repeated else []
    notes += number_notes(definition, main)
    check_totals(rows_read, counts, tables, definition)
    about = definition.canonical() | {"unit_rows": "several" if repeated else "one", "in_common": in_common}
    return Cells.of(CellsHeader(about, counts, tuple(notes), steps), tables)


def without_matched(table: CellTable) -> CellTable:
    """The table without the sum that only the join needs."""
    return CellTable(table.keys, {name: values for name, values in table.sums.items() if name != "matched"})


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


def number_notes(definition: Definition, main: CellTable) -> list[Note]:
    """Prices that are zero or negative: summed as they stand, and left out of logarithms and ratios."""
    notes = []
    for name, key in definition.derived.items():
        if not isinstance(key.derive, Sign) or name not in main.keys:
            continue
        column = definition.name_of(key.column)
        for sign in ("negative", "zero"):
            rows = main.select({name: [sign]}).total("rows")
            if rows:
                text = f"rows whose `{column}` is {sign}: summed as they stand, left out of logarithms"
                notes.append((f"{sign}_price", text, rows))
    return notes


def check_totals(
    rows_read: int, counts: Mapping[str, int], tables: Mapping[str, CellTable], definition: Definition
) -> None:
    """The self-checks of every run: independent ways of counting the same rows agree."""
    found = counts["rows_audited"] + counts["rows_outside_where"] + counts["rows_person_unknown"]
    if found != rows_read:
        raise SelfCheckError(
            f"the reader counted {rows_read:,} rows and the engine {found:,}",
            hint="did the file change during the run? if not, please report this",
        )
    main = tables["main"]
    for name, distribution in definition.distributions.items():
        value = tables.get(value_table(name))
        presence = presence_of(definition, distribution.finite)
        if value is not None and presence in main.keys:
            finite = main.select({presence: ["finite"]}).total("rows")
            if value.total("rows") != finite:
                raise SelfCheckError(f"{finite:,} rows have a finite {name}, but {value.total('rows'):,} were spread")
    unit = tables.get("unit")
    if unit is not None and "all" in unit.sums and unit.total("all") != main.total("w" if "w" in main.sums else "n"):
        raise SelfCheckError("the sums per person do not add up to the sums of the rows")


def presence_of(definition: Definition, columns: tuple[str, ...]) -> str:
    """The key that says where the one column of a distribution is finite; empty where there are several columns."""
    if len(columns) != 1:
        return ""
    found = (n for n, key in definition.derived.items() if key.column == columns[0] and key.derive == Presence())
    return next(found, "")
