"""Frames from the Python API: pandas, Polars and Arrow, by column name; an index is never read.

Nothing here imports pandas or Polars: a frame is known by the module of its type.
May import: errors, load.labels, pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from evenhand.errors import DataError, UsageError
from evenhand.load.labels import MISSING, label

BATCH = 128 * 1024
_NOT_IN_ARROW = ("Object", "Int128", "UInt128")


def frame_names(frame: Any) -> list[str]:
    """Column names as text, in order. Raises UsageError for what is no frame.

    >>> frame_names(pa.table({"sex": ["F"]}))
    ['sex']
    """
    library = _library(frame)
    if library == "pandas":
        return [str(name) for name in frame.columns]
    if library == "polars":
        with _own_words():
            return list(frame.collect_schema().names())
    return list(frame.schema.names)


def frame_batches(frame: Any, positions: Sequence[int], what: str) -> tuple[list[pa.DataType], Iterator[Any]]:
    """Types and batches of the columns at `positions`; batches are (first row, arrays). Positions are distinct."""
    library = _library(frame)
    names = frame_names(frame)
    if library == "pandas":
        columns = [_pandas_array(frame.iloc[:, position], names[position], what) for position in positions]
    elif library == "polars":
        columns = _polars_arrays(frame, [names[position] for position in positions], what)
    elif isinstance(frame, pa.RecordBatchReader):
        schema = frame.schema
        return [schema.field(position).type for position in positions], _numbered(frame, positions)
    else:
        table = pa.Table.from_batches([frame]) if isinstance(frame, pa.RecordBatch) else frame
        columns = [table.column(position) for position in positions]
    table = pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))])
    return [column.type for column in columns], _numbered(table.to_batches(BATCH), range(len(columns)))


def is_frame(source: object) -> bool:
    """Is `source` a frame rather than a path?"""
    return _library(source) != ""


def refuse(source: object) -> UsageError:
    """The error for a source that is neither a path nor a frame."""
    return UsageError(
        f"data of type `{type(source).__name__}` are not read",
        hint="give a path, or a frame of pandas, Polars or Arrow",
    )


def _library(frame: object) -> str:
    names = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(frame).__mro__}
    if ("pandas", "DataFrame") in names:
        return "pandas"
    if names & {("polars", "DataFrame"), ("polars", "LazyFrame")}:
        return "polars"
    return "pyarrow" if isinstance(frame, (pa.Table, pa.RecordBatch, pa.RecordBatchReader)) else ""


def _numbered(batches: Any, positions: Sequence[int]) -> Iterator[tuple[int, list[pa.Array]]]:
    """Batches cut to size, with the number of their first row."""
    row = 1
    for batch in batches:
        for start in range(0, batch.num_rows, BATCH):
            piece = batch.slice(start, BATCH)
            yield row, [piece.column(position) for position in positions]
            row += piece.num_rows


def _pandas_array(series: Any, name: str, what: str) -> Any:
    """A pandas column as Arrow; NaN, NaT and NA are null. Mixed objects become label text, value by value."""
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _mixed(series.tolist(), name, what)
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _polars_arrays(frame: Any, names: list[str], what: str) -> list[Any]:
    """Polars columns as Arrow; only the columns asked for are collected. Names are literal, never patterns."""
    if type(frame).__name__ == "LazyFrame":
        import polars.selectors as selectors

        with _own_words():
            frame = frame.select(selectors.by_name(*names)).collect()
    arrays = []
    for name in names:
        series = frame.get_column(name)
        if str(series.dtype) in _NOT_IN_ARROW:
            arrays.append(_mixed(series.to_list(), name, what))
        else:
            arrays.append(pa.chunked_array([series.to_arrow()]))
    return arrays


@contextmanager
def _own_words() -> Iterator[None]:
    """Errors of a lazy frame's own plan hold values of its rows: they are said in our words instead."""
    import polars

    try:
        yield
    except (polars.exceptions.PolarsError, OSError):
        raise DataError(
            "the Polars lazy frame cannot be collected", hint="collect it before the audit to see what is wrong with it"
        ) from None


def _mixed(values: list[Any], name: str, what: str) -> Any:
    """Values of several Python types as label text; lists, records and the like are refused."""
    try:
        texts = [value if isinstance(value, str) else _text(value, name) for value in values]
    except DataError as refused:
        raise DataError(f"`{what}`: {refused}", hint=refused.hint) from None
    try:
        return pa.chunked_array([pa.array(texts, pa.string())])
    except UnicodeEncodeError:
        raise DataError(f"`{what}`: column `{name}` holds half of a character (a lone surrogate)") from None


def _text(value: Any, name: str) -> str | None:
    text = label(value, column=name)
    return None if text == MISSING else text
