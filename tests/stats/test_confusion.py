"""F1, Matthews' correlation and balanced accuracy against scikit-learn; contrasts by percentile bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics

from evenhand.stats.confusion import balanced_accuracy, confusion_contrast, f1_score, matthews_correlation


def test_equal_scikit_learn() -> None:
    """Oracles: sklearn f1_score, matthews_corrcoef, balanced_accuracy_score on the rows; 200 random tables."""
    generator = np.random.default_rng(131)
    tables = generator.integers(1, 60, (200, 4))
    ours = [functional(*tables.T) for functional in (f1_score, matthews_correlation, balanced_accuracy)]
    for i, (tp, fp, fn, tn) in enumerate(tables):
        truth, said = np.repeat([1, 0, 1, 0], (tp, fp, fn, tn)), np.repeat([1, 1, 0, 0], (tp, fp, fn, tn))
        oracles = (metrics.f1_score, metrics.matthews_corrcoef, metrics.balanced_accuracy_score)
        for values, oracle in zip(ours, oracles, strict=True):
            assert values[i] == pytest.approx(float(oracle(truth, said)), abs=1e-12)


@pytest.mark.parametrize(
    ("functional", "table"),
    [(f1_score, (0, 0, 0, 5)), (matthews_correlation, (0, 0, 3, 5)), (balanced_accuracy, (0, 3, 0, 5))],
)
def test_nought_over_nought_is_undefined(functional, table: tuple[int, ...]) -> None:  # type: ignore[no-untyped-def]  # either score
    """Known difference: scikit-learn gives 0 (F1, MCC) or drops the class (balanced accuracy)."""
    assert math.isnan(functional(*table))
    assert confusion_contrast(functional, table, seed=1) is None


def test_level_interval_covers_as_the_row_bootstrap_does() -> None:
    """Oracle: resampling 400 rows 4,000 times with numpy; bounds agree within .01."""
    counts = (90, 40, 60, 210)
    contrast = confusion_contrast(f1_score, counts, seed=5)
    assert contrast is not None
    assert contrast.estimate == pytest.approx(180 / 280)
    kinds = np.repeat(np.arange(4), counts)
    resampled = np.random.default_rng(6).choice(kinds, (4000, 400))
    drawn = f1_score(*((resampled == kind).sum(axis=1) for kind in range(4)))
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert (contrast.lower(0.025), contrast.upper(0.025)) == pytest.approx((low, high), abs=0.01)


def test_two_groups() -> None:
    """Equal groups: parity inside; ratio and difference of the estimates by hand, 2·90/280 against 2·45/140."""
    ratio = confusion_contrast(f1_score, (45, 20, 30, 105), (90, 40, 60, 210), form="ratio", seed=5)
    difference = confusion_contrast(matthews_correlation, (9, 4, 6, 21), (90, 40, 60, 210), form="difference", seed=5)
    assert ratio is not None
    assert difference is not None
    assert (ratio.estimate, ratio.parity) == (1.0, 1.0)
    assert difference.estimate == pytest.approx(0)
    assert ratio.p_less(0.8) > 0.9
    assert difference.interval().low < 0 < difference.interval().high


def test_equal_seeds_give_equal_bounds_and_the_reference_has_its_own_stream() -> None:
    same = [confusion_contrast(f1_score, (9, 4, 6, 21), (9, 4, 6, 21), form="difference", seed=5) for _ in range(2)]
    assert same[0] is not None
    assert same[1] is not None
    assert same[0].interval() == same[1].interval()
    assert same[0].upper(0.025) > 0  # one stream for both would make every difference 0


def test_a_comparison_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="reference"):
        confusion_contrast(f1_score, (9, 4, 6, 21), form="ratio", seed=5)


def test_replicates_without_positives_count_against_a_conclusion() -> None:
    """One positive in 100: in 37% of the replicates MCC does not exist, and no bound is drawn from the rest."""
    contrast = confusion_contrast(matthews_correlation, (1, 5, 0, 94), seed=9)
    assert contrast is not None
    assert contrast.interval().unbounded
    assert contrast.p_less(2.0) == pytest.approx(0.37, abs=0.03)
