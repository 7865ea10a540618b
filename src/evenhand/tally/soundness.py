"""What a file of cells must hold before anything in it is believed: a layout that its definition implies, sound sums.

What the tally's own self-checks ensure of fresh cells is checked again here; whatever does not hold is one sentence
about a damaged file, never a figure. What tables say against each other is in `contradictions.py`.

May import: errors, load.labels, tally.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from evenhand.errors import DataError
from evenhand.tally.cell_table import CellTable, KeyColumn, in_order, limbs_below
from evenhand.tally.cells import PAIRS, VALUE, CellsHeader, table_name
from evenhand.tally.coarsening import LARGEST_STEP, STEP
from evenhand.tally.needs import OF
from evenhand.tally.plan import LIMB, WEIGHT, in_reference, other_key, product_columns, shared_products, total_columns

ROW_COUNTS = ("rows_audited", "rows_outside_where", "rows_person_unknown")
"""The rows read, by what became of them: they add up to `rows_read`."""
ROW_SUMS = frozenset({"rows", "n"})
WEIGHT_SUMS = frozenset({"w", "w2_hi", "w2_mid", "w2_lo"})
WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")


def damaged(name: str, what: str) -> NoReturn:
    """Refuse a file of cells that something is wrong with."""
    raise DataError(f"`{name}` is damaged: {what}", hint="take it from its run folder again, or tally the rows again")


# The header -----------------------------------------------------------------------------------------------------


def header_of(metadata: Mapping[str, Any], name: str) -> CellsHeader:
    """The header, every part of the type that the rest of evenhand takes for granted."""
    definition, counts, notes, steps = (metadata.get(part) for part in ("definition", "counts", "notes", "steps"))
    if not (isinstance(definition, dict) and is_complete(definition)):
        damaged(name, "its definition is incomplete")
    if not (isinstance(counts, dict) and all(is_count(n) for n in counts.values())):
        damaged(name, "its counts are not whole numbers from 0 up")
    if not {"rows_read", "people", *ROW_COUNTS} <= set(counts):
        damaged(name, "its counts are incomplete")
    if not (isinstance(notes, list) and all(is_note(note) for note in notes)):
        damaged(name, "its notes are malformed")
    if not (isinstance(steps, dict) and all(is_step(step) for step in steps.values())):
        damaged(name, "its steps are not powers of ten")
    return CellsHeader(definition, counts, tuple((code, text, rows) for code, text, rows in notes), steps)


def is_complete(definition: Mapping[str, Any]) -> bool:
    """Whether a definition has every part, each of its type."""
    parts: Mapping[str, Callable[[Any], bool]] = {
        "attributes": is_attribute,
        "flags": lambda part: isinstance(part, dict),
        "labels": is_attribute,
        "factors": is_attribute,
        "derived": is_derived,
        "amounts": lambda part: isinstance(part, dict) and is_count(part.get("scale")) and part["scale"] > 0,
        "distributions": is_distribution,
        "in_common": lambda part: isinstance(part, str),
    }
    return (
        all(isinstance(definition.get(part), dict) for part in parts)
        and all(sound(value) for part, sound in parts.items() for value in definition[part].values())
        and {"weight", "count", "unit"} <= set(definition)
        and isinstance(definition["weight"], dict | None)
        and all(isinstance(definition[part], str | None) for part in ("count", "unit"))
        and definition.get("unit_rows") in ("one", "several")
    )


def is_attribute(part: Any) -> bool:
    return (
        isinstance(part, dict)
        and isinstance(part.get("column"), str)
        and isinstance(part.get("band_labels"), list | None)
        and all(isinstance(label, str) for label in part.get("band_labels") or ())
        and isinstance(part.get("shares"), dict | None)
        and isinstance(part.get("reference"), str | None)
        and (not part.get("shares") or part.get("reference") is None or part["reference"] in part["shares"])
    )


def is_derived(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("derive"), str) and isinstance(part.get("columns"), list)


def is_distribution(part: Any) -> bool:
    return (
        isinstance(part, dict)
        and isinstance(part.get("key"), str)
        and is_derived(part.get("bins"))
        and isinstance(part.get("keys"), list)
        and all(isinstance(key, str) for key in part["keys"])
        and all(isinstance(part.get(choice), bool) for choice in ("strata", "coarsened", "amounts"))
    )


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def is_step(value: object) -> bool:
    return isinstance(value, int) and value in {STEP**i for i in range(len(str(LARGEST_STEP)))}


def is_note(note: object) -> bool:
    if not (isinstance(note, list) and len(note) == 3):
        return False
    code, text, rows = note
    return isinstance(code, str) and isinstance(text, str) and is_count(rows)


# The layout -----------------------------------------------------------------------------------------------------


class Parts(NamedTuple):
    """The names of a table's keys and sums, and which keys are whole numbers instead of labels."""

    keys: list[str]
    sums: list[str]
    bins: frozenset[str] = frozenset()


Layout = dict[str, Parts]
Pairs = frozenset[tuple[str, str]]


