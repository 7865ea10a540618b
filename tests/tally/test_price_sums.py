"""Sums of prices, bit for bit the same on every engine, exact where floats are not, and merged as one run would give.

The plain engine, whose integers are Python's, is the oracle; figures by hand say so.
"""

from __future__ import annotations

import functools
import itertools
import operator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from comparing import assert_equal_in_every_way, assert_same, cells_or_refusal, whole_people
from hostile_prices import hostile_prices
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from price_roles import NOT_HERE, PRICE_ONLY, ROLES, SHARED
from small_audits import FACTORS, cells_of, every_measure, findings_of, priced_audit, priced_rows

from evenhand.config.loader import Audit
from evenhand.errors import EvenhandError
from evenhand.load.table import ArrowRows, Column, Table
from evenhand.stats.student import StudentContrast
from evenhand.tally import coarsening
from evenhand.tally.cell_table import amount_products, amount_total, carried, product_total
from evenhand.tally.cells import PAIRS
from evenhand.tally.engines import ENGINES, Rows, engine_class
from evenhand.tally.plan import Amount, GroupBy, product_columns, total_columns

OTHERS = sorted(set(ENGINES) - {"plain"})
SOME = (
    "mean_price_ratio",
    "like_for_like_gap",
    "loss_ratio",
    "mean_absolute_error",
    "exception_rate",
    "price_walking_percent",
    "price_walking_breaches",
    "tenure_index",
    "same_item_spread_rate",
    "wasserstein",
    "price_regression_log_gap_percent",
    "actual_to_expected",
)


def hostile_audit(roles: str) -> Audit:
    changes = ROLES[roles]
    columns = {**NOT_HERE, "campaign": None, "currency": None, **changes.get("columns", {})}
    return priced_audit(measures=SOME, **{**changes, "columns": columns})


# Engines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roles", ROLES)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_engines_agree_on_hostile_prices(roles: str, data: st.DataObject) -> None:
    rows = data.draw(hostile_prices(large="weight" not in roles and "shares" not in roles))
    audit = hostile_audit(roles)
    expected = cells_or_refusal(audit, rows, engine="plain")
    for engine in OTHERS:
        assert_same(cells_or_refusal(audit, rows, engine=engine), expected)


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("roles", ["plain rows", "shares"])
def test_engines_agree_on_all_measures_of_prices(engine: str, roles: str) -> None:
    audit = priced_audit(measures=every_measure(priced=True), **ROLES[roles])
    rows = priced_rows(1, 300, people=90)
    assert_same(cells_of(audit, rows, engine=engine), cells_of(audit, rows, engine="plain"))


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("moved", ["price", "technical", "share_a", "region", "currency"])
def test_any_role_of_prices_may_stand_with_the_attributes(engine: str, moved: str) -> None:
    rows = priced_rows(2, 120)
    audit = priced_audit(measures=SOME, protected=SHARED, data={"key": "person"}, columns={"weight": "weight"})
    expected = cells_of(audit, rows, engine="plain")
    found = cells_of(audit, rows.drop_columns([moved]), rows.select(["person", moved]), engine=engine)
    assert found.tables == expected.tables


