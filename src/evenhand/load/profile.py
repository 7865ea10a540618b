"""What the columns of a source look like, for `evenhand init`: a guess from the first rows, never part of an audit.

May import: everything in load, errors.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from evenhand.load import delimited, frames, jsonlines, parquet
from evenhand.load.bytestream import ByteStream
from evenhand.load.column_types import kind_of
from evenhand.load.convert import FALSE, INTEGER, NUMBER, TRUE, label_texts
from evenhand.load.paths import input_files
from evenhand.load.sources import used_delimiter

ROWS_LOOKED_AT = 100_000
MOST_DISTINCT = 50
MOST_LABELS = 12

Looks = Literal["text", "integer", "number", "boolean", "date", "null", "other"]
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


@dataclass(frozen=True)
class ColumnProfile:
    """One column as its first rows show it.

    `distinct` stops at 50; `unique` says that no value occurs twice; `labels` are given only where there are at most
    12, as label text with the most frequent first, so that groups can be proposed; nothing else of the data is kept. A
    column of type `null` is empty; one of type `other` (nested, binary) cannot be audited.
    """

    name: str
    type: Looks
    distinct: int
    unique: bool
    missing: int
    labels: tuple[str, ...] = ()


def profile(source: Any, *, delimiter: str | None = None, encoding: str = "utf-8") -> dict[str, ColumnProfile]:
    """Profiles of all columns by name, from at most the first 100,000 rows; of the first file where there are several.

    Without `delimiter` that of a CSV file is guessed from its header. Raises what `open_table` raises for a source that
    cannot be read. A repeated name is profiled once.

    A column `sex` with rows F, M, F: type text, distinct 2, not unique, labels ('F', 'M'), the most frequent first.
    """
    names, batches = _first_rows(source, delimiter or guess_delimiter(source, encoding=encoding), encoding)
    parts = list(batches)
    profiles: dict[str, ColumnProfile] = {}
    for number, name in enumerate(names):
        if name not in profiles:
            arrays = [part[number] for part in parts]
            profiles[name] = _profiled(name, pa.chunked_array(arrays) if arrays else pa.chunked_array([], pa.string()))
    return profiles


def guess_delimiter(source: Any, *, encoding: str = "utf-8") -> str:
    """The delimiter that a CSV file's header seems to use; a comma for frames and other formats.

    An audit never guesses: this is what `init` writes into the audit file.
    """
    if not isinstance(source, (str, os.PathLike)):
        return ","
    file = input_files(source)[0][0]
    if file.format != "delimited":
        return ","
    used = used_delimiter(file, ",")
    with ByteStream(file, encoding) as stream:
        return delimited.guessed_delimiter(delimited.read_header(stream, used).names, used)


def _first_rows(source: Any, delimiter: str, encoding: str) -> tuple[list[str], Iterator[list[pa.Array]]]:
    if frames.is_frame(source):
        names = frames.frame_names(source)
        return names, _head(frames.frame_batches(source, range(len(names)), "data")[1])
    if not isinstance(source, (str, os.PathLike)):
        raise frames.refuse(source)
    file = input_files(source)[0][0]
    if file.format == "parquet":
        shard = parquet.shards([file])[0]
        names = list(dict.fromkeys(shard.schema.names))
        return names, _head(parquet.batches(shard, names))
    if file.format == "json_lines":
        with ByteStream(file, encoding) as stream:
            names = jsonlines.keys(stream)
        with ByteStream(file, encoding) as stream:
            return names, iter(list(_head((row, arrays) for row, arrays, _ in jsonlines.batches(stream, names))))
    used = used_delimiter(file, delimiter)
    with ByteStream(file, encoding) as stream:
        header = delimited.read_header(stream, used)
        batches = delimited.batches(stream, header, range(len(header.names)), used, file.name)
        return header.names, iter(list(_head(batches)))


def _head(batches: Iterator[tuple[int, Sequence[pa.Array]]]) -> Iterator[list[pa.Array]]:
    for first_row, arrays in batches:
        yield list(arrays)
        if first_row + len(arrays[0]) > ROWS_LOOKED_AT:
            return


def _profiled(name: str, column: pa.ChunkedArray) -> ColumnProfile:
    kind = kind_of(column.type)
    if kind is None:
        return ColumnProfile(name, "other", 0, False, column.null_count)
    plain = column.combine_chunks()
    if pa.types.is_dictionary(plain.type):
        plain = pc.cast(plain, plain.type.value_type)
    texts = pc.drop_null(pc.cast(plain, pa.string()) if kind == "text" else label_texts(plain, ("",), name))
    texts = texts.filter(pc.not_equal(texts, ""))
    distinct = texts.unique()
    few = len(distinct) <= MOST_LABELS
    return ColumnProfile(
        name,
        _looks(kind, distinct),
        distinct=min(len(distinct), MOST_DISTINCT),
        unique=0 < len(distinct) == len(texts),
        missing=len(plain) - len(texts),
        labels=_most_frequent_first(texts) if few else (),
    )


def _most_frequent_first(texts: pa.Array) -> tuple[str, ...]:
    counts = {str(pair["values"]): -int(pair["counts"]) for pair in texts.value_counts().to_pylist()}
    return tuple(sorted(counts, key=lambda text: (counts[text], text)))


def _looks(kind: str, distinct: pa.Array) -> Looks:
    """The type of a typed column; of a text column the narrowest that all its values fit."""
    if not len(distinct):
        return "null"
    if kind != "text":
        typed: dict[str, Looks] = {
            "integer": "integer",
            "unsigned": "integer",
            "number": "number",
            "decimal": "number",
            "boolean": "boolean",
            "date": "date",
            "timestamp": "date",
        }
        return typed.get(kind, "text")
    flags = set(islice((text.lower() for text in distinct.to_pylist()), 3))
    if len(distinct) <= 2 and flags <= {*TRUE, *FALSE} - {"1", "0"}:
        return "boolean"
    patterns: tuple[tuple[Looks, str], ...] = (("integer", INTEGER), ("number", NUMBER), ("date", _DATE))
    for looks, pattern in patterns:
        if pc.all(pc.match_substring_regex(distinct, pattern)).as_py():
            # 0123 is a code, not a number: leading zeros would be lost
            coded = looks == "integer" and pc.any(pc.match_substring_regex(distinct, "^0[0-9]")).as_py()
            return "text" if coded else looks
    return "text"
