"""Replicates of a table against the multinomial law; percentile inference by counting, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evenhand.stats.resample import ReplicateContrast, multinomial_replicates


def test_replicates_are_multinomial() -> None:
    """Mean n·p and covariance n(diag p − pp'), within 5 standard errors of 20,000 draws."""
    counts = np.array([50, 30, 20, 0])
    drawn = multinomial_replicates(counts.tolist(), 20_000, seed=7)
    p = counts / 100
    assert drawn.shape == (20_000, 4)
    assert (drawn.sum(axis=1) == 100).all()
    assert (drawn[:, 3] == 0).all()
    assert drawn.mean(axis=0) == pytest.approx(counts, abs=5 * 5 / math.sqrt(20_000))
    assert np.cov(drawn.T) == pytest.approx(100 * (np.diag(p) - np.outer(p, p)), abs=1.2)


def test_equal_seeds_give_equal_bytes() -> None:
    one, same = (multinomial_replicates([3, 4, 5], 2000, seed=11) for _ in range(2))
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != multinomial_replicates([3, 4, 5], 2000, seed=12).tobytes()


@pytest.mark.parametrize(("counts", "replicates"), [([1, 2], 1999), ([0, 0], 2000), ([-1, 2], 2000)])
def test_what_cannot_be_resampled_is_refused(counts: list[int], replicates: int) -> None:
    with pytest.raises(ValueError, match=r"replicates|counts"):
        multinomial_replicates(counts, replicates, seed=1)


def contrast(replicates: np.ndarray) -> ReplicateContrast:
    return ReplicateContrast(estimate=0.5, replicates=replicates, parity=0.0)


def test_p_by_counting() -> None:
    """2,499 replicates 1, 2, …, 2499: 74 are ≥ 2426, p = 75/2500 = .03; 99 are ≤ 99, p = .04."""
    counted = contrast(np.arange(1, 2500, dtype=float))
    assert counted.p_less(2426) == 0.03
    assert counted.p_greater(99) == 0.04
    # at .03 a limit is rejected above when fewer than 74 lie at or beyond it: the bound is the 74th largest
    assert counted.upper(0.03) == 2426
    assert counted.lower(0.04) == 99


def test_percentiles_are_those_of_numpy_nearly() -> None:
    """Oracle: numpy.quantile; the counting bound is one or two ranks further out, never inside."""
    drawn = np.random.default_rng(3).normal(size=10_000)
    counted = contrast(drawn)
    assert counted.lower(0.025) <= np.quantile(drawn, 0.025)
    assert counted.upper(0.025) >= np.quantile(drawn, 0.975)
    assert counted.lower(0.025) == pytest.approx(np.quantile(drawn, 0.025), abs=0.01)


def test_a_level_beyond_the_replicates_has_no_bound() -> None:
    assert contrast(np.zeros(2000)).upper(1e-4) == math.inf
    assert contrast(np.zeros(2000)).interval(1 - 1e-4).unbounded


def test_undefined_replicates_count_against_either_conclusion() -> None:
    drawn = np.arange(1, 2500, dtype=float)
    drawn[:50] = math.nan
    assert contrast(drawn).p_less(3000) == 51 / 2500
    assert contrast(drawn).p_greater(-1) == 51 / 2500
    assert contrast(drawn).upper(0.02) == math.inf
    assert contrast(drawn).upper(0.025) < math.inf


def test_too_few_replicates_are_refused() -> None:
    with pytest.raises(ValueError, match="2000"):
        contrast(np.zeros(1999))
    with pytest.raises(ValueError, match="number"):
        ReplicateContrast(estimate=None, replicates=np.zeros(2000))
