"""The oracle: the same answers by loops over rows, with Python's unbounded integers and no cleverness.

It shares no expression with the other engines, so that a mistake cannot be made twice. Slow, but exact; it is a real
engine (`--engine plain`) for anyone who wants to check a result by reading 200 lines.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from evenhand.errors import DataError
from evenhand.load.table import ArrowRows, ParquetFiles, Table
from evenhand.tally.engines.base import Engine, Rows
from evenhand.tally.plan import (
    AUDITED,
    LIMB,
    WEIGHT_SCALE,
    Admission,
    Bands,
    Derivation,
    Grid,
    GroupBy,
    Presence,
    Range,
    RawMask,
    UnitGroupBy,
    people_column,
    product_columns,
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

    def admitted(self, admission: Admission | None, finite: str | None = None) -> Iterator[Row]:
        for row in self.joined():
            if admission is not None and derive(row, "", admission) != AUDITED:
                continue
            if finite is not None and derive(row, finite, Presence()) != "finite":
                continue
            yield row

    def group(self, query: GroupBy) -> pa.Table:
        self.passes += 1
        totals: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(query.sums, 0))
        if not query.keys:
            totals[()] = dict.fromkeys(query.sums, 0)
        for row in self.admitted(query.admission, query.finite):
            cell = totals[tuple(group_value(derive(row, key.column, key.derive)) for key in query.keys)]
            people = int(row[query.count]) if query.count else 1
            fixed = fixed_point(row[query.weight]) if query.weight else 0
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
        columns = {key.name: [restored(k[i]) for k in totals] for i, key in enumerate(query.keys)}
        return arrow(columns | {f"sum:{name}": [cell[name] for cell in totals.values()] for name in query.sums})

    def group_units(self, query: UnitGroupBy) -> pa.Table:
        self.passes += 1
        per_unit: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: {mask.name: 0 for mask in query.masks})
        for row in self.admitted(query.admission):
            factor = int(row[query.count]) if query.count else 1
            if query.weight:
                factor *= fixed_point(row[query.weight])
            group = tuple(group_value(derive(row, key.column, key.derive)) for key in query.keys)
            sums = per_unit[(row[query.unit], *group)]
            for mask in query.masks:
                sums[mask.name] += factor * indicator(row, mask)
        names = [
            "units",
            *[mask.name for mask in query.masks],
            *[people_column(mask.name) for mask in query.masks],
            *[column for pair in query.products for column in product_columns(*pair)],
        ]
        totals: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(names, 0))
        for unit_and_group, sums in per_unit.items():
            cell = totals[unit_and_group[1:]]
            cell["units"] += 1
            for mask in query.masks:
                cell[mask.name] += sums[mask.name]
                cell[people_column(mask.name)] += sums[mask.name] > 0
            for left, right in query.products:
                for column, limb in zip(product_columns(left, right), limbs(sums[left] * sums[right]), strict=True):
                    cell[column] += limb
        columns = {key.name: [restored(k[i]) for k in totals] for i, key in enumerate(query.keys)}
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
        case Grid(scale):
            return math.floor(float(value) * float(scale) + 0.5)
        case _:
            return value


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
