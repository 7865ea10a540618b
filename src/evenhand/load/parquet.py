"""Parquet: schemas compared over shards, read in place where every engine agrees, else the wanted columns converted.

May import: errors, load.column_types, load.paths, load.table, pyarrow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from evenhand.errors import DataError
from evenhand.load.column_types import kind_of, read_in_place
from evenhand.load.paths import InputFile, cannot_read
from evenhand.load.table import WantedColumn

BATCH = 128 * 1024
# Characters that some engine takes for a pattern, an escape or a URL even in a path that is meant literally.
_ODD_PATH = re.compile(r"[\[\]*?{}%#\\\x00-\x1f]|://")
# Column names that no engine takes for a pattern (Polars: ^...$), a path into a record (Spark: a.b) or a quote.
_PLAIN_NAME = re.compile(r"\w[\w -]*")


@dataclass(frozen=True)
class Shard:
    """One Parquet file: what its footer says."""

    file: InputFile
    schema: pa.Schema
    metadata: pq.FileMetaData

    @property
    def rows(self) -> int:
        """Number of rows, from the footer."""
        return int(self.metadata.num_rows)


def shards(files: Sequence[InputFile]) -> list[Shard]:
    """The footers of all files. Raises DataError for a file that is cut off, damaged or encrypted."""
    found = []
    for file in files:
        with _opened(file) as opened:
            found.append(Shard(file, opened.schema_arrow, opened.metadata))
    return found


def assert_one_schema(found: Sequence[Shard], names: Collection[str]) -> None:
    """Raise DataError, naming both files, if a wanted column is of another kind in another shard."""
    first = found[0]
    for shard in found[1:]:
        for name in names:
            one, other = kind_of(first.schema.field(name).type), kind_of(shard.schema.field(name).type)
            if one != other and "null" not in (one, other):
                raise DataError(
                    f"`{shard.file.name}` and `{first.file.name}` differ in column `{name}`: "
                    f"{other or 'nested or binary'} in one, {one or 'nested or binary'} in the other",
                    hint="all files of a folder or pattern need the same columns with the same types",
                )


def shared_type(found: Sequence[Shard], name: str) -> pa.DataType:
    """The type of a column: of the first shard in which it is not all missing."""
    types = [shard.schema.field(name).type for shard in found]
    return next((stored for stored in types if not pa.types.is_null(stored)), types[0])


def all_in_place(found: Sequence[Shard], wanted: Sequence[WantedColumn], missing_values: Collection[str]) -> bool:
    """Can the engines scan these files themselves, all with the same answer?

    Types must fit, schemas be the same in all shards, paths and names be plain, and no name occur twice, be it in
    another case (DuckDB takes those for one). Nor may identifiers be '' or listed as missing, since joins and units
    know missing by null alone.
    """
    first = found[0].schema
    lower = [name.lower() for name in first.names]
    odd_names = len(set(first.names)) < len(first.names) or any(
        lower.count(column.name.lower()) > 1 or not _PLAIN_NAME.fullmatch(column.name) for column in wanted
    )
    if odd_names or any(_ODD_PATH.search(str(shard.file.path.resolve())) for shard in found):
        return False
    if any(shard.schema != first for shard in found):
        return False
    for column in wanted:
        stored = first.field(column.name).type
        if not read_in_place(stored, column.type, missing_values):
            return False
        text_key = column.type == "raw" and kind_of(stored) == "text"
        if text_key and any(_may_hold(shard, column.name, missing_values) for shard in found):
            return False
    return True


def _may_hold(shard: Shard, name: str, texts: Collection[str]) -> bool:
    """May the text column hold one of `texts`? False only if the statistics of all row groups exclude it."""
    place = next(i for i in range(len(shard.metadata.schema)) if shard.metadata.schema.column(i).path == name)
    for number in range(shard.metadata.num_row_groups):
        statistics = shard.metadata.row_group(number).column(place).statistics
        if statistics is None or not statistics.has_min_max:
            return True
        low, high = statistics.min, statistics.max
        if not isinstance(low, str) or any(low <= text <= high for text in texts):
            return True
    return False


def batches(shard: Shard, names: Sequence[str]) -> Iterator[tuple[int, list[pa.Array]]]:
    """The columns `names` batch by batch, each with the number of its first row."""
    row = 1
    indices = [shard.schema.get_field_index(name) for name in names]
    with _opened(shard.file) as opened:
        rows = opened.iter_batches(batch_size=BATCH, columns=list(names))
        while True:
            try:
                batch = next(rows, None)
            except (pa.ArrowException, OSError):
                raise _damaged(shard.file) from None
            if batch is None:
                return
            # A name with dots selects nested columns too, so that columns are taken by name once more.
            yield row, [batch.column(shard.schema.field(index).name) for index in indices]
            row += batch.num_rows


def _opened(file: InputFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file.path)
    except (pa.ArrowException, OSError) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise cannot_read(file.name, problem) from None
        raise _damaged(file) from None


def _damaged(file: InputFile) -> DataError:
    return DataError(f"`{file.name}` cannot be read as Parquet: it is cut off, damaged or encrypted")
