"""The tests that courts know: pooled z and Fisher, against statsmodels and scipy."""

from __future__ import annotations

import random

import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import proportions_ztest

from evenhand.stats.exact import fisher_p, two_sample_p


def test_fisher_equals_scipy() -> None:
    """Oracle: scipy.stats.fisher_exact, 1,000 random tables."""
    draw = random.Random(81)
    for _ in range(1000):
        total, reference_total = draw.randint(1, 300), draw.randint(1, 300)
        cases, reference_cases = draw.randint(0, total), draw.randint(0, reference_total)
        ours = fisher_p(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)
        table = [[cases, total - cases], [reference_cases, reference_total - reference_cases]]
        assert ours == pytest.approx(float(fisher_exact(table).pvalue), rel=1e-7)


def test_pooled_z_equals_statsmodels() -> None:
    """Oracle: statsmodels proportions_ztest, 1,000 tables with enough in every cell."""
    draw = random.Random(82)
    for _ in range(1000):
        total, reference_total = draw.randint(100, 5000), draw.randint(100, 5000)
        cases, reference_cases = draw.randint(20, total - 20), draw.randint(20, reference_total - 20)
        _, p = proportions_ztest([cases, reference_cases], [total, reference_total])
        ours = two_sample_p(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)
        assert ours == pytest.approx(float(p), rel=1e-9, abs=1e-300)


def test_published() -> None:
    """UGESP Q&A 21 (methods.md): 7/10 v 50/50, Fisher .0035. Bertrand & Mullainathan: z test 4.0e-5."""
    assert two_sample_p(cases=7, total=10, reference_cases=50, reference_total=50) == pytest.approx(0.0035, abs=5e-5)
    p = two_sample_p(cases=157, total=2435, reference_cases=235, reference_total=2435)
    assert p == pytest.approx(4.0e-5, rel=0.01)
