"""The same item at the same price, by hand through whole audits."""

from __future__ import annotations

from typing import Any

import pytest
from price_audits import estimates, measured, verdict_of

FACTS = ("same_item_spread_rate", "same_item_mean_spread_percent")
GAPS = ("same_item_gap", "same_item_gap_percent", "same_item_gap_bp")
COLUMNS = {"item": "item"}
SOLD: list[tuple[str | None, str, str, str, float]] = [
    # item, week, channel, sex, price
    ("bread", "1", "web", "m", 2.00),
    ("bread", "1", "web", "f", 2.20),
    ("bread", "2", "web", "m", 2.50),
    ("bread", "2", "shop", "f", 3.00),
    ("milk", "1", "web", "m", 1.00),
    ("milk", "1", "web", "f", 1.00),
    ("milk", "1", "web", "m", 1.50),
    ("soap", "1", "web", "f", 9.00),
    (None, "1", "web", "f", 5.00),
    (None, "1", "web", "m", 7.00),
]


def rows_of(sold: list[tuple[str | None, str, str, str, float]]) -> dict[str, list[Any]]:
    names = ("item", "week", "channel", "sex", "price")
    return {name: list(values) for name, values in zip(names, zip(*sold, strict=True), strict=True)}


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_facts_by_hand(engine: str) -> None:
    """Items alone: bread 2.00–3.00 (50%), milk 1.00–1.50 (50%); soap is one row, unknown items are none.

    With the week: bread 1 2.00–2.20 (10%), bread 2 2.50–3.00 (20%), milk (50%): 80/3 on average. With the channel too,
    bread 2 is two items of one row each: (10 + 50)/2.
    """
    rows = rows_of(SOLD)
    cases = (
        (COLUMNS, 1.0, 50.0, 7),
        ({**COLUMNS, "time_bucket": "week"}, 1.0, 80 / 3, 7),
        ({**COLUMNS, "time_bucket": "week", "channel": "channel"}, 1.0, 30.0, 5),
    )
    for columns, rate, spread, compared in cases:
        by = measured(rows, *FACTS, columns=columns, factors=None, engine=engine)
        first, second = by[FACTS[0]][0], by[FACTS[1]][0]
        assert (first.estimate, second.estimate) == (rate, pytest.approx(spread))
        assert (first.n, first.people, first.group) == (compared, 8, "everyone")


def test_items_at_one_price_are_none_of_the_spread() -> None:
    """Two of three items at one price: a rate of ⅓, and a mean spread of 10%/3."""
    sold: list[Any] = [(item, "1", "web", sex, 1.0) for item in ("a", "b") for sex in "fm"]
    rows = rows_of([*sold, *SOLD[:2]])
    by = measured(rows, *FACTS, columns=COLUMNS, factors=None)
    assert by[FACTS[0]][0].estimate == pytest.approx(1 / 3)
    assert by[FACTS[1]][0].estimate == pytest.approx(10 / 3)
    assert by[FACTS[0]][0].counts["items at two prices"] == 1


def test_an_item_for_nothing_has_no_relative_spread() -> None:
    """0 against 1 is a spread, of no percentage: one item of two is left out and counted."""
    sold: list[Any] = [("gift", "1", "web", "f", 0.0), ("gift", "1", "web", "m", 1.0), *SOLD[:2]]
    by = measured(rows_of(sold), *FACTS, columns=COLUMNS, factors=None)
    assert by[FACTS[0]][0].estimate == 1.0
    assert by[FACTS[1]][0].estimate == pytest.approx(10)
    assert by[FACTS[1]][0].counts["items at 0 or less"] == 1


def test_nothing_was_sold_twice() -> None:
    by = measured(rows_of([SOLD[0], SOLD[7]]), *FACTS, columns=COLUMNS, factors=None)
    assert {findings[0].undefined for findings in by.values()} == {"no_denominator"}


