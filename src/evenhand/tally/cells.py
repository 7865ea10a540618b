"""`CellTable` and `Cells`: the small tables of whole numbers that every figure of an audit is computed from.

Laws (tests/tally/test_cells.py): `cells(A) + cells(B) == cells(A ∪ B)`, in any order and any tree; `marginal` and
`where` commute with `+`. Everything is integers, so equality means equality.

May import: errors, load.labels, tally.plan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evenhand.errors import DataError
from evenhand.load.labels import near_spellings
from evenhand.tally.needs import Mask
from evenhand.tally.plan import join_limbs, people_column, product_columns

Ints = npt.NDArray[np.int64]

SPELLINGS = "label_"
"""How the codes of `near_spellings` begin."""


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
        sums = {name: exact_sums(values[order], starts) for name, values in self.sums.items()}
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
        """A sum over all rows, exact."""
        return int(self.sums[name].sum(dtype=object)) if len(self) else 0

    def totals(self) -> dict[str, int]:
        """Every sum over all rows, exact."""
        return {name: self.total(name) for name in self.sums}

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


@dataclass(frozen=True)
class CellsHeader:
    """What the cells are about: whatever must agree before two sets of cells may be added or judged.

    `definition` is the canonical JSON of roles, bands, value maps, resolutions; `counts` adds up on merging.
    """

    definition: Mapping[str, Any]
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[tuple[str, str, int], ...] = ()

    @property
    def signature(self) -> str:
        """SHA-256 of the definition."""
        return hashlib.sha256(canonical_json(self.definition).encode()).hexdigest()

    @property
    def added_counts(self) -> dict[str, int]:
        """The counts that add up; the others are about one reading of the attributes, and merged cells lack them."""
        return {name: n for name, n in self.counts.items() if not name.startswith("attribute_rows")}

    def __add__(self, other: CellsHeader) -> CellsHeader:
        if self.signature != other.signature:
            different = differences(self.definition, other.definition)
            if different == ["unit_rows"]:
                raise DataError(
                    "people have several rows in one shard and one row in the other: their cells differ in kind",
                    hint="audit the rows of both shards together",
                )
            raise DataError(
                "cells made by different definitions cannot be merged: they differ in "
                + ", ".join(f"`{key}`" for key in different),
                hint="tally every shard with the same audit file",
            )
        ours, theirs = self.added_counts, other.added_counts
        counts = {k: ours.get(k, 0) + theirs.get(k, 0) for k in sorted({*ours, *theirs})}
        notes: dict[tuple[str, str], int] = {}
        for code, text, rows in (*self.notes, *other.notes):
            notes[(code, text)] = notes.get((code, text), 0) + rows
        return replace(
            self, counts=counts, notes=tuple((code, text, rows) for (code, text), rows in sorted(notes.items()))
        )


@dataclass(frozen=True, eq=False)
class Cells:
    """All the tables of one audit: `main`, and `value` and `unit` where a measure asked for them."""

    header: CellsHeader
    tables: Mapping[str, CellTable]

    def __add__(self, other: Cells) -> Cells:
        header = self.header + other.header
        if set(self.tables) != set(other.tables):
            raise DataError(
                "the cells hold different tables (" + ", ".join(sorted(set(self.tables) ^ set(other.tables))) + ")",
                hint="tally every shard with the same audit file",
            )
        return Cells.of(header, {name: table + other.tables[name] for name, table in self.tables.items()})

    @classmethod
    def of(cls, header: CellsHeader, tables: Mapping[str, CellTable]) -> Cells:
        """Cells with notes on groups that may be one, spelt in several ways: they follow from the labels of `main`."""
        attributes: Mapping[str, Any] = header.definition.get("attributes", {})
        notes = {note for note in header.notes if not note[0].startswith(SPELLINGS)}
        for name, attribute in attributes.items():
            found = near_spellings(tables["main"].keys[name].labels or (), attribute["column"])
            notes |= {(note.code, note.text, note.rows or 0) for note in found}
        return cls(replace(header, notes=tuple(sorted(notes))), tables)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Cells)
            and self.header.signature == other.header.signature
            and self.header.added_counts == other.header.added_counts
            and self.tables == other.tables
        )

    @property
    def main(self) -> CellTable:
        return self.tables["main"]

    @property
    def value(self) -> CellTable | None:
        return self.tables.get("value")

    @property
    def unit(self) -> CellTable | None:
        return self.tables.get("unit")

    @property
    def weighted(self) -> bool:
        return "w" in self.main.sums

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical cells; with the policy it seeds every random draw."""
        content = hashlib.sha256(self.header.signature.encode())
        for name in sorted(self.tables):
            table = self.tables[name].marginal(list(self.tables[name].keys))
            keys = [[key, column.labels] for key, column in table.keys.items()]
            content.update(canonical_json([name, len(table), keys, list(table.sums)]).encode())
            for values in (*(column.codes for column in table.keys.values()), *table.sums.values()):
                content.update(values.astype("<i8").tobytes())
        return content.hexdigest()


def weight_squares(table: CellTable) -> int:
    """Σw² over all rows of the table, in units of 1/WEIGHT_SCALE², exact."""
    return join_limbs(table.total("w2_hi"), table.total("w2_mid"), table.total("w2_lo"))


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
    return all(products) and {one, other, people_column(one), people_column(other)} <= there


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The keys in which two definitions differ, one level deep: `flags.decision`.

    >>> differences({"count": None, "flags": {"label": 1}}, {"count": None, "flags": {"label": 2}})
    ['flags.label']
    """
    found = []
    for key in sorted({*one, *other}):
        left, right = one.get(key), other.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            found += [f"{key}.{name}" for name in sorted({*left, *right}) if left.get(name) != right.get(name)]
        elif canonical_json(left) != canonical_json(right):
            found.append(key)
    return found


def canonical_json(value: Any) -> str:
    """One spelling per value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def compact(column: KeyColumn) -> KeyColumn:
    """Only the labels that occur, in sorted order."""
    if column.labels is None:
        return column
    used = np.unique(column.codes)
    names = [column.labels[c] for c in used.tolist()]
    order = sorted(range(len(names)), key=names.__getitem__)
    position = np.zeros(len(column.labels), dtype=np.int64)
    for new, old in enumerate(order):
        position[used[old]] = new
    return KeyColumn(position[column.codes], tuple(names[i] for i in order))


def in_order(columns: Sequence[KeyColumn], rows: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The order that sorts rows by these keys, and where in it each new key starts; there is at least one row."""
    index = np.zeros(rows, dtype=np.int64)
    for column in columns:
        _, dense = np.unique(column.codes, return_inverse=True)
        index = index * (int(dense.max()) + 1) + dense
        _, index = np.unique(index, return_inverse=True)
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
