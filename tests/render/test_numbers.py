"""Printed numbers never contradict the verdict. Expected texts are written by hand from the rules in report.md."""

from __future__ import annotations

import math
import random
from decimal import Decimal

import pytest

from evenhand.render import numbers

JUDGED = [
    # value, unit, limits, printed: the model is coverage.py's table for `display_covered`
    (0.7996, "ratio", [0.80], "0.7996"),
    (0.80, "ratio", [0.80], "0.80"),
    (6 / 10 / (9 / 12), "ratio", [0.80], "0.80"),  # 0.7999999999999999 in floats, an exact tie in integers
    (0.8004, "ratio", [0.80], "0.8004"),
    (0.804, "ratio", [0.80], "0.804"),
    (0.806, "ratio", [0.80], "0.81"),
    (0.7949, "ratio", [0.80], "0.79"),
    (0.799999999, "ratio", [0.80], "just below 0.80"),
    (0.800000001, "ratio", [0.80], "just above 0.80"),
    (1.2502, "ratio", [0.80, 1.25], "1.2502"),
    (0.8125, "ratio", [0.8125], "0.8125"),
    (0.0501, "difference", [0.05], "0.0501"),
    (-0.0501, "difference", [-0.05], "\u22120.0501"),
    (-0.0004, "difference", [-0.05], "> \u22120.001"),
    (0.00001, "difference", [0.0], "0.00001"),
    (1e-12, "difference", [0.0], "just above 0.00"),
    (1e-17, "difference", [0.0], "0.000"),  # the float noise of 0.1 + 0.2 - 0.3 is parity
    (-0.0, "difference", [], "0.000"),
    (0.0004, "rate", [], "< 0.001"),
    (0.0, "rate", [], "0.000"),
    (0.9997, "rate", [], "> 0.999"),
    (1.0, "rate", [], "1.000"),
    (3, "count", [0], "3"),
    (0, "count", [0], "0"),
    (12345.4, "people", [], "12,345"),
    (-3.2149, "z", [], "\u22123.21"),
    (-1e300, "difference", [0.05], "\u22121e+300"),
    (None, "ratio", [0.8], "–"),
    (math.inf, "ratio", [0.8], "unbounded"),
]


@pytest.mark.parametrize(("value", "unit", "limits", "printed"), JUDGED)
def test_judged_number(value: float | None, unit: str, limits: list[float], printed: str) -> None:
    assert numbers.judged(value, unit, limits) == printed


def test_printed_number_lies_on_the_same_side_of_every_limit() -> None:
    random_numbers = random.Random(1)
    for _ in range(5000):
        limit = random_numbers.choice([0.8, 1.25, 0.05, 0.0, 0.805])
        value = limit + random_numbers.choice([-1, 1]) * 10 ** random_numbers.uniform(-7.5, 0)
        text = numbers.judged(value, "ratio", [limit]).replace("\u2212", "-").replace(",", "")
        if text.startswith("just"):
            assert ("below" in text) == (value < limit)
        elif text[0] not in "<>":
            shown = Decimal(text)
            assert (shown > Decimal(repr(limit))) == (value > limit), (value, limit, text)
            assert (shown < Decimal(repr(limit))) == (value < limit), (value, limit, text)


@pytest.mark.parametrize(
    ("limit", "unit", "printed"),
    [(0.8, "ratio", "0.80"), (0.805, "ratio", "0.805"), (1, "ratio", "1.00"), (0, "count", "0"), (-0.05, "difference",
     "\u22120.05"), (1e-05, "difference", "0.00001"), (1200, "people", "1,200"), (10.0, "ratio", "10.00")],
)  # fmt: skip
def test_limits_are_never_rounded(limit: float, unit: str, printed: str) -> None:
    assert numbers.limit_number(limit, unit) == printed


@pytest.mark.parametrize(
    ("low", "high", "sign", "words"),
    [
        (0.8, None, "≥ 0.80", "at least 0.80"),
        (None, 1.25, "≤ 1.25", "at most 1.25"),
        (0.8, 1.25, "0.80 to 1.25", "0.80 to 1.25"),
        (None, None, "none", "nothing"),
    ],
)
def test_limits_in_signs_and_words(low: float | None, high: float | None, sign: str, words: str) -> None:
    check = {"limit": {"min": low, "max": high}}
    assert numbers.limit_sign(check) == sign
    assert numbers.limit_words(check) == words


@pytest.mark.parametrize(
    ("bounds", "unit", "limits", "printed"),
    [
        ({"low": 0.61, "high": None, "unbounded": True}, "ratio", [], "0.61 or more"),
        ({"low": None, "high": 0.9, "unbounded": True}, "difference", [], "0.900 or less"),
        ({"low": 0.0, "high": None, "unbounded": True}, "ratio", [], "any value"),
        ({"low": None, "high": None, "unbounded": True}, "difference", [], "any value"),
        ({"low": 0.69, "high": 0.79996, "unbounded": False}, "ratio", [0.8], "0.69 to 0.79996"),
        (None, "ratio", [], "–"),
    ],
)
def test_interval(bounds: dict[str, float | None] | None, unit: str, limits: list[float], printed: str) -> None:
    assert numbers.interval(bounds, unit, limits) == printed


@pytest.mark.parametrize(
    ("share", "printed"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.0009999, "< 0.1%"),
        (0.001, "0.1%"),
        (0.2764, "27.6%"),
        (0.9989, "99.9%"),
        (0.99999, "> 99.9%"),
        (None, "–"),
    ],
)
def test_percent(share: float | None, printed: str) -> None:
    assert numbers.percent(share) == printed


@pytest.mark.parametrize(
    ("p", "printed"),
    [
        (0.034, "= 0.034"),
        (0.00123, "= 0.0012"),
        (1e-12, "< 0.0001"),
        (0.0, "< 0.0001"),
        (0.04999, "= 0.04999"),
        (0.0504, "= 0.0504"),
        (0.05, "= 0.050"),
        (0.9999, "> 0.999"),
        (1.0, "= 1"),
        (None, "–"),
    ],
)
def test_p_value_never_crosses_alpha(p: float | None, printed: str) -> None:
    assert numbers.p_value(p) == printed


@pytest.mark.parametrize(
    ("n", "printed"),
    [(1873, "about 1,900"), (1901, "about 2,000"), (96, "about 96"), (7, "about 7"), (355, "about 360"), (None, "–")],
)
def test_people_needed_are_rounded_up(n: int | None, printed: str) -> None:
    assert numbers.about(n) == printed


def test_counts_have_separators_and_their_noun() -> None:
    assert numbers.counted(48210, "person", "people") == "48,210 people"
    assert numbers.counted(1, "person", "people") == "1 person"
    assert numbers.count(212.6) == "213"


def test_a_share_of_nothing_has_no_sign() -> None:
    assert numbers.percent(-0.0) == "0%"
    assert numbers.percent(-0.0004) == "> \u22120.1%"
