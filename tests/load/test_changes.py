"""Inputs that change during the run are caught; digests against hashlib on the whole file."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenhand.errors import SelfCheckError
from evenhand.load.bytestream import ByteStream
from evenhand.load.changes import assert_unchanged, digests
from evenhand.load.paths import input_files

ROWS = b"sex,offered\nF,1\nM,0\n"


def appended(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"M,1\n")


def touched(path: Path) -> None:
    os.utime(path, ns=(0, 0))


def replaced(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes().replace(b"F", b"M"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [appended, touched, replaced, Path.unlink])
def test_a_change_is_caught(tmp_path: Path, read: Any, change: Callable[[Path], None]) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(ROWS)
    table, _ = read(path, "sex")
    assert_unchanged(table)
    change(path)
    with pytest.raises(SelfCheckError, match=r"`rows\.csv` changed during the run") as caught:
        assert_unchanged(table)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.csv.zst"])
def test_text_is_digested_while_it_is_read(tmp_path: Path, read: Any, name: str) -> None:
    content = ROWS + b"F,1\n" * 100_000
    packed = {
        "csv": content,
        "gz": gzip.compress(content, mtime=0),
        "zst": pa.Codec("zstd").compress(content, asbytes=True),
    }
    path = tmp_path / name
    path.write_bytes(packed[name.rpartition(".")[2]])
    table, _ = read(path, "sex")
    assert table.fingerprints[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    path.unlink()
    assert digests(table) == {path: table.fingerprints[0].sha256}  # not read again


def test_a_digest_covers_what_was_not_read_yet(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(ROWS * 500_000)
    with ByteStream(input_files(path)[0][0], "utf-8") as stream:
        stream.read(10)
        assert stream.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_parquet_is_digested_when_asked(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"sex": ["F"]}), path)
    table, _ = read(path, "sex")
    assert table.fingerprints[0].sha256 is None
    assert digests(table) == {path: hashlib.sha256(path.read_bytes()).hexdigest()}
