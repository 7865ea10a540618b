"""Strict conversion of one column, batch by batch: what becomes null, what is converted, which rows are refused.

Bad rows are counted to the end of the source, so that one message says how many there are and where the first is.
May import: errors, load.table, load.labels, load.column_types, pyarrow.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from evenhand.errors import DataError
from evenhand.load.column_types import WORDS, Kind, becomes, numbers_among
from evenhand.load.labels import MISSING, iso_timestamp, label
from evenhand.load.staging import ARROW_TYPES
from evenhand.load.table import WantedColumn

# What a text column may hold where numbers are wanted. Signs, a decimal point and an exponent; `nan` and `inf` are
# read as such and counted later. No blanks, thousands separators, decimal commas, currency signs, hexadecimal.
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:nan|inf|infinity)$"
INTEGER = r"^[+-]?[0-9]+(\.0*)?$"
TRUE = ("true", "yes", "1", "1.0")
FALSE = ("false", "no", "0", "0.0")

_HINTS = (
    (r"^[+-]?[0-9.]*,[0-9]+$", "numbers are read with a decimal point: write 0.5, not 0,5, and no thousands separator"),
    (r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$", "write numbers without thousands separators"),
    (r"^\s|\s$", "take the blanks around the numbers away"),
    (
        r"^[^0-9]+[0-9][0-9.,]*[^0-9]*$|^[0-9][0-9.,]*[^0-9.,]+$",
        "write bare numbers, without currency or percent signs",
    ),
)


class Converter:
    """Converts one wanted column; `add` for each batch, then `check` once.

    Texts among `missing_values` become null ('' only if it is among them), and numbers that one of them writes.
    """

    def __init__(self, wanted: WantedColumn, stored: pa.DataType, missing_values: Collection[str], file: str) -> None:
        self.wanted = wanted
        self.kind, self.type = becomes(stored, wanted.type, column=wanted.name, file=file)
        self._missing = frozenset(missing_values)
        self._texts = pa.array(sorted(self._missing), pa.string())
        self._numbers = numbers_among(self._missing)
        self._bad = 0
        self._first: tuple[str, int] | None = None
        self._hint: str | None = None

    def add(self, array: pa.Array, file: str, first_row: int) -> pa.Array:
        """The converted batch, in which row `first_row` of `file` comes first; bad rows are counted and null."""
        if pt.is_null(array.type):  # an all-missing shard or column, whatever its brothers hold
            return pa.nulls(len(array), ARROW_TYPES[self.type])
        plain = pc.cast(array, array.type.value_type) if pt.is_dictionary(array.type) else array
        if self.kind == "text":
            plain = self._without_missing_text(pc.cast(plain, pa.string()))
        elif self.kind in ("integer", "unsigned", "number", "decimal") and self._numbers:
            plain = self._without_missing_numbers(plain)
        if self.kind == "number" and self.type != "number":  # where no number is wanted, NaN is a missing value
            plain = pc.if_else(pc.is_nan(plain), pa.scalar(None, plain.type), plain)
        converted = self._converted(plain)
        lost = converted.null_count - plain.null_count
        if lost > 0:
            self._count_bad(plain, converted, lost, file, first_row)
        return converted

    def check(self, described: str) -> None:
        """Raise DataError if any row was refused, with the first one and their number."""
        if self._first is None:
            return
        file, row = self._first
        words = WORDS["integer" if self.type == "integer" else self.wanted.type]
        raise DataError(
            f"`{described}`: column `{self.wanted.name}` must hold {words}; {counted_rows(self._bad)} "
            f"{'does' if self._bad == 1 else 'do'} not, the first is {row_of(row, file, described)}",
            hint=self._hint or "correct the rows, or list what stands for a missing value under `data.missing_values`",
        )

    def _count_bad(self, plain: pa.Array, converted: pa.Array, lost: int, file: str, first_row: int) -> None:
        self._bad += lost
        if self._first is None:
            bad = pc.and_(pc.is_valid(plain), pc.is_null(converted))
            position = pc.index(bad, True).as_py()
            self._first = (file, first_row + position)
            if self.kind == "text" and self.wanted.type in ("number", "integer"):
                self._hint = next((h for pattern, h in _HINTS if _matches(plain[position], pattern)), None)

    def _without_missing_text(self, texts: pa.Array) -> pa.Array:
        gone = pc.is_in(texts, value_set=self._texts)
        return pc.if_else(gone, pa.scalar(None, pa.string()), texts) if gone.true_count else texts

    def _without_missing_numbers(self, numbers: pa.Array) -> pa.Array:
        gone = pc.is_in(pc.cast(numbers, pa.float64(), safe=False), value_set=pa.array(self._numbers, pa.float64()))
        return pc.if_else(gone, pa.scalar(None, numbers.type), numbers) if gone.true_count else numbers

    def _converted(self, plain: pa.Array) -> pa.Array:
        target = ARROW_TYPES[self.type]
        if self.type == "text":
            return plain if self.kind == "text" else label_texts(plain, self._missing, self.wanted.name)
        if self.type == "boolean":
            return _booleans(plain, self.kind)
        if self.type == "integer":
            return _integers(plain, self.kind)
        if self.type == "number" and self.kind == "text":
            return pc.cast(_only(plain, pc.match_substring_regex(plain, NUMBER)), target)
        if self.kind == "decimal":  # through text, which is exact; Arrow's own cast is off in the last bit
            plain = pc.cast(plain, pa.string())
        return pc.cast(plain, target, safe=False)


def counted_rows(count: int) -> str:
    """`1 row` or `1,234 rows`."""
    return "1 row" if count == 1 else f"{count:,} rows"


def row_of(row: int, file: str, described: str) -> str:
    """Where a row is: its number below the header, and its file where the source has several."""
    return f"row {row:,} (header not counted)" if file == described else f"row {row:,} of `{file}` (header not counted)"


def label_texts(plain: pa.Array, missing_values: Collection[str], column: str) -> pa.Array:
    """Label text of each value, missing as null; `labels.label` is called once per distinct value."""
    coded = pc.dictionary_encode(plain)
    values = _timestamps(coded.dictionary) if pt.is_timestamp(plain.type) else coded.dictionary.to_pylist()
    texts = [label(value, missing_values, column=column) for value in values]
    return pc.take(pa.array([None if text == MISSING else text for text in texts], pa.string()), coded.indices)


def _timestamps(distinct: pa.Array) -> list[str | None]:
    """ISO texts without going through Python's datetime, which has no nanoseconds and no year 10,000."""
    import numpy as np

    zone = "+00:00" if distinct.type.tz else ""
    counts = pc.cast(distinct, pa.int64()).to_pylist()
    unit = distinct.type.unit
    return [None if count is None else iso_timestamp(f"{np.datetime64(count, unit)}{zone}") for count in counts]


