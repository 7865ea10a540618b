"""Stored cells opened, changed in one place and saved again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

Metadata = dict[str, Any]


def opened(path: Path) -> tuple[pa.Table, Metadata]:
    table = parquet.read_table(path)
    return table, json.loads(table.schema.metadata[b"evenhand"])


def saved(path: Path, table: pa.Table, metadata: object) -> Path:
    parquet.write_table(table.replace_schema_metadata({"evenhand": json.dumps(metadata)}), path)
    return path


def changed(table: pa.Table, column: str, change: Callable[[Any], Any], *, of: str = "main", rows: int = 1) -> pa.Table:
    """The first rows of a table of cells with another value in one column, of the type that fits."""
    values = table[column].to_pylist()
    places = [i for i, name in enumerate(table["table"].to_pylist()) if name == of][:rows]
    for i in places:
        values[i] = change(values[i])
    return table.set_column(table.column_names.index(column), column, pa.array(values, table[column].type))


def first_gone(table: pa.Table, of: str) -> list[bool]:
    names = table["table"].to_pylist()
    return [i != names.index(of) for i in range(len(names))]


def without(*path: Any) -> Callable[[Metadata], None]:
    def change(metadata: Any) -> None:
        for step in path[:-1]:
            metadata = metadata[step]
        del metadata[path[-1]]

    return change


def put(value: object, *path: Any) -> Callable[[Metadata], None]:
    def change(metadata: Any) -> None:
        for step in path[:-1]:
            metadata = metadata[step]
        metadata[path[-1]] = value

    return change


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything in a JSON document, at most five deep."""
    if path:
        yield path
    steps = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for step in steps if len(path) < 5 else ():
        yield from places(value[step], (*path, step))  # type: ignore[index]  # a dict or a list
