"""`CellTable`: one small table of whole numbers, keyed by labels or bins; and exact figures out of its sums.

Laws (tests/tally/test_cells.py): tables add up in any order and any tree; `marginal` and `where` commute with `+`.
Everything is integers, so equality means equality. May import: errors, tally.needs, tally.plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from evenhand.errors import DataError
from evenhand.tally.needs import OF, Mask
from evenhand.tally.plan import LIMB, join_limbs, people_column, product_columns, total_columns

Ints = npt.NDArray[np.int64]
N = TypeVar("N", Ints, int)


@dataclass(frozen=True, eq=False)
class KeyColumn:
    """One key of a table: text labels as codes into `labels`, or whole numbers (score bins) where `labels` is None."""

    codes: Ints
    labels: tuple[str, ...] | None = None

    @classmethod
    def of_labels(cls, values: Sequence[str]) -> KeyColumn:
        """Codes in the sorted order of the labels, so that equal tables have equal bytes.

        >>> KeyColumn.of_labels(["b", "a", "b"]).codes.tolist()
        [1, 0, 1]
        """
        position: dict[str, int] = {}
        codes = [position.setdefault(value, len(position)) for value in values]
        return cls.of_codes(np.array(codes, dtype=np.int64), tuple(position))

    @classmethod
    def of_codes(cls, codes: Ints, names: Sequence[str]) -> KeyColumn:
        """Rows whose label is `names[code]`; equal names become one label.

        >>> KeyColumn.of_codes(np.array([0, 1, 2]), ["b", "a", "b"]).codes.tolist()
        [1, 0, 1]
        """
        labels = tuple(sorted(set(names)))
        code = {label: i for i, label in enumerate(labels)}
        return cls(np.array([code[name] for name in names], dtype=np.int64)[codes] if names else codes, labels)

    def take(self, rows: npt.NDArray[Any]) -> KeyColumn:
        return KeyColumn(self.codes[rows], self.labels)

    def values(self) -> list[Any]:
        """The key of each row, as text or as a whole number."""
        codes: list[Any] = self.codes.tolist()
        return codes if self.labels is None else [self.labels[c] for c in codes]

    def mask(self, wanted: Iterable[Any]) -> npt.NDArray[np.bool_]:
        """Rows whose key is one of `wanted`."""
        wanted = set(wanted)
        if self.labels is None:
            return np.isin(self.codes, list(wanted))
        hit = np.array([label in wanted for label in self.labels], dtype=bool)
        return hit[self.codes] if len(hit) else np.zeros(len(self.codes), dtype=bool)


@dataclass(frozen=True, eq=False)
class CellTable:
    """Rows of cells: one `KeyColumn` per key, one Int64 array per sum, all of the same length, no key twice."""

    keys: Mapping[str, KeyColumn]
    sums: Mapping[str, Ints]

    @property
    def weighted(self) -> bool:
        """Whether rows weigh differently."""
        return "w" in self.sums

    def __len__(self) -> int:
        return len(next(iter(self.sums.values())))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CellTable) and self.rows() == other.rows() and list(self.sums) == list(other.sums)

    def __add__(self, other: CellTable) -> CellTable:
        """Cells of both: equal keys are added."""
        if list(self.keys) != list(other.keys) or list(self.sums) != list(other.sums):
            raise DataError(
                "the two tables of cells have different keys or sums and cannot be merged",
                hint="tally both with the same audit file and the same version of evenhand",
            )
        keys = {name: concatenated(self.keys[name], other.keys[name]) for name in self.keys}
        sums = {name: np.concatenate([self.sums[name], other.sums[name]]) for name in self.sums}
        return CellTable(keys, sums).marginal(list(self.keys))

    def marginal(self, keys: Sequence[str]) -> CellTable:
        """Summed over every other key; rows in the order of their labels."""
        kept = {name: compact(self.keys[name]) for name in keys}
        if not len(self):
            return CellTable(kept, self.sums)
        order, starts = in_order(list(kept.values()), len(self))
        sums = carried({name: exact_sums(values[order], starts) for name, values in self.sums.items()})
        first = order[starts]
        return CellTable({name: column.take(first) for name, column in kept.items()}, sums)

    def select(self, conditions: Mapping[str, Iterable[Any]]) -> CellTable:
        """Rows whose keys are among those given, by key name."""
        return self.rows_where(self.holds(conditions.items()))

    def masked(self, mask: Mask) -> CellTable:
        """Rows that the mask describes."""
        rows = np.zeros(len(self), dtype=bool)
        for conjunction in mask.alternatives:
            rows |= self.holds(conjunction)
        return self.rows_where(rows)

    def holds(self, conditions: Iterable[tuple[str, Iterable[Any]]]) -> npt.NDArray[np.bool_]:
        """Which rows meet all conditions."""
        rows = np.ones(len(self), dtype=bool)
        for name, wanted in conditions:
            rows &= self.keys[name].mask(wanted)
        return rows

    def rows_where(self, rows: npt.NDArray[np.bool_]) -> CellTable:
        """Rows where the mask is true, labels no longer used dropped."""
        return CellTable(
            {name: compact(column.take(rows)) for name, column in self.keys.items()},
            {name: values[rows] for name, values in self.sums.items()},
        )

    def without(self, key: str) -> CellTable:
        """The same table summed over one key."""
        return self.marginal([name for name in self.keys if name != key])

    def total(self, name: str) -> int:
        """A sum over all rows, exact: halves of 32 bits are added apart, since Int64 may not hold the whole."""
        values = self.sums[name]
        if len(values) < 64:
            return int(sum(values.tolist()))
        return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())

    def totals(self) -> dict[str, int]:
        """Every sum over all rows, exact; lower limbs below 2²⁴, as in the tables themselves."""
        return carried({name: self.total(name) for name in self.sums})

    def rows(self) -> dict[tuple[Any, ...], tuple[int, ...]]:
        """Every cell as key tuple -> sums, for reading and comparing."""
        keys = list(zip(*(column.values() for column in self.keys.values()), strict=True)) or [()] * len(self)
        sums = zip(*(values.tolist() for values in self.sums.values()), strict=True)
        return dict(sorted(zip(keys, sums, strict=True)))

    def by(self, *keys: str) -> dict[tuple[Any, ...], CellTable]:
        """The table split by some keys: key tuple -> the rows of that key."""
        if not keys or not len(self):
            return {} if keys else {(): self}
        split = [compact(self.keys[name]) for name in keys]
        order, starts = in_order(split, len(self))
        others = {name: column for name, column in self.keys.items() if name not in keys}
        names = zip(*(column.take(order[starts]).values() for column in split), strict=True)
        return {
            key: CellTable(
                {name: column.take(rows) for name, column in others.items()},
                {name: values[rows] for name, values in self.sums.items()},
            )
            for key, rows in zip(names, np.split(order, starts[1:]), strict=True)
        }


def compact(column: KeyColumn) -> KeyColumn:
    """Only the labels that occur, in sorted order."""
    if column.labels is None:
        return column
    used = np.flatnonzero(np.bincount(column.codes, minlength=len(column.labels)))
    names = [column.labels[c] for c in used.tolist()]
    order = sorted(range(len(names)), key=names.__getitem__)
    position = np.zeros(len(column.labels), dtype=np.int64)
    for new, old in enumerate(order):
        position[used[old]] = new
    return KeyColumn(position[column.codes], tuple(names[i] for i in order))


def in_order(columns: Sequence[KeyColumn], rows: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The order that sorts rows by these keys, and where in it each new key starts; there is at least one row."""
    index, different = np.zeros(rows, dtype=np.int64), 1
    for column in columns:
        low, high = int(column.codes.min()), int(column.codes.max())
        if different * (high - low + 1) >= 2**62:  # number the keys so far without gaps, and this one
            found, index = np.unique(index, return_inverse=True)
            different = len(found)
            found, codes = np.unique(column.codes, return_inverse=True)
            span = len(found)
        else:
            codes, span = column.codes - low, high - low + 1
        index, different = index * span + codes, different * span
    order = np.argsort(index, kind="stable")
    return order, np.flatnonzero(np.r_[True, np.diff(index[order]) != 0])


