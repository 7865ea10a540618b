"""Rows into sums as narwhals expressions: the keys, indicators, weights, amounts and products of a plan.

Rules learnt the hard way (methods §3): cast to Int64 before summing, count by summing ones (never `len`),
floor(x·S + ½) and never `round`, edges compared and never divided. May import: errors, tally.plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add, and_, mul
from typing import TYPE_CHECKING, Any

import narwhals as nw

from evenhand.errors import DataError
from evenhand.tally.plan import (
    AUDITED,
    EXCESS_SCALE,
    LIMB,
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
    Key,
    Presence,
    RawMask,
    Sign,
    in_reference,
    product_columns,
    total_columns,
)

if TYPE_CHECKING:
    import pyarrow as pa

ONE = "one"
SQUARED_WEIGHTS = ("w2_hi", "w2_mid", "w2_lo")
FIXED = "fixed"
"""A row's weight in units of 1/WEIGHT_SCALE."""
IN_REFERENCE = "factor:reference"
"""What a row's people weigh in the reference group; "factor" is what they weigh in the one they are counted in."""
FIXED_IN_REFERENCE = "fixed:reference"
"""What it weighs in the reference group, where rows are copied for every group they are part of."""


def looked_at(column: str, derivation: Derivation) -> list[str]:
    """The columns that a derivation reads."""
    match derivation:
        case Admission(conditions, known):
            return [*(name for name, _ in conditions), *known]
        case Beyond(other=other) | Excess(other=other) | Gap(other=other):
            return [column, other]
        case _:
            return [column]


def derived(column: str, derivation: Derivation) -> nw.Expr:
    """The key expression of a derivation."""
    c = nw.col(column)
    match derivation:
        case Bands(edges):
            value = c.cast(nw.Float64)
            reached = reduce(add, [(value >= edge).cast(nw.Int64) for edge in edges])
            return nw.when(is_finite(column)).then(reached)
        case Grid(scale, step):
            return whole_steps(whole_units(column, scale), step)
        case Gap(other, scale, step):
            return whole_steps((whole_units(column, scale) - whole_units(other, scale)).abs(), step)
        case Sign(scale):
            units = whole_units(column, scale)
            not_above = nw.when(units < 0).then(nw.lit("negative")).otherwise(nw.lit("zero"))
            sign = nw.when(units > 0).then(nw.lit("positive")).otherwise(not_above)
            return nw.when(~units.is_null()).then(sign)
        case Beyond(other, scale, tolerance):
            own, theirs = whole_units(column, scale), whole_units(other, scale)
            above = own * TOLERANCE_SCALE > theirs * (TOLERANCE_SCALE + tolerance)
            below = nw.when(own < theirs).then(nw.lit("below")).otherwise(nw.lit("equal"))
            stands = nw.when(above).then(nw.lit("above")).otherwise(below)
            return nw.when(~own.is_null() & ~theirs.is_null()).then(stands)
        case Excess(other, scale):
            own, theirs = whole_units(column, scale), whole_units(other, scale)
            base = nw.when(theirs > 0).then(theirs.cast(nw.Float64))  # no engine is asked what 1/0 is
            return ((own.cast(nw.Float64) / base - 1.0) * float(EXCESS_SCALE) + 0.5).floor().cast(nw.Int64)
        case Presence():
            return (
                nw.when(c.is_null())
                .then(nw.lit("missing"))
                .otherwise(nw.when(is_finite(column)).then(nw.lit("finite")).otherwise(nw.lit("not finite")))
            )
        case Admission(conditions, known):
            inside = conjunction([(nw.col(name), values) for name, values in conditions])
            audited = nw.when(inside).then(nw.lit(AUDITED)).otherwise(nw.lit("outside where"))
            for name in known:
                audited = nw.when(nw.col(name).is_null()).then(nw.lit("person unknown")).otherwise(audited)
            return audited
        case _:
            return c


