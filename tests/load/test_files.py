"""The named cases of files: which exist, which are what they say they are. Cases: hostile.md, "Files"."""

from __future__ import annotations

import glob
import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenhand.load.sources import column_names

Refused = Callable[..., Any]

ROWS = "sex,offered\nF,1\nM,0\n"


def zstd(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content, asbytes=True)


@pytest.mark.parametrize(
    "name",
    [
        "a[1].csv",
        "a*.csv",
        "what?.csv",
        "100%.csv",
        "#1.csv",
        "two words.csv",
        "quote'.csv",
        "ROWS.CSV",
        "æøå.csv",
        "a.b.csv",
    ],
)
def test_special_file_names(tmp_path: Path, read: Any, name: str) -> None:
    (tmp_path / "a1.csv").write_text("sex,offered\nX,1\n")  # what a[1].csv would match as a pattern
    (tmp_path / name).write_text(ROWS)
    table, values = read(str(tmp_path / name), "sex")
    assert values == {"sex": ["F", "M"]}
    assert table.described == name


def test_empty_file(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"")
    assert "`rows.csv` is empty (0 bytes)" in str(refused(path, "sex"))


@pytest.mark.parametrize("content", ["sex,offered", "sex,offered\n", "sex,offered\r\n", "sex,offered\n\n\n"])
def test_header_only(tmp_path: Path, refused: Refused, content: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(content)
    assert "`rows.csv` has no rows" in str(refused(path, "sex"))


def test_one_row(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("sex,offered\nF,1")
    assert read(path, "sex", "offered")[1] == {"sex": ["F"], "offered": ["1"]}


def test_missing_path_names_the_near_file(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "rows.csv").write_text(ROWS)
    error = refused(tmp_path / "row.csv", "sex")
    assert "there is no file `row.csv` (did you mean `rows.csv`?)" in str(error)
    assert "there is no folder" in str(refused(tmp_path / "nowhere" / "row.csv", "sex"))
    assert "no file matches `*.jsonl`" in str(refused(str(tmp_path / "*.jsonl"), "sex"))
    assert "only local files" in str(refused("s3://bucket/rows.csv", "sex"))


def test_unreadable_file(tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)

    def denied(*_: Any, **__: Any) -> Any:  # chmod does not stop root, under whom tests may run
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    assert str(refused(path, "sex")) == "`rows.csv` cannot be read: permission denied"


def test_a_pipe_is_refused(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "rows.csv"
    os.mkfifo(path)
    assert "not a regular file" in str(refused(path, "sex"))


def test_folder_without_parquet(tmp_path: Path, refused: Refused) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "rows.csv").write_text(ROWS)
    error = refused(folder, "sex")
    assert "folder `data` holds no Parquet files" in str(error)
    assert "`data/*.csv`" in str(error.hint)


@pytest.mark.parametrize("name", ["rows.xlsx", "rows", "rows.pkl", "model.joblib", "rows.parquet.gz", "rows.txt"])
def test_unknown_extension(tmp_path: Path, refused: Refused, name: str) -> None:
    (tmp_path / name).write_text(ROWS)
    assert f"`{name}` has an extension that is not read" in str(refused(tmp_path / name, "sex"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rows.csv", gzip.compress(ROWS.encode(), mtime=0), "is compressed with gzip"),
        ("rows.csv", zstd(ROWS.encode()), "is compressed with zstd"),
        ("rows.csv.gz", ROWS.encode(), "is not compressed with gzip"),
        ("rows.csv", b"PK\x03\x04rest", "a zip archive or a spreadsheet"),
        ("rows.csv", b"\x80\x04\x95rest", "pickle, which is never loaded"),
        ("rows.parquet", ROWS.encode(), "is not Parquet"),
    ],
)
def test_content_against_extension(tmp_path: Path, refused: Refused, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    error = refused(tmp_path / name, "sex")
    assert f"`{name}`" in str(error)
    assert said in str(error)


def test_csv_that_is_parquet(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "rows.csv"
    pq.write_table(pa.table({"sex": ["F"]}), path)
    error = refused(path, "sex")
    assert "`rows.csv` is a Parquet file" in str(error)
    assert error.hint is not None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv.gz", gzip.compress(b"sex,offered\nF,1\n", mtime=0) + gzip.compress(b"M,0\n", mtime=0)),
        ("rows.csv.zst", zstd(b"sex,offered\nF,1\n") + zstd(b"M,0\n")),
        ("rows.tsv", b"sex\toffered\nF\t1\nM\t0\n"),
        ("rows.tsv.gz", gzip.compress(b"sex\toffered\nF\t1\nM\t0\n", mtime=0)),
        ("rows.jsonl", b'{"sex": "F", "offered": 1}\n{"sex": "M", "offered": 0}\n'),
        ("rows.ndjson.gz", gzip.compress(b'{"sex": "F", "offered": 1}\n{"sex": "M", "offered": 0}\n', mtime=0)),
    ],
)
def test_formats_and_compressions_give_the_same_rows(tmp_path: Path, read: Any, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert read(tmp_path / name, "sex", "offered")[1] == {"sex": ["F", "M"], "offered": ["1", "0"]}
    assert column_names(tmp_path / name) == ("sex", "offered")


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.csv.zst"])
def test_cut_off_archive(tmp_path: Path, refused: Refused, name: str) -> None:
    content = "sex,offered\n" + "".join(f"F,{i}\n" for i in range(5000))
    whole = gzip.compress(content.encode(), mtime=0) if name.endswith("gz") else zstd(content.encode())
    (tmp_path / name).write_bytes(whole[:-20])
    assert f"`{name}` is cut off or damaged" in str(refused(tmp_path / name, "sex"))


def test_pattern_of_csv_files_in_a_fixed_order_with_columns_by_name(
    tmp_path: Path, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = glob.glob
    monkeypatch.setattr(
        glob, "glob", lambda *a, **k: sorted(listed(*a, **k), reverse=True)
    )  # as a folder may list them
    (tmp_path / "b.csv").write_text("offered,sex\n0,M\n")
    (tmp_path / "a.csv").write_text("sex,offered\nF,1\n")
    table, values = read(str(tmp_path / "*.csv"), "sex", "offered")
    assert values == {"sex": ["F", "M"], "offered": ["1", "0"]}
    assert [kept.path.name for kept in table.fingerprints] == ["a.csv", "b.csv"]


def test_an_error_in_one_of_several_files_names_it(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text("sex,age\nF,30\n")
    (tmp_path / "b.csv").write_text("sex,age\nM,old\nM,31\n")
    assert "row 1 of `b.csv`" in str(refused(str(tmp_path / "*.csv"), age="number"))
    (tmp_path / "b.csv").write_text("gender,age\nM,31\n")
    assert "`b.csv` has no column `sex`" in str(refused(str(tmp_path / "*.csv"), "sex"))


def test_mixed_formats(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "a.jsonl").write_text("{}\n")
    assert "mixes file formats" in str(refused(str(tmp_path / "a.*"), "sex"))


def test_what_is_neither_path_nor_frame(refused: Refused) -> None:
    assert "data of type `dict` are not read" in str(refused({"sex": ["F"]}, "sex"))
    assert "data of type `Series` are not read" in str(refused(pd.Series(["F"]), "sex"))
