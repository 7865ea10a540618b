"""Profiles for `init`; expected by looking at the few rows written here."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenhand.errors import UsageError
from evenhand.load import profile as module
from evenhand.load.profile import ColumnProfile, guess_delimiter, profile

CSV = """\
id,sex,zip,age,score,bought,day,flag,empty
01,F,0123,31,0.5,yes,2026-03-01,1,
02,M,1234,,1e-3,no,2026-03-02,0,
03,F,1234,3,2,yes,2026-03-01,1,
"""


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(CSV)
    found = profile(path)
    assert found["id"] == ColumnProfile("id", "text", 3, True, 0, ("01", "02", "03"))
    assert found["sex"] == ColumnProfile("sex", "text", 2, False, 0, ("F", "M"))
    assert found["zip"].type == "text"  # leading zeros
    assert found["age"] == ColumnProfile("age", "integer", 2, True, 1, ("3", "31"))
    assert found["score"].type == "number"
    assert found["bought"].type == "boolean"
    assert found["day"].type == "date"
    assert found["flag"].type == "integer"
    assert found["empty"] == ColumnProfile("empty", "null", 0, False, 3)
    assert list(found) == CSV.splitlines()[0].split(",")


def test_distinct_is_capped_and_labels_are_few(tmp_path: Path) -> None:
    found = profile(
        pd.DataFrame({"x": range(60), "y": [f"g{i % 13}" for i in range(60)], "z": [i % 12 for i in range(60)]})
    )
    assert (found["x"].distinct, found["x"].unique, found["x"].labels) == (50, True, ())
    assert (found["y"].distinct, found["y"].unique, found["y"].labels) == (13, False, ())
    assert found["z"].labels == tuple(sorted(str(i) for i in range(12)))


def test_the_most_frequent_label_comes_first() -> None:
    # M three times, F twice, X and (by the alphabet before it) D once
    assert profile(pd.DataFrame({"sex": list("XMFMFMD")}))["sex"].labels == ("M", "F", "D", "X")


def test_typed_sources(tmp_path: Path) -> None:
    table = pa.table(
        {
            "i": [1],
            "f": [0.5],
            "b": [True],
            "n": [[1]],
            "t": pa.array([0], pa.timestamp("s")),
            "d": pa.array(["F"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    expected = {"i": "integer", "f": "number", "b": "boolean", "n": "other", "t": "date", "d": "text"}
    for source in (tmp_path / "rows.parquet", table, pl.from_arrow(table)):
        assert {name: found.type for name, found in profile(source).items()} == expected
    (tmp_path / "rows.jsonl").write_text('{"sex": "F", "x": 1}\n{"sex": "M", "x": 2.5}\n')
    assert {name: found.type for name, found in profile(tmp_path / "rows.jsonl").items()} == {
        "sex": "text",
        "x": "number",
    }


def test_only_the_first_rows_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_LOOKED_AT", 10)
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "1,2\n" * 3_000_000 + "broken\n")
    assert profile(path)["x"].type == "integer"


def test_guessed_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    for text, expected in (('"a";"b;c"\n1;2\n', ";"), ("a|b\n1|2\n", "|"), ("a,b;c\n1,2\n", ","), ("a\n1\n", ",")):
        path.write_text(text)
        assert guess_delimiter(path) == expected
    assert guess_delimiter(pd.DataFrame({"a": [1]})) == ","
    path.write_text('"age";"sex"\n31;"F"\n')
    assert list(profile(path)) == list(profile(path, delimiter=";")) == ["age", "sex"]


def test_no_source() -> None:
    with pytest.raises(UsageError):
        profile(3)
