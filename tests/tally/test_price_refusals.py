"""What stops an audit of prices: one sentence that names columns and counts, never a value of the rows."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from price_roles import NOT_HERE, PRICE_ONLY, SHARED
from small_audits import PROTECTED, cells_of, priced_audit, priced_rows

from evenhand.checking import needs_of
from evenhand.errors import DataError
from evenhand.roles import Sources, read_rows
from evenhand.tally.engines import ENGINES, engine_class
from evenhand.tally.run import tally


def refusal(rows: pa.Table, engine: str = "duckdb", **changes: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        cells_of(priced_audit(**changes), rows, engine=engine)
    assert "CANARY" not in f"{caught.value} {caught.value.hint}"
    assert str(caught.value)[0] in "`abcdefghijklmnopqrstuvwxyz"
    assert caught.value.hint
    return caught.value


def replaced(rows: pa.Table, **columns: Any) -> pa.Table:
    for name, values in columns.items():
        array = values if isinstance(values, pa.Array) else pa.array(values)
        rows = rows.set_column(rows.column_names.index(name), name, array)
    return rows


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["EUR", "CANARY"], "column `currency` (currency) holds 2 values: sums over them mean nothing"),
        (["EUR", None], "column `currency` (currency) holds 1 values and missing ones"),
    ],
)
def test_mixed_currencies_are_refused(engine: str, values: list[Any], message: str) -> None:
    rows = replaced(priced_rows(1, 60), currency=values * 30)
    error = refusal(rows, engine)
    assert message in str(error)
    assert "one currency at a time with `data.where`" in str(error.hint)
    only = {"where": {"currency": ["EUR"]}}
    assert cells_of(priced_audit(data=only), rows, engine=engine).header.definition["in_common"] == {"currency": "EUR"}


def test_shards_of_two_currencies_do_not_merge() -> None:
    euro = cells_of(priced_audit(), priced_rows(2, 60))
    krona = cells_of(priced_audit(), replaced(priced_rows(3, 60), currency=["SEK"] * 60))
    with pytest.raises(DataError, match=r"different definitions.*the value of `currency`"):
        euro + krona


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("columns", "changes", "message"),
    [
        ({}, {"price": 4e14}, "column `price` (price) holds numbers too large to be summed exactly"),
        ({"weight": "weight"}, {"price": 1e9, "weight": 1e6}, "to be summed exactly with these weights"),
        (
            {"unit": "person"},
            {"price": 2e12},
            "column `price` (price) holds numbers too large to be summed exactly per",
        ),
        (
            {"count": "people"},
            {"people": 2**34},
            "column `people` (count) holds numbers too large to be summed exactly",
        ),
    ],
)
def test_sums_that_could_overflow_are_refused(
    engine: str, columns: dict[str, str], changes: dict[str, Any], message: str
) -> None:
    rows = priced_rows(4, 400, people=90)
    rows = replaced(rows, **{name: [value] * len(rows) for name, value in changes.items()})
    assert message in str(refusal(rows, engine, columns=columns))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("column", "measure"),
    [("listed", "exception_rate"), ("as_new", "price_walking_breach_rate"), ("technical", "mean_absolute_error")],
)
def test_numbers_that_are_only_compared_are_bounded_too(engine: str, column: str, measure: str) -> None:
    """No engine is asked for whole units of 1e300: its own error would show a value."""
    rows = priced_rows(5, 60)
    error = refusal(replaced(rows, **{column: [1e300] * 60}), engine, measures=[measure])
    assert f"column `{column}`" in str(error)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, None], "column `share_a` (share of `a`) is missing in 30 rows and not a finite number in 0"),
        ([0.5, float("inf")], "column `share_a` (share of `a`) is missing in 0 rows and not a finite number in 30"),
        ([0.5, -1e-9], "column `share_a` (share of `a`) holds negative numbers"),
        ([1.0, 2e8], "column `share_a` (share of `a`) holds numbers too large to be summed exactly"),
    ],
)
def test_shares_must_be_usable(engine: str, values: list[Any], message: str) -> None:
    rows = replaced(priced_rows(6, 60), share_a=values * 30)
    assert message in str(refusal(rows, engine, protected=SHARED))


def test_shares_times_weights_must_be_usable() -> None:
    rows = replaced(priced_rows(7, 60), share_a=[1e5] * 60, weight=[1e5] * 60)
    error = refusal(rows, protected=SHARED, columns={"weight": "weight"})
    assert "the shares of groups, times the weights of their rows, are too large" in str(error)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_an_identifier_is_no_factor(engine: str) -> None:
    rows = replaced(priced_rows(8, 10_001), region=[f"CANARY{i}" for i in range(10_001)])
    error = refusal(rows, engine, measures=["like_for_like_gap"], factors={"region": {"why": "a test"}})
    assert "`region` has 10,001 different values; that is no factor" in str(error)
    assert "leave it out of `factors`" in str(error.hint)


def test_strata_that_explode_are_counted_before_they_are_made() -> None:
    """Two factors of 1,049 values each, and every row another pair of them."""
    size = 1_100_000
    numbers = np.arange(size)
    rows = pa.table(
        {
            "price": numbers % 1000 / 4,
            "sex": pa.array(["m"] * size),
            "one": pa.array(numbers % 1049).cast(pa.string()),
            "two": pa.array(numbers // 1049).cast(pa.string()),
        }
    )
    changes = {
        "columns": {**dict.fromkeys((*NOT_HERE, *PRICE_ONLY)), "price": "price"},
        "protected": {"sex": PROTECTED["sex"]},
        "factors": {name: {"why": "a test"} for name in ("one", "two")},
        "measures": ["like_for_like_gap"],
    }
    error = refusal(rows, **changes)
    assert "the protected attributes and factors together make 1,100,000 groups, more than 1,000,000" in str(error)
    assert "`one` 1,049, `two` 1,049" in str(error)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_distribution_by_item_is_bounded(engine: str, tmp_path: Path) -> None:
    """200 rows have some 200 prices, of two items on three days in two channels: more than 100 cells."""
    audit = priced_audit(measures=["same_item_spread_rate"], factors={})
    rows, definition = read_rows(audit, Sources(priced_rows(9, 200)), tmp_path)
    message = "the distribution of price by item has more than 100 cells"
    with (
        engine_class(engine)(rows, scratch=tmp_path) as running,
        pytest.raises(DataError, match=message) as caught,
    ):
        tally(running, dataclasses.replace(definition, max_cells=100), needs_of(audit))
    assert "group the values of `item` and `day` and `channel`" in str(caught.value.hint)
