"""Which column types are accepted for what a column is wanted for, and what they become.

One table, `BECOMES`: kind of the stored column × what it is wanted for → the type engines see. What is not in the
table is refused. May import: errors, load.table, pyarrow.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import pyarrow as pa
import pyarrow.types as pt

from evenhand.errors import DataError
from evenhand.load.table import ColumnType, WantedType

Kind = Literal["text", "integer", "unsigned", "number", "decimal", "boolean", "date", "timestamp", "null"]
"""How a column is stored. `unsigned` is uint64: hashed identifiers do not fit int64 and go as text."""

BECOMES: dict[WantedType, dict[Kind, ColumnType]] = {
    # Floats, decimals and timestamps become label text while reading: engines differ in how they group -0.0, NaN and
    # nanoseconds, and one definition of label text must hold on all of them.
    "label": {
        "text": "text",
        "integer": "integer",
        "unsigned": "text",
        "number": "text",
        "decimal": "text",
        "boolean": "boolean",
        "date": "date",
        "timestamp": "text",
        "null": "text",
    },
    "raw": {
        "text": "text",
        "integer": "integer",
        "unsigned": "text",
        "number": "integer",
        "decimal": "text",
        "boolean": "text",
        "date": "text",
        "timestamp": "text",
        "null": "text",
    },
    "integer": {
        "text": "integer",
        "integer": "integer",
        "unsigned": "integer",
        "number": "integer",
        "decimal": "integer",
        "boolean": "integer",
        "null": "integer",
    },
    "number": {
        "text": "number",
        "integer": "integer",
        "unsigned": "number",
        "number": "number",
        "decimal": "number",
        "boolean": "integer",
        "null": "number",
    },
    "boolean": {
        "text": "boolean",
        "integer": "boolean",
        "unsigned": "boolean",
        "number": "boolean",
        "boolean": "boolean",
        "null": "boolean",
    },
}

WORDS: dict[WantedType, str] = {
    "label": "labels",
    "raw": "identifiers",
    "integer": "whole numbers",
    "number": "numbers",
    "boolean": "true or false",
}


def kind_of(stored: pa.DataType) -> Kind | None:
    """The kind of a stored Arrow type, dictionaries by their values; None for lists, records, bytes and the like."""
    if pt.is_dictionary(stored):
        return kind_of(stored.value_type)
    if pt.is_string(stored) or pt.is_large_string(stored) or pt.is_string_view(stored):
        return "text"
    if pt.is_integer(stored):
        return "unsigned" if pt.is_uint64(stored) else "integer"
    tests: tuple[tuple[Kind, bool], ...] = (
        ("number", pt.is_floating(stored)),
        ("decimal", pt.is_decimal(stored)),
        ("boolean", pt.is_boolean(stored)),
        ("date", pt.is_date(stored)),
        ("timestamp", pt.is_timestamp(stored)),
        ("null", pt.is_null(stored)),
    )
    return next((kind for kind, holds in tests if holds), None)


def becomes(stored: pa.DataType, wanted: WantedType, *, column: str, file: str) -> tuple[Kind, ColumnType]:
    """The kind of a stored column and the type it gets. Raises DataError where it is not accepted.

    >>> becomes(pa.decimal128(38, 10), "number", column="price", file="p.parquet")
    ('decimal', 'number')
    """
    kind = kind_of(stored)
    if kind is None:
        what = "nested (lists or records)" if pt.is_nested(stored) else f"of type `{_type_word(stored)}`"
        raise DataError(
            f"`{file}`: column `{column}` is {what}; a plain column of {WORDS[wanted]} is needed",
            hint="write the value that is meant into a column of its own",
        )
    if kind not in BECOMES[wanted]:
        raise DataError(f"`{file}`: column `{column}` holds {kind}s where {WORDS[wanted]} are needed")
    return kind, BECOMES[wanted][kind]


def read_in_place(stored: pa.DataType, wanted: WantedType, missing_values: Collection[str]) -> bool:
    """Can every engine read this Parquet column as it is, with the same groups and sums as after conversion?

    Not dictionaries (engines disagree on their type), nor what the tables above convert, nor numbers some of which
    are listed as missing.
    """
    if pt.is_dictionary(stored) or pt.is_string_view(stored) or pt.is_date64(stored) or pt.is_float16(stored):
        return False
    kind = kind_of(stored)
    if kind is None or BECOMES[wanted].get(kind) != kind:
        return False
    return kind not in ("integer", "number") or not numbers_among(missing_values)


def numbers_among(missing_values: Collection[str]) -> list[float]:
    """Those of the listed missing values that are numbers, such as -9."""
    found: list[float] = []
    for text in missing_values:
        try:
            found.append(float(text))
        except ValueError:
            continue
    return [number for number in found if number == number]


def _type_word(stored: pa.DataType) -> str:
    """The bare name of a type, without parameters: an extension type may carry anything in them."""
    return str(stored).partition("[")[0].partition("<")[0].partition("(")[0]
