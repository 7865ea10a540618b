"""Polars, streaming: the second engine, for those who have it already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import narwhals as nw
import polars as pl

from evenhand.load.table import ArrowRows, ParquetFiles, Table
from evenhand.tally.engines.base import Rows
from evenhand.tally.engines.lazy import LazyEngine

if TYPE_CHECKING:
    import pyarrow as pa


class PolarsEngine(LazyEngine):
    """Polars lazy frames. Polars fixes its threads at import (POLARS_MAX_THREADS); `threads` cannot change them."""

    name: ClassVar[str] = "polars"
    described: ClassVar[str] = "Polars, streaming"

    def __init__(self, rows: Rows, *, scratch: Path, threads: int | None = None, memory: str | None = None) -> None:
        super().__init__(rows, scratch=scratch, threads=threads, memory=memory)

    def close(self) -> None:
        """Polars holds nothing between queries."""

    @classmethod
    def version(cls) -> str:
        return pl.__version__

    def collect(self, frame: nw.LazyFrame[Any]) -> pa.Table:
        """Run the query in the streaming engine: files larger than memory are read in pieces."""
        return frame.collect(backend="pyarrow", engine="streaming").to_native()

    def scan(self, table: Table, prefix: str) -> nw.LazyFrame[Any]:
        match table.source:
            case ParquetFiles(paths, aliased):
                native = pl.scan_parquet(list(paths), glob=False, hive_partitioning=False)
                names = [(c.alias if aliased else c.name, f"{prefix}{c.alias}") for c in table.columns.values()]
            case ArrowRows(rows):
                frame = pl.from_arrow(rows)
                assert isinstance(frame, pl.DataFrame)
                native = frame.lazy()
                names = [(c.alias, f"{prefix}{c.alias}") for c in table.columns.values()]
        return nw.from_native(native.select([pl.col(name).alias(alias) for name, alias in names]))
