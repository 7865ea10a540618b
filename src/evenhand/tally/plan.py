"""What an engine is asked to add up, as data: keys, sums, masks. No engine, no rows, no labels here.

Column names in a plan are those of the joined frame: `p_c0` is column c0 of the predictions, `a_c1` column c1 of the
attributes. Keys group by *raw* values; label text is made from the few cells afterwards (`tally/labelling.py`), so
that every engine has the same groups.

How to add a sum: add its name and meaning to `SUMS`, its expression to `engines/lazy.py` and `engines/plain.py`;
the conformance test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SUMS: Mapping[str, str] = {
    "rows": "rows of the predictions",
    "n": "people: the sum of `count`, or rows where there is none",
    "matched": "rows that found their person in the attributes",
    "w": "sum of count × weight, in units of 1/WEIGHT_SCALE",
    "w2_hi": "sum of count × weight², 2⁴⁸s",
    "w2_mid": "sum of count × weight², 2²⁴s",
    "w2_lo": "sum of count × weight², units",
}
"""Every sum a tally can hold; all are whole numbers, so that merging is exact addition in any order."""

WEIGHT_SCALE = 1_000_000
"""Weights are held as floor(w · 10⁶ + ½): float sums differ from run to run, integer sums cannot."""

LIMB = 24
"""Squares and products are summed as three limbs of 24 bits, since no engine sums 128-bit integers the same way."""


@dataclass(frozen=True)
class Raw:
    """Group by the value as it stands."""


@dataclass(frozen=True)
class Bands:
    """Group by the number of edges that the value reaches: 0 is below the first edge. Missing and NaN stay missing."""

    edges: tuple[float, ...]


@dataclass(frozen=True)
class Grid:
    """Group by floor(value · scale + ½); asked only of finite values."""

    scale: int


@dataclass(frozen=True)
class Presence:
    """Group by 'finite', 'missing' or 'not finite' (NaN and ±inf are counted, never summed)."""


@dataclass(frozen=True)
class Admission:
    """Group by whether a row is audited: 'audited', 'outside where', or 'person unknown' where a `known` column is
    missing. A row is inside where every column's value is one of those listed.
    """

    conditions: tuple[tuple[str, tuple[object, ...]], ...] = ()
    known: tuple[str, ...] = ()


Derivation = Raw | Bands | Grid | Presence | Admission

AUDITED = "audited"


@dataclass(frozen=True)
class Key:
    """One group-by column: the name it has in cells, where it comes from and how."""

    name: str
    column: str
    derive: Derivation = field(default_factory=Raw)


@dataclass(frozen=True)
class Join:
    """Predictions and attributes meet by key, never by position."""

    left: str
    right: str
    compare_as: Literal["as is", "text", "integer"]


@dataclass(frozen=True)
class GroupBy:
    """One pass: `sums` per combination of `keys`, over the audited rows."""

    table: str
    keys: tuple[Key, ...]
    sums: tuple[str, ...]
    admission: Admission | None = None
    """Where given, only rows that it calls audited."""
    finite: str | None = None
    """Where given, only rows whose value in this column is finite."""
    count: str | None = None
    weight: str | None = None


@dataclass(frozen=True)
class RawMask:
    """Rows whose keys hold the listed raw values (None = missing), in one of the ways given; a 0/1 indicator."""

    name: str
    alternatives: tuple[tuple[tuple[Key, tuple[object, ...]], ...], ...]


@dataclass(frozen=True)
class UnitGroupBy:
    """Two group-bys: per unit the sums of each mask, then per group the sums of products of those unit sums."""

    keys: tuple[Key, ...]
    unit: str
    masks: tuple[RawMask, ...]
    products: tuple[tuple[str, str], ...]
    admission: Admission | None = None
    count: str | None = None
    weight: str | None = None


@dataclass(frozen=True)
class Range:
    """Smallest and largest finite value of a number column, and how many values are not numbers at all."""

    low: float | None
    high: float | None
    missing: int
    not_finite: int


def product_columns(left: str, right: str) -> tuple[str, str, str]:
    """Names of the three limbs of a sum of products.

    >>> product_columns("a", "b")
    ('a*b#hi', 'a*b#mid', 'a*b#lo')
    """
    return f"{left}*{right}#hi", f"{left}*{right}#mid", f"{left}*{right}#lo"


def join_limbs(high: int, middle: int, low: int) -> int:
    """The exact sum from its three limbs.

    >>> join_limbs(0, 1, 5)
    16777221
    """
    return (high << (2 * LIMB)) + (middle << LIMB) + low


def people_column(mask: str) -> str:
    """Name of the sum that counts the people with anything in a mask.

    >>> people_column("decision=1")
    'decision=1#people'
    """
    return f"{mask}#people"