def concatenated(left: KeyColumn, right: KeyColumn) -> KeyColumn:
    """Two key columns one after the other, under one set of labels."""
    if left.labels is None or right.labels is None:
        return KeyColumn(np.concatenate([left.codes, right.codes]), None)
    labels = tuple(sorted({*left.labels, *right.labels}))
    code = {label: i for i, label in enumerate(labels)}

    def recoded(column: KeyColumn) -> Ints:
        assert column.labels is not None
        new = np.array([code[label] for label in column.labels], dtype=np.int64)
        return new[column.codes] if len(new) else column.codes

    return KeyColumn(np.concatenate([recoded(left), recoded(right)]), labels)


def exact_sums(values: Ints, starts: npt.NDArray[Any]) -> Ints:
    """Sums of runs; refused rather than wrapped where Int64 does not hold them."""
    largest = int(np.abs(values).max()) if len(values) else 0
    if largest * max(1, len(values)) < 2**63:
        return np.add.reduceat(values, starts).astype(np.int64)
    sums = np.add.reduceat(values.astype(object), starts)
    if any(abs(s) >= 2**63 for s in sums):
        raise DataError("a sum passes 2⁶³ and cannot be held exactly", hint="scale the weights or counts down")
    return sums.astype(np.int64)


def carried(sums: Mapping[str, N]) -> dict[str, N]:
    """The same sums, lower limbs brought below 2²⁴: equal totals then have equal limbs, however they were added up.

    >>> [n.tolist() for n in carried({"a#hi": np.array([-1]), "a#lo": np.array([2**24 + 5])}).values()]
    [[0], [5]]
    """
    found = dict(sums)
    for high in sums:
        lower_limbs: tuple[str, ...] = limbs_below(high) or ()
        if not sums.keys() >= set(lower_limbs):
            continue
        for lower, upper in pairwise(reversed((high, *lower_limbs))):
            found[upper] = found[upper] + (found[lower] >> LIMB)
            found[lower] = found[lower] & ((1 << LIMB) - 1)
    return found


