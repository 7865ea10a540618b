"""Rows beyond the memory limit go to one private Parquet file, with the same values."""

from __future__ import annotations

import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenhand.errors import DataError
from evenhand.load import sources, staging
from evenhand.load.sources import open_table
from evenhand.load.staging import Stage
from evenhand.load.table import ArrowRows, ParquetFiles, WantedColumn


@pytest.mark.parametrize("limit", [0, 1_000, 10**9])
def test_the_same_rows_in_memory_and_on_disk(tmp_path: Path, limit: int) -> None:
    folder = tmp_path / "private"
    with Stage(["text", "number"], folder, "predictions", limit=limit) as stage:
        for start in range(0, 1000, 10):
            stage.add(
                [
                    pa.array([f"g{i}" for i in range(start, start + 10)]),
                    pa.array([i / 2 for i in range(start, start + 10)]),
                ]
            )
        source = stage.finish()
    rows = source.table if isinstance(source, ArrowRows) else pq.read_table(source.paths[0])
    assert rows.to_pydict() == {"c0": [f"g{i}" for i in range(1000)], "c1": [i / 2 for i in range(1000)]}
    assert stage.rows == 1000
    if limit < 10**9:
        assert source == ParquetFiles((folder / "predictions.parquet",), aliased=True)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(source.paths[0].stat().st_mode) == 0o600
    else:
        assert not folder.exists()


def test_a_failed_read_leaves_no_rows_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "Stage", lambda types, folder, name: Stage(types, folder, name, limit=0))
    monkeypatch.setattr(staging, "ROW_GROUP", 1)
    path = tmp_path / "rows.csv"
    path.write_text("sex,age\n" + "F,1\n" * 10 + "M\n")
    with pytest.raises(DataError):
        open_table(path, [WantedColumn("sex", "label")], staging=tmp_path / "staging", what="predictions")
    assert list((tmp_path / "staging").iterdir()) == []
    path.write_text("sex,age\n" + "F,1\n" * 10 + "F,x\n")
    with pytest.raises(DataError, match="must hold numbers"):
        open_table(path, [WantedColumn("age", "number")], staging=tmp_path / "staging", what="predictions")
    assert list((tmp_path / "staging").iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "predictions.parquet").write_text("somebody else's")
    with pytest.raises(FileExistsError), Stage(["integer"], tmp_path, "predictions", limit=0) as stage:
        stage.add([pa.array([1])])
    assert (tmp_path / "predictions.parquet").read_text() == "somebody else's"
