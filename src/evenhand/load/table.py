"""What reading makes: a `Table` of wanted columns under safe aliases, as Arrow rows in memory or as Parquet files.

Engines see nothing else of the input: never a CSV file, never a column that was not asked for.
May import: the standard library (pyarrow for type checkers only).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

WantedType = Literal["label", "raw", "integer", "number", "boolean"]
"""What a column is wanted for.

`label`: grouped by its value, turned into label text afterwards. `raw`: identifies something (join key, unit, list,
item). `integer`: counts and ranks. `number`: scores, prices, weights. `boolean`: yes/no flags.
"""

ColumnType = Literal["text", "integer", "number", "boolean", "date"]
"""What an engine finds: text, int8..int64, float32/float64, boolean, date. Nothing else ever reaches an engine."""


@dataclass(frozen=True)
class WantedColumn:
    """A column to read. `key` is the name it gets in `Table.columns`; give one to want a column in two types."""

    name: str
    type: WantedType
    key: str = ""

    @property
    def known_as(self) -> str:
        """`key`, or the column's own name.

        >>> WantedColumn("age", "number").known_as
        'age'
        """
        return self.key or self.name


@dataclass(frozen=True)
class Column:
    """A column that was read: its own name, the alias (`c0`, `c1`, ...) that engines use, and its type."""

    name: str
    alias: str
    type: ColumnType


@dataclass(frozen=True)
class Note:
    """Something worth a line under *Data* in the report: a stable code, one sentence, and how many rows it is about."""

    code: str
    text: str
    rows: int | None = None


@dataclass(frozen=True)
class ArrowRows:
    """Rows in memory; the Arrow table's columns are named by alias."""

    table: pa.Table


@dataclass(frozen=True)
class ParquetFiles:
    """Rows in Parquet files of one schema.

    `aliased` files were written by us and name their columns by alias. Others are the user's own, read in place: the
    engine selects `Column.name` and renames it to `Column.alias`. Paths are literal (no pattern characters).
    """

    paths: tuple[Path, ...]
    aliased: bool


@dataclass(frozen=True)
class Fingerprint:
    """A file as it was when it was opened; `sha256` is None until somebody has read the whole file."""

    path: Path
    size: int
    modified_ns: int
    inode: int
    sha256: str | None = None


@dataclass(frozen=True)
class Table:
    """The rows of one source: `rows` of them, with `columns` by name (or by `WantedColumn.key`).

    In memory and in `aliased` files, missing values are null. In Parquet read in place, text and integer columns may
    still hold what `missing_values` lists ('' is always listed): `labels.label` takes them as missing.
    """

    columns: Mapping[str, Column]
    rows: int
    source: ArrowRows | ParquetFiles
    described: str
    notes: tuple[Note, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()
    missing_values: tuple[str, ...] = field(default=("",))
