"""Label text: the one definition of how a raw value is written as the label of a group.

The engines group by raw values; this is applied to the few distinct ones. May import: errors, load.table.
"""

from __future__ import annotations

import datetime
import math
import unicodedata
from collections.abc import Collection, Iterable
from decimal import Decimal
from numbers import Integral, Real

from evenhand.errors import DataError
from evenhand.load.table import Note

MISSING = "(missing)"


def label(value: object, missing_values: Collection[str] = ("",), *, column: str = "") -> str:
    """The label text of a raw value (contract, "Labels are text").

    Strings stay as written (no trim, no case folding); integers are plain; integral floats and decimals are written
    as integers, others in the shortest form that reads back the same; Booleans are `true`/`false`; dates are ISO, and
    so are timestamps (fractions without trailing zeros, zoned ones in UTC). None, NaN, NaT, '' and whatever
    `missing_values` lists become `(missing)`. Raises DataError for a string that is really written `(missing)`, and
    for values that are no single value (lists, records, bytes).

    >>> [label(v) for v in ("01234", 7, 7.0, 0.5, True, None, float("nan"), "")]
    ['01234', '7', '7', '0.5', 'true', '(missing)', '(missing)', '(missing)']
    """
    if isinstance(value, str):
        text: str | None = str(value)
        if text == MISSING and MISSING not in missing_values:
            where = f"column `{column}`" if column else "the data"
            raise DataError(
                f"{where} has a group that is really written `{MISSING}`, the name kept for missing values",
                hint="rename that group in the data, or list it under `data.missing_values`",
            )
    else:
        text = _written(value, column)
    return MISSING if not text or text in missing_values else text


def _written(value: object, column: str) -> str | None:
    """The text of a value that is not a string; None where it is missing."""
    kind = type(value)
    if isinstance(value, (int, float)) and kind in (int, float):  # plain ones first: asking abstract classes is slow
        return str(value) if kind is int else _number(float(value))
    if value is None or _is_not_a_value(value):
        return None
    if isinstance(value, bool) or (kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_")):
        return "true" if value else "false"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, Real):
        return _number(float(value))
    if isinstance(value, datetime.datetime):
        zoned = value.tzinfo is not None and value.utcoffset() is not None
        return iso_timestamp((value.astimezone(datetime.UTC) if zoned else value).isoformat())
    if isinstance(value, datetime.date):
        return value.isoformat()
    if kind.__module__ == "numpy" and kind.__name__ == "datetime64":
        text = str(value)
        return iso_timestamp(text) if "T" in text else text
    where = f" in column `{column}`" if column else ""
    raise DataError(
        f"a value of type `{kind.__name__}`{where} cannot be the label of a group",
        hint="labels are text, whole numbers, numbers, true/false or dates: turn the column into text first",
    )


def _number(number: float) -> str | None:
    """Integral floats as integers, others in the shortest form that reads back the same; NaN is missing."""
    if math.isnan(number):
        return None
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return str(int(number)) if number.is_integer() else repr(number)


def _is_not_a_value(value: object) -> bool:
    """NaN, NaT and pandas' NA, without importing pandas: known by type, or by differing from themselves."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, Real) or type(value).__name__ == "datetime64":
        return bool(value != value)
    return False


def _decimal(value: Decimal) -> str:
    """Integral decimals plain, others without trailing zeros; never an exponent."""
    if value.is_infinite():
        return "inf" if value > 0 else "-inf"
    if value == value.to_integral_value():
        return str(int(value))
    return format(value, "f").rstrip("0")


def iso_timestamp(text: str) -> str:
    """An ISO timestamp without trailing zeros in its fraction, whatever unit it was stored in.

    >>> iso_timestamp("2026-03-01T12:00:00.500000000"), iso_timestamp("2026-03-01T12:00:00.000+00:00")
    ('2026-03-01T12:00:00.5', '2026-03-01T12:00:00+00:00')
    """
    head, dot, tail = text.partition(".")
    if not dot:
        return text
    digits = len(tail) - len(tail.lstrip("0123456789"))
    fraction, zone = tail[:digits].rstrip("0"), tail[digits:]
    return f"{head}.{fraction}{zone}" if fraction else head + zone


def near_spellings(labels: Iterable[str], attribute: str) -> tuple[Note, ...]:
    """Notes on labels that may be one group spelt in several ways; they are kept apart, and the report says so.

    Looks for pairs that are equal after Unicode composition (NFC), then after trimming blanks, then after case
    folding; each pair is named once, at the first of these steps that makes it equal.

    >>> near_spellings(["F", "f ", "M"], "sex")[0].text
    'labels of `sex` differ only in upper and lower case or blanks at the ends and are kept apart: `F`, `f `'
    """
    steps = (
        ("label_unicode", "in how accented letters are stored", _composed),
        ("label_blanks", "in blanks at the ends", lambda text: _composed(text).strip()),
        (
            "label_case",
            "in upper and lower case or blanks at the ends",
            lambda text: _composed(text).strip().casefold(),
        ),
    )
    remaining = sorted(set(labels))
    notes: list[Note] = []
    for code, difference, simplified in steps:
        spellings: dict[str, list[str]] = {}
        for text in remaining:
            spellings.setdefault(simplified(text), []).append(text)
        for twins in spellings.values():
            if len(twins) > 1:
                names = ", ".join(f"`{twin}`" for twin in twins)
                text = f"labels of `{attribute}` differ only {difference} and are kept apart: {names}"
                notes.append(Note(code, text))
        # One spelling stands for its twins from here on, so that a pair is not named again at the next step.
        remaining = [twins[0] for twins in spellings.values()]
    return tuple(notes)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
