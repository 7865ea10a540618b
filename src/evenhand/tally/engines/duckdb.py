"""DuckDB, embedded and locked down: it can reach the audited files and its private spill folder, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import duckdb
import narwhals as nw

from evenhand.errors import DataError, UsageError
from evenhand.load.table import ArrowRows, ParquetFiles, Table
from evenhand.tally.engines.base import Rows
from evenhand.tally.engines.lazy import LazyEngine


class DuckDBEngine(LazyEngine):
    """The default engine."""

    name: ClassVar[str] = "duckdb"
    described: ClassVar[str] = "DuckDB, embedded"

    def __init__(self, rows: Rows, *, scratch: Path, threads: int | None = None, memory: str | None = None) -> None:
        super().__init__(rows, scratch=scratch, threads=threads, memory=memory)
        self.connection = duckdb.connect(":memory:")
        self.run("SET autoinstall_known_extensions = false")
        self.run("SET autoload_known_extensions = false")
        self.run("SET python_enable_replacements = false")
        self.run("SET enable_progress_bar = false")
        self.run("SET preserve_insertion_order = false")
        self.run("SET temp_directory = ?", str(scratch))
        if threads:
            self.run("SET threads = ?", threads)
        if memory:
            try:
                self.run("SET memory_limit = ?", memory)
            except duckdb.Error:
                raise UsageError(
                    f"`--memory {memory}` is not a size", hint="write for example `--memory 2GB`"
                ) from None
        paths = [
            str(path.resolve())
            for table in (rows.predictions, rows.attributes)
            if table is not None and isinstance(table.source, ParquetFiles)
            for path in table.source.paths
        ]
        self.run("SET allowed_paths = ?", paths)
        self.run("SET allowed_directories = ?", [str(scratch)])
        self.run("SET enable_external_access = false")
        self.run("SET lock_configuration = true")

    def run(self, statement: str, *values: object) -> None:
        """A setting; DuckDB takes no parameters in SET, so values are quoted here."""
        for value in values:
            statement = statement.replace("?", quoted(value), 1)
        self.connection.execute(statement)

    def close(self) -> None:
        self.connection.close()

    @classmethod
    def version(cls) -> str:
        return str(duckdb.__version__)

    def scan(self, table: Table, prefix: str) -> nw.LazyFrame[Any]:
        match table.source:
            case ParquetFiles(paths, aliased):
                relation = self.connection.read_parquet(
                    [escaped(path) for path in paths], hive_partitioning=False, union_by_name=False
                )
                frame = nw.from_native(relation)
                names = [(c.alias if aliased else c.name, f"{prefix}{c.alias}") for c in table.columns.values()]
            case ArrowRows(rows):
                frame = nw.from_native(self.connection.from_arrow(rows))
                names = [(c.alias, f"{prefix}{c.alias}") for c in table.columns.values()]
        return frame.select(*[nw.col(name).alias(alias) for name, alias in names])

    def collect(self, frame: nw.LazyFrame[Any]) -> Any:
        try:
            return super().collect(frame)
        except duckdb.OutOfMemoryException:
            raise DataError(
                "the audit needs more memory than it may use", hint="raise `--memory`, or declare fewer intersections"
            ) from None


def quoted(value: object) -> str:
    """A value as a DuckDB literal.

    >>> quoted("o'clock"), quoted(["a"]), quoted(2)
    ("'o''clock'", "['a']", '2')
    """
    if isinstance(value, list):
        return "[" + ", ".join(quoted(v) for v in value) + "]"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def escaped(path: Path) -> str:
    """A path that DuckDB will not read as a pattern; file names may hold [ ] * and ?."""
    return "".join(f"[{c}]" if c in "[]*?" else c for c in str(path.resolve()))
