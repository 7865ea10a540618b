"""Units and sentences of checks about prices. Each expected text is written by hand from the rules in docs/report.md."""

from __future__ import annotations

import itertools
import random
from typing import Any

import price_documents as priced
import pytest
import render_documents as made

from evenhand.render import numbers
from evenhand.render.build_page import build_page
from evenhand.render.metric_words import metric_words, words_of
from evenhand.render.sentences import comparison_sentence


def sentence(metric: str, comparison: dict[str, Any], limit: dict[str, Any], **changes: Any) -> str:
    check = made.check("c", metric, comparison["status"], [comparison], limit=limit)
    return comparison_sentence(priced.pricing(overview=priced.overview(**changes)), check, comparison)


# ---------------------------------------------------------------- units

UNITS = [
    # value, unit, limits, printed
    (12.4, "money:EUR", [], "12.40 EUR"),
    (1234.567, "money:EUR", [], "1,234.57 EUR"),
    (123456.7, "money:EUR", [], "123,457 EUR"),
    (-23.333, "money", [], "\u221223.33"),
    (25.004, "money:EUR", [25], "25.004 EUR"),
    (100000.4, "money", [100000], "100,000.4"),
    (24.9999999999, "money:EUR", [25], "just below 25.00 EUR"),
    (4.92, "percent", [5], "+4.9%"),
    (4.99, "percent", [5], "+4.99%"),
    (-0.04, "percent", [], "\u22120.04%"),
    (0.01615, "percent", [3], "+0.02%"),
    (0.00004, "percent", [], "< 0.0001%"),
    (-0.0004, "number", [], "0.000"),
    (-0.0004, "number", [0], "\u22120.0004"),
    (0.0, "percent", [], "0.0%"),
    (4.95, "percentage", [], "4.95%"),
    (0.3, "percentage_points", [], "0.30 percentage points"),
    (28.6, "points", [10], "29 bp"),
    (10.4, "points", [10], "10.4 bp"),
    (2.44, "points", [], "2.4 bp"),
    (0.7312, "number", [], "0.731"),
    (0.0495, "fraction", [], "0.0495"),
]


@pytest.mark.parametrize(("value", "unit", "limits", "printed"), UNITS)
def test_units_of_prices(value: float, unit: str, limits: list[float], printed: str) -> None:
    assert numbers.judged(value, unit, limits) == printed


@pytest.mark.parametrize(
    ("limit", "unit", "printed"),
    [(5.0, "percent", "5%"), (2.5, "percent", "2.5%"), (10, "points", "10 bp"), (25, "money:EUR", "25.00 EUR")],
)
def test_limits_have_their_unit(limit: float, unit: str, printed: str) -> None:
    assert numbers.limit_number(limit, unit) == printed


def test_rounding_never_carries_a_price_over_its_limit() -> None:
    draw = random.Random(3)
    for unit, limit in itertools.product(("money:EUR", "percent", "points", "percentage"), (5.0, 10.0, 0.0, 150000.0)):
        for _ in range(300):
            value = limit + draw.choice([-1, 1]) * 10 ** draw.uniform(-7, 3)
            text = numbers.judged(value, unit, [limit], bare=True).replace("\u2212", "-").replace(",", "")
            if text[0] in "+-0123456789":
                assert (float(text) > limit) == (value > limit), (unit, limit, value, text)


def test_intervals_name_their_unit_once() -> None:
    bounds = {"low": 3.1, "high": 21.7, "unbounded": False}
    assert numbers.interval(bounds, "money:EUR") == "3.10 to 21.70 EUR"
    assert numbers.interval(bounds, "percent") == "+3.1% to +21.7%"
    assert numbers.interval({**bounds, "high": None}, "points") == "3.1 bp or more"
    assert numbers.interval(bounds, "money:EUR", plus=True, bare=True) == "+3.10 to +21.70"


@pytest.mark.parametrize(
    ("price_unit", "currency", "level", "difference"),
    [
        ("money", "EUR", "money:EUR", "money:EUR"),
        ("money", None, "money", "money"),
        ("percent", None, "percentage", "percentage_points"),
        ("fraction", None, "fraction", "fraction"),
    ],
)
def test_a_document_decides_what_money_is(price_unit: str, currency: str | None, level: str, difference: str) -> None:
    document = priced.pricing(overview=priced.overview(price_unit=price_unit, currency=currency))
    assert words_of(document, "mean_price").unit == level
    words = words_of(document, "mean_price_difference")
    assert (words.unit, words.quantity_unit) == (difference, level)


