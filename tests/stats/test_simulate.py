"""The gate's error rates, as `benchmarks/simulate.py` computes them: the same code with fewer simulated audits."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def simulate() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "simulate.py"
    spec = importlib.util.spec_from_file_location("simulate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_figure_holds(simulate: ModuleType) -> None:
    """methods.md, "Figures the gate must show": exact chances within the limits; simulation and judge agree."""
    outcome = simulate.run(1000, 1)
    assert [figure for figure in outcome.figures if not figure.held] == []
    assert sum(figure.limit is not None for figure in outcome.figures) >= 30
    assert outcome.apart == 0
    assert outcome.audits > 200
    assert outcome.disagreements == 0


def test_published_figure_at_parity(simulate: ModuleType) -> None:
    """methods.md: two equal groups of 100 at base rate .1 fail in .015 of audits."""
    assert simulate.exact_chances(simulate.Cell(0.1, 100, 100, 2, 1.0)).fail == pytest.approx(0.015, abs=0.0005)


def test_enumeration_by_hand(simulate: ModuleType) -> None:
    """A group of 1 person can neither fail nor pass: the floor on expected cases withholds a pass, .5 level a fail."""
    chances = simulate.exact_chances(simulate.Cell(0.3, 1, 1, 2, 0.8))
    assert (chances.fail, chances.passed) == (0.0, 0.0)


def test_a_figure_beyond_its_limit_is_missed(simulate: ModuleType) -> None:
    assert not simulate.Figure("too high", 0.06, 0.056).held
    assert simulate.Figure("for information", 0.9, None).held
