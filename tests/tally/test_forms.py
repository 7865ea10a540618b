"""The same values give the same cells, whatever they come in: a frame of any library, CSV, Parquet, one file or many.

Text in a CSV file and typed columns elsewhere must make the same groups: labels are text, and 1, 1.0 and `1` are one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest
from small_audits import audit_of, cells_of, random_rows

from evenhand.tally.engines import ENGINES
from evenhand.tally.stored import to_bytes

SOME = ("selection_rate_ratio", "accuracy", "auc", "missing_score_rate", "stage_rate", "consent_breaches")


def rows() -> pa.Table:
    """Random rows, and some that only just fall on one side: band edges, half a grid step, large and tiny numbers."""
    edges = pa.table(
        {
            "person": pa.array([0, 1, 2, 3, 4, 5]),
            "sex": pa.array(["m", "f ", "F", "é", "e\u0301", "NA"]),
            "age": pa.array([30.0, 29.999999999999996, 60.0, 59.99999999999999, -0.0, 1e9]),
            "decided": pa.array([1, 0, 1, 0, 1, None]),
            "turned_out": pa.array(["yes", "no", None, "no", "yes", "yes"]),
            "score": pa.array([0.0005, 0.0015, 0.4995, 1.0, 0.1 + 0.2, 1e-300]),
            "weight": pa.array([0.1, 2.5, 1 / 3, 1e6, 0.0, 123456.789012]),
            "people": pa.array([1, 0, 3, 5_000_000_000, 2, 1]),
            "consent": pa.array(["yes", "no", "", "yes", "yes", "no"]),
            "vulnerable": pa.array([True, False, None, True, False, True]),
            "eligible": pa.array([True, True, True, False, None, True]),
            "reached": pa.array([True, False, True, False, True, None]),
            "campaign": pa.array(["spring", "'", '"', ",", "a\nb", "spring"]),
            "contacts": pa.array([0, 1, None, 3, 2, 10]),
        }
    )
    drawn = random_rows(11, 200, people=70)
    drawn = drawn.set_column(drawn.schema.get_field_index("age"), "age", pc.cast(drawn["age"], pa.float64()))
    return pa.concat_tables([drawn, edges])


def as_csv(table: pa.Table, folder: Path) -> Path:
    """Python's shortest digits, true and false, nothing where a value is missing."""
    path = folder / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.column_names)
        for row in table.to_pylist():
            writer.writerow(
                ["" if v is None else str(v).lower() if v is True or v is False else v for v in row.values()]
            )
    return path


def as_parquet(table: pa.Table, folder: Path) -> Path:
    parquet.write_table(table, folder / "rows.parquet", row_group_size=50)
    return folder / "rows.parquet"


def as_parquet_folder(table: pa.Table, folder: Path) -> Path:
    """Shards in a folder whose name looks like a partition, which must not become a column."""
    shards = folder / "sex=x"
    shards.mkdir()
    for i, start in enumerate(range(0, len(table), 60)):
        parquet.write_table(table.slice(start, 60), shards / f"part-{i}.parquet")
    return shards


def as_dictionaries(table: pa.Table, folder: Path) -> pa.Table:
    """Text columns as Arrow dictionaries, which engines read each in their own way."""
    return pa.table(
        {
            n: pc.dictionary_encode(c) if pa.types.is_string(c.type) else c
            for n, c in zip(table.column_names, table.columns, strict=True)
        }
    )


def as_nullable_pandas(table: pa.Table, folder: Path) -> Any:
    import pandas as pd

    return table.to_pandas(types_mapper=pd.ArrowDtype)


FORMS: dict[str, Callable[[pa.Table, Path], Any]] = {
    "arrow, in chunks": lambda table, folder: pa.concat_tables([table.slice(0, 7), table.slice(7)]),
    "arrow dictionaries": as_dictionaries,
    "arrow reader": lambda table, folder: table.to_reader(max_chunksize=40),
    "pandas": lambda table, folder: table.to_pandas(),
    "pandas, nullable": as_nullable_pandas,
    "polars": lambda table, folder: pl.from_arrow(table),
    "polars, lazy": lambda table, folder: pl.from_arrow(table).lazy(),  # type: ignore[union-attr]  # a frame: it has rows
    "csv": as_csv,
    "parquet": as_parquet,
    "parquet folder": as_parquet_folder,
}
ROLES: dict[str, dict[str, Any]] = {
    "repeated people with weights": {"unit": "person", "weight": "weight"},
    "counts": {"count": "people"},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ENGINES)
def test_forms_of_data_agree(engine: str, form: str, tmp_path: Path) -> None:
    table = rows()
    for name, roles in ROLES.items():
        folder = tmp_path / name
        folder.mkdir()
        audit = audit_of(measures=SOME, columns=roles)
        expected = cells_of(audit, table)
        found = cells_of(audit, FORMS[form](table, folder), engine=engine)
        assert {part: cells.rows() for part, cells in found.tables.items()} == {
            part: cells.rows() for part, cells in expected.tables.items()
        }
        assert found == expected
        assert found.digest == expected.digest
        assert to_bytes(found) == to_bytes(expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_column_order_and_unused_columns_change_nothing(engine: str) -> None:
    audit = audit_of(measures=SOME, columns={"unit": "person", "weight": "weight"})
    table = rows()
    used = {"person", "weight", "sex", "age", "decided", "turned_out", "score", "consent", "eligible", "reached"}
    wide = table.append_column("unused", pa.array([[{"nested": i}] for i in range(len(table))]))
    turned = wide.select(list(reversed(wide.column_names)))
    assert used < set(turned.column_names)
    expected = cells_of(audit, table, engine=engine)
    found = cells_of(audit, turned, engine=engine)
    assert found.digest == expected.digest
    assert to_bytes(found) == to_bytes(expected)


@pytest.mark.parametrize("form", ["pandas", "polars", "csv", "parquet"])
def test_attributes_join_by_key_in_any_form(form: str, tmp_path: Path) -> None:
    """Attributes as text keys, predictions as whole numbers: they meet by what is written, never by position."""
    table = random_rows(12, 300, people=80)
    everyone = pa.table({"person": pa.array(range(90)), "sex": ["m", "f", "x"] * 30, "age": [20.0, 45.0, 70.0] * 30})
    backwards = everyone.take(list(reversed(range(90))))
    audit = audit_of(measures=SOME, data={"key": "person"})
    predictions = table.drop_columns(["sex", "age"])
    expected = cells_of(audit, predictions, everyone)
    assert expected.header.counts["attribute_rows_unmatched"] == 90 - len(set(table["person"].to_pylist()))
    people = FORMS[form](backwards, tmp_path)
    for engine in ENGINES:
        found = cells_of(audit, predictions, people, engine=engine)
        assert found.digest == expected.digest
        assert found.header == expected.header


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("moved", ["weight", "score", "campaign", "decided", "turned_out"])
def test_any_role_may_stand_with_the_attributes(engine: str, moved: str) -> None:
    """A column means the same in the second file: joined by key, it gives the cells that it gives in the first."""
    table = random_rows(13, 200)
    audit = audit_of(
        measures=SOME, columns={"weight": "weight"}, data={"key": "person", "where": {"campaign": ["spring"]}}
    )
    expected = cells_of(audit, table, engine="plain")
    found = cells_of(audit, table.drop_columns([moved]), table.select(["person", moved]), engine=engine)
    assert found.tables == expected.tables
    assert found.header.counts["rows_unmatched"] == 0