# ---------------------------------------------------------------- sentences of checks


def test_a_price_gap_says_who_pays_how_much_more_like_for_like() -> None:
    above = made.comparison("sex", "female", "fail", 5.04, (3.1, 6.7), value=512.3, value_reference=487.7)
    said = sentence("like_for_like_gap_percent", above, {"min": None, "max": 3.0})
    assert said.startswith(
        "sex = female pays 5.0% more than male like for like (512.30 EUR against 487.70 EUR; interval +3.1% to +6.7%); "
        "the policy asks for at most 3%; 8,214 people. The data show that the limit is broken"
    )
    assert "selected" not in said


def test_a_lower_price_is_less_and_keeps_its_sign_beside_the_interval() -> None:
    below = made.comparison("sex", "female", "pass", -12.4, (-21.7, -3.1), value=488.4, value_reference=500.8)
    said = sentence("mean_price_difference", below, {"min": None, "max": 25.0})
    assert said.startswith(
        "sex = female pays 12.40 EUR less than male on average (488.40 EUR against 500.80 EUR; gap \u221212.40 EUR; "
        "interval \u221221.70 to \u22123.10 EUR); the policy asks for at most 25.00 EUR"
    )


def test_a_ratio_of_prices_and_a_benefit() -> None:
    ratio = made.comparison("sex", "female", "pass", 1.04, (1.02, 1.049), value=520.0, value_reference=500.0)
    limit = {"min": None, "max": 1.05}
    assert sentence("mean_price_ratio", ratio, limit).startswith(
        "sex = female pays 1.04 times what male pays on average"
    )
    check = made.check("c", "mean_price_ratio", "pass", [ratio], limit=limit)
    document = priced.pricing()
    document["audit"]["polarity"] = "benefit"
    assert "gets 1.04 times what male gets" in comparison_sentence(document, check, ratio)


def test_a_gap_that_rounds_to_nothing_is_no_gap_in_words() -> None:
    """The demo's age band 75+: 0.016% between 426.24 and 426.17."""
    tiny = made.comparison("sex", "female", "pass", 0.016, (-0.6, 0.5), value=426.24, value_reference=426.17)
    said = sentence("like_for_like_gap_percent", tiny, {"min": None, "max": 3.0})
    assert said.startswith(
        "sex = female pays as good as the same as male like for like (426.24 EUR against 426.17 EUR; gap +0.02%; "
        "interval \u22120.6% to +0.5%); the policy asks for at most 3%"
    )
    asked = sentence("like_for_like_gap_percent", tiny, {"min": None, "max": 0.01})
    assert asked.startswith("sex = female pays 0.02% more than male"), "a limit that tells them apart is answered"
    equal = made.comparison("sex", "female", "pass", 1.0009, (0.99, 1.01), value=424.5, value_reference=424.1)
    assert sentence("mean_price_ratio", equal, {"min": None, "max": 1.05}).startswith(
        "sex = female pays as much as male on average (424.50 EUR against 424.10 EUR; ratio 1.00; interval 0.99 to 1.01)"
    )


def test_the_words_of_paying_are_for_gaps_in_prices_only() -> None:
    assert metric_words("like_for_like_gap_bp").paid == "like for like"
    assert metric_words("like_for_like_overall_gap").paid == "like for like, in everybody's mix"
    assert metric_words("mean_price").paid is None
    assert metric_words("selection_rate_ratio").paid is None
    assert metric_words("loss_ratio_ratio").paid is None
    assert metric_words("same_item_spread_rate").paid is None


def test_a_withheld_verdict_says_why(pricing: dict[str, Any]) -> None:
    (comparison,) = [c for c in pricing["checks"][0]["comparisons"] if c["status"] == "inconclusive"]
    assert f"No verdict, whatever the interval: {priced.ONLY_61}." in comparison["sentence"]
    assert "Not enough evidence" not in comparison["sentence"]


def test_the_header_is_about_prices(pricing: dict[str, Any]) -> None:
    header = build_page(pricing).header
    assert header.kicker == "Fairness audit of a pricing model"
    facts = {fact.term: fact.text for fact in header.facts}
    assert facts["A high price"] == "a burden: more is the disadvantage"
    assert "Being selected" not in facts
