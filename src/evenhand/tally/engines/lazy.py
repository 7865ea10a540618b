"""Every engine that narwhals drives lazily: one set of expressions, whichever library runs them.

A subclass says how to scan a table; nothing else. Rules learnt the hard way (methods §3): cast to Int64 before
summing, count by summing ones (never `len`), floor(x·S + ½) and never `round`, edges compared and never divided.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add, and_, mul
from typing import TYPE_CHECKING, Any

import narwhals as nw

from evenhand.errors import DataError
from evenhand.load.table import Table
from evenhand.tally.engines.base import Engine
from evenhand.tally.plan import (
    AUDITED,
    LIMB,
    WEIGHT_SCALE,
    Admission,
    Bands,
    Derivation,
    Grid,
    GroupBy,
    Key,
    Presence,
    Range,
    RawMask,
    UnitGroupBy,
    people_column,
    product_columns,
)

if TYPE_CHECKING:
    import pyarrow as pa

ONE = "one"
FIXED = "fixed"
"""A row's weight in units of 1/WEIGHT_SCALE."""


class LazyEngine(Engine):
    """The tally in narwhals expressions. Subclasses implement `scan`."""

    @abstractmethod
    def scan(self, table: Table, prefix: str) -> nw.LazyFrame[Any]:
        """The table as a lazy frame with columns `<prefix>c0`, `<prefix>c1`, ..."""

    def collect(self, frame: nw.LazyFrame[Any]) -> pa.Table:
        """Run the query; the result is small."""
        return frame.collect(backend="pyarrow").to_native()

    # The joined frame ------------------------------------------------------------------------------------------

    def joined(self, *, attributes: bool = True) -> nw.LazyFrame[Any]:
        """Predictions with their attributes: one row per row of the predictions, in no order.

        Without `attributes`, the predictions alone: the same rows, for a query that looks at nothing else.
        """
        left = self.scan(self.rows.predictions, "p_").with_columns(nw.lit(1, dtype=nw.Int64).alias(ONE))
        if self.rows.attributes is None or self.rows.join is None or not attributes:
            return left.with_columns(nw.lit(1, dtype=nw.Int64).alias("matched"))
        right = self.scan(self.rows.attributes, "a_").with_columns(nw.lit(1, dtype=nw.Int64).alias("matched"))
        left, right = self.with_join_keys(left, right)
        return left.join(right, left_on="join_left", right_on="join_right", how="left").with_columns(
            nw.col("matched").fill_null(0)
        )

    def with_join_keys(
        self, left: nw.LazyFrame[Any], right: nw.LazyFrame[Any]
    ) -> tuple[nw.LazyFrame[Any], nw.LazyFrame[Any]]:
        """Both sides with the key in one type."""
        join = self.rows.join
        assert join is not None
        dtype: Any = {"as is": None, "text": nw.String, "integer": nw.Int64}[join.compare_as]

        def key(name: str) -> nw.Expr:
            return nw.col(name) if dtype is None else nw.col(name).cast(dtype)

        return left.with_columns(key(join.left).alias("join_left")), right.with_columns(
            key(join.right).alias("join_right")
        )

    # Questions -------------------------------------------------------------------------------------------------

    def group(self, query: GroupBy) -> pa.Table:
        self.passes += 1
        used = [column for key in query.keys for column in looked_at(key.column, key.derive)]
        used += [column for column in (query.count, query.weight) if column]
        frame = self.admitted(used + ["a_"] * ("matched" in query.sums), query.admission, query.finite)
        people = nw.col(query.count).cast(nw.Int64) if query.count else nw.col(ONE)
        sums = {"rows": nw.col(ONE), "n": people, "matched": nw.col("matched").cast(nw.Int64)}
        if query.weight:
            frame = frame.with_columns(fixed_point(query.weight).alias(FIXED))
            sums["w"] = people * nw.col(FIXED)
            if "w2_hi" in query.sums:
                frame = with_products(frame, [(FIXED, FIXED)])
                for name, limb in zip(("w2_hi", "w2_mid", "w2_lo"), product_columns(FIXED, FIXED), strict=True):
                    sums[name] = people * nw.col(limb)
        frame = frame.select(
            *[derived(key.column, key.derive).alias(key.name) for key in query.keys],
            *[sums[name].alias(f"sum:{name}") for name in query.sums],
        )
        totals = [nw.col(f"sum:{name}").sum() for name in query.sums]
        if query.keys:
            frame = frame.group_by(*[key.name for key in query.keys]).agg(*totals)
        else:
            frame = frame.select(*totals)
        return whole_numbers(self.collect(frame), [f"sum:{name}" for name in query.sums])

    def group_units(self, query: UnitGroupBy) -> pa.Table:
        self.passes += 1
        names = [key.name for key in query.keys]
        conditions = list(dict.fromkeys(c for mask in query.masks for way in mask.alternatives for c in way))
        held = {condition: f"holds{i}" for i, condition in enumerate(conditions)}
        used = [query.unit, *(key.column for key in query.keys), *(key.column for key, _ in conditions)]
        used += [column for column in (query.count, query.weight) if column]
        frame = self.admitted(used, query.admission).select(
            nw.col(query.unit).alias("unit"),
            *[derived(key.column, key.derive).alias(key.name) for key in query.keys],
            unit_factor(query.count, query.weight).alias("factor"),
            *[
                one_of(derived(key.column, key.derive), values).cast(nw.Int64).alias(held[key, values])
                for key, values in conditions
            ],
        )
        frame = frame.select("unit", *names, *[mask_expression(mask, held).alias(mask.name) for mask in query.masks])
        per_unit = frame.group_by("unit", *names).agg(*[nw.col(mask.name).sum() for mask in query.masks])
        per_unit = per_unit.with_columns(*[nw.col(mask.name).cast(nw.Int64) for mask in query.masks])
        present = [(nw.col(m.name) > 0).cast(nw.Int64).alias(people_column(m.name)) for m in query.masks]
        per_unit = with_products(per_unit, query.products)
        columns = [
            *[mask.name for mask in query.masks],
            *[people_column(mask.name) for mask in query.masks],
            *[column for pair in query.products for column in product_columns(*pair)],
        ]
        per_unit = per_unit.with_columns(nw.lit(1, dtype=nw.Int64).alias("units"), *present)
        totals = [nw.col(c).sum() for c in ["units", *columns]]
        result = per_unit.group_by(*names).agg(*totals) if names else per_unit.select(*totals)
        return whole_numbers(self.collect(result), ["units", *columns])

    def admitted(
        self, columns: Sequence[str], admission: Admission | None, finite: str | None = None
    ) -> nw.LazyFrame[Any]:
        """The rows a query is about; joined only if it looks at a column of the attributes."""
        used = [*columns, *([finite] if finite else [])]
        if admission is not None:
            used += looked_at(ONE, admission)
        frame = self.joined(attributes=any(name.startswith("a_") for name in used))
        if admission is not None:
            frame = frame.filter(derived(ONE, admission) == AUDITED)
        if finite is not None:
            frame = frame.filter(derived(finite, Presence()) == "finite")
        return frame

    def select(self, columns: Sequence[str], admission: Admission) -> pa.Table:
        self.passes += 1
        return self.collect(self.admitted(columns, admission).select(*columns))

    def distinct(self, column: str, admission: Admission | None = None) -> tuple[int, int]:
        self.passes += 1
        table = self.rows.predictions if column.startswith("p_") else self.rows.attributes
        assert table is not None
        frame = self.scan(table, column[:2]) if admission is None else self.admitted([column], admission)
        counted = frame.select(
            nw.col(column).n_unique().alias("values"), nw.col(column).is_null().cast(nw.Int64).sum().alias("missing")
        )
        row = self.collect(counted).to_pylist()[0]
        missing = int(row["missing"] or 0)
        return int(row["values"] or 0) - (missing > 0), missing  # n_unique counts missing as a value

    def ranges(self, columns: Sequence[str], admission: Admission) -> Mapping[str, Range]:
        if not columns:
            return {}
        self.passes += 1
        expressions = []
        for c in columns:
            finite = nw.when(derived(c, Presence()) == "finite").then(nw.col(c).cast(nw.Float64))
            state = derived(c, Presence())
            expressions += [
                finite.min().alias(f"{c}:low"),
                finite.max().alias(f"{c}:high"),
                (state == "missing").cast(nw.Int64).sum().alias(f"{c}:missing"),
                (state == "not finite").cast(nw.Int64).sum().alias(f"{c}:not finite"),
            ]
        row = self.collect(self.admitted(columns, admission).select(*expressions)).to_pylist()[0]
        return {
            c: Range(row[f"{c}:low"], row[f"{c}:high"], int(row[f"{c}:missing"] or 0), int(row[f"{c}:not finite"] or 0))
            for c in columns
        }

    def unmatched_attributes(self) -> int:
        if self.rows.attributes is None or self.rows.join is None:
            return 0
        self.passes += 1
        left, right = self.with_join_keys(self.scan(self.rows.predictions, "p_"), self.scan(self.rows.attributes, "a_"))
        unused = right.join(left, left_on="join_right", right_on="join_left", how="anti")
        counted = unused.with_columns(nw.lit(1, dtype=nw.Int64).alias(ONE)).select(nw.col(ONE).sum().alias("rows"))
        return int(self.collect(counted)["rows"][0].as_py() or 0)


