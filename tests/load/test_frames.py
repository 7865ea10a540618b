"""Frames of pandas, Polars and Arrow; expected values are the values put in. Cases: hostile.md, "Groups"."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from evenhand.load.sources import column_names

Refused = Callable[..., Any]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (pd.Series(["F", None, np.nan, "", "NA"]), "text", ["F", None, None, None, "NA"]),
        (pd.Series(["F", None], dtype=object), "text", ["F", None]),
        (pd.Series(["F", pd.NA], dtype="string"), "text", ["F", None]),
        (pd.Series(["F", None], dtype="category"), "text", ["F", None]),
        (pd.Series(pd.Categorical(["b"], categories=["a", "b", "unused"])), "text", ["b"]),
        (pd.Series(pd.Categorical([1.0, None])), "text", ["1", None]),
        (pd.Series([1, 2]), "integer", [1, 2]),
        (pd.Series([1, None], dtype="Int8"), "integer", [1, None]),
        (pd.Series([1.0, np.nan]), "text", ["1", None]),
        (pd.Series([True, False]), "boolean", [True, False]),
        (pd.Series([True, None], dtype="boolean"), "boolean", [True, None]),
        (pd.Series([True, None], dtype=object), "boolean", [True, None]),
        (
            pd.Series(["1", 1, 1.0, True, None, np.nan, Decimal("1.0")], dtype=object),
            "text",
            ["1", "1", "1", "true", None, None, "1"],
        ),
        (pd.Series([datetime.date(2026, 3, 1), None], dtype=object), "date", [datetime.date(2026, 3, 1), None]),
        (pd.Series(pd.to_datetime(["2026-03-01", None])), "text", ["2026-03-01T00:00:00", None]),
        (pd.Series([2**70, 1], dtype=object), "text", [str(2**70), "1"]),
    ],
)
def test_pandas_labels(read: Any, values: pd.Series[Any], kind: str, expected: list[Any]) -> None:
    table, found = read(pd.DataFrame({"x": values}), "x")
    assert (table.columns["x"].type, found["x"]) == (kind, expected)
    assert table.described == "predictions"


def test_pandas_index_is_never_read(read: Any, refused: Refused) -> None:
    frame = pd.DataFrame({"sex": ["F", "M"], "id": [1, 2]}, index=pd.Index([9, 9], name="key"))
    assert read(frame, "sex", id="raw")[1] == {"sex": ["F", "M"], "id": [1, 2]}
    assert "`predictions` has no column `key`" in str(refused(frame, "key"))


def test_pandas_numbers(read: Any, refused: Refused) -> None:
    frame = pd.DataFrame(
        {"a": [0.5, np.nan], "b": ["0.5", None], "c": pd.Series([1, 0.5], dtype=object), "d": ["1,5", "2"]}
    )
    assert read(frame, a="number", b="number", c="number")[1] == {"a": [0.5, None], "b": [0.5, None], "c": [1.0, 0.5]}
    error = refused(frame, d="number")
    assert "`predictions`: column `d` must hold numbers; 1 row does not, the first is row 1 " in str(error)


def test_pandas_column_names_are_text(read: Any, refused: Refused) -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=[0, "0", "sex"])
    assert column_names(frame) == ("0", "0", "sex")
    assert read(frame, "sex")[1] == {"sex": [3]}
    assert "2 columns named `0`" in str(refused(frame, "0"))


@pytest.mark.parametrize("values", [[["F"], ["M"]], [{"a": 1}, {"a": 2}], [b"F", b"M"], [["F"], "M"], [1, object()]])
def test_pandas_objects_that_are_no_labels(refused: Refused, values: list[Any]) -> None:
    error = refused(pd.DataFrame({"x": pd.Series(values, dtype=object)}), "x")
    assert "column `x`" in str(error)
    assert error.hint is not None


@pytest.mark.parametrize("lazy", [False, True])
def test_polars(read: Any, lazy: bool) -> None:
    frame = pl.DataFrame(
        {
            "^sex$": ["F", None, "NA"],
            "sex": ["no", "no", "no"],
            "city": pl.Series(["a", "b", None], dtype=pl.Categorical),
            "size": pl.Series(["s", None, "s"], dtype=pl.Enum(["s", "m"])),
            "age": pl.Series([31, None, 33], dtype=pl.UInt8),
            "score": [0.5, math.nan, None],
            "price": pl.Series([Decimal("1.50"), None, None], dtype=pl.Decimal(10, 2)),
            "flag": [True, None, False],
            "nested": [[1], [2], [3]],
        }
    )
    table, values = read(
        frame.lazy() if lazy else frame, "^sex$", "city", "size", "age", "flag", score="number", price="number"
    )
    assert values["^sex$"] == ["F", None, "NA"]
    assert values["city"] == ["a", "b", None]
    assert values["size"] == ["s", None, "s"]
    assert values["age"] == [31, None, 33]
    assert values["flag"] == [True, None, False]
    assert values["score"][0] == 0.5
    assert math.isnan(values["score"][1])  # Polars tells NaN from missing, and so do we
    assert values["score"][2] is None
    assert values["price"] == [1.5, None, None]
    assert table.rows == 3
    assert table.fingerprints == ()


def test_polars_objects(read: Any) -> None:
    frame = pl.DataFrame(
        {"x": pl.Series(["1", 1, None], dtype=pl.Object), "y": pl.Series([2**100, None, 1], dtype=pl.Int128)}
    )
    assert read(frame, "x", "y")[1] == {"x": ["1", "1", None], "y": [str(2**100), None, "1"]}


def test_a_polars_plan_that_fails_says_nothing_of_the_rows(refused: Refused) -> None:
    plan = pl.LazyFrame({"x": ["Zq7canary"]}).with_columns(pl.col("x").cast(pl.Int64))
    error = refused(plan, "x")
    assert "cannot be collected" in str(error)
    assert error.__suppress_context__


def test_a_real_label_that_reads_missing_reaches_the_labels(read: Any) -> None:
    # labels.label refuses it after the group-by; here it must not silently turn into a missing value
    assert read(pd.DataFrame({"x": pd.Series(["(missing)", 1], dtype=object)}), "x")[1] == {"x": ["(missing)", "1"]}


def test_half_a_character(refused: Refused) -> None:
    assert "column `x` holds half of a character" in str(
        refused(pd.DataFrame({"x": pd.Series(["\ud800"], dtype=object)}), "x")
    )


def test_arrow(read: Any, refused: Refused) -> None:
    table = pa.table({"sex": pa.chunked_array([["F"], ["M", None]]), "x": [[1], [2], [3]]})
    expected = {"sex": ["F", "M", None]}
    assert read(table, "sex")[1] == expected
    assert read(table.to_reader(), "sex")[1] == expected
    assert read(table.combine_chunks().to_batches()[0], "sex")[1] == expected
    assert "column `x` is nested" in str(refused(table, "x"))
    assert "has no rows" in str(refused(table.slice(0, 0), "sex"))
    repeated = pa.table([["F"], ["M"]], names=["sex", "sex"])
    assert "2 columns named `sex`" in str(refused(repeated, "sex"))


def test_the_same_groups_from_every_kind_of_source(read: Any, tmp_path: Any) -> None:
    values = ["01234", "NA", None, "None", " x ", "nan", "é"]
    frame = pd.DataFrame({"group": values, "y": range(7)})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    sources = [frame, pl.DataFrame({"group": values}), pa.table({"group": values})]
    sources += [tmp_path / "rows.csv", tmp_path / "rows.parquet", tmp_path / "rows.jsonl"]
    assert [read(source, "group")[1]["group"] for source in sources] == [values] * 6