def _integers(plain: pa.Array, kind: Kind) -> pa.Array:
    """Exact int64; what is not integral or does not fit is null."""
    if kind in ("integer", "boolean"):
        return pc.cast(plain, pa.int64())
    if kind == "text":
        shaped = _only(plain, pc.match_substring_regex(plain, INTEGER))
        bare = pc.replace_substring_regex(shaped, r"^\+|\.0*$", "")
        try:
            return pc.cast(bare, pa.int64())
        except pa.ArrowInvalid:  # some value is beyond int64: only Python integers can tell which
            return pa.array([_fitting(text) for text in bare.to_pylist()], pa.int64())
    if kind == "number":
        numbers = pc.cast(plain, pa.float64())
        # beyond 2⁵³ neighbouring whole numbers are one float: an identifier that went through one may be another's
        integral = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less_equal(pc.abs(numbers), 2.0**53))
        return pc.cast(_only(numbers, integral), pa.int64())
    return pa.array([_fitting(value) for value in plain.to_pylist()], pa.int64())


def _fitting(value: str | int | Decimal | None) -> int | None:
    """The integer that a text of digits, an int or a Decimal is, if it is integral and fits int64."""
    if value is None or (isinstance(value, Decimal) and value != value.to_integral_value()):
        return None
    number = int(value)
    return number if -(2**63) <= number < 2**63 else None


def _booleans(plain: pa.Array, kind: Kind) -> pa.Array:
    """true/yes/1 and false/no/0 in any case; 1 and 0 as numbers; anything else is null."""
    if kind == "boolean":
        return plain
    if kind == "text":
        lower = pc.ascii_lower(plain)
        yes, no = pa.array(TRUE), pa.array(FALSE)
    else:
        lower = pc.cast(plain, pa.float64(), safe=False)
        yes, no = pa.array([1.0]), pa.array([0.0])
    is_yes = pc.is_in(lower, value_set=yes)
    return _only(is_yes, pc.or_(is_yes, pc.is_in(lower, value_set=no)))


def _only(values: pa.Array, holds: pa.Array) -> pa.Array:
    """`values` where `holds`, else null."""
    return values if holds.true_count == len(values) else pc.if_else(holds, values, pa.scalar(None, values.type))


def _matches(value: pa.Scalar, pattern: str) -> bool:
    return bool(pc.match_substring_regex(value, pattern).as_py())
