"""Hypothesis draws small tables of hostile prices: cents and halves of cents, 1e9 ± 1, nothing, NaN, infinities."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

HALVES = [-12.345, -0.015, -0.005, -0.0, 0.0, 0.004999, 0.005, 0.015, 0.1 + 0.2, 1e-300, 99.995, 100.0, 1234.565]
LARGE = [1e9 - 1, 1e9, 1e9 + 1, -1e9 + 1]
NO_NUMBERS = [float("nan"), float("inf"), float("-inf")]
WEIGHTS = [0.0, 5e-7, 0.1, 0.3, 1.0, 2.5, 7.654321]


@st.composite
def hostile_prices(draw: st.DrawFn, *, large: bool = True) -> pa.Table:
    """A few rows with every role of prices; the type of the price varies from table to table."""
    size = draw(st.integers(1, 25))

    def column(values: list[Any], type: pa.DataType, missing: bool = True) -> pa.Array:
        drawn = st.one_of(st.none(), st.sampled_from(values)) if missing else st.sampled_from(values)
        return pa.array(draw(st.lists(drawn, min_size=size, max_size=size)), type)

    money = HALVES + NO_NUMBERS + (LARGE if large else [])
    price = draw(st.sampled_from([(money, pa.float64()), (money, pa.float32()), ([-3, 0, 7, 10**6], pa.int32())]))
    years = draw(st.sampled_from([([-1, 0, 1, 3, 4, 90], pa.int16()), ([0.999, 1.0, 4.0, *NO_NUMBERS], pa.float64())]))
    columns = {name: column(money, pa.float64()) for name in ("technical", "expected", "actual", "listed", "as_new")}
    return pa.table(
        {
            "person": column([1, 2, 3, 4], pa.int64()),
            "sex": column(["m", "f", "x", "é", "", " m"], pa.string()),
            "age": column([17.5, 30.0, 59.99, 60.0, float("nan")], pa.float64()),
            "price": column(*price),
            **columns,
            "renewal": column(["true", "0", "Yes"], pa.string()),
            "years": column(*years),
            "item": column(["a", "b", "a|b&c=d"], pa.string()),
            "day": column([1, 2], pa.int64()),
            "channel": column(["web", ""], pa.string()),
            "region": column(["north", "N", "south", "S", "ost"], pa.string()),
            "horsepower": column([99.999, 100.0, 101.0, float("inf")], pa.float64()),
            "weight": column(WEIGHTS, pa.float64(), missing=False),
            "people": column([0, 1, 2, 3, 100_000], pa.int64(), missing=False),
            "share_a": column([0.0, 1e-7, 0.3, 1.0], pa.float64(), missing=False),
            "share_b": column([0, 1, 2], pa.int8(), missing=False),
            "campaign": column(["spring", "autumn"], pa.string()),
        }
    )
