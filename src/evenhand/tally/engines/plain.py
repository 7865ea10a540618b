"""The oracle: the same answers by loops over rows, with Python's unbounded integers and no cleverness.

It shares no expression with the other engines, so that a mistake cannot be made twice. Slow, but exact; it is a real
engine (`--engine plain`) for anyone who wants to check a result by reading 200 lines.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from evenhand.errors import DataError
from evenhand.load.table import ArrowRows, ParquetFiles, Table
from evenhand.tally.engines.base import Engine, Rows
from evenhand.tally.plan import (
    AUDITED,
    EXCESS_SCALE,
    LIMB,
    MEMBER,
    REFERENCE,
    TOLERANCE_SCALE,
    WEIGHT,
    WEIGHT_SCALE,
    Admission,
    Amount,
    Bands,
    Beyond,
    Derivation,
    Excess,
    Gap,
    Grid,
    GroupBy,
    Presence,
    Range,
    RawMask,
    Sign,
    UnitGroupBy,
    in_reference,
    other_key,
    people_column,
    product_columns,
    total_columns,
)

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]


class PlainEngine(Engine):
    """One row at a time, in plain Python."""

    name: ClassVar[str] = "plain"
    described: ClassVar[str] = "plain Python (oracle)"

    def __init__(self, rows: Rows, *, scratch: Path, threads: int | None = None, memory: str | None = None) -> None:
        super().__init__(rows, scratch=scratch, threads=threads, memory=memory)
        self.attributes_by_key: dict[Any, Row] = {}
        if rows.attributes is not None and rows.join is not None:
            for row in read(rows.attributes, "a_"):
                key = self.key(row[rows.join.right])
                if key is not None:
                    self.attributes_by_key[key] = row

    def close(self) -> None:
        self.attributes_by_key.clear()

    @classmethod
    def version(cls) -> str:
        import platform

        return platform.python_version()

    def key(self, value: Any) -> Any:
        """A key in the type both sides are compared in."""
        assert self.rows.join is not None
        if value is None:
            return None
        match self.rows.join.compare_as:
            case "text":
                return str(value)
            case "integer":
                return int(value)
            case _:
                return value

    def joined(self) -> Iterator[Row]:
        """Rows of the predictions with their attributes, missing where no person matches."""
        names = [] if self.rows.attributes is None else [f"a_{c.alias}" for c in self.rows.attributes.columns.values()]
        nobody: Row = dict.fromkeys(names)
        for row in read(self.rows.predictions, "p_"):
            if self.rows.join is None:
                yield row | {"matched": 1}
                continue
            person = self.attributes_by_key.get(self.key(row[self.rows.join.left]))
            yield row | (person or nobody) | {"matched": int(person is not None)}

    def admitted(self, admission: Admission | None, finite: Sequence[str] = ()) -> Iterator[Row]:
        for row in self.joined():
            if admission is not None and derive(row, "", admission) != AUDITED:
                continue
            if any(derive(row, column, Presence()) != "finite" for column in finite):
                continue
            yield row

    def copies(
        self, query: GroupBy | UnitGroupBy, finite: Sequence[str] = (), *, all_rows: bool = False
    ) -> Iterator[tuple[Row, int, int]]:
        """Rows with the people they stand for and their fixed-point weight; one copy per group they are part of.

        With `all_rows`, one copy per group.
        """
        for row in self.admitted(query.admission, finite):
            people = int(row[query.count]) if query.count else 1
            weight = float(row[query.weight]) if query.weight else 1.0
            if query.membership is None:
                yield row, people, fixed_point(weight)
                continue
            base = query.membership.reference
            there = {REFERENCE: fixed_point(float(row[base]) * weight)} if base else {}
            for label, column in query.membership.columns:
                if all_rows or float(row[column]) > 0:
                    yield row | there | {MEMBER: label}, people, fixed_point(float(row[column]) * weight)

    def group(self, query: GroupBy) -> pa.Table:
        self.passes += 1
        names = [
            *query.sums,
            *(column for name in query.totals for column in total_columns(name)),
            *(column for pair in query.products for column in product_columns(*pair)),
        ]
        weighted = bool(query.weight or query.membership)
        totals: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(names, 0))
        if not query.keys:
            totals[()] = dict.fromkeys(names, 0)
        for row, people, fixed in self.copies(query, query.finite):
            cell = totals[tuple(group_value(derive(row, key.column, key.derive)) for key in query.keys)]
            high, middle, low = limbs(fixed * fixed)
            adds = {
                "rows": 1,
                "n": people,
                "matched": row["matched"],
                "w": people * fixed,
                "w2_hi": people * high,
                "w2_mid": people * middle,
                "w2_lo": people * low,
            }
            for name in query.sums:
                cell[name] += adds[name]
            terms = {a.name: amount_of(row, a) * (fixed if weighted else 1) for a in query.amounts} | {WEIGHT: fixed}
            if REFERENCE in row:
                terms |= {in_reference(a.name): amount_of(row, a) * row[REFERENCE] for a in query.amounts}
                terms[REFERENCE] = row[REFERENCE]
            for name in query.totals:
                two = (terms[name] >> LIMB, terms[name] & ((1 << LIMB) - 1))
                for column, limb in zip(total_columns(name), two, strict=True):
                    cell[column] += people * limb
            for left, right in query.products:
                for column, limb in zip(product_columns(left, right), limbs(terms[left] * terms[right]), strict=True):
                    cell[column] += people * limb
        columns = {key.name: [restored(k[i]) for k in totals] for i, key in enumerate(query.keys)}
        return arrow(columns | {f"sum:{name}": [cell[name] for cell in totals.values()] for name in names})

    def size(self, query: GroupBy) -> int:
        return len(self.group(query))

    def group_units(self, query: UnitGroupBy) -> pa.Table:
        self.passes += 1
        keys = [*query.keys, *query.strata]
        per_unit: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: {mask.name: 0 for mask in query.masks})
        members = dict(query.membership.columns) if query.membership else {}
        present = set()
        for row, people, fixed in self.copies(query, all_rows=True):
            factor = people * fixed if query.weight or query.membership else people
            group = tuple(group_value(derive(row, key.column, key.derive)) for key in keys)
            if not members or float(row[members[row[MEMBER]]]) > 0:
                present.add((row[query.unit], *group))
            sums = per_unit[(row[query.unit], *group)]
            for mask in query.masks:
                weight = people * row[REFERENCE] if mask.in_reference else factor
                own = weight if mask.amount is None else weight * amount_of(row, mask.amount)
                sums[mask.name] += own * indicator(row, mask)
        strata_of: dict[tuple[Any, ...], dict[tuple[Any, ...], dict[str, int]]] = defaultdict(dict)
        for unit_and_group, sums in per_unit.items():
            split = 1 + len(query.keys)
            if unit_and_group not in present:
                continue
            strata_of[unit_and_group[:split]][unit_and_group[split:]] = sums
        counted = [mask for mask in query.masks if mask.amount is None]
        names = [
            "units",
            *[mask.name for mask in query.masks],
            *[people_column(mask.name) for mask in counted],
            *[column for pair in query.products for column in product_columns(*pair)],
        ]
        totals: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(names, 0))
        for unit_and_group, strata in strata_of.items():
            for (stratum, sums), (other, others) in product(strata.items(), strata.items()):
                cell = totals[(*unit_and_group[1:], *stratum, *other)]
                if stratum == other:
                    cell["units"] += 1
                    for mask in query.masks:
                        cell[mask.name] += sums[mask.name]
                    for mask in counted:
                        cell[people_column(mask.name)] += sums[mask.name] > 0
                for left, right in query.products:
                    found = limbs(sums[left] * others[right])
                    for column, limb in zip(product_columns(left, right), found, strict=True):
                        cell[column] += limb
        named = [key.name for key in keys] + [other_key(key.name) for key in query.strata]
        columns = {name: [restored(k[i]) for k in totals] for i, name in enumerate(named)}
        return arrow(columns | {name: [cell[name] for cell in totals.values()] for name in names})

    def select(self, columns: Sequence[str], admission: Admission) -> pa.Table:
        self.passes += 1
        rows = list(self.admitted(admission))
        return arrow({column: [row[column] for row in rows] for column in columns})

    def distinct(self, column: str, admission: Admission | None = None) -> tuple[int, int]:
        self.passes += 1
        table = self.rows.predictions if column.startswith("p_") else self.rows.attributes
        assert table is not None
        rows = read(table, column[:2]) if admission is None else self.admitted(admission)
        values = [row[column] for row in rows]
        return len({v for v in values if v is not None}), sum(v is None for v in values)

    def sizes(self, columns: Sequence[str]) -> dict[str, int]:
        return {column: self.distinct(column)[0] for column in columns}

    def ranges(self, columns: Sequence[str], admission: Admission) -> Mapping[str, Range]:
        if not columns:
            return {}
        self.passes += 1
        finite: dict[str, list[float]] = {c: [] for c in columns}
        states: dict[str, dict[str, int]] = {c: {"finite": 0, "missing": 0, "not finite": 0} for c in columns}
        for row in self.admitted(admission):
            for c in columns:
                state = str(derive(row, c, Presence()))
                states[c][state] += 1
                if state == "finite":
                    finite[c].append(float(row[c]))
        return {
            c: Range(
                min(finite[c], default=None),
                max(finite[c], default=None),
                states[c]["missing"],
                states[c]["not finite"],
                sum(map(abs, finite[c])),
            )
            for c in columns
        }

    def unmatched_attributes(self) -> int:
        if self.rows.attributes is None or self.rows.join is None:
            return 0
        self.passes += 1
        left = {self.key(row[self.rows.join.left]) for row in read(self.rows.predictions, "p_")}
        keys = (self.key(row[self.rows.join.right]) for row in read(self.rows.attributes, "a_"))
        return sum(key is None or key not in left for key in keys)


def read(table: Table, prefix: str) -> Iterator[Row]:
    """The rows of a table as dicts."""
    import pyarrow.parquet as parquet

    match table.source:
        case ParquetFiles(paths, aliased):
            names = [(c.alias if aliased else c.name, f"{prefix}{c.alias}") for c in table.columns.values()]
            columns = [name for name, _ in names]
            tables: Iterable[pa.Table] = (parquet.ParquetFile(path).read(columns=columns) for path in paths)
        case ArrowRows(rows):
            names = [(c.alias, f"{prefix}{c.alias}") for c in table.columns.values()]
            tables = [rows]
    for part in tables:
        for batch in part.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                yield {alias: row[name] for name, alias in names}


def derive(row: Row, column: str, derivation: Derivation) -> Any:
    """The value of a key for one row."""
    if isinstance(derivation, Admission):
        if any(row[name] is None for name in derivation.known):
            return "person unknown"
        inside = all(holds(row[c], values) for c, values in derivation.conditions)
        return AUDITED if inside else "outside where"
    value = row[column]
    match derivation:
        case Presence():
            return "missing" if value is None else "finite" if math.isfinite(value) else "not finite"
        case Bands(edges):
            if value is None or not math.isfinite(value):
                return None
            return sum(float(value) >= edge for edge in edges)
        case Grid(scale, step):
            return whole_units(value, scale) // step
        case Gap(other, scale, step):
            return abs(whole_units(value, scale) - whole_units(row[other], scale)) // step
        case Sign(scale):
            if not both_finite(row, column, column):
                return None
            units = whole_units(value, scale)
            return "positive" if units > 0 else "negative" if units < 0 else "zero"
        case Beyond(other, scale, tolerance):
            if not both_finite(row, column, other):
                return None
            own, theirs = whole_units(value, scale), whole_units(row[other], scale)
            above = own * TOLERANCE_SCALE > theirs * (TOLERANCE_SCALE + tolerance)
            return "above" if above else "below" if own < theirs else "equal"
        case Excess(other, scale):
            if not both_finite(row, column, other) or whole_units(row[other], scale) <= 0:
                return None
            ratio = float(whole_units(value, scale)) / float(whole_units(row[other], scale))
            return math.floor((ratio - 1.0) * float(EXCESS_SCALE) + 0.5)
        case _:
            return value


def whole_units(value: Any, scale: int) -> int:
    return math.floor(float(value) * float(scale) + 0.5)


def both_finite(row: Row, column: str, other: str) -> bool:
    return all(row[name] is not None and math.isfinite(row[name]) for name in (column, other))


def amount_of(row: Row, amount: Amount) -> int:
    """A row's amount in whole units; 0 where it has none."""
    if not both_finite(row, amount.column, amount.away_from or amount.column):
        return 0
    value = whole_units(row[amount.column], amount.scale)
    return value if amount.away_from is None else abs(value - whole_units(row[amount.away_from], amount.scale))


