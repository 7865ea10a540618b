"""Selection in employment law and research: expected values are the published ones, or their quotients by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

Compared = Callable[..., Mapping[str, Mapping[str, Any]]]
RATIO = {"metric": "selection_rate_ratio", "min": 0.8}


def test_four_fifths_of_the_guidelines(compared: Compared) -> None:
    """UGESP Questions and Answers (1979): 60, 45, 48, 51% give .75 (adverse), .80 and .85 (not)."""
    table = [("white", 60, 40), ("black", 45, 55), ("hispanic", 48, 52), ("asian", 51, 49)]
    found = compared(table, "white", {"metric": "impact_ratio", "min": 0.8, "decide_by": "point"})
    assert {g: (round(c["estimate"], 12), c["status"]) for g, c in found.items()} == {
        "white": (1.0, "pass"),
        "black": (0.75, "fail"),
        "hispanic": (0.8, "pass"),
        "asian": (0.85, "pass"),
    }


def test_exact_four_fifths_ties_are_not_below(compared: Compared) -> None:
    """6/10 against 9/12 is exactly 4/5, although .6/.75 is .7999… in floats: decided in integers."""
    found = compared([("g", 6, 4), ("r", 9, 3)], "r", {**RATIO, "decide_by": "point"})
    assert found["g"]["status"] == "pass"


def test_undone_by_one_person(compared: Compared) -> None:
    """UGESP Q&A 21: 7 of 10 against 50 of 50 is .70, significant (Fisher .0035, scipy), and undone by moving one."""
    found = compared([("g", 7, 3), ("r", 50, 0)], "r", {**RATIO, "decide_by": "legal"})["g"]
    assert found["estimate"] == pytest.approx(0.70, abs=1e-12)
    assert found["p"]["parity"] == pytest.approx(0.0035, abs=5e-5)
    assert (found["status"], found["reason"]["code"]) == ("inconclusive", "undone_by_one")


def test_after_moving_one_person(compared: Compared) -> None:
    """The same with one person moved: 8 of 10 against 49 of 50 is .816, within the limit."""
    found = compared([("g", 8, 2), ("r", 49, 1)], "r", {**RATIO, "decide_by": "point"})["g"]
    assert found["estimate"] == pytest.approx(0.816, abs=5e-4)
    assert found["status"] == "pass"


def test_resumes_with_black_and_white_names(compared: Compared) -> None:
    """Bertrand & Mullainathan 2004, table 1: 157 and 235 of 2,435 called back. Ratio .6681, MN .550-.811, p 4.0e-5."""
    found = compared([("black", 157, 2278), ("white", 235, 2200)], "white", RATIO)["black"]
    assert found["estimate"] == pytest.approx(157 / 235, rel=1e-12)
    assert found["estimate"] == pytest.approx(0.6681, abs=5e-5)
    assert found["interval"]["low"] == pytest.approx(0.550, abs=5e-4)
    assert found["interval"]["high"] == pytest.approx(0.811, abs=5e-4)
    assert found["p"]["parity"] == pytest.approx(4.0e-5, abs=5e-7)


def test_connecticut_v_teal(compared: Compared) -> None:
    """457 U.S. 440 (1982): 26 of 48 black and 206 of 259 white candidates passed the test: 68%."""
    found = compared([("black", 26, 22), ("white", 206, 53)], "white", RATIO)["black"]
    assert found["estimate"] == pytest.approx(0.681, abs=5e-4)


def test_sixteen_of_eighty(compared: Compared) -> None:
    """3 of 20 against 16 of 80 is .75, and so few people that chance explains it: not significant, inconclusive."""
    found = compared([("g", 3, 17), ("r", 16, 64)], "r", {**RATIO, "decide_by": "legal"})["g"]
    assert found["estimate"] == pytest.approx(0.75, abs=1e-12)
    assert (found["status"], found["reason"]["code"]) == ("inconclusive", "not_significant")


@pytest.mark.parametrize(
    ("selected", "people", "needed"),
    [(20, 1000, 7138), (50, 1000, 2777), (100, 1000, 1324), (300, 1000, 355), (250, 500, 161)],
)
def test_people_needed_at_parity(compared: Compared, selected: int, people: int, needed: int) -> None:
    """Farrington & Manning 1990: to show ratio ≥ .8 at parity, one comparison, power .8, reference ten times as large.

    Computed with their formula for base rates of 2, 5, 10, 30 and 50%, and within .3% of the exact power of the score
    test. Both groups have the base rate here, the group with a tenth of the people.
    """
    table = [("g", selected // 10, (people - selected) // 10), ("r", selected, people - selected)]
    found = compared(table, "r", RATIO)["g"]
    assert found["status"] == "inconclusive"
    assert found["needs_n"] == needed
