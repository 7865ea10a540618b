"""Intervals and verdicts on prices, as `benchmarks/simulate_prices.py` computes them, with fewer simulated audits."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module of its own, so that a test may change its constants; the mildest skewness alone."""
    path = Path(__file__).parents[2] / "benchmarks" / "simulate_prices.py"
    spec = importlib.util.spec_from_file_location("simulate_prices", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "simulate_prices", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "SIGMAS", (0.5,))
    monkeypatch.setattr(sys, "argv", ["simulate_prices.py", "--replicates", "40", "--seeds", "20"])
    return module


def test_every_figure_holds(simulate: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Seeded: three quantities for each setting of rows and weights, two false alarms and one power."""
    assert simulate.main() == 0
    said = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok ") for line in said[:-1])
    assert sum(" covers " in line for line in said) == 3 * 6
    assert sum("groups at random" in line for line in said) == 2
    assert sum("planted gap" in line for line in said) == 1
    assert said[-1].startswith("0 missed")


def test_a_miss_is_passed_on(
    simulate: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Truths that are off by a tenth are covered too seldom: the script says which, and ends with 1."""
    right = simulate.truths
    monkeypatch.setattr(
        simulate, "truths", lambda sigma, gap: {name: 1.1 * value + 5 for name, value in right(sigma, gap).items()}
    )
    monkeypatch.setattr(simulate, "verdicts", lambda seeds: iter([("verdicts", True)]))
    assert simulate.main() == 1
    said = capsys.readouterr().out.splitlines()
    missed = [line for line in said if line.startswith("MISSED")]
    assert missed
    assert all(re.search(r"covers 0\.\d{3}", line) for line in missed)
    assert said[-1].startswith(f"{len(missed)} missed")


def test_truths_by_hand(simulate: ModuleType) -> None:
    """Strata of factor 1 to 1.7: flat mean 1.35, rising mean Σ i(1 + .1(i − 1))/36 = 1 + 168/360; level 100·e^⅛."""
    level = 113.31484530668263
    rising = 1 + 168 / 360
    assert simulate.truths(0.5, 0.05) == pytest.approx(
        {
            "mean ratio": 1.05 * rising / 1.35,
            "mean difference": level * (1.05 * rising - 1.35),
            "like-for-like gap": level * 0.05 * rising,
        }
    )
