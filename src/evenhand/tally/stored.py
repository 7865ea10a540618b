"""Cells to and from a Parquet file: one self-describing file with a schema number, readable by any Parquet reader.

One row per cell: the table it belongs to, its keys as text columns, its sums as Int64 columns; the header is JSON in
the file's metadata. Full cells can describe single people: the file is a restricted artefact (0600).

A file may come from another site, so `read` believes nothing: `soundness.py` checks its parts, `contradictions.py` one
against another. May import: errors, tally.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from evenhand.errors import DataError, OutputError, UsageError
from evenhand.tally.cells import Cells, canonical_json
from evenhand.tally.contradictions import contradictions
from evenhand.tally.soundness import check_columns, damaged, header_of, layout_of, table_of

SCHEMA = "evenhand.cells/2"
"""Raised whenever a reader of the old number would misread the new file."""

HINT = "cells are in `restricted/cells.parquet` of a run folder"
MERGED = re.compile(r"merged from (\d{1,9}) shards; ")
"""How the note on merged cells begins: cells that were merged before count as so many shards."""


def to_bytes(cells: Cells) -> bytes:
    """The Parquet file as bytes; equal cells give equal bytes."""
    names = sorted(cells.tables)
    names_of_keys = list(dict.fromkeys(key for name in names for key in cells.tables[name].keys))
    names_of_sums = list(dict.fromkeys(sum_ for name in names for sum_ in cells.tables[name].sums))
    parts = []
    layout = {}
    for name in names:
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
        "steps": dict(cells.header.steps),
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
    layout = layout_of(metadata.get("layout"), header, name)
    check_columns(stored, layout, name)
    cells = Cells(header, {table: table_of(stored, table, parts, name) for table, parts in layout.items()})
    for what in contradictions(cells):
        damaged(name, what)
    return cells


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
