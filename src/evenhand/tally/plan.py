"""What an engine is asked to add up, as data: keys, sums, masks. No engine, no rows, no labels here.

Column names in a plan are those of the joined frame: `p_c0` is column c0 of the predictions, `a_c1` column c1 of the
attributes. Keys group by *raw* values; label text is made from the few cells afterwards (`tally/labelling.py`), so
that every engine has the same groups.

How to add a sum: add its name and meaning to `SUMS`, its expression to `engines/lazy.py` and `engines/plain.py`;
the conformance test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

TOLERANCE_SCALE = 10_000
EXCESS_SCALE = 10_000
"""Basis points."""

WEIGHT = "weight"
"""The name under which a product takes the weight of a row."""

REFERENCE = "reference"
"""The name under which a product takes what a row weighs in the reference group, whatever group it is counted in."""

LIMB = 24
"""Squares and products are held as three limbs of 24 bits, since no engine sums 128-bit integers the same way.

In cells the lower limbs are carried over: they are from 0 to 2²⁴ − 1, and only the highest may be negative.
"""


@dataclass(frozen=True)
class Raw:
    """Group by the value as it stands."""


@dataclass(frozen=True)
class Bands:
    """Group by the number of edges that the value reaches: 0 is below the first edge. Missing and NaN stay missing."""

    edges: tuple[float, ...]


@dataclass(frozen=True)
class Grid:
    """Group by floor(value · scale + ½), whole steps of it where `step` is above 1; asked only of finite values.

    Steps are counted from 0 by floor, so that steps of 100 are made of ten steps of 10 each: tables nest.
    """

    scale: int
    step: int = 1


@dataclass(frozen=True)
class Presence:
    """Group by 'finite', 'missing' or 'not finite' (NaN and ±inf are counted, never summed)."""


@dataclass(frozen=True)
class Beyond:
    """Group by how a number stands to another of the same scale: 'above', 'equal' or 'below', in whole units.

    It is above where it exceeds the other by more than `tolerance` of it. Missing where either is not finite.
    """

    other: str
    scale: int
    tolerance: int = 0
    """In units of 1/TOLERANCE_SCALE."""


@dataclass(frozen=True)
class Sign:
    """Group by 'negative', 'zero' or 'positive', in whole units; missing where the number is not finite."""

    scale: int


@dataclass(frozen=True)
class Excess:
    """Group by floor((value/other − 1) · EXCESS_SCALE + ½), both in whole units; missing where the other is not > 0."""

    other: str
    scale: int


@dataclass(frozen=True)
class Gap:
    """Group by |value − other| in whole units, floored to whole steps; asked only where both are finite."""

    other: str
    scale: int
    step: int = 1


@dataclass(frozen=True)
class Admission:
    """Group by whether a row is audited: 'audited', 'outside where', or 'person unknown' where a `known` column is
    missing. A row is inside where every column's value is one of those listed.
    """

    conditions: tuple[tuple[str, tuple[object, ...]], ...] = ()
    known: tuple[str, ...] = ()


Derivation = Raw | Bands | Grid | Presence | Sign | Beyond | Excess | Gap | Admission

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
class Amount:
    """A number column in whole units of 1/scale, or how far it lies from another: summed, squared and multiplied.

    A row adds 0 where a value is missing or not finite; a mask on its presence leaves such rows out.
    """

    name: str
    column: str
    scale: int
    away_from: str | None = None
    """Where given, the amount is |column − away_from|."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, self.away_from) if self.away_from else (self.column,)


MEMBER = "member"
"""The column that names the group, where a row is copied for every group it is part of."""


@dataclass(frozen=True)
class Membership:
    """Groups given as shares or counts per row: each row counts in every group, weighted with that group's column."""

    columns: tuple[tuple[str, str], ...]
    """(label, column)."""
    reference: str | None = None
    """The column of the reference group, where products name REFERENCE or an amount `in_reference`."""


