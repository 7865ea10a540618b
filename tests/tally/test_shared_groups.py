"""Tables of groups that are shares of rows: what each holds of the rows that are in the reference, too.

Expected sums are added up here in Python's integers from the shares themselves, row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from small_audits import PROTECTED, cells_of, priced_audit, priced_rows
from test_stored import opened, saved

from evenhand.config.loader import Audit
from evenhand.errors import DataError
from evenhand.tally.cell_table import amount_products, product_total
from evenhand.tally.engines import ENGINES
from evenhand.tally.plan import REFERENCE, WEIGHT, in_reference, product_columns
from evenhand.tally.stored import read, write

NOT_HERE = (
    *("decision", "label", "score", "consent", "vulnerable", "contacts", "stages", "campaign"),
    *("technical_price", "expected_loss", "actual_loss", "item", "time_bucket", "channel"),
    *("tenure", "is_renewal", "equivalent_new_business_price", "period", "currency"),
)
SHARED: dict[str, Any] = {**PROTECTED, "race": {"reference": "a", "probabilities": {"a": "share_a", "b": "share_b"}}}
RACE: dict[str, Any] = {"race": {"reference": "a", "probabilities": {"a": "p_a", "b": "p_b"}}}
ROWS = pa.table(
    {
        "price": [100.0, 0.01, -7.5, 1e7, 20.0],
        "list_price": [90.0, 1.0, 0.0, 1e7 - 1, 25.0],
        "p_a": [0.25, 1.0, 0.0, 0.5, 0.333333],
        "p_b": [0.75, 0.0, 1.0, 0.5, 0.666667],
        "w": [1.0, 2.5, 3.0, 0.1, 1.0],
        "person": ["one", "two", "two", "two", "one"],
    }
)


def small(protected: Any = RACE, **columns: str) -> Audit:
    """Prices and list prices of two groups that are shares of the rows, and nothing else."""
    roles = {**dict.fromkeys((*NOT_HERE, "tenure_bands")), "price": "price", "list_price": "list_price", **columns}
    return priced_audit(measures=["markup_gap"], protected=protected, factors={}, columns=roles)


def units(value: float, scale: int) -> int:
    return math.floor(value * scale + 0.5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("weighted", [False, True])
def test_what_groups_have_in_common(engine: str, weighted: bool) -> None:
    cells = cells_of(small(**({"weight": "w"} if weighted else {})), ROWS, engine=engine)
    groups = cells.tables["main@race"].by("race")
    rows = ROWS.to_pylist()
    for label, column in (("a", "p_a"), ("b", "p_b")):
        held = groups[(label,)]
        sums = dict.fromkeys(("weight", "price", "square", "product"), 0)
        for row in rows:
            w = row["w"] if weighted else 1.0
            own, base = units(row[column] * w, 10**6), units(row["p_a"] * w, 10**6)
            price, listed = units(row["price"], 100), units(row["list_price"], 100)
            sums["weight"] += own * base
            sums["price"] += price * own * base
            sums["square"] += price * own * price * base
            sums["product"] += listed * own * price * base
        assert amount_products(held, WEIGHT, REFERENCE) == sums["weight"]
        assert amount_products(held, "price", REFERENCE) == sums["price"]
        assert amount_products(held, "price", in_reference("price")) == sums["square"]
        assert amount_products(held, "list_price", in_reference("price")) == sums["product"]
    assert not [name for name in cells.main.sums if REFERENCE in name]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_people_with_several_rows_have_in_common(engine: str) -> None:
    """The second person's row of b alone counts for what they add to a: products of sums, not sums of products."""
    cells = cells_of(small(unit="person"), ROWS, engine=engine)
    groups = cells.tables["unit@race"].by("race")
    among = "list_price_presence=finite&price_presence=finite"
    priced = f"{among} · price"
    rows = ROWS.to_pylist()
    for label, column in (("a", "p_a"), ("b", "p_b")):
        weight = value = square = 0
        for person in ("one", "two"):
            mine = [row for row in rows if row["person"] == person]
            own = [(units(row[column], 10**6), units(row["price"], 100)) for row in mine]
            base = [(units(row["p_a"], 10**6), units(row["price"], 100)) for row in mine]
            weight += sum(w for w, _ in own) * sum(w for w, _ in base)
            value += sum(w * p for w, p in own) * sum(w for w, _ in base)
            square += sum(w * p for w, p in own) * sum(w * p for w, p in base)
        sums = groups[(label,)].totals()
        assert product_total(sums, among, in_reference(among)) == weight
        assert product_total(sums, priced, in_reference(among)) == value
        assert product_total(sums, priced, in_reference(priced)) == square
        assert sums["units"] == 2


