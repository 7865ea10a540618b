"""Label text; expected values are written by hand from the contract's paragraph "Labels are text"."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from evenhand.errors import DataError
from evenhand.load.labels import MISSING, iso_timestamp, label, near_spellings

OSLO = datetime.timezone(datetime.timedelta(hours=1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("female", "female"),
        (" F ", " F "),
        ("01234", "01234"),
        ("None", "None"),
        ("NA", "NA"),
        ("null", "null"),
        ("n/a", "n/a"),
        ("nan", "nan"),
        ("NO", "NO"),
        (7, "7"),
        (-3, "-3"),
        (np.int8(7), "7"),
        (np.uint64(2**64 - 1), "18446744073709551615"),
        (7.0, "7"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (np.float64(2.5), "2.5"),
        (np.float32(0.5), "0.5"),
        (1e22, "10000000000000000000000"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (True, "true"),
        (False, "false"),
        (np.bool_(True), "true"),
        (Decimal("7.00"), "7"),
        (Decimal("7.50"), "7.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.0000001"), "0.0000001"),
        (datetime.date(2026, 3, 1), "2026-03-01"),
        (datetime.datetime(2026, 3, 1, 12, 30), "2026-03-01T12:30:00"),
        (datetime.datetime(2026, 3, 1, 12, 30, 0, 500000), "2026-03-01T12:30:00.5"),
        (datetime.datetime(2026, 3, 1, 1, tzinfo=OSLO), "2026-03-01T00:00:00+00:00"),
        (pd.Timestamp("2026-03-01T12:00:00.000000005"), "2026-03-01T12:00:00.000000005"),
        (np.datetime64("2026-03-01"), "2026-03-01"),
        (np.datetime64("2026-03-01T12:00:00.000"), "2026-03-01T12:00:00"),
        ("x" * 5000, "x" * 5000),
    ],
)
def test_label_text(value: object, text: str) -> None:
    assert label(value) == text


@pytest.mark.parametrize(
    "value",
    [None, "", math.nan, np.nan, np.float32("nan"), pd.NaT, pd.NA, Decimal("NaN"), np.datetime64("NaT")],
)
def test_missing(value: object) -> None:
    assert label(value) == MISSING == "(missing)"


def test_listed_missing_values_compare_with_label_text() -> None:
    assert label("unknown", ("unknown",)) == MISSING
    assert label(-9, ("-9",)) == MISSING
    assert label(-9.0, ("-9",)) == MISSING
    assert label("Unknown", ("unknown",)) == "Unknown"


def test_a_real_label_that_reads_missing_is_refused() -> None:
    with pytest.raises(DataError, match=r"column `sex`.*really written `\(missing\)`"):
        label("(missing)", column="sex")
    assert label("(missing)", ("", "(missing)")) == MISSING


@pytest.mark.parametrize("value", [b"F", ["F"], {"sex": "F"}, datetime.time(1), object()])
def test_no_single_value(value: object) -> None:
    with pytest.raises(DataError, match=f"type `{type(value).__name__}` in column `sex`"):
        label(value, column="sex")


def test_iso_timestamp_keeps_what_is_not_zero() -> None:
    assert iso_timestamp("2026-03-01T12:00:00.120") == "2026-03-01T12:00:00.12"
    assert iso_timestamp("2026-03-01T12:00:00") == "2026-03-01T12:00:00"


def test_near_spellings_are_noted_once_each_and_never_merged() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    notes = near_spellings([composed, decomposed, "F", "f", "M", "M ", "X", "north", "NORTH "], "group")
    assert [note.code for note in notes] == ["label_unicode", "label_blanks", "label_case", "label_case"]
    assert f"`{decomposed}`, `{composed}`" in notes[0].text
    assert "`M`, `M `" in notes[1].text
    assert "`F`, `f`" in notes[2].text
    assert "`NORTH `, `north`" in notes[3].text
    assert near_spellings(["F", "M", "X"], "group") == ()