@pytest.mark.parametrize("cells", [200, 100, 40, 1])
def test_engines_agree_on_the_step(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """400 prices of cents up to some 600: at 1 cell the grid stops at its coarsest, where only the sign is left."""
    monkeypatch.setattr(coarsening, "MAX_VALUE_CELLS", cells)
    audit = priced_audit(measures=["wasserstein", "price_regression_log_gap_percent", "mean_absolute_error"])
    rows = priced_rows(3, 400)
    expected = cells_of(audit, rows, engine="plain")
    step = expected.header.steps["value:price"]
    table = expected.value("price")
    assert table is not None
    assert step == coarsening.LARGEST_STEP if cells == 1 else step > 1
    assert len(table) <= cells or cells == 1
    for engine in OTHERS:
        assert_same(cells_of(audit, rows, engine=engine), expected)


def test_the_step_is_that_of_labels_not_of_spellings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two prices among ten spellings of one group are two cells, not twenty: they fit three at the finest step."""
    monkeypatch.setattr(coarsening, "MAX_VALUE_CELLS", 3)
    spellings = {f"m{i}": "m" for i in range(10)}
    rows = pa.table({"sex": [f"m{i}" for i in range(10)] * 2, "price": [1.23] * 10 + [4.56] * 10})
    audit = priced_audit(
        measures=["wasserstein"],
        columns={**dict.fromkeys((*NOT_HERE, *PRICE_ONLY)), "price": "price"},
        protected={"sex": {"reference": "m", "values": spellings}},
        population={},
        factors={},
    )
    for engine in ENGINES:
        cells = cells_of(audit, rows, engine=engine)
        table = cells.value("price")
        assert table is not None
        assert table.rows() == {("m", 123): (10, 10), ("m", 456): (10, 10)}
        assert cells.header.steps == {"value:price": 1}


# Merging ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roles", ["plain rows", "shares and weights of repeated people"])
def test_shards_of_prices_add_up_in_any_order_and_tree(roles: str) -> None:
    audit = priced_audit(measures=every_measure(priced=True), **ROLES[roles])
    rows = priced_rows(4, 150, people=60)
    whole = cells_of(audit, rows)
    parts = [cells_of(audit, part) for part in whole_people(rows, 3, seed=1)]
    for order in itertools.permutations(parts):
        assert_equal_in_every_way(functools.reduce(operator.add, order), whole)
    assert_equal_in_every_way(parts[0] + (parts[1] + parts[2]), whole)


@settings(max_examples=15, deadline=None)
@given(data=st.data(), cells=st.sampled_from([1, 3, 10, 30]), roles=st.sampled_from(["plain rows", "shares"]))
def test_shards_that_need_another_step_add_up(data: st.DataObject, cells: int, roles: str) -> None:
    """Whatever the steps of the shards, and whether spellings of one region meet only in the union."""
    rows = data.draw(hostile_prices(large=False))
    audit = hostile_audit(roles)
    parts = [part for part in whole_people(rows, 3, seed=cells) if len(part)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coarsening, "MAX_VALUE_CELLS", cells)
        try:
            whole = cells_of(audit, rows)
            found = [cells_of(audit, part) for part in parts]
        except EvenhandError:
            assume(False)
        assert_equal_in_every_way(functools.reduce(operator.add, found), whole)


def test_a_union_may_need_a_larger_step_than_its_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    audit = priced_audit(measures=["wasserstein"])
    rows = priced_rows(5, 300)
    monkeypatch.setattr(coarsening, "MAX_VALUE_CELLS", 170)
    one, other = (cells_of(audit, part) for part in whole_people(rows, 2, seed=2))
    whole = cells_of(audit, rows)
    assert [part.header.steps["value:price"] for part in (one, other)] == [1, 1]
    assert whole.header.steps["value:price"] > 1
    assert_equal_in_every_way(one + other, whole)


# Exact sums ------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    pairs=st.lists(st.tuples(*[st.integers(-(2**52), 2**52)] * 2), min_size=1, max_size=6),
    engine=st.sampled_from(OTHERS),
)
def test_signed_limbs_are_exact(pairs: list[tuple[int, int]], engine: str) -> None:
    """Totals and products of negative and positive numbers up to 2⁵² against Python's own integers."""
    assert grouped(pairs, engine, narrow=False) == by_python(pairs)


@settings(max_examples=20, deadline=None)
@given(
    pairs=st.lists(st.tuples(*[st.integers(-(2**29), 2**29)] * 2), min_size=1, max_size=6),
    engine=st.sampled_from(OTHERS),
)
def test_products_that_fit_are_the_same_either_way(pairs: list[tuple[int, int]], engine: str) -> None:
    """Small numbers may be multiplied as they stand: the limbs in cells are the same."""
    assert grouped(pairs, engine, narrow=True) == grouped(pairs, engine, narrow=False) == by_python(pairs)


def by_python(pairs: list[tuple[int, int]]) -> dict[str, int]:
    sums = {"a": sum(a for a, _ in pairs), "b": sum(b for _, b in pairs)}
    products = {"a*a": sum(a * a for a, _ in pairs), "a*b": sum(a * b for a, b in pairs)}
    cut = {f"{name}#hi": total >> 24 for name, total in sums.items()}
    cut |= {f"{name}#lo": total & (2**24 - 1) for name, total in sums.items()}
    for name, total in products.items():
        cut |= {
            f"{name}#hi": total >> 48,
            f"{name}#mid": (total >> 24) & (2**24 - 1),
            f"{name}#lo": total & (2**24 - 1),
        }
    return cut


def grouped(pairs: list[tuple[int, int]], engine: str, *, narrow: bool) -> dict[str, int]:
    """The sums by an engine, lower limbs carried over as they are in cells."""
    names = {"c0": "a", "c1": "b"}
    table = pa.table({alias: [float(pair[i]) for pair in pairs] for i, alias in enumerate(names)})
    columns = {name: Column(name, alias, "number") for alias, name in names.items()}
    query = GroupBy(
        "sums",
        (),
        ("rows",),
        amounts=tuple(Amount(name, f"p_{alias}", 1) for alias, name in names.items()),
        totals=("a", "b"),
        products=(("a", "a"), ("a", "b")),
        narrow=narrow,
    )
    rows = Table(columns, len(table), ArrowRows(table), "rows")
    with engine_class(engine)(Rows(rows), scratch=Path()) as running:
        raw = running.group(query)
    wanted = [column for name in query.totals for column in total_columns(name)]
    wanted += [column for pair in query.products for column in product_columns(*pair)]
    sums = {name: np.array(raw[f"sum:{name}"].to_numpy(), dtype=np.int64) for name in wanted}
    return {name: int(value[0]) for name, value in carried(sums).items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_squares_of_a_milliard_plus_and_minus_one_keep_their_variance(engine: str) -> None:
    """1e9 − 1, 1e9, 1e9 + 1: variance 1 by hand (numpy's naive Σx² − (Σx)²/n on floats gives nonsense, often below 0)."""
    rows = pa.table(
        {"sex": ["f"] * 30 + ["m"] * 30, "price": [1e9 - 1, 1e9, 1e9 + 1] * 10 + [1e9 - 2, 1e9, 1e9 + 2] * 10}
    )
    audit = priced_audit(
        measures=["mean_price_difference"],
        columns={**dict.fromkeys((*NOT_HERE, *PRICE_ONLY)), "price": "price"},
        protected={"sex": {"reference": "m"}},
        factors={},
    )
    cells = cells_of(audit, rows, engine=engine)
    (found,) = findings_of(audit, cells)["mean_price_difference"]
    assert isinstance(found.contrast, StudentContrast)
    assert found.estimate == 0
    # s² = 20/29 and 80/29 by hand, over 30 each
    assert found.contrast.standard_error**2 == pytest.approx((20 / 29 + 80 / 29) / 30, rel=1e-12)
    women = cells.main.select({"sex": ["f"]})
    assert amount_total(women, "price") == 30 * 10**11
    assert amount_products(women, "price", "price") == 10 * sum((10**11 + d) ** 2 for d in (-100, 0, 100))


# People in several strata ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_pairs_of_strata_counted_by_hand(engine: str) -> None:
    """Person 1 pays 1.00 and 2.00 in the north and 5.00 in the south; person 2 pays 3.00 in the south.

    North with north: (1 + 2)² = 9, and 2 · 2 = 4 rows; south with south 5² + 3² = 34 and 2; north with south 3 · 5 = 15
    and 2 · 1 = 2, once in each order; in whole cents, so times 100².
    """
    rows = pa.table(
        {
            "person": [1, 1, 1, 2],
            "sex": ["m"] * 4,
            "price": [1.0, 2.0, 5.0, 3.0],
            "region": ["north", "N", "south", "south"],
        }
    )
    audit = priced_audit(
        measures=["like_for_like_gap"],
        columns={**dict.fromkeys((*NOT_HERE, *PRICE_ONLY)), "price": "price", "unit": "person"},
        protected={"sex": {"reference": "m"}},
        factors={"region": FACTORS["region"]},
    )
    table = cells_of(audit, rows, engine=engine).tables[PAIRS]
    amount, people = "price_presence=finite · price", "price_presence=finite"
    found = {}
    for (one, other), part in table.by("factor:region", "other:factor:region").items():
        sums = part.totals()
        y_and_x = itertools.product((amount, people), repeat=2)
        found[one, other] = [product_total(sums, *pair) for pair in y_and_x] + [sums[amount], sums[people]]
    assert found == {
        ("north", "north"): [90_000, 600, 600, 4, 300, 2],
        ("north", "south"): [150_000, 300, 1_000, 2, 0, 0],
        ("south", "north"): [150_000, 1_000, 300, 2, 0, 0],
        ("south", "south"): [340_000, 800, 800, 2, 800, 2],
    }


@pytest.mark.parametrize("roles", ["repeated people", "shares and weights of repeated people"])
def test_over_all_pairs_of_strata_products_are_those_of_people(roles: str) -> None:
    audit = priced_audit(measures=["like_for_like_gap", "mean_price_ratio"], **ROLES[roles])
    cells = cells_of(audit, priced_rows(6, 400, people=100))
    compared = 0
    for name in cells.tables:
        if not name.startswith(PAIRS):
            continue
        unit = cells.tables["unit" + name.removeprefix(PAIRS)]
        groups = list(unit.keys)
        pairs = cells.tables[name].marginal(groups).by(*groups)
        for group, people in unit.by(*groups).items():
            whole, of_pairs = people.totals(), pairs[group].totals()
            assert all(
                of_pairs[sum_] == whole[sum_]
                for sum_ in of_pairs.keys() & whole.keys()
                if sum_ != "units" and "people" not in sum_
            )
            compared += 1
    assert compared > 8


def test_too_many_pairs_leave_the_table_empty_in_any_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shard may be small enough where the union is not: what is merged is what one run gives."""
    audit = priced_audit(measures=["like_for_like_gap"], columns={"unit": "person"})
    rows = priced_rows(7, 160, people=60)
    parts = whole_people(rows, 3, seed=4)
    full = cells_of(audit, rows).tables[PAIRS]
    assert len(full)
    for most in (0, 150, 220, 300, 10_000):
        monkeypatch.setattr(coarsening, "MAX_PAIRS", most)
        whole = cells_of(audit, rows)
        assert len(whole.tables[PAIRS]) in (0, len(full))
        a, b, c = (cells_of(audit, part) for part in parts)
        for merged in (a + b + c, c + (b + a)):
            assert_equal_in_every_way(merged, whole)


def test_pairs_of_strata_come_only_where_they_can_be_used() -> None:
    rows = priced_rows(8, 200, people=60)
    for columns, factors, there in (
        ({"unit": "person"}, {}, False),
        ({}, FACTORS, False),
        ({"unit": "person"}, FACTORS, True),
    ):
        measure = "like_for_like_gap" if factors else "mean_price_ratio"
        audit = priced_audit(measures=[measure], columns=columns, factors=factors)
        assert (PAIRS in cells_of(audit, rows).tables) == there


def test_an_audit_of_shares_says_what_each_group_pays() -> None:
    """Shares .25 and .75 of 100, 1 and 0 of 200: a's mean (25 + 200)/1.25 = 180, b's 75/.75 = 100, by hand."""
    rows = pa.table({"price": [100.0, 200.0] * 40, "p_a": [0.25, 1.0] * 40, "p_b": [0.75, 0.0] * 40})
    audit = priced_audit(
        measures=["mean_price"],
        columns={**dict.fromkeys((*NOT_HERE, *PRICE_ONLY)), "price": "price"},
        protected={"race": {"reference": "a", "probabilities": {"a": "p_a", "b": "p_b"}}},
        factors={},
    )
    for engine in ENGINES:
        found = findings_of(audit, cells_of(audit, rows, engine=engine))["mean_price"]
        assert {finding.group: finding.estimate for finding in found} == {"a": 180.0, "b": 100.0}
