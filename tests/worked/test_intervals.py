"""Miettinen-Nurminen intervals at the edges where libraries go wrong; values by brute-force constrained likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

Compared = Callable[..., Mapping[str, Mapping[str, Any]]]


def test_ratio_with_a_rate_of_one(compared: Compared) -> None:
    """29/55 v 11/11: (.397, .742); statsmodels 0.15 gives .606 + 0j here."""
    found = compared([("g", 29, 26), ("r", 11, 0)], "r", {"metric": "selection_rate_ratio", "min": 0.8})["g"]
    assert found["interval"]["low"] == pytest.approx(0.397, abs=5e-4)
    assert found["interval"]["high"] == pytest.approx(0.742, abs=5e-4)


def test_difference_with_a_rate_of_zero(compared: Compared) -> None:
    """5/56 v 0/29: (-.0326, .1933); Newcombe's method gives (-.0381, .1926), so it is told apart."""
    check = {"metric": "selection_rate_difference", "min": -0.1, "max": 0.1}
    found = compared([("g", 5, 51), ("r", 0, 29)], "r", check)["g"]
    assert found["interval"]["low"] == pytest.approx(-0.0326, abs=5e-5)
    assert found["interval"]["high"] == pytest.approx(0.1933, abs=5e-5)


def test_nobody_of_anybody(compared: Compared) -> None:
    """0 of n against 0 of m: any ratio fits, (0, ∞), inconclusive."""
    found = compared(
        [("g", 0, 50), ("r", 0, 60), ("other", 5, 45)], "r", {"metric": "selection_rate_ratio", "min": 0.8}
    )
    interval = found["g"]["interval"]
    assert (interval["low"], interval["high"], interval["unbounded"]) == (0, None, True)
    assert found["g"]["estimate"] is None
    assert found["g"]["status"] == "inconclusive"