# Expressions ---------------------------------------------------------------------------------------------------


def looked_at(column: str, derivation: Derivation) -> list[str]:
    """The columns that a derivation reads."""
    if isinstance(derivation, Admission):
        return [*(name for name, _ in derivation.conditions), *derivation.known]
    return [column]


def derived(column: str, derivation: Derivation) -> nw.Expr:
    """The key expression of a derivation."""
    c = nw.col(column)
    match derivation:
        case Bands(edges):
            value = c.cast(nw.Float64)
            reached = reduce(add, [(value >= edge).cast(nw.Int64) for edge in edges])
            return nw.when(derived(column, Presence()) == "finite").then(reached)
        case Grid(scale):
            return (c.cast(nw.Float64) * float(scale) + 0.5).floor().cast(nw.Int64)
        case Presence():
            value = c.cast(nw.Float64)
            return (
                nw.when(c.is_null())
                .then(nw.lit("missing"))
                .otherwise(nw.when(value.is_finite()).then(nw.lit("finite")).otherwise(nw.lit("not finite")))
            )
        case Admission(conditions, known):
            inside = conjunction([(nw.col(name), values) for name, values in conditions])
            audited = nw.when(inside).then(nw.lit(AUDITED)).otherwise(nw.lit("outside where"))
            for name in known:
                audited = nw.when(nw.col(name).is_null()).then(nw.lit("person unknown")).otherwise(audited)
            return audited
        case _:
            return c


