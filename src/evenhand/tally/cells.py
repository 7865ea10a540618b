"""`Cells`: the small tables of whole numbers that every figure of an audit is computed from, and what they are about.

Law (tests/tally/test_cells.py): `cells(A) + cells(B) == cells(A ∪ B)`, in any order and any tree.

May import: errors, load.labels, tally.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from evenhand.errors import DataError
from evenhand.load.labels import near_spellings
from evenhand.tally.cell_table import CellTable
from evenhand.tally.coarsening import added, too_many_pairs
from evenhand.tally.differing import in_words
from evenhand.tally.plan import other_key

SPELLINGS = "label_"
"""How the codes of `near_spellings` begin."""


@dataclass(frozen=True)
class CellsHeader:
    """What the cells are about: whatever must agree before two sets of cells may be added or judged.

    `definition` is the canonical JSON of roles, bands, value maps, resolutions; `counts` adds up on merging.
    """

    definition: Mapping[str, Any]
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[tuple[str, str, int], ...] = ()
    steps: Mapping[str, int] = field(default_factory=dict)
    """Of each distribution's table, how many whole units a bin spans."""

    @property
    def signature(self) -> str:
        """SHA-256 of the definition."""
        return hashlib.sha256(canonical_json(self.definition).encode()).hexdigest()

    def bins(self, table: str) -> tuple[str, bool]:
        """The key of a distribution's table that is a bin, and whether its step follows from the number of cells."""
        name = table.removeprefix(VALUE).split("@")[0]
        distribution = self.definition["distributions"][name]
        return distribution["key"], distribution["coarsened"]

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
                + in_words(different, self.definition, other.definition),
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


VALUE = "value:"
"""How the tables of distributions are called."""

PAIRS = "unit strata"
"""The table of people's sums by pairs of strata."""


def value_table(distribution: str) -> str:
    return VALUE + distribution


def table_name(table: str, member: str | None) -> str:
    """The table of an attribute whose groups are shares of each row; the table itself without one.

    >>> table_name("main", "race"), table_name("main", None)
    ('main@race', 'main')
    """
    return f"{table}@{member}" if member else table


@dataclass(frozen=True, eq=False)
class Cells:
    """All the tables of one audit: `main`, and distributions and `unit` where measures asked for them."""

    header: CellsHeader
    tables: Mapping[str, CellTable]

    def __add__(self, other: Cells) -> Cells:
        header = self.header + other.header
        if set(self.tables) != set(other.tables):
            raise DataError(
                "the cells hold different tables (" + ", ".join(sorted(set(self.tables) ^ set(other.tables))) + ")",
                hint="tally every shard with the same audit file",
            )
        tables, steps = {}, {}
        for name, table in self.tables.items():
            if name in self.header.steps:
                both = (self.header.steps[name], other.header.steps[name])
                bins, coarsened = self.header.bins(name)
                tables[name], steps[name] = added(table, other.tables[name], bins, both, coarsened=coarsened)
            else:
                tables[name] = table + other.tables[name]
        for name in tables:
            if name.partition("@")[0] == PAIRS and lacks_pairs(name, tables, (self, other)):
                tables[name] = tables[name].rows_where(np.zeros(len(tables[name]), dtype=bool))
        return Cells.of(replace(header, steps=steps), tables)

    @classmethod
    def of(cls, header: CellsHeader, tables: Mapping[str, CellTable]) -> Cells:
        """Cells with notes on groups that may be one, spelt in several ways: they follow from the labels of `main`."""
        attributes: Mapping[str, Any] = header.definition.get("attributes", {})
        notes = {note for note in header.notes if not note[0].startswith(SPELLINGS)}
        for name, attribute in attributes.items():
            if name not in tables["main"].keys:
                continue  # groups given as shares are spelt in the audit file
            found = near_spellings(tables["main"].keys[name].labels or (), attribute["column"])
            notes |= {(note.code, note.text, note.rows or 0) for note in found}
        return cls(replace(header, notes=tuple(sorted(notes))), tables)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Cells)
            and self.header.signature == other.header.signature
            and self.header.added_counts == other.header.added_counts
            and dict(self.header.steps) == dict(other.header.steps)
            and self.tables == other.tables
        )

    @property
    def main(self) -> CellTable:
        return self.tables["main"]

    def value(self, distribution: str) -> CellTable | None:
        """The table of a distribution, where a measure asked for it."""
        return self.tables.get(value_table(distribution))

    @property
    def unit(self) -> CellTable | None:
        return self.tables.get("unit")

    @property
    def weighted(self) -> bool:
        return self.main.weighted

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical cells; with the policy it seeds every random draw."""
        content = hashlib.sha256(self.header.signature.encode())
        content.update(canonical_json(dict(self.header.steps)).encode())
        for name in sorted(self.tables):
            table = self.tables[name].marginal(list(self.tables[name].keys))
            keys = [[key, column.labels] for key, column in table.keys.items()]
            content.update(canonical_json([name, len(table), keys, list(table.sums)]).encode())
            for values in (*(column.codes for column in table.keys.values()), *table.sums.values()):
                content.update(values.astype("<i8").tobytes())
        return content.hexdigest()


def lacks_pairs(name: str, tables: Mapping[str, CellTable], parts: tuple[Cells, Cells]) -> bool:
    """Whether a table of pairs of strata must stay empty: a part has none, or together they could have too many."""
    if any(not len(part.tables[name]) for part in parts):
        return True
    main = tables["main" + name.removeprefix(PAIRS)]
    keys = tables[name].keys
    strata = [key for key in keys if other_key(key) in keys]
    return too_many_pairs(main, [key for key in keys if key in main.keys and key not in strata], strata)


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
