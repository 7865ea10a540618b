"""Every engine that narwhals drives lazily: one set of queries, whichever library runs them.

A subclass says how to scan a table; nothing else. The expressions are in `expressions.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import narwhals as nw

from evenhand.load.table import Table
from evenhand.tally.engines.base import Engine
from evenhand.tally.engines.expressions import (
    FIXED,
    FIXED_IN_REFERENCE,
    IN_REFERENCE,
    ONE,
    amount_of,
    derived,
    equal,
    fixed_point,
    in_limbs,
    is_finite,
    looked_at,
    mask_expression,
    one_of,
    products_of,
    term,
    whole_numbers,
    with_products,
    with_second,
    with_terms,
)
from evenhand.tally.plan import (
    AUDITED,
    MEMBER,
    Admission,
    GroupBy,
    Key,
    Membership,
    Range,
    UnitGroupBy,
    other_key,
    people_column,
    product_columns,
)

if TYPE_CHECKING:
    import pyarrow as pa


HERE = "here"
"""1 where a row is part of the group that it is counted in."""


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

    # Keys go by neutral names inside the engine: DuckDB reads the name of a group-by key as SQL, and the names of
    # attributes and factors come from the audit file, dots and quotes and all.

    def group(self, query: GroupBy) -> pa.Table:
        keys = neutral_keys(query.keys)
        return named_again(self.grouped(replace(query, keys=keys)), query.keys, keys)

    def group_units(self, query: UnitGroupBy) -> pa.Table:
        both = (*query.keys, *query.strata)
        neutral = neutral_keys(both)
        keys, strata = neutral[: len(query.keys)], neutral[len(query.keys) :]
        return named_again(self.grouped_units(replace(query, keys=keys, strata=strata)), both, neutral)

    def grouped(self, query: GroupBy) -> pa.Table:
        self.passes += 1
        people = nw.col(query.count).cast(nw.Int64) if query.count else nw.col(ONE)
        frame = with_terms(self.members_of(query), query)
        sums = {"rows": nw.col(ONE)}
        if query.count:
            sums["n"] = people
        if self.rows.join is not None and "matched" in query.sums:
            sums["matched"] = nw.col("matched").cast(nw.Int64)
        sums |= {name: people * expression for name, expression in products_of(query).items()}
        wanted = list(sums)
        frame = frame.select(
            *[derived(key.column, key.derive).alias(key.name) for key in query.keys],
            *[sums[name].alias(f"sum:{name}") for name in wanted],
        )
        totals = [nw.col(f"sum:{name}").sum() for name in wanted]
        if query.keys:
            frame = frame.group_by(*[key.name for key in query.keys]).agg(*totals)
        else:
            frame = frame.select(*totals)
        table = whole_numbers(self.collect(frame), [f"sum:{name}" for name in wanted])
        for name in set(query.sums) & {"n", "matched"} - set(sums):  # where each row is one person, and is matched
            table = table.append_column(f"sum:{name}", table["sum:rows"])
        return in_limbs(table, query) if query.narrow else table

    def size(self, query: GroupBy) -> int:
        self.passes += 1
        query = replace(query, keys=neutral_keys(query.keys))
        frame = self.members_of(query)
        keys = frame.select(*[derived(key.column, key.derive).alias(key.name) for key in query.keys]).unique()
        counted = keys.with_columns(nw.lit(1, dtype=nw.Int64).alias(ONE)).select(nw.col(ONE).sum().alias("cells"))
        return int(self.collect(counted)["cells"][0].as_py() or 0)

    def members_of(self, query: GroupBy) -> nw.LazyFrame[Any]:
        """The rows of a query, with their fixed-point weight where they have one; once per group they are part of."""
        used = [column for key in query.keys for column in looked_at(key.column, key.derive)]
        used += [column for amount in query.amounts for column in amount.columns]
        used += [column for column in (query.count, query.weight) if column]
        used += ["a_"] * ("matched" in query.sums)
        return self.weighted(used, query.admission, query.finite, query.weight, query.membership)

    def weighted(
        self,
        used: Sequence[str],
        admission: Admission | None,
        finite: Sequence[str],
        weight: str | None,
        membership: Membership | None,
        *,
        all_rows: bool = False,
    ) -> nw.LazyFrame[Any]:
        """Rows with FIXED, their weight; with a membership, a copy of each row for every group it is part of.

        With `all_rows` a copy for every group, and HERE is 1 in those of the groups it is part of.
        """
        if membership is None:
            frame = self.admitted([c for c in used if c != MEMBER], admission, finite)
            return frame.with_columns(fixed_point(weight).alias(FIXED)) if weight else frame
        shares = [column for _, column in membership.columns]
        frame = self.admitted([*(c for c in used if c != MEMBER), *shares], admission, finite)
        if membership.reference:
            frame = frame.with_columns(fixed_point(membership.reference, weight).alias(FIXED_IN_REFERENCE))
        copies = [
            frame.with_columns(
                nw.lit(label).alias(MEMBER),
                fixed_point(column, weight).alias(FIXED),
                (nw.col(column).cast(nw.Float64) > 0).cast(nw.Int64).alias(HERE),
            )
            for label, column in membership.columns
        ]
        copies = copies if all_rows else [copy.filter(nw.col(HERE) == 1) for copy in copies]
        return nw.concat(copies, how="vertical")

    def grouped_units(self, query: UnitGroupBy) -> pa.Table:
        self.passes += 1
        groups, strata = [key.name for key in query.keys], [key.name for key in query.strata]
        masks = [mask.name for mask in query.masks]
        frame = self.terms_of(query)
        here = [HERE] if any(mask.in_reference for mask in query.masks) else []
        per_unit = frame.group_by("unit", *groups, *strata).agg(*[nw.col(name).sum() for name in (*here, *masks)])
        per_unit = per_unit.filter(nw.col(HERE) > 0) if here else per_unit
        per_unit = per_unit.with_columns(*[nw.col(name).cast(nw.Int64) for name in masks])
        # The sums themselves stand where a stratum meets itself: everywhere without strata.
        itself = nw.lit(1, dtype=nw.Int64)
        second = {name: name for name in masks}
        names = [*groups, *strata]
        if strata:
            others = {name: other_key(name) for name in strata}
            second = {name: f"second:{name}" for name in masks}
            per_unit = with_second(per_unit, "unit", groups, {**others, **second})
            itself = reduce(and_, [equal(name, other) for name, other in others.items()]).cast(nw.Int64)
            names += others.values()
        per_unit = per_unit.with_columns(itself.alias("units"))
        counted = [mask.name for mask in query.masks if mask.amount is None]
        signed = any(mask.amount is not None for mask in query.masks)
        pairs = {(left, second[right]): (left, right) for left, right in query.products}
        per_unit = with_products(per_unit, list(pairs), signed=signed)
        found = {
            "units": nw.col("units"),
            **{name: nw.col(name) * nw.col("units") for name in masks},
            **{people_column(n): (nw.col(n) > 0).cast(nw.Int64) * nw.col("units") for n in counted},
        }
        for made, stored in pairs.items():
            limbs = zip(product_columns(*stored), product_columns(*made), strict=True)
            found |= {column: nw.col(limb) for column, limb in limbs}
        per_unit = per_unit.select(*names, *[value.alias(f"sum:{name}") for name, value in found.items()])
        totals = [nw.col(f"sum:{name}").sum().alias(name) for name in found]
        result = per_unit.group_by(*names).agg(*totals) if names else per_unit.select(*totals)
        return whole_numbers(self.collect(result), list(found))

    def terms_of(self, query: UnitGroupBy) -> nw.LazyFrame[Any]:
        """What each row adds to every sum of its unit: columns `unit`, the keys, the strata and the masks."""
        keys = [*query.keys, *query.strata]
        conditions = list(dict.fromkeys(c for mask in query.masks for way in mask.alternatives for c in way))
        held = {condition: f"holds{i}" for i, condition in enumerate(conditions)}
        amounts = list(dict.fromkeys(mask.amount for mask in query.masks if mask.amount is not None))
        used = [query.unit, *(key.column for key in keys)]
        used += [column for key, _ in conditions for column in looked_at(key.column, key.derive)]
        used += [column for amount in amounts for column in amount.columns]
        used += [column for column in (query.count, query.weight) if column]
        people = nw.col(query.count).cast(nw.Int64) if query.count else nw.col(ONE)
        factors = {"factor": people * nw.col(FIXED) if query.weight or query.membership else people}
        beside = any(mask.in_reference for mask in query.masks)
        if beside:
            factors[IN_REFERENCE] = people * nw.col(FIXED_IN_REFERENCE)
        rows = self.weighted(used, query.admission, (), query.weight, query.membership, all_rows=beside)
        frame = rows.select(
            nw.col(query.unit).alias("unit"),
            *([nw.col(HERE)] if beside else []),
            *[derived(key.column, key.derive).alias(key.name) for key in keys],
            *[factor.alias(name) for name, factor in factors.items()],
            *[
                one_of(derived(key.column, key.derive), values).cast(nw.Int64).alias(held[key, values])
                for key, values in conditions
            ],
            *[amount_of(amount).alias(term(amount.name)) for amount in amounts],
        )
        masks = [mask_expression(mask, held).alias(mask.name) for mask in query.masks]
        return frame.select("unit", *[key.name for key in keys], *([HERE] if beside else []), *masks)

    def admitted(
        self, columns: Sequence[str], admission: Admission | None, finite: Sequence[str] = ()
    ) -> nw.LazyFrame[Any]:
        """The rows a query is about; joined only if it looks at a column of the attributes."""
        used = [*columns, *finite]
        if admission is not None:
            used += looked_at(ONE, admission)
        frame = self.joined(attributes=any(name.startswith("a_") for name in used))
        if admission is not None and looked_at(ONE, admission):
            frame = frame.filter(derived(ONE, admission) == AUDITED)
        for column in finite:
            frame = frame.filter(is_finite(column))
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

    def sizes(self, columns: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for prefix, table in (("p_", self.rows.predictions), ("a_", self.rows.attributes)):
            asked = [column for column in dict.fromkeys(columns) if column.startswith(prefix)]
            if table is None or not asked:
                continue
            self.passes += 1
            counts = [nw.col(column).n_unique().alias(column) for column in asked]
            missing = [nw.col(column).is_null().cast(nw.Int64).max().alias(f"{column}:missing") for column in asked]
            row = self.collect(self.scan(table, prefix).select(*counts, *missing)).to_pylist()[0]
            found |= {column: int(row[column] or 0) - int(row[f"{column}:missing"] or 0) for column in asked}
        return found

    def ranges(self, columns: Sequence[str], admission: Admission) -> Mapping[str, Range]:
        if not columns:
            return {}
        self.passes += 1
        expressions = []
        for c in columns:
            finite = nw.when(is_finite(c)).then(nw.col(c).cast(nw.Float64))
            expressions += [
                finite.min().alias(f"{c}:low"),
                finite.max().alias(f"{c}:high"),
                finite.abs().sum().alias(f"{c}:size"),
                nw.col(c).is_null().cast(nw.Int64).sum().alias(f"{c}:missing"),
                (~is_finite(c)).cast(nw.Int64).sum().alias(f"{c}:not finite"),
            ]
        row = self.collect(self.admitted(columns, admission).select(*expressions)).to_pylist()[0]
        return {
            c: Range(
                row[f"{c}:low"],
                row[f"{c}:high"],
                int(row[f"{c}:missing"] or 0),
                int(row[f"{c}:not finite"] or 0),
                float(row[f"{c}:size"] or 0),
            )
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


def neutral_keys(keys: Sequence[Key]) -> tuple[Key, ...]:
    """The keys as k0, k1, ...

    >>> [key.name for key in neutral_keys((Key("factor:a.b", "p_c0"), Key("sex", "p_c1")))]
    ['k0', 'k1']
    """
    return tuple(replace(key, name=f"k{i}") for i, key in enumerate(keys))


def named_again(table: pa.Table, keys: Sequence[Key], neutral: Sequence[Key]) -> pa.Table:
    """The table with the keys' own names, those of second strata too."""
    names = {inside.name: key.name for key, inside in zip(keys, neutral, strict=True)}
    names |= {other_key(inside): other_key(name) for inside, name in names.items()}
    return table.rename_columns([names.get(column, column) for column in table.column_names])
