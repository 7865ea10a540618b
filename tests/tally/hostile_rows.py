"""Hypothesis draws small tables of hostile rows: every role, every kind of missing value, numbers at the edges."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

HOSTILE_TEXT = ["m", "f", "x", "M", "male ", "NA", "None", "nan", "0", "é", "e\u0301", "", " ", "a|b&c=d", "'; --"]
NUMBERS = [-1.0, -0.0, 0.0, 0.5, 17.999, 29.999999999999996, 30.0, 59.99, 60.0, 60.25, 1e9, float("nan"), float("inf")]
SCORES = [-0.0005, -0.0, 0.0, 0.0005, 0.4995, 0.5, 0.50049, 1.0, 1.0005, -3.0, 1e6, 1e-300, float("nan"), float("-inf")]
WEIGHTS = [0.0, 5e-7, 0.1, 0.3, 1.0, 2.5, 1e6, 123456.789012]
BOOLEANS = ["true", "FALSE", "1", "0", "Yes", "no"]


@st.composite
def hostile_tables(draw: st.DrawFn) -> pa.Table:
    """A few hostile rows; the types of decision, person and age vary from table to table."""
    size = draw(st.integers(1, 25))

    def column(values: st.SearchStrategy[Any], type: pa.DataType, missing: bool = True) -> pa.Array:
        drawn = st.one_of(st.none(), values) if missing else values
        return pa.array(draw(st.lists(drawn, min_size=size, max_size=size)), type)

    decision: tuple[list[Any], pa.DataType] = draw(
        st.sampled_from([(["1", "0", ""], pa.string()), ([1, 0], pa.int8()), ([1.0, 0.0], pa.float32())])
    )
    person = draw(st.sampled_from([pa.int64(), pa.string()]))
    age = draw(st.sampled_from([pa.float64(), pa.int32()]))
    ages = st.sampled_from(NUMBERS) if age == pa.float64() else st.sampled_from([-1, 0, 29, 30, 59, 60, 2**31 - 1])
    when = datetime.date(2026, 3, 1)
    campaign = draw(st.sampled_from([(["spring", "autumn"], pa.string()), ([7, 8], pa.int64()), ([when], pa.date32())]))
    return pa.table(
        {
            "person": column(st.integers(0, 6).map(str if person == pa.string() else int), person),
            "sex": column(st.sampled_from(HOSTILE_TEXT), pa.string()),
            "age": column(ages, age),
            "decided": column(st.sampled_from(decision[0]), decision[1]),
            "turned_out": column(st.sampled_from(["yes", "no", ""]), pa.string()),
            "score": column(st.sampled_from(SCORES), pa.float64()),
            "weight": column(st.sampled_from(WEIGHTS), pa.float64(), missing=False),
            "people": column(st.integers(0, 5_000_000_000), pa.int64(), missing=False),
            "consent": column(st.sampled_from(["yes", "no", "YES", ""]), pa.string()),
            "vulnerable": column(st.sampled_from(BOOLEANS), pa.string()),
            "eligible": column(st.booleans(), pa.bool_()),
            "reached": column(st.sampled_from([0, 1]), pa.int64()),
            "campaign": column(st.sampled_from(campaign[0]), campaign[1]),
            "contacts": column(st.sampled_from([0, 1, 7]), pa.int16()),
        }
    )
