"""Where converted rows are kept: in memory while they are few, else in one Parquet file in a private folder.

May import: load.table, pyarrow.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from evenhand.load.table import ArrowRows, ColumnType, ParquetFiles

MEMORY_LIMIT = 256 * 1024 * 1024
ROW_GROUP = 512 * 1024

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


class Stage:
    """Takes batches of columns in one schema; gives them back as `ArrowRows` or, beyond `limit` bytes, `ParquetFiles`.

    The file is readable by its owner only (0600) in a folder that is too (0700). Use as a context manager: leaving
    by an exception removes the half-written file.
    """

    def __init__(self, types: list[ColumnType], folder: Path, name: str, *, limit: int = MEMORY_LIMIT) -> None:
        self.schema = pa.schema([(f"c{i}", ARROW_TYPES[kind]) for i, kind in enumerate(types)])
        self.rows = 0
        self._path = folder / f"{name}.parquet"
        self._limit = limit
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = self._bytes = 0
        self._file: IO[bytes] | None = None
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._file is not None:
            if self._writer is not None:
                self._writer.close()
            self._file.close()
            if error is not None:
                self._path.unlink(missing_ok=True)

    def add(self, columns: list[pa.Array]) -> None:
        """Take one batch: an array per column, all of one length."""
        batch = pa.RecordBatch.from_arrays(columns, schema=self.schema)
        self.rows += batch.num_rows
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._bytes > self._limit and (self._writer is None or self._waiting_rows >= ROW_GROUP):
            self._write()

    def finish(self) -> ArrowRows | ParquetFiles:
        """All rows that were added."""
        if self._writer is None:
            return ArrowRows(pa.Table.from_batches(self._waiting, schema=self.schema))
        self._write()
        return ParquetFiles((self._path,), aliased=True)

    def _write(self) -> None:
        if self._writer is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.fdopen(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
            self._writer = pq.ParquetWriter(self._file, self.schema, compression="snappy")
        self._writer.write_table(pa.Table.from_batches(self._waiting, schema=self.schema), row_group_size=ROW_GROUP)
        self._waiting, self._waiting_rows = [], 0