@dataclass(frozen=True)
class GroupBy:
    """One pass: `sums` per combination of `keys`, over the audited rows.

    `totals` and `products` are sums of what rows contribute: an amount, multiplied with the row's weight where there is
    one; `products` may name WEIGHT and, with a membership, REFERENCE and amounts `in_reference`. Totals are held in two
    limbs, products in three.
    """

    table: str
    keys: tuple[Key, ...]
    sums: tuple[str, ...]
    admission: Admission | None = None
    """Where given, only rows that it calls audited."""
    finite: tuple[str, ...] = ()
    """Only rows whose values in these columns are finite."""
    count: str | None = None
    weight: str | None = None
    membership: Membership | None = None
    amounts: tuple[Amount, ...] = ()
    totals: tuple[str, ...] = ()
    products: tuple[tuple[str, str], ...] = ()
    narrow: bool = False
    """Whether every sum of products is known to fit Int64: engines may then multiply numbers as they stand."""


@dataclass(frozen=True)
class RawMask:
    """Rows whose keys hold the listed raw values (None = missing), in one of the ways given; a 0/1 indicator.

    With an amount, such a row adds its amount instead of 1.
    """

    name: str
    alternatives: tuple[tuple[tuple[Key, tuple[object, ...]], ...], ...]
    amount: Amount | None = None
    in_reference: bool = False
    """Whether the row adds what it weighs in the reference group of the membership, not in the one it is counted in."""


@dataclass(frozen=True)
class UnitGroupBy:
    """Two group-bys: per unit the sums of each mask, then per group the sums of products of those unit sums.

    With `strata`, the sums are per unit and stratum; the first of a product is of one stratum, the second of any
    stratum of the same unit and group, named by keys `other:…`.

    With a membership, a unit is in the groups that any of its rows has a share of; all its rows add to masks
    `in_reference`, whether the group has a share of the row or not.
    """

    keys: tuple[Key, ...]
    unit: str
    masks: tuple[RawMask, ...]
    products: tuple[tuple[str, str], ...]
    admission: Admission | None = None
    count: str | None = None
    weight: str | None = None
    membership: Membership | None = None
    strata: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Range:
    """Smallest and largest finite value of a number column, and how many values are not numbers at all.

    `size` is the sum of the absolute values, as a float: good enough to know that exact sums will fit.
    """

    low: float | None
    high: float | None
    missing: int
    not_finite: int
    size: float = 0.0


def product_columns(left: str, right: str) -> tuple[str, str, str]:
    """Names of the three limbs of a sum of products.

    >>> product_columns("a", "b")
    ('a*b#hi', 'a*b#mid', 'a*b#lo')
    """
    return f"{left}*{right}#hi", f"{left}*{right}#mid", f"{left}*{right}#lo"


def in_reference(amount: str) -> str:
    """The name of what a row contributes of an amount to the reference group.

    >>> in_reference("price")
    'reference:price'
    """
    return f"{REFERENCE}:{amount}"


def shared_products(totals: Iterable[str], products: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The products from which follows how far a group and the reference consist of the same rows.

    >>> shared_products(["price"], [("price", "price")])
    (('weight', 'reference'), ('price', 'reference'), ('price', 'reference:price'))
    """
    by_weight = [(name, REFERENCE) for name in (WEIGHT, *totals)]
    return (*by_weight, *((left, in_reference(right)) for left, right in products))


def total_columns(name: str) -> tuple[str, str]:
    """Names of the two limbs of a sum.

    >>> total_columns("price")
    ('price#hi', 'price#lo')
    """
    return f"{name}#hi", f"{name}#lo"


def join_limbs(high: int, middle: int, low: int) -> int:
    """The exact sum from its three limbs.

    >>> join_limbs(0, 1, 5)
    16777221
    """
    return (high << (2 * LIMB)) + (middle << LIMB) + low


def other_key(stratum: str) -> str:
    """Name of the key that holds the second stratum of a pair.

    >>> other_key("factor:region")
    'other:factor:region'
    """
    return f"other:{stratum}"


def people_column(mask: str) -> str:
    """Name of the sum that counts the people with anything in a mask.

    >>> people_column("decision=1")
    'decision=1#people'
    """
    return f"{mask}#people"
