"""Cells to and from a Parquet file: one self-describing file with a schema number, readable by any Parquet reader.

One row per cell: the table it belongs to, its keys as text columns, its sums as Int64 columns; the header is JSON in
the file's metadata. Full cells can describe single people: the file is a restricted artefact (0600).

May import: errors, tally.cells.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from evenhand.errors import DataError, OutputError
from evenhand.tally.cells import Cells, CellsHeader, CellTable, KeyColumn, canonical_json

SCHEMA = "evenhand.cells/1"
"""Raised whenever a reader of the old number would misread the new file."""


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
        temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write `{path}`: {(problem.strerror or 'unknown reason').lower()}") from None


def read(path: Path) -> Cells:
    """Cells from a file. DataError when it is not one, or of another schema number."""
    try:
        file = parquet.ParquetFile(path)
        metadata = json.loads((file.schema_arrow.metadata or {}).get(b"evenhand", b"null"))
        stored = file.read()
    except FileNotFoundError:
        raise DataError(
            f"`{path}` does not exist", hint="cells are in `restricted/cells.parquet` of a run folder"
        ) from None
    except (pa.ArrowInvalid, OSError, ValueError):
        metadata = None
    if not isinstance(metadata, dict) or "schema" not in metadata:
        raise DataError(
            f"`{path.name}` is not a file of evenhand cells",
            hint="cells are in `restricted/cells.parquet` of a run folder",
        )
    if metadata["schema"] != SCHEMA:
        raise DataError(
            f"`{path.name}` has another cells schema than this version of evenhand reads, which is `{SCHEMA}`",
            hint="tally the rows again with this version",
        )
    tables = {}
    for name, layout in metadata["layout"].items():
        part = stored.filter(compute.equal(stored["table"], name))
        keys = {}
        for key, kind in layout["keys"]:
            values = part[f"key:{key}"].to_pylist()
            keys[key] = (
                KeyColumn.of_labels(values)
                if kind == "text"
                else KeyColumn(np.array([int(v) for v in values], dtype=np.int64))
            )
        sums = {s: np.array(part[f"sum:{s}"].to_pylist(), dtype=np.int64) for s in layout["sums"]}
        tables[name] = CellTable(keys, sums)
    header = CellsHeader(
        metadata["definition"], metadata["counts"], tuple((c, t, int(r)) for c, t, r in metadata["notes"])
    )
    return Cells(header, tables)