def limbs_below(high: str) -> tuple[str, ...] | None:
    """The lower limbs of a sum, highest first, by the name of its highest; None where it is no highest limb.

    >>> limbs_below("w2_hi"), limbs_below("price*price#hi"), limbs_below("price#hi"), limbs_below("n")
    (('w2_mid', 'w2_lo'), ('price*price#mid', 'price*price#lo'), ('price#lo',), None)
    """
    stem = high.removesuffix("hi")
    if stem == high or not stem.endswith(("_", "#")):
        return None
    product = stem.endswith("_") or "*" in stem
    return (f"{stem}mid", f"{stem}lo") if product else (f"{stem}lo",)


# Exact figures ---------------------------------------------------------------------------------------------------


def weight_squares(table: CellTable) -> int:
    """Σw² over all rows of the table, in units of 1/WEIGHT_SCALE², exact."""
    return join_limbs(table.total("w2_hi"), table.total("w2_mid"), table.total("w2_lo"))


def amount_total(table: CellTable, amount: str) -> int:
    """Σ of an amount in whole units; times 10⁶ where rows are weighted, in units of 1/WEIGHT_SCALE."""
    high, low = total_columns(amount)
    return join_limbs(0, table.total(high), table.total(low))


def amount_products(table: CellTable, left: str, right: str) -> int:
    """Σ of the product of what rows contribute of two amounts, exact."""
    if product_columns(left, right)[0] not in table.sums:
        left, right = right, left
    return join_limbs(*(table.total(column) for column in product_columns(left, right)))


def product_total(sums: Mapping[str, int], left: str, right: str) -> int:
    """An exact sum of products of unit sums."""
    if product_columns(left, right)[0] not in sums:
        left, right = right, left
    high, middle, low = product_columns(left, right)
    return join_limbs(sums[high], sums[middle], sums[low])


def holds_pair(table: CellTable, one: str, other: str) -> bool:
    """Whether a table of sums per person has all that a rate with these two masks needs."""
    there = set(table.sums)
    products = [
        {*product_columns(left, right)} <= there or {*product_columns(right, left)} <= there
        for left, right in ((one, one), (one, other), (other, other))
    ]
    return all(products) and {one, other, *(people_column(name) for name in (one, other) if OF not in name)} <= there