def conjunction(conditions: Sequence[tuple[nw.Expr, tuple[object, ...]]]) -> nw.Expr:
    """True where every expression has one of its values; None among the values admits missing ones."""
    tests = [one_of(expression, values) for expression, values in conditions]
    return reduce(and_, tests) if tests else nw.col(ONE) == 1


def one_of(expression: nw.Expr, values: Sequence[object]) -> nw.Expr:
    """Membership that is False, not missing, for a missing value, unless None is listed."""
    listed = [v for v in values if v is not None and v == v]
    test = expression.is_in(listed) if listed else nw.lit(False)
    test = nw.when(expression.is_null()).then(nw.lit(None in values)).otherwise(test)
    if any(v != v for v in values):
        test = nw.when(expression.is_nan()).then(nw.lit(True)).otherwise(test)
    return test


def mask_expression(mask: RawMask, held: Mapping[tuple[Key, tuple[object, ...]], str]) -> nw.Expr:
    """What a row adds to a mask: its factor or 0, from columns that are 1 where a condition is held."""
    ways = [reduce(mul, [nw.col(held[condition]) for condition in way], nw.col("factor")) for way in mask.alternatives]
    return reduce(add, ways)


def fixed_point(weight: str) -> nw.Expr:
    """A weight in units of 1/WEIGHT_SCALE."""
    return (nw.col(weight).cast(nw.Float64) * float(WEIGHT_SCALE) + 0.5).floor().cast(nw.Int64)


def unit_factor(count: str | None, weight: str | None) -> nw.Expr:
    """What one row adds to its unit: its people, its weight, or one."""
    people = nw.col(count).cast(nw.Int64) if count else nw.col(ONE)
    return people * fixed_point(weight) if weight else people


def with_products(frame: nw.LazyFrame[Any], pairs: Sequence[tuple[str, str]]) -> nw.LazyFrame[Any]:
    """The limbs of the product of each pair of columns, non-negative Int64 below 2⁵⁵.

    In steps of small expressions: as one expression each, the 80 products of a full audit take DuckDB seconds to plan.
    """
    base = 1 << LIMB
    names = sorted({name for pair in pairs for name in pair})
    high, low = ({name: f"{name}:{part}" for name in names} for part in ("high", "low"))
    frame = frame.with_columns(
        *[(nw.col(name) // base).alias(high[name]) for name in names],
        *[(nw.col(name) % base).alias(low[name]) for name in names],
    )
    limbs = {pair: product_columns(*pair) for pair in pairs}
    frame = frame.with_columns(
        *[(nw.col(low[left]) * nw.col(low[right])).alias(limbs[left, right][2]) for left, right in pairs]
    )
    frame = frame.with_columns(
        *[
            (
                nw.col(high[left]) * nw.col(low[right])
                + nw.col(low[left]) * nw.col(high[right])
                + nw.col(limbs[left, right][2]) // base
            ).alias(limbs[left, right][1])
            for left, right in pairs
        ]
    )
    return frame.with_columns(
        *[
            (nw.col(high[left]) * nw.col(high[right]) + nw.col(limbs[left, right][1]) // base).alias(
                limbs[left, right][0]
            )
            for left, right in pairs
        ],
        *[(nw.col(limb) % base).alias(limb) for pair in pairs for limb in limbs[pair][1:]],
    )


def whole_numbers(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """The result with every sum as Int64; a sum that does not fit is refused, never wrapped."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in columns:
        try:
            column = pc.fill_null(pc.cast(table[name], pa.int64()), 0)
        except pa.ArrowInvalid:
            raise DataError(
                f"a sum over `{name}` passes 2⁶³ and cannot be held exactly",
                hint="scale the weights or counts down, or audit the shards one by one and merge the cells",
            ) from None
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table