def layout_of(layout: object, header: CellsHeader, name: str) -> Layout:
    """The tables of the file: those that its definition implies, with the keys and sums that they must have."""
    if not isinstance(layout, dict):
        damaged(name, "its layout is missing")
    definition = header.definition
    members = [None, *(a for a, attribute in definition["attributes"].items() if attribute.get("shares"))]
    kinds = {kind for kind in (VALUE + name for name in definition["distributions"]) if kind in layout}
    kinds |= {"main"} | ({"unit"} if definition["unit_rows"] == "several" else set())
    kinds |= {PAIRS} & set(layout) if "unit" in kinds else set()
    if set(layout) != {table_name(kind, member) for kind in kinds for member in members}:
        damaged(name, "it does not hold the tables that its definition implies")
    if set(header.steps) != {table for table in layout if table.startswith(VALUE)}:
        damaged(name, "its steps are not those of its distributions")
    found: Layout = {}
    for kind in sorted(kinds):  # main before what is compared with it
        for member in members:
            table = table_name(kind, member)
            found[table] = parts_of(layout[table], table, name)
            check_keys(found[table], kind, member, definition, table, name)
            check_sums(found[table], kind, member, found[table_name("main", member)], definition, table, name)
    return found


def parts_of(parts: Any, table: str, name: str) -> Parts:
    """The layout of one table as it is written."""
    try:
        kinds, sums = dict(parts["keys"]), list(parts["sums"])
        keys = [key for key, _ in parts["keys"]]
        malformed = len(kinds) < len(keys) or len(set(sums)) < len(sums) or {*map(type, keys + sums)} != {str}
    except (TypeError, ValueError, KeyError):
        malformed = True
    if malformed or any(kind not in ("text", "integer") for kind in kinds.values()):
        damaged(name, f"the layout of table `{table}` is malformed")
    return Parts(keys, sums, frozenset(key for key, kind in kinds.items() if kind == "integer"))


def check_keys(
    parts: Parts, kind: str, member: str | None, definition: Mapping[str, Any], table: str, name: str
) -> None:
    """The keys of a table: its attributes and, by its kind, flags, labels, strata and bins."""
    needed = {a for a, attribute in definition["attributes"].items() if not attribute.get("shares") or a == member}
    factors = set(definition["factors"])
    possible: set[str] = set()
    bins: set[str] = set()
    if kind == "main":
        possible = {*definition["flags"], *definition["labels"], *definition["derived"], *factors}
    elif kind == PAIRS:
        needed |= factors | {other_key(factor) for factor in factors}
    elif kind.startswith(VALUE):
        distribution = definition["distributions"][kind.removeprefix(VALUE)]
        bins = {distribution["key"]}
        needed |= bins | {key for key in distribution["keys"] if key in definition["labels"]}
        needed |= factors if distribution["strata"] else set()
        possible = {key for key in distribution["keys"] if key in definition["flags"]}
    if not needed <= set(parts.keys) <= needed | possible or 0 < len(factors & set(parts.keys)) < len(factors):
        damaged(name, f"table `{table}` has other keys than its definition implies")
    if set(parts.bins) != bins:
        damaged(name, f"table `{table}` has a key of the wrong kind")


def check_sums(
    parts: Parts, kind: str, member: str | None, main: Parts, definition: Mapping[str, Any], table: str, name: str
) -> None:
    """The sums of a table: of rows, weights, and the amounts that its main table holds; or of people."""
    shared = member is not None and definition["attributes"][member].get("reference") is not None
    if kind in ("unit", PAIRS):
        beside = products_in_reference(parts.sums) if shared and kind == "unit" else set()
        if not {"units"} | beside <= set(parts.sums):
            damaged(name, f"table `{table}` has other sums than its definition implies")
        return
    weighted = definition["weight"] is not None or member is not None
    pairs = pairs_of(main.sums, definition)
    if kind != "main":
        distribution = definition["distributions"][kind.removeprefix(VALUE)]
        pairs = {pair for pair in pairs if distribution["amounts"] and distribution["key"] not in pair}
    named = {amount for pair in pairs for amount in pair}
    wanted = ROW_SUMS | (WEIGHT_SUMS if weighted else frozenset())
    wanted |= {column for amount in named for column in total_columns(amount)}
    products = [*sorted(pairs), *((amount, WEIGHT) for amount in named if weighted)]
    if kind == "main" and shared:
        products += shared_products(named, pairs)
    wanted |= {column for pair in products for column in product_columns(*pair)}
    if set(parts.sums) != wanted:
        damaged(name, f"table `{table}` has other sums than its definition implies")


def products_in_reference(sums: Sequence[str]) -> set[str]:
    """The products with what people add to the reference group that go with those of their sums."""
    terms = [name for name in sums if "#" not in name and name != "units"]
    held = [(a, b) for a in terms for b in terms if product_columns(a, b)[0] in sums]
    both = {*held, *((b, a) for a, b in held)}
    return {column for a, b in both for column in product_columns(a, in_reference(b))}


