"""Every engine gives the same cells, bit for bit; the plain engine, which loops over rows, is the oracle.

The table ENGINES is walked, so that a new engine is tested the moment it is added.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from comparing import assert_same, cells_or_refusal
from hostile_rows import hostile_tables
from hypothesis import given, settings
from hypothesis import strategies as st
from small_audits import audit_of, cells_of, every_measure, random_rows

from evenhand.tally.engines import ENGINES

ORACLE = "plain"
OTHERS = sorted(set(ENGINES) - {ORACLE})
SOME = (
    "selection_rate_ratio",
    "accuracy",
    "missing_label_rate",
    "missing_score_rate",
    "auc",
    "stage_rate",
    "consent_breaches",
    "vulnerable_overtargeting_ratio",
    "audience_variance",
)
WHERE = {"data": {"where": {"campaign": ["spring", "7"]}}}
ROLES: dict[str, dict[str, Any]] = {
    "plain rows": {},
    "counts": {"columns": {"count": "people"}},
    "weights": {"columns": {"weight": "weight"}},
    "counts and weights": {"columns": {"count": "people", "weight": "weight"}},
    "repeated people": {"columns": {"unit": "person"}},
    "repeated people with weights": {"columns": {"unit": "person", "weight": "weight"}},
    "where": {"columns": {"unit": "person", "weight": "weight"}, **WHERE},
    "values mapped": {
        "protected": {
            "sex": {"reference": "m", "values": {"M": "m", "male ": "m", "0": "x", "woman": "f"}},
            "age": {"bands": [0.5, 30, 60.25], "reference": "30 to <60.25"},
        }
    },
}


@pytest.mark.parametrize("roles", ROLES)
@settings(max_examples=8, deadline=None)
@given(rows=hostile_tables())
def test_engines_agree_on_hostile_rows(roles: str, rows: pa.Table) -> None:
    audit = audit_of(measures=SOME, **ROLES[roles])
    expected = cells_or_refusal(audit, rows, engine=ORACLE)
    for engine in OTHERS:
        assert_same(cells_or_refusal(audit, rows, engine=engine), expected)


@pytest.mark.parametrize("roles", ["plain rows", "repeated people with weights"])
@pytest.mark.parametrize("engine", OTHERS)
def test_engines_agree_on_all_measures_at_once(engine: str, roles: str) -> None:
    audit = audit_of(measures=every_measure(), **ROLES[roles])
    rows = random_rows(1, 1000, people=300)
    expected = cells_of(audit, rows, engine=ORACLE)
    assert set(expected.tables) == {"main", "value:score"} | ({"unit"} if "person" in str(ROLES[roles]) else set())
    assert_same(cells_of(audit, rows, engine=engine), expected)


@settings(max_examples=10, deadline=None)
@given(
    rows=hostile_tables(),
    persons=st.lists(st.integers(-2, 8), min_size=1, max_size=8, unique=True),
    as_text=st.booleans(),
)
def test_engines_agree_on_attributes_joined_by_key(rows: pa.Table, persons: list[int], as_text: bool) -> None:
    """Keys as text on one side and whole numbers on the other, unknown keys and missing ones on both sides."""
    audit = audit_of(measures=SOME, columns={"weight": "weight"}, data={"key": "person"})
    people = pa.table(
        {
            "person": pa.array([str(p) for p in persons] if as_text else persons),
            "sex": pa.array(["m" if p % 2 else "f" for p in persons]),
            "age": pa.array([p * 12.0 for p in persons]),
        }
    )
    rows = rows.drop_columns(["sex", "age"])
    expected = cells_or_refusal(audit, rows, people, engine=ORACLE)
    for engine in OTHERS:
        assert_same(cells_or_refusal(audit, rows, people, engine=engine), expected)


@pytest.mark.parametrize("roles", ["plain rows", "repeated people with weights"])
def test_threads_change_nothing(roles: str, tmp_path: Path) -> None:
    """1, 2, 3 and 5 threads over 40 row groups of Parquet; float sums would differ here."""
    audit = audit_of(measures=SOME, **ROLES[roles])
    path = tmp_path / "rows.parquet"
    parquet.write_table(random_rows(2, 40_000, people=9_000), path, row_group_size=1_000)
    found = [cells_of(audit, path, engine="duckdb", threads=threads) for threads in (1, 2, 3, 5)]
    for cells in found[1:]:
        assert_same(cells, found[0])


POLARS = """
import sys
sys.path.insert(0, sys.argv[1])
from small_audits import audit_of, cells_of
import polars
audit = audit_of(measures=["selection_rate_ratio", "auc"], columns={"unit": "person", "weight": "weight"})
print(polars.thread_pool_size(), cells_of(audit, sys.argv[2], engine="polars").digest)
"""


def test_polars_threads_change_nothing(tmp_path: Path) -> None:
    """Polars fixes its threads at import: one process each. DuckDB in this process must agree with both."""
    path = tmp_path / "rows.parquet"
    parquet.write_table(random_rows(3, 40_000, people=9_000), path, row_group_size=1_000)
    audit = audit_of(measures=["selection_rate_ratio", "auc"], columns={"unit": "person", "weight": "weight"})
    expected = cells_of(audit, path, engine="duckdb").digest
    for threads in ("1", "3"):
        done = subprocess.run(
            [sys.executable, "-c", POLARS, str(Path(__file__).parent), str(path)],
            env={**os.environ, "POLARS_MAX_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == [threads, expected]


@pytest.mark.parametrize("engine", ENGINES)
def test_row_order_changes_nothing(engine: str) -> None:
    audit = audit_of(measures=every_measure(), columns={"unit": "person", "weight": "weight"})
    rows = random_rows(4, 300, people=90)
    shuffled = rows.take(np.random.default_rng(5).permutation(len(rows)))
    assert_same(cells_of(audit, shuffled, engine=engine), cells_of(audit, rows, engine=engine))