def is_finite(column: str) -> nw.Expr:
    """True of finite numbers, missing where nothing stands."""
    return nw.col(column).cast(nw.Float64).is_finite()


def whole_units(column: str, scale: int) -> nw.Expr:
    """A number in units of 1/scale; missing where it is not finite, which an engine that looks ahead would not cast."""
    value = nw.when(is_finite(column)).then(nw.col(column).cast(nw.Float64))
    return (value * float(scale) + 0.5).floor().cast(nw.Int64)


def whole_steps(units: nw.Expr, step: int) -> nw.Expr:
    """Whole steps of so many units, by floor; shifted above 0 first, where engines agree what division is."""
    if step == 1:
        return units
    shift = 2**53 // step
    return (units + shift * step) // step - shift


def amount_of(amount: Amount) -> nw.Expr:
    """A row's amount in whole units; 0 where it has none."""
    value = whole_units(amount.column, amount.scale)
    if amount.away_from is not None:
        value = (value - whole_units(amount.away_from, amount.scale)).abs()
    return value.fill_null(0)


def term(name: str) -> str:
    """The column that holds what a row contributes of an amount."""
    return {WEIGHT: FIXED, REFERENCE: FIXED_IN_REFERENCE}.get(name, f"term:{name}")


def with_terms(frame: nw.LazyFrame[Any], query: GroupBy) -> nw.LazyFrame[Any]:
    """What each row contributes of every amount, weighted; and, where sums need them, the limbs of all products."""
    weighted = bool(query.weight or query.membership)
    if query.amounts:
        frame = frame.with_columns(*[amount_of(amount).alias(term(amount.name)) for amount in query.amounts])
    if query.amounts and weighted:
        times = {name: (name, FIXED) for name in (amount.name for amount in query.amounts)}
        if query.membership and query.membership.reference:
            times |= {in_reference(name): (name, FIXED_IN_REFERENCE) for name in list(times)}
        frame = frame.with_columns(
            *[(nw.col(term(name)) * nw.col(weight)).alias(term(new)) for new, (name, weight) in times.items()]
        )
    if query.narrow:
        return frame
    if "w2_hi" in query.sums:
        frame = with_products(frame, [(FIXED, FIXED)])
    pairs = [(term(left), term(right)) for left, right in query.products]
    return with_products(frame, pairs, signed=True, alone=[term(name) for name in query.totals]) if pairs else frame


def products_of(query: GroupBy) -> dict[str, nw.Expr]:
    """Every sum of weights, amounts and their products, as what a row adds to it for each of its people.

    By limbs; where the query is `narrow`, one number under the name of the highest limb.
    """
    sums: dict[str, nw.Expr] = {"w": nw.col(FIXED)} if "w" in query.sums else {}
    named = {**({SQUARED_WEIGHTS: (FIXED, FIXED)} if "w2_hi" in query.sums else {})}
    named |= {product_columns(*pair): (term(pair[0]), term(pair[1])) for pair in query.products}
    for name in query.totals:
        stored = total_columns(name)
        if query.narrow:
            sums[stored[0]] = nw.col(term(name))
        else:
            sums |= {column: nw.col(limb) for column, limb in zip(stored, limbs_of(term(name)), strict=True)}
    for stored_limbs, (left, right) in named.items():
        if query.narrow:
            sums[stored_limbs[0]] = nw.col(left) * nw.col(right)
        else:
            found = product_columns(left, right)
            sums |= {column: nw.col(limb) for column, limb in zip(stored_limbs, found, strict=True)}
    return sums


def in_limbs(table: pa.Table, query: GroupBy) -> pa.Table:
    """The result of a narrow query, its totals and products cut into limbs."""
    import pyarrow as pa

    sums: list[tuple[str, ...]] = [total_columns(name) for name in query.totals]
    sums += [product_columns(*pair) for pair in query.products]
    sums += [SQUARED_WEIGHTS] if "w2_hi" in query.sums else []
    for highest, *lower in sums:
        at = table.schema.get_field_index(f"sum:{highest}")
        whole = table.column(at).to_numpy()
        table = table.set_column(at, f"sum:{highest}", pa.array(whole >> (LIMB * len(lower))))
        for places, name in enumerate(reversed(lower)):
            cut = pa.array((whole >> (LIMB * places)) & ((1 << LIMB) - 1))
            table = table.append_column(f"sum:{name}", cut)
    return table


