"""The way in: `open_table` reads the wanted columns of any source strictly; `column_names` says what there is.

May import: everything in load, errors.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from evenhand.errors import DataError, UsageError, near_name
from evenhand.load import delimited, frames, jsonlines, parquet
from evenhand.load.bytestream import ByteStream
from evenhand.load.changes import digested, fingerprint
from evenhand.load.convert import Converter
from evenhand.load.paths import InputFile, input_files
from evenhand.load.staging import Stage
from evenhand.load.table import ArrowRows, Column, Fingerprint, Note, ParquetFiles, Table, WantedColumn


def open_table(
    source: Any,
    wanted: Sequence[WantedColumn],
    *,
    missing_values: Sequence[str] = (),
    delimiter: str = ",",
    encoding: str = "utf-8",
    staging: Path,
    what: str,
) -> Table:
    """The wanted columns of `source` as a Table; nothing else of it is read.

    `source` is a path (CSV, TSV, JSON Lines, also .gz or .zst; Parquet; a folder of Parquet; a pattern) or a frame
    (pandas, Polars, Arrow). `missing_values` are texts that mean missing, beside ''. What does not fit in memory is
    written under `staging`, which the caller owns and removes; `what` (`predictions`, `attributes`) names it there
    and names a frame in messages. Raises DataError for whatever cannot be read as declared: missing or repeated
    columns, rows with the wrong number of fields, values of the wrong type (with the first row and their number).

    Two rows `sex,age` / `F,31` / `M,` with `age` wanted as a number: rows 2, `c0` = [31.0, null].
    """
    if not wanted or len({column.known_as for column in wanted}) < len(wanted):
        raise ValueError("each wanted column needs a key of its own, and there must be one")
    if frames.is_frame(source):
        return _open_frame(source, wanted, missing_values, staging, what)
    if not isinstance(source, (str, os.PathLike)):
        raise frames.refuse(source)
    files, described = input_files(source)
    if files[0].format == "parquet":
        return _open_parquet(files, described, wanted, missing_values, staging, what)
    return _open_text(files, described, wanted, missing_values, delimiter, encoding, staging, what)


def column_names(source: Any, *, delimiter: str = ",", encoding: str = "utf-8") -> tuple[str, ...]:
    """Names of all columns of a source, in its order; of the first file where there are several.

    For JSON Lines these are the keys of all lines, in the order in which they first occur.
    """
    if frames.is_frame(source):
        return tuple(frames.frame_names(source))
    if not isinstance(source, (str, os.PathLike)):
        raise frames.refuse(source)
    files, _ = input_files(source)
    if files[0].format == "parquet":
        return tuple(parquet.shards(files[:1])[0].schema.names)
    with ByteStream(files[0], encoding) as stream:
        if files[0].format == "json_lines":
            return tuple(jsonlines.keys(stream))
        return tuple(delimited.read_header(stream, used_delimiter(files[0], delimiter)).names)


def _open_frame(
    frame: Any, wanted: Sequence[WantedColumn], missing_values: Sequence[str], staging: Path, what: str
) -> Table:
    names = frames.frame_names(frame)
    positions, notes = _positions(names, wanted, what)
    distinct = sorted(set(positions))
    types, batches = frames.frame_batches(frame, distinct, what)
    reading = _Reading(wanted, [types[distinct.index(p)] for p in positions], missing_values, what, staging, what)
    with reading.stage:
        for row, arrays in batches:
            reading.add([arrays[distinct.index(p)] for p in positions], what, row)
        return reading.table(notes, ())


def _open_text(
    files: Sequence[InputFile],
    described: str,
    wanted: Sequence[WantedColumn],
    missing_values: Sequence[str],
    delimiter: str,
    encoding: str,
    staging: Path,
    what: str,
) -> Table:
    reading = _Reading(wanted, [pa.string()] * len(wanted), missing_values, described, staging, what)
    notes: list[Note] = []
    kept: list[Fingerprint] = []
    seen: set[str] = set()
    with reading.stage:
        for file in files:
            before = fingerprint(file.path)
            name = described if len(files) == 1 else file.name
            with ByteStream(file, encoding) as stream:
                if file.format == "json_lines":
                    distinct = sorted({column.name for column in wanted})
                    for row, arrays, so_far in jsonlines.batches(stream, distinct):
                        reading.add([arrays[distinct.index(column.name)] for column in wanted], name, row)
                        seen |= so_far
                else:
                    used = used_delimiter(file, delimiter)
                    header = delimited.read_header(stream, used)
                    positions, found = _positions(header.names, wanted, file.name, delimiter=used)
                    notes += found
                    places = sorted(set(positions))
                    for row, arrays in delimited.batches(stream, header, places, used, name):
                        reading.add([arrays[places.index(p)] for p in positions], name, row)
                kept.append(digested(before, stream.sha256()))
        if files[0].format == "json_lines" and reading.stage.rows:
            for column in wanted:
                if column.name not in seen:
                    raise _no_column(column.name, column_names(files[0].path, encoding=encoding), described)
        return reading.table(notes, kept)


def _open_parquet(
    files: Sequence[InputFile],
    described: str,
    wanted: Sequence[WantedColumn],
    missing_values: Sequence[str],
    staging: Path,
    what: str,
) -> Table:
    kept = [fingerprint(file.path) for file in files]
    shards = parquet.shards(files)
    notes: list[Note] = []
    for shard in shards:
        notes += _positions(shard.schema.names, wanted, shard.file.name)[1]
    names = [column.name for column in wanted]
    parquet.assert_one_schema(shards, names)
    types = [parquet.shared_type(shards, name) for name in names]
    reading = _Reading(wanted, types, missing_values, described, staging, what)
    if parquet.all_in_place(shards, wanted, reading.missing):
        paths = tuple(file.path.resolve() for file in files)
        rows = sum(shard.rows for shard in shards)
        return reading.table(notes, kept, in_place=(ParquetFiles(paths, aliased=False), rows))
    distinct = sorted(set(names))
    with reading.stage:
        for shard in shards:
            for row, arrays in parquet.batches(shard, distinct):
                file = described if len(shards) == 1 else shard.file.name
                reading.add([arrays[distinct.index(name)] for name in names], file, row)
        return reading.table(notes, kept)


class _Reading:
    """One converter per wanted column and the stage they fill."""

    def __init__(
        self,
        wanted: Sequence[WantedColumn],
        types: Sequence[pa.DataType],
        missing_values: Sequence[str],
        described: str,
        staging: Path,
        what: str,
    ) -> None:
        self._described = described
        self.missing = ("", *(text for text in missing_values if text))
        self._converters = [
            Converter(column, stored, self.missing, described) for column, stored in zip(wanted, types, strict=True)
        ]
        self.stage = Stage([converter.type for converter in self._converters], staging, what)

    def add(self, arrays: Sequence[pa.Array], file: str, first_row: int) -> None:
        """Convert one batch and keep it."""
        converters = zip(self._converters, arrays, strict=True)
        self.stage.add([converter.add(array, file, first_row) for converter, array in converters])

    def table(
        self,
        notes: Iterable[Note],
        fingerprints: Iterable[Fingerprint],
        in_place: tuple[ParquetFiles, int] | None = None,
    ) -> Table:
        """The table, once everything was added. Raises DataError for bad rows and for no rows at all."""
        for converter in self._converters:
            converter.check(self._described)
        source: ArrowRows | ParquetFiles
        source, rows = in_place or (self.stage.finish(), self.stage.rows)
        if not rows:
            raise DataError(f"`{self._described}` has no rows", hint="it has columns, but nobody is in it")
        columns = {
            converter.wanted.known_as: Column(converter.wanted.name, f"c{number}", converter.type)
            for number, converter in enumerate(self._converters)
        }
        distinct = tuple(dict.fromkeys(notes))
        return Table(columns, rows, source, self._described, distinct, tuple(fingerprints), self.missing)


def _positions(
    names: Sequence[str], wanted: Sequence[WantedColumn], file: str, *, delimiter: str = ""
) -> tuple[list[int], list[Note]]:
    """Where the wanted columns stand; a note if names that nobody asked for occur twice."""
    times = Counter(names)
    for column in wanted:
        if column.name not in times:
            other = delimited.likely_delimiter(names, [c.name for c in wanted], delimiter) if delimiter else None
            raise _no_column(column.name, names, file, delimiter=other)
        if times[column.name] > 1:
            raise DataError(
                f"`{file}` has {times[column.name]} columns named `{column.name}`", hint="rename or drop all but one"
            )
    repeated = sorted(name for name, count in times.items() if count > 1)
    notes = []
    if repeated:
        listed = ", ".join(f"`{name}`" for name in repeated[:5]) + (", ..." if len(repeated) > 5 else "")
        notes.append(Note("repeated_columns", f"`{file}` repeats column names that are not used: {listed}"))
    return [names.index(column.name) for column in wanted], notes


def _no_column(name: str, names: Iterable[str], file: str, *, delimiter: str | None = None) -> DataError:
    near = near_name(name, names)
    said = f" (did you mean `{near}`?)" if near and not delimiter else ""
    shown = "\\t" if delimiter == "\t" else delimiter
    hint = f"the fields seem to be divided by another character: `data.delimiter: '{shown}'`" if delimiter else None
    return DataError(f"`{file}` has no column `{name}`{said}", hint=hint)


def used_delimiter(file: InputFile, delimiter: str) -> str:
    """The delimiter of a file: a tab in .tsv files unless something else was said."""
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise UsageError("the delimiter must be one character and no quote", hint="such as `data.delimiter: ';'`")
    return "\t" if file.tabs and delimiter == "," else delimiter
