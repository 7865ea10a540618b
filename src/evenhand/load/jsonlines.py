"""JSON Lines read strictly: one object a line, no key twice, wanted values plain.

May import: errors, load.bytestream, load.convert, load.table, pyarrow.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from evenhand.errors import DataError
from evenhand.load.bytestream import NOT_TEXT, ByteStream, not_text
from evenhand.load.labels import label

BATCH = 100_000
LONGEST_LINE = 8 * 1024 * 1024


class _RepeatedKey(ValueError):
    """A JSON object names a key twice; which value counts is anybody's guess."""


def batches(stream: ByteStream, names: Sequence[str]) -> Iterator[tuple[int, list[pa.Array], set[str]]]:
    """Text columns `names`, batch by batch: first row, arrays, and which of the names have occurred so far.

    Numbers become the text that label text gives them (`1.0` → `1`), so that a column may mix them with strings.
    A name that a line leaves out is missing there. Raises DataError for a line that is no object of plain values.
    """
    seen: set[str] = set()
    columns: list[list[str | None]] = [[] for _ in names]
    first = row = 1
    for line in _lines(stream):
        record = _record(line, stream.name, row)
        for name, column in zip(names, columns, strict=True):
            value = record.get(name)
            if name in record:
                seen.add(name)
            column.append(None if value is None else _text(value, name, stream, row))
        row += 1
        if row - first == BATCH:
            yield first, _arrays(columns, stream.name, names), seen
            columns = [[] for _ in names]
            first = row
    yield first, _arrays(columns, stream.name, names), seen


def keys(stream: ByteStream) -> list[str]:
    """The keys of all lines, in the order in which they first occur. Raises DataError if there is no line."""
    found: dict[str, None] = {}
    row = 0
    for row, line in enumerate(_lines(stream), 1):
        found |= dict.fromkeys(_record(line, stream.name, row))
    if not row:
        raise DataError(f"`{stream.name}` has no rows")
    return list(found)


def _lines(stream: ByteStream) -> Iterator[bytes]:
    reader = io.BufferedReader(_Raw(stream), 1024 * 1024)
    number = 0
    while line := reader.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise DataError(f"`{stream.name}`: line {number:,} is longer than {LONGEST_LINE // 1024**2} MB")
        if line.strip():
            yield line


class _Raw(io.RawIOBase):
    """A ByteStream as the raw half of a buffered reader."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _record(line: bytes, name: str, row: int) -> dict[str, Any]:
    try:
        record = _DECODER.decode(line.decode().strip())
    except _RepeatedKey:
        raise DataError(f"`{name}`: row {row:,} names a key twice") from None
    except (ValueError, RecursionError):
        raise DataError(
            f"`{name}`: row {row:,} is not valid JSON", hint='one object a line, such as {"sex": "F", "offered": 1}'
        ) from None
    if not isinstance(record, dict):
        raise DataError(f"`{name}`: row {row:,} is not a JSON object", hint="one object a line, with columns as keys")
    return record


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise _RepeatedKey
    return record


def _integer(digits: str) -> int | str:
    """Integers of any length; those that Python would take long to convert stay as they are written."""
    return int(digits) if len(digits) <= 4000 else digits


_DECODER = json.JSONDecoder(object_pairs_hook=_unrepeated, parse_int=_integer)


def _text(value: Any, column: str, stream: ByteStream, row: int) -> str | None:
    if isinstance(value, str):
        if stream.damaged and NOT_TEXT in value:
            raise not_text(stream, f"in column `{column}` at row {row:,}")
        return value
    if isinstance(value, (dict, list)):
        raise DataError(
            f"`{stream.name}`: column `{column}` is nested (lists or records) in row {row:,}; plain values are needed",
            hint="write the value that is meant into a column of its own",
        )
    if isinstance(value, float) and value != value:
        return "nan"
    return label(value)


def _arrays(columns: list[list[str | None]], name: str, names: Sequence[str]) -> list[pa.Array]:
    arrays = []
    for column, wanted in zip(columns, names, strict=True):
        try:
            arrays.append(pa.array(column, pa.string()))
        except UnicodeEncodeError:
            raise DataError(f"`{name}`: column `{wanted}` holds half of a character (a lone surrogate)") from None
    return arrays