def limbs_of(name: str) -> tuple[str, str]:
    """The columns in which `with_products` leaves the two limbs of a number."""
    return f"{name}:high", f"{name}:low"


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
    """What a row adds to a mask: its factor, times its amount, or 0; `held` columns are 1 where a condition holds."""
    own = nw.col(IN_REFERENCE if mask.in_reference else "factor")
    own = own if mask.amount is None else own * nw.col(term(mask.amount.name))
    ways = [reduce(mul, [nw.col(held[condition]) for condition in way], own) for way in mask.alternatives]
    return reduce(add, ways)


def equal(one: str, other: str) -> nw.Expr:
    """Whether two columns hold the same, missing or not."""
    return (nw.col(one) == nw.col(other)).fill_null(False) | (nw.col(one).is_null() & nw.col(other).is_null())


def with_second(
    frame: nw.LazyFrame[Any], unit: str, groups: Sequence[str], second: Mapping[str, str]
) -> nw.LazyFrame[Any]:
    """Every row beside each row of the same unit and group, whose columns are named as `second` says."""
    again = {unit: f"again:{unit}"} | {name: f"again:{name}" for name in groups}
    other = frame.select(*[nw.col(name).alias(new) for name, new in {**again, **second}.items()])
    both = frame.join(other, left_on=unit, right_on=again[unit], how="inner")
    return both.filter(reduce(and_, [equal(name, again[name]) for name in groups])) if groups else both


def fixed_point(weight: str, times: str | None = None) -> nw.Expr:
    """A weight, or the product of two, in units of 1/WEIGHT_SCALE."""
    value = nw.col(weight).cast(nw.Float64)
    if times is not None:
        value = value * nw.col(times).cast(nw.Float64)
    return (value * float(WEIGHT_SCALE) + 0.5).floor().cast(nw.Int64)


def with_products(
    frame: nw.LazyFrame[Any],
    pairs: Sequence[tuple[str, str]],
    *,
    signed: bool = False,
    alone: Sequence[str] = (),
) -> nw.LazyFrame[Any]:
    """The limbs of the product of each pair of columns, Int64 below 2⁵⁵ and, unless `signed`, not negative.

    Leaves the two limbs of every column in `limbs_of`, of those in `alone` too. Signed numbers are shifted above 0
    before they are divided, since engines differ on what division does below it. In steps of small expressions: as one
    expression each, the 80 products of a full audit take DuckDB seconds to plan.
    """
    base = 1 << LIMB

    def split(value: nw.Expr, shift: int) -> tuple[nw.Expr, nw.Expr]:
        if not signed:
            return value // base, value % base
        return (value + shift) // base - shift // base, (value + shift) % base

    names = sorted({*alone, *(name for pair in pairs for name in pair)})
    high, low = ({name: limbs_of(name)[part] for name in names} for part in (0, 1))
    both = {name: split(nw.col(name), 1 << 55) for name in names}
    frame = frame.with_columns(
        *[both[name][0].alias(high[name]) for name in names],
        *[both[name][1].alias(low[name]) for name in names],
    )
    if not pairs:
        return frame
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
    carried = {pair: split(nw.col(limbs[pair][1]), 1 << 60) for pair in pairs}
    return frame.with_columns(
        *[
            (nw.col(high[left]) * nw.col(high[right]) + carried[left, right][0]).alias(limbs[left, right][0])
            for left, right in pairs
        ],
        *[carried[pair][1].alias(limbs[pair][1]) for pair in pairs],
        *[(nw.col(limbs[pair][2]) % base).alias(limbs[pair][2]) for pair in pairs],
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