def indicator(row: Row, mask: RawMask) -> bool:
    """Whether a row is in the mask, by any of its alternatives."""
    return any(
        all(holds(derive(row, key.column, key.derive), values) for key, values in conditions)
        for conditions in mask.alternatives
    )


def holds(value: Any, values: tuple[object, ...]) -> bool:
    """Whether a value is one of those listed, NaN like any other."""
    return any(value is v or value == v or (value != value and v != v) for v in values)


NAN = ("not a number",)


def group_value(value: Any) -> Any:
    """A value that groups as engines group: all NaN together."""
    return NAN if isinstance(value, float) and math.isnan(value) else value


def restored(value: Any) -> Any:
    return math.nan if value is NAN else value


def fixed_point(weight: Any) -> int:
    return math.floor(float(weight) * float(WEIGHT_SCALE) + 0.5)


def limbs(product: int) -> tuple[int, int, int]:
    """A whole number as (2⁴⁸s, 2²⁴s, units)."""
    mask = (1 << LIMB) - 1
    return product >> (2 * LIMB), (product >> LIMB) & mask, product & mask


def arrow(columns: dict[str, list[Any]]) -> pa.Table:
    import pyarrow as pa

    try:
        return pa.table({name: pa.array(values) for name, values in columns.items()})
    except OverflowError:
        raise DataError(
            "a sum passes 2⁶³ and cannot be held exactly", hint="scale the weights or counts down"
        ) from None