@pytest.mark.parametrize("columns", [{}, {"weight": "weight"}, {"unit": "person", "weight": "weight"}])
def test_every_engine_finds_the_same_and_shards_add_up(columns: dict[str, str]) -> None:
    audit = priced_audit(
        measures=["mean_price_ratio", "selection_rate_ratio"],
        protected=SHARED,
        intersections=[["sex", "race"]],
        columns=columns,
    )
    rows = priced_rows(51, 300, people=80).sort_by("person")
    plain = cells_of(audit, rows, engine="plain")
    assert {cells_of(audit, rows, engine=engine).digest for engine in ENGINES} == {plain.digest}
    persons = rows["person"].to_pylist()
    cut = next(i for i in range(150, 300) if persons[i] != persons[i - 1])
    first, second = (cells_of(audit, part, engine="duckdb") for part in (rows[:cut], rows[cut:]))
    assert (first + second).tables == plain.tables


# Stored ----------------------------------------------------------------------------------------------------------

DAMAGED: list[tuple[str, str, str, Callable[[int], int], str]] = [
    ("the reference is less than itself", "main@race", "a", lambda n: n - 1, "more in common with their reference"),
    ("a group has more in common than there is", "main@race", "b", lambda n: n + 2**24, "more in common"),
]


@pytest.mark.parametrize(("what", "table", "group", "change", "said"), DAMAGED, ids=[case[0] for case in DAMAGED])
def test_impossible_overlaps_are_refused(
    what: str, table: str, group: str, change: Callable[[int], int], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "cells.parquet"
    write(path, cells_of(small(), ROWS))
    assert read(path)
    stored, metadata = opened(path)
    column = f"sum:{product_columns(WEIGHT, REFERENCE)[0]}"
    groups = zip(stored["table"].to_pylist(), stored["key:race"].to_pylist(), strict=True)
    at = next(i for i, place in enumerate(groups) if place == (table, group))
    values = stored[column].to_pylist()
    values[at] = change(values[at])
    damaged = stored.set_column(stored.column_names.index(column), column, pa.array(values, pa.int64()))
    with pytest.raises(DataError, match=said):
        read(saved(path, damaged, metadata))


def test_tables_without_overlaps_are_refused(tmp_path: Path) -> None:
    """A file whose layout leaves out what is in the reference, and one whose definition forgot which group that is."""
    path = tmp_path / "cells.parquet"
    write(path, cells_of(small(unit="person"), ROWS))
    stored, metadata = opened(path)
    for table, column in (
        ("main@race", product_columns(WEIGHT, REFERENCE)[0]),
        ("unit@race", next(name for name in stored.column_names if "*reference:" in name and "=" in name)[4:]),
    ):
        lacking = {**metadata, "layout": {**metadata["layout"]}}
        part = metadata["layout"][table]
        lacking["layout"][table] = {**part, "sums": [name for name in part["sums"] if name != column]}
        with pytest.raises(DataError, match=f"`{table}` has other sums than its definition implies"):
            read(saved(path, stored, lacking))
    elsewhere = {**metadata["definition"]["attributes"]["race"], "reference": "c"}
    wrong = {**metadata, "definition": {**metadata["definition"], "attributes": {"race": elsewhere}}}
    with pytest.raises(DataError, match="definition is incomplete"):
        read(saved(path, stored, wrong))


def test_the_declared_reference_is_part_of_what_cells_are_about() -> None:
    """Of shares only: what a group has in common is summed with this reference and no other."""
    other = small({"race": {**RACE["race"], "reference": "b"}})
    with pytest.raises(DataError, match="the attribute `race`"):
        cells_of(small(), ROWS) + cells_of(other, ROWS)
