"""Cells to and from a Parquet file: one self-describing file with a schema number, readable by any Parquet reader.

One row per cell: the table it belongs to, its keys as text columns, its sums as Int64 columns; the header is JSON in
the file's metadata. Full cells can describe single people: the file is a restricted artefact (0600).

A file may come from another site, so `read` believes nothing: what the tally's own self-checks ensure of fresh cells
is checked again, and whatever does not hold is one sentence about a damaged file, never a figure.

May import: errors, load.labels, tally.cells.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from evenhand.errors import DataError, OutputError, UsageError
from evenhand.load.labels import MISSING
from evenhand.tally.cells import Cells, CellsHeader, CellTable, KeyColumn, canonical_json, in_order

SCHEMA = "evenhand.cells/1"
"""Raised whenever a reader of the old number would misread the new file."""

HINT = "cells are in `restricted/cells.parquet` of a run folder"
FLAG_LABELS = frozenset({"1", "0", MISSING})
PRESENCE_LABELS = frozenset({"finite", "missing", "not finite"})
ROW_COUNTS = ("rows_audited", "rows_outside_where", "rows_person_unknown")
"""The rows read, by what became of them: they add up to `rows_read`."""
WEIGHT_SUMS = frozenset({"w", "w2_hi", "w2_mid", "w2_lo"})
MERGED = re.compile(r"merged from (\d{1,9}) shards; ")
"""How the note on merged cells begins: cells that were merged before count as so many shards."""


def to_bytes(cells: Cells) -> bytes:
    """The Parquet file as bytes; equal cells give equal bytes."""
    names_of_keys = list(dict.fromkeys(k for table in cells.tables.values() for k in table.keys))
    names_of_sums = list(dict.fromkeys(s for table in cells.tables.values() for s in table.sums))
    parts = []
    layout = {}
    for name in sorted(cells.tables):
        table = cells.tables[name].marginal(list(cells.tables[name].keys))
        rows = len(table)
        layout[name] = {
            "keys": [[key, "text" if column.labels is not None else "integer"] for key, column in table.keys.items()],
            "sums": list(table.sums),
        }
        columns: dict[str, pa.Array] = {"table": pa.array([name] * rows, pa.string())}
        for key in names_of_keys:
            values = [str(v) for v in table.keys[key].values()] if key in table.keys else [None] * rows
            columns[f"key:{key}"] = pa.array(values, pa.string())
        for key in names_of_sums:
            values_of_sum = table.sums[key] if key in table.sums else [None] * rows
            columns[f"sum:{key}"] = pa.array(values_of_sum, pa.int64())
        parts.append(pa.table(columns))
    metadata = {
        "schema": SCHEMA,
        "definition": cells.header.definition,
        "counts": dict(cells.header.counts),
        "notes": [list(note) for note in cells.header.notes],
        "layout": layout,
    }
    whole = pa.concat_tables(parts).replace_schema_metadata({"evenhand": canonical_json(metadata)})
    buffer = io.BytesIO()
    parquet.write_table(whole, buffer, compression="zstd")
    return buffer.getvalue()


def write(path: Path, cells: Cells) -> None:
    """Write the file whole or not at all, readable by its owner alone (0600). OutputError if it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(to_bytes(cells))
        temporary.replace(path)
    except OSError as problem:
        with suppress(OSError):  # a name too long to be created cannot be removed either
            temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write `{path}`: {(problem.strerror or 'unknown reason').lower()}") from None