@pytest.mark.parametrize(("limit", "status"), [(0, "fail"), (0.5, "pass")])
def test_a_fact_is_judged_as_it_is(limit: float, status: str) -> None:
    """One of two items at two prices: beyond a limit of 0, and at a tie with ½, which meets it."""
    sold: list[Any] = [("a", "1", "web", "f", 1.0), ("a", "1", "web", "m", 1.0), *SOLD[:2]]
    check = {"metric": "same_item_spread_rate", "max": limit}
    assert verdict_of(rows_of(sold), check, columns=COLUMNS, factors=None)["status"] == status


def shelves() -> dict[str, list[Any]]:
    """Bread: 30 women at 2.20 and 20 men at 2.00; milk: 10 women at 1.30 and 40 men at 1.00; all ± .10."""
    sold: list[tuple[str | None, str, str, str, float]] = []
    for item, sex, people, price in (
        ("bread", "f", 30, 2.2),
        ("bread", "m", 20, 2.0),
        ("milk", "f", 10, 1.3),
        ("milk", "m", 40, 1.0),
    ):
        sold += [(item, "1", "web", sex, round(price + (0.1 if i % 2 else -0.1), 2)) for i in range(people)]
    return rows_of(sold)


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_gaps_by_hand(engine: str) -> None:
    """(30·.20 + 10·.30)/40 = .225 above (30·2 + 10·1)/40 = 1.75."""
    by = measured(shelves(), *GAPS, columns=COLUMNS, factors=None, engine=engine)
    assert [by[name][0].estimate for name in GAPS] == pytest.approx([0.225, 22.5 / 1.75, 2250 / 1.75])
    assert all(by[name][0].contrast is not None for name in GAPS)
    assert (by[GAPS[0]][0].n, by[GAPS[0]][0].n_reference) == (40, 60)


def test_the_gap_at_one_price_each_has_no_interval_but_a_number() -> None:
    rows = shelves()
    rows["price"] = [{"f": 2.0, "m": 1.0}[sex] for sex in rows["sex"]]
    (finding,) = measured(rows, GAPS[0], columns=COLUMNS, factors=None)[GAPS[0]]
    assert (finding.estimate, finding.undefined) == (1.0, "no_interval")


def test_items_that_only_one_group_buys() -> None:
    rows = {name: values * 4 for name, values in shelves().items()}
    rows["item"] = [
        f"{item} for {sex}" if item == "bread" else item for item, sex in zip(rows["item"], rows["sex"], strict=True)
    ]
    checked = verdict_of(rows, {"metric": "same_item_gap", "max": 0.1}, columns=COLUMNS, factors=None)
    assert checked["status"] == "inconclusive"
    assert "25% of the group's people are in items" in checked["comparisons"][0]["reason"]["text"]


@pytest.mark.parametrize("columns", [{"weight": "two"}, {"unit": "person"}])
def test_weights_and_repeated_people(columns: dict[str, str]) -> None:
    rows = {**shelves(), "two": [2.0] * 100, "person": [i // 2 for i in range(100)]}
    by = measured(rows, *GAPS, columns={**COLUMNS, **columns}, factors=None)
    assert [by[name][0].estimate for name in GAPS] == pytest.approx([0.225, 22.5 / 1.75, 2250 / 1.75])
    assert {by[name][0].undefined for name in GAPS} == ({"units_unclear"} if "unit" in columns else {None})


def test_shares_of_0_and_1_are_groups() -> None:
    rows = shelves()
    rows |= {f"is_{sex}": [float(one == sex) for one in rows["sex"]] for sex in ("f", "m")}
    spread = {"sex": {"probabilities": {"f": "is_f", "m": "is_m"}, "reference": "m"}}
    by = measured(rows, *GAPS, columns=COLUMNS, factors=None, protected=spread)
    assert estimates(by[GAPS[0]]) == pytest.approx({"f": 0.225})
    assert (by[GAPS[0]][0].n, by[GAPS[0]][0].n_reference) == (40, 60)
