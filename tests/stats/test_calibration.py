"""Brier, log loss, calibration line, error and bands against scikit-learn, statsmodels and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.metrics import brier_score_loss, log_loss

from evenhand.stats.calibration import (
    brier_estimate,
    calibration_by_band,
    calibration_line,
    expected_calibration_error,
    inner_scores,
    log_loss_estimate,
)


def sample(seed: int, n: int = 2000, power: float = 1.3) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    scores = np.round(generator.uniform(0.01, 0.99, n), 2)
    return scores, (generator.random(n) < scores**power).astype(int)


def counted(scores: np.ndarray, labels: np.ndarray) -> tuple[list[float], list[int], list[int]]:
    values = np.unique(scores)
    positives = [int(((scores == value) & (labels == 1)).sum()) for value in values]
    negatives = [int(((scores == value) & (labels == 0)).sum()) for value in values]
    return values.tolist(), positives, negatives


@pytest.mark.parametrize("seed", range(5))
def test_losses_equal_scikit_learn(seed: int) -> None:
    """Oracles: sklearn brier_score_loss and log_loss on rows; the variance is numpy's of the rows' losses over n."""
    scores, labels = sample(seed)
    brier, loss = brier_estimate(*counted(scores, labels)), log_loss_estimate(*counted(scores, labels))
    assert brier is not None
    assert loss is not None
    assert brier.value == pytest.approx(brier_score_loss(labels, scores), rel=1e-12)
    assert loss.value == pytest.approx(log_loss(labels, scores), rel=1e-12)
    assert brier.variance == pytest.approx(((scores - labels) ** 2).var(ddof=1) / len(labels), rel=1e-10)
    each = -np.log(np.where(labels == 1, scores, 1 - scores))
    assert loss.variance == pytest.approx(each.var(ddof=1) / len(labels), rel=1e-10)


def test_losses_by_hand() -> None:
    brier, loss = brier_estimate([0.8], [1], [1]), log_loss_estimate([0.5], [1], [3])
    assert brier is not None
    assert loss is not None
    assert brier.value == pytest.approx(0.34)
    assert loss.value == pytest.approx(math.log(2))


def test_a_certain_score_that_was_wrong_has_no_finite_log_loss() -> None:
    assert log_loss_estimate([0.0, 1.0], [1, 5], [5, 0]) is None
    assert log_loss_estimate([0.0, 1.0], [0, 5], [5, 1]) is None
    right = log_loss_estimate([0.0, 1.0], [0, 5], [5, 0])
    assert right is not None
    assert right.value == 0


def test_nobody_has_no_loss() -> None:
    assert brier_estimate([0.5], [0], [0]) is None
    assert log_loss_estimate([0.5], [0], [0]) is None
    assert expected_calibration_error([0.5], [0], [0]) is None


@pytest.mark.parametrize("seed", range(5))
def test_line_equals_statsmodels(seed: int) -> None:
    """Oracle: statsmodels Logit of the label on logit(score), on rows."""
    scores, labels = sample(seed, power=0.5 + seed)
    fit = sm.Logit(labels, sm.add_constant(np.log(scores / (1 - scores)))).fit(disp=0)
    line = calibration_line(*counted(scores, labels))
    assert line is not None
    assert (line.intercept.value, line.slope.value) == pytest.approx(fit.params, rel=1e-6)
    assert [line.intercept.variance, line.slope.variance] == pytest.approx(fit.bse**2, rel=1e-6)


def test_perfectly_calibrated_scores_by_hand() -> None:
    """Scores .2 and .8 with 1 of 5 and 4 of 5: the line is the identity."""
    line = calibration_line([0.2, 0.8], [1, 4], [4, 1])
    assert line is not None
    assert line.intercept.value == pytest.approx(0, abs=1e-9)
    assert line.slope.value == pytest.approx(1)


@pytest.mark.parametrize(
    ("positives", "negatives"),
    [
        ([0, 0, 5], [5, 5, 0]),  # complete separation
        ([0, 2, 5], [5, 2, 0]),  # a tie at the cut-off: quasi-complete
        ([5, 2, 0], [0, 2, 5]),  # the other way round
        ([0, 0, 0], [5, 5, 5]),  # one class
        ([0, 5, 0], [0, 5, 0]),  # one score
    ],
)
def test_no_finite_line(positives: list[int], negatives: list[int]) -> None:
    assert calibration_line([0.1, 0.5, 0.9], positives, negatives) is None


def test_hard_starts_still_converge() -> None:
    """A slope far from 1 and a nearly separated sample: Newton's halved steps find statsmodels' answer."""
    values, positives, negatives = [0.01, 0.5, 0.51, 0.99], [1, 3, 900, 5000], [4000, 700, 4, 0]
    line = calibration_line(values, positives, negatives)
    assert line is not None
    labels = np.concatenate([np.repeat(1, sum(positives)), np.repeat(0, sum(negatives))])
    scores = np.concatenate([np.repeat(values, positives), np.repeat(values, negatives)])
    fit = sm.Logit(labels, sm.add_constant(np.log(scores / (1 - scores)))).fit(disp=0, maxiter=200)
    assert (line.intercept.value, line.slope.value) == pytest.approx(fit.params, rel=1e-5)


def test_scores_at_the_ends_need_a_decision() -> None:
    with pytest.raises(ValueError, match="strictly between"):
        calibration_line([0.0, 0.5], [1, 1], [1, 1])
    assert inner_scores([0, 0.5, 1], 0.1) == (0.025, 0.5, 0.975)


def test_bands_by_hand() -> None:
    """Ten bands: .3 belongs to [.3, .4), 1 to the last. .1 + .2 has no part in it: edges are decimals."""
    bands = calibration_by_band([0.05, 0.3, 0.7, 1.0], [0, 3, 0, 2], [4, 7, 0, 0])
    assert [(band.low, band.n, band.rate) for band in bands] == [(0.0, 4, 0.0), (0.3, 10, 0.3), (0.9, 2, 1.0)]
    assert bands[1].interval.low < 0.3 < bands[1].interval.high
    assert bands[2].interval.high == 1.0


def test_every_hundredth_falls_into_its_band() -> None:
    """Law of the grid: k/100 is in band k // 10, though .29 · 100 is 28.999… in floats."""
    for k in range(100):
        (band,) = calibration_by_band([k / 100], [1], [1])
        assert band.low == (k // 10) / 10
        (narrow,) = calibration_by_band([k / 100], [1], [1], bins=100)
        assert narrow.low == k / 100


def test_error_by_hand() -> None:
    """Ten people at .8 of whom 6 are positive, ten at .3 of whom 3: ½·.2 + ½·0 = .1."""
    assert expected_calibration_error([0.3, 0.8], [3, 6], [7, 4]) == pytest.approx(0.1)