def pairs_of(sums: Sequence[str], definition: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The pairs of amounts whose products a table says it holds."""
    names = sorted(definition["amounts"])
    return {(a, b) for a in names for b in names if a <= b and product_columns(a, b)[0] in sums}


# The tables -----------------------------------------------------------------------------------------------------


def check_columns(stored: pa.Table, layout: Layout, name: str) -> None:
    """The columns that the layout implies and no others, of the types that `to_bytes` writes."""
    wanted = {"table": pa.string()}
    wanted |= {f"key:{key}": pa.string() for parts in layout.values() for key in parts.keys}
    wanted |= {f"sum:{key}": pa.int64() for parts in layout.values() for key in parts.sums}
    if sorted(stored.column_names) != sorted(wanted):
        damaged(name, "its columns are not those of its layout")
    if any(stored.schema.field(column).type != kind for column, kind in wanted.items()):
        damaged(name, "a column has another type than cells have")
    tables = stored["table"]
    if tables.null_count or not set(tables.unique().to_pylist()) <= set(layout):
        damaged(name, "it has rows of no known table")


def table_of(stored: pa.Table, table: str, parts: Parts, name: str) -> CellTable:
    """One table of the file: no key or sum missing, no sum impossible by itself, no key twice."""
    part = stored.filter(compute.equal(stored["table"], table))
    columns_of_part = [*(f"key:{key}" for key in parts.keys), *(f"sum:{key}" for key in parts.sums)]
    if any(part[column].null_count for column in columns_of_part):
        damaged(name, f"table `{table}` lacks a key or a sum in one of its rows")
    columns: dict[str, KeyColumn] = {}
    for key in parts.keys:
        values = part[f"key:{key}"].to_pylist()
        if key not in parts.bins:
            columns[key] = KeyColumn.of_labels(values)
        elif all(WHOLE_NUMBER.fullmatch(value) for value in values):
            columns[key] = KeyColumn(np.array([int(value) for value in values], dtype=np.int64))
        else:
            damaged(name, f"table `{table}` has a {key} that is not a whole number")
    found = CellTable(columns, {key: np.array(part[f"sum:{key}"].to_numpy(), dtype=np.int64) for key in parts.sums})
    for what in impossible(found):
        damaged(name, f"table `{table}` has {what}")
    if len(found) and len(in_order(list(columns.values()), len(found))[1]) < len(found):
        damaged(name, f"table `{table}` has the same key in several rows")
    return found


def impossible(table: CellTable) -> Iterator[str]:
    """Sums that no rows can have: negative where they count or square, limbs out of bounds, squares below products."""
    lower = {name for high in table.sums for name in limbs_below(high) or ()}
    for name, values in table.sums.items():
        if name in lower and ((values < 0) | (values >= 1 << LIMB)).any():
            yield "a limb of a sum that is out of bounds"
        elif name not in lower and not may_be_negative(name) and (values < 0).any():
            yield "a negative sum"
    found = squares(table)
    for one, its_squares in found.items():
        total = whole(table, total_columns(one)) if "n" in table.sums else table.sums.get(one)
        count = table.sums["n"] if "n" in table.sums else table.sums["units"]
        if total is not None and exceeds(total, its_squares, count):
            yield "sums larger than their squares allow"
        for other, other_squares in found.items():
            product = whole(table, product_columns(one, other))
            if product is not None and exceeds(product, its_squares, other_squares):
                yield "products larger than their squares allow"


def exceeds(product: Any, one: Any, other: Any) -> bool:
    """Whether Cauchy and Schwarz would object: product² ≤ one · other, with room for rounding."""
    return bool((np.abs(product) > np.sqrt(np.abs(one)) * np.sqrt(np.abs(other)) * (1 + 1e-9)).any())


def may_be_negative(name: str) -> bool:
    """Whether a sum may be below 0: an amount's, and products with one, but for squares."""
    return not is_square(name.removesuffix("#hi")) and (OF in name or name.endswith("#hi"))


def squares(table: CellTable) -> dict[str, Any]:
    """The sums of squares as numbers, by what is squared; none of pairs of strata, where few are squares."""
    if any(other_key(key) in table.keys for key in table.keys):
        return {}
    stems = (high.removesuffix("#hi") for high in table.sums if high.endswith("#hi"))
    names = {stem[: len(stem) // 2] for stem in stems if is_square(stem)}
    found = {name: whole(table, product_columns(name, name)) for name in names}
    if "w2_hi" in table.sums:
        found[WEIGHT] = whole(table, ("w2_hi", "w2_mid", "w2_lo"))
    return {name: values for name, values in found.items() if values is not None}


def is_square(stem: str) -> bool:
    """Whether the name of a product is that of a square.

    >>> is_square("price*price"), is_square("price*weight")
    (True, False)
    """
    left = stem[: len(stem) // 2]
    return stem == f"{left}*{left}"


def whole(table: CellTable, limbs: Sequence[str]) -> Any:
    """A sum in limbs as a float per cell; None where the table has no such sum."""
    if not set(limbs) <= set(table.sums):
        return None
    total = np.zeros(len(table))
    for limb in limbs:
        total = total * 2.0**LIMB + table.sums[limb]
    return total
