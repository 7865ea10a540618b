"""No value of a row ever stands in an error or a note: canaries in every cell, and random damage.

The canaries are long enough that no word of ours contains them.
"""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenhand.errors import EvenhandError
from evenhand.load.sources import open_table
from evenhand.load.table import WantedColumn

CANARY = "Zq7canary"
WANTED = [
    WantedColumn("sex", "label"),
    WantedColumn("id", "raw"),
    WantedColumn("score", "number"),
    WantedColumn("rank", "integer"),
    WantedColumn("flag", "boolean"),
]
NAMES = [column.name for column in WANTED]


def outcome(source: Any, folder: Path) -> str:
    """Everything that reading says: the error with its hint and printed traceback, or the notes."""
    try:
        table = open_table(source, WANTED, staging=folder / "staging", what="predictions")
    except EvenhandError as refused:
        error = refused
    else:
        return str(table.notes)
    assert error.exit_code == 2
    return f"{error}{error.hint}" + "".join(traceback.format_exception(error))


CELL = st.one_of(
    st.just(CANARY),
    st.sampled_from([f"{CANARY} {i}" for i in range(3)]),
    st.sampled_from(
        [f'"{CANARY}', f'{CANARY}"', f"{CANARY},{CANARY}", f"{CANARY}\n{CANARY}", f"{CANARY}\xff", f"{CANARY}\0"]
    ),
    st.sampled_from([f"$1{CANARY}", f"1,{CANARY}", f"{CANARY};1", f"-1e999{CANARY}", "1", "true", "0.5", ""]),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=4, max_size=6), min_size=1, max_size=6))
def test_damaged_csv(tmp_path: Path, rows: list[list[str]]) -> None:
    text = ",".join(NAMES) + "\n" + "\n".join(",".join(row) for row in rows)
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode("latin-1"))
    assert CANARY not in outcome(path, tmp_path)


JSON = st.one_of(
    CELL, st.just([CANARY]), st.just({CANARY: CANARY}), st.none(), st.booleans(), st.floats(allow_nan=False)
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(JSON, min_size=5, max_size=5), min_size=1, max_size=5), cut=st.integers(0, 20))
def test_damaged_json_lines(tmp_path: Path, rows: list[list[Any]], cut: int) -> None:
    text = "\n".join(json.dumps(dict(zip(NAMES, row, strict=True))) for row in rows)
    path = tmp_path / "rows.jsonl"
    path.write_text(text[: len(text) - cut])
    assert CANARY not in outcome(path, tmp_path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(JSON, min_size=5, max_size=5), min_size=1, max_size=5))
def test_frames_of_anything(tmp_path: Path, rows: list[list[Any]]) -> None:
    frame = pd.DataFrame(rows, columns=NAMES, dtype=object)
    assert CANARY not in outcome(frame, tmp_path)


@pytest.mark.parametrize("wanted", ["number", "integer", "boolean"])
def test_parquet(tmp_path: Path, wanted: Any) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"x": [CANARY, f"{CANARY}2"]}), path)
    with pytest.raises(EvenhandError) as caught:
        open_table(path, [WantedColumn("x", wanted)], staging=tmp_path, what="predictions")
    assert CANARY not in str(caught.value) + str(caught.value.hint)
    assert "2 rows do not, the first is row 1 " in str(caught.value)


def test_a_file_without_a_header_does_not_give_its_first_row_away(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"{CANARY},{CANARY}2,{CANARY}3\n" * 3)
    assert CANARY not in outcome(path, tmp_path)