def read(path: Path) -> Cells:
    """Cells from a file.

    Errors: DataError when it is not one, is of another schema number, or contradicts itself (`damaged`).
    """
    name = path.name or str(path)
    try:
        file = parquet.ParquetFile(path)
        metadata = json.loads((file.schema_arrow.metadata or {}).get(b"evenhand", b"null"))
        json.dumps(metadata, allow_nan=False, ensure_ascii=False).encode()  # what no results.json could hold
    except FileNotFoundError:
        raise DataError(f"`{path}` does not exist", hint=HINT) from None
    except PermissionError:
        raise DataError(f"`{path}` may not be read: permission denied", hint="ask its owner for it") from None
    except (pa.ArrowException, OSError, ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or "schema" not in metadata:
        raise DataError(f"`{name}` is not a file of evenhand cells", hint=HINT)
    if metadata["schema"] != SCHEMA:
        raise DataError(
            f"`{name}` has another cells schema than this version of evenhand reads, which is `{SCHEMA}`",
            hint="tally the rows again with this version",
        )
    try:
        stored = file.read()
        stored.validate(full=True)
    except (pa.ArrowException, OSError, ValueError):
        damaged(name, "its columns cannot be read")
    header = header_of(metadata, name)
    layout = layout_of(metadata.get("layout"), header.definition, name)
    check_columns(stored, layout, name)
    cells = Cells(header, {table: table_of(stored, table, *layout[table], name) for table in layout})
    for what in contradictions(cells):
        damaged(name, what)
    return cells


def damaged(name: str, what: str) -> NoReturn:
    """Refuse a file of cells that something is wrong with."""
    raise DataError(f"`{name}` is damaged: {what}", hint="take it from its run folder again, or tally the rows again")


# Merging --------------------------------------------------------------------------------------------------------


def merged(paths: Sequence[Path]) -> Cells:
    """The sum of stored cells, with a note on what it takes for granted where people are told apart.

    Errors: DataError where definitions differ or a file is damaged, UsageError where the same cells come twice.
    """
    parts: list[Cells] = []
    seen: dict[str, Path] = {}
    for path in paths:
        cells = read(path)
        if cells.digest in seen:
            other = seen[cells.digest]
            what = f"`{path}` is given twice" if path == other else f"`{path}` holds the same cells as `{other}`"
            raise UsageError(f"{what}: its people would count double", hint="give every shard once")
        seen[cells.digest] = path
        parts.append(cells)
    total = parts[0]
    for part in parts[1:]:
        total += part
    if len(parts) == 1 or total.header.definition["unit"] is None:
        return total
    notes = [note for note in total.header.notes if note[0] != "merged_shards"]
    text = f"merged from {sum(map(shards_in, parts)):,} shards; every person was taken to have all rows in one of them"
    header = replace(total.header, notes=tuple(sorted([*notes, ("merged_shards", text, 0)])))
    return Cells(header, total.tables)


def shards_in(cells: Cells) -> int:
    """How many shards the cells come from: more than one where they were merged before."""
    found = [MERGED.match(text) for code, text, _ in cells.header.notes if code == "merged_shards"]
    return sum(int(match[1]) for match in found if match) or 1


def check_output(path: Path) -> None:
    """Refuse a path that cannot become a file, before anything is read. UsageError."""
    try:
        other = path.exists() and not path.is_file()
        homeless = not path.parent.is_dir()
    except (OSError, ValueError) as problem:
        reason = (getattr(problem, "strerror", None) or "no file can have this name").lower()
        raise UsageError(f"cannot write `{path}`: {reason}", hint="name a file with `--output`") from None
    if other or path.name in ("", ".."):
        raise UsageError(f"cannot write `{path}`: it is not a file", hint="name a file with `--output`")
    if homeless:
        raise UsageError(f"cannot write `{path}`: there is no folder `{path.parent}`", hint="create the folder first")


# What a file must hold ------------------------------------------------------------------------------------------


def header_of(metadata: Mapping[str, Any], name: str) -> CellsHeader:
    """The header, every part of the type that the rest of evenhand takes for granted."""
    definition, counts, notes = (metadata.get(part) for part in ("definition", "counts", "notes"))
    if not (
        isinstance(definition, dict)
        and all(
            isinstance(definition.get(part), dict) and all(isinstance(v, kind) for v in definition[part].values())
            for part, kind in (("attributes", dict), ("flags", dict), ("labels", str))
        )
        and all(
            isinstance(attribute.get("column"), str) and isinstance(attribute.get("band_labels"), list | None)
            for attribute in definition["attributes"].values()
        )
        and all(isinstance(definition.get(part), dict | None) for part in ("score", "weight"))
        and all(isinstance(definition.get(part), str | None) for part in ("count", "unit"))
        and {"score", "weight", "count", "unit"} <= set(definition)
        and definition.get("unit_rows") in ("one", "several")
    ):
        damaged(name, "its definition is incomplete")
    if not (isinstance(counts, dict) and all(is_count(n) for n in counts.values())):
        damaged(name, "its counts are not whole numbers from 0 up")
    if not {"rows_read", "people", *ROW_COUNTS} <= set(counts):
        damaged(name, "its counts are incomplete")
    if not (isinstance(notes, list) and all(is_note(note) for note in notes)):
        damaged(name, "its notes are malformed")
    return CellsHeader(definition, counts, tuple((code, text, rows) for code, text, rows in notes))


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def is_note(note: object) -> bool:
    if not (isinstance(note, list) and len(note) == 3):
        return False
    code, text, rows = note
    return isinstance(code, str) and isinstance(text, str) and is_count(rows)


Layout = dict[str, tuple[list[str], list[str]]]
"""Of each table, the names of its keys and of its sums."""


def layout_of(layout: object, definition: Mapping[str, Any], name: str) -> Layout:
    """The tables of the file: those that its definition implies, with the keys and sums that they must have."""
    if not isinstance(layout, dict):
        damaged(name, "its layout is missing")
    tables = {"main"} | ({"unit"} if definition["unit_rows"] == "several" else set())
    if not tables <= set(layout) <= tables | ({"value"} if definition["score"] else set()):
        damaged(name, "it does not hold the tables that its definition implies")
    attributes = set(definition["attributes"])
    extra = {
        "main": {*definition["flags"], *definition["labels"], *(["score_presence"] if definition["score"] else [])},
        "value": {"label", "score"} if "label" in definition["flags"] else {"score"},
        "unit": set[str](),
    }
    row_sums = {"rows", "n"} | (WEIGHT_SUMS if definition["weight"] else frozenset())
    found: Layout = {}
    for table, parts in layout.items():
        try:
            kinds, sums = dict(parts["keys"]), list(parts["sums"])
            keys = [key for key, _ in parts["keys"]]
            malformed = len(kinds) < len(keys) or len(set(sums)) < len(sums) or {*map(type, keys + sums)} != {str}
        except (TypeError, ValueError, KeyError):
            malformed = True
        if malformed:
            damaged(name, f"the layout of table `{table}` is malformed")
        needed = attributes | ({"score"} if table == "value" else set())
        if not needed <= set(keys) <= needed | extra[table]:
            damaged(name, f"table `{table}` has other keys than its definition implies")
        if kinds != {key: "integer" if (table, key) == ("value", "score") else "text" for key in keys}:
            damaged(name, f"table `{table}` has a key of the wrong kind")
        if not ("units" in sums if table == "unit" else set(sums) == row_sums):
            damaged(name, f"table `{table}` has other sums than its definition implies")
        found[table] = (keys, sums)
    return found


def check_columns(stored: pa.Table, layout: Layout, name: str) -> None:
    """The columns that the layout implies and no others, of the types that `to_bytes` writes."""
    wanted = {"table": pa.string()}
    wanted |= {f"key:{key}": pa.string() for keys, _ in layout.values() for key in keys}
    wanted |= {f"sum:{key}": pa.int64() for _, sums in layout.values() for key in sums}
    if sorted(stored.column_names) != sorted(wanted):
        damaged(name, "its columns are not those of its layout")
    if any(stored.schema.field(column).type != kind for column, kind in wanted.items()):
        damaged(name, "a column has another type than cells have")
    tables = stored["table"]
    if tables.null_count or not set(tables.unique().to_pylist()) <= set(layout):
        damaged(name, "it has rows of no known table")


def table_of(stored: pa.Table, table: str, keys: Sequence[str], sums: Sequence[str], name: str) -> CellTable:
    """One table of the file: no key or sum missing, no sum negative, no key twice."""
    part = stored.filter(compute.equal(stored["table"], table))
    if any(part[column].null_count for column in (*(f"key:{k}" for k in keys), *(f"sum:{s}" for s in sums))):
        damaged(name, f"table `{table}` lacks a key or a sum in one of its rows")
    columns: dict[str, KeyColumn] = {}
    for key in keys:
        values = part[f"key:{key}"].to_pylist()
        if (table, key) != ("value", "score"):
            columns[key] = KeyColumn.of_labels(values)
        elif all(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", value) for value in values):
            columns[key] = KeyColumn(np.array([int(value) for value in values], dtype=np.int64))
        else:
            damaged(name, f"table `{table}` has a score that is not a whole number")
    added = {key: np.array(part[f"sum:{key}"].to_numpy(), dtype=np.int64) for key in sums}
    if any((values < 0).any() for values in added.values()):
        damaged(name, f"table `{table}` has a negative sum")
    found = CellTable(columns, added)
    if len(found) and len(in_order(list(columns.values()), len(found))[1]) < len(found):
        damaged(name, f"table `{table}` has the same key in several rows")
    return found


def contradictions(cells: Cells) -> Iterator[str]:
    """What one part of the cells says against another, as clauses; none where they are sound."""
    main, value, unit = cells.main, cells.value, cells.unit
    definition, counts = cells.header.definition, cells.header.counts
    known = dict.fromkeys(definition["flags"], FLAG_LABELS) | {"score_presence": PRESENCE_LABELS}
    for name, attribute in definition["attributes"].items():
        if attribute.get("band_labels") is not None:
            known[name] = frozenset([*map(str, attribute["band_labels"]), MISSING])
    for table in cells.tables.values():
        for key, column in table.keys.items():
            if key in known and not known[key].issuperset(column.labels or ()):
                yield f"the key `{key}` has a label that it cannot have"
    if not 0 < main.total("rows") == counts["rows_audited"]:
        yield "its cells do not add up to the rows audited"
    if main.total("n") != counts["people"]:
        yield "its cells do not add up to the people counted"
    if definition["count"] is None and any((t.sums["rows"] != t.sums["n"]).any() for t in (main, value) if t):
        yield "it has other people than rows, and no `count`"
    if sum(counts[name] for name in ROW_COUNTS) != counts["rows_read"]:
        yield "its counts of rows do not add up to the rows read"
    if definition["unit"] is None and unit is not None:
        yield "it has sums per person, and no `unit`"
    if definition["unit"] is not None:
        if "units" not in counts:
            yield "its counts are incomplete"
        elif (counts["units"] < counts["rows_audited"]) != (unit is not None):
            yield "its count of people contradicts how many rows a person has"
    if value is not None:
        every_score_counted = "score_presence" in main.keys
        scored = main.select({"score_presence": ["finite"]}) if every_score_counted else main
        for name in value.sums:
            spare = scored.total(name) - value.total(name)
            if spare < 0 or (every_score_counted and spare):
                yield "its score distribution does not add up to its rows with a score"
    if unit is not None:
        if unit.total("units") > main.total("rows"):
            yield "it counts more people than rows"
        if "all" in unit.sums and unit.total("all") != main.total("w" if cells.weighted else "n"):
            yield "its sums per person do not add up to those of its rows"
