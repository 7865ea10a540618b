"""Scores held against labels, from counts per score value: Brier, log loss, calibration line, error and bands.

Every function takes the score values (ascending, as floats in [0, 1]) with the number of positives and negatives at
each; never rows. May import: numpy, stats.contrast, stats.rates, stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenhand.stats.contrast import Interval
from evenhand.stats.rates import wilson
from evenhand.stats.student import Estimate

BINS = 10
_NEWTON_STEPS = 100


def brier_estimate(scores: Sequence[float], positives: Sequence[int], negatives: Sequence[int]) -> Estimate | None:
    """Mean of (score − label)², variance s²/n, n−1 degrees of freedom; None for nobody.

    Source: Brier 1950. Example: score .8 with one positive and one negative: (.04 + .64)/2 = .34.
    """
    value = np.asarray(scores, dtype=np.float64)
    return _mean_loss((1 - value) ** 2, value**2, positives, negatives)


def log_loss_estimate(scores: Sequence[float], positives: Sequence[int], negatives: Sequence[int]) -> Estimate | None:
    """Mean of −log(score) over positives and −log(1 − score) over negatives (natural logarithm).

    None for nobody, and where a score of 0 or 1 is contradicted by a label: the loss is infinite there, and cutting
    scores at some small number would make it whatever that number is; see `inner_scores` for scores on a grid.
    Example: score .5: log 2 = .6931 whatever the label.
    """
    value = np.asarray(scores, dtype=np.float64)
    if np.any((value <= 0) & (np.asarray(positives) > 0)) or np.any((value >= 1) & (np.asarray(negatives) > 0)):
        return None
    hit = -np.log(np.where(value > 0, value, 1.0))
    miss = -np.log1p(-np.where(value < 1, value, 0.0))
    return _mean_loss(hit, miss, positives, negatives)


def _mean_loss(
    hit: NDArray[np.float64], miss: NDArray[np.float64], positives: Sequence[int], negatives: Sequence[int]
) -> Estimate | None:
    losses = np.concatenate([hit, miss])
    counts = np.concatenate([np.asarray(positives, dtype=np.float64), np.asarray(negatives, dtype=np.float64)])
    n = int(counts.sum())
    if n == 0:
        return None
    # fsum adds exactly: the same digits on every machine, whatever the order in which numpy would add.
    mean = math.fsum(losses * counts) / n
    squares = math.fsum((losses - mean) ** 2 * counts)
    variance = squares / (n - 1) / n if n > 1 else math.nan
    return Estimate(value=mean, variance=variance, degrees_of_freedom=float(n - 1), lowest=0.0)


def inner_scores(scores: Sequence[float], step: float) -> tuple[float, ...]:
    """Scores on a grid of width `step`, with the ends 0 and 1 at the middle of their half-wide bins.

    A score that rounds to 0 lies in [0, step/2) and stands for step/4, so that its logarithm exists.
    Example: 0, .5, 1 on a grid of .1: .025, .5, .975.
    """
    return tuple(min(max(score, step / 4), 1 - step / 4) for score in scores)


@dataclass(frozen=True, kw_only=True)
class CalibrationLine:
    """logit P(label) = intercept + slope · logit(score): 0 and 1 where scores mean what they say.

    A slope below 1: scores too extreme; an intercept above 0: scores too low at logit 0.
    """

    intercept: Estimate
    slope: Estimate


def calibration_line(
    scores: Sequence[float], positives: Sequence[int], negatives: Sequence[int]
) -> CalibrationLine | None:
    """Logistic regression of the label on logit(score), Newton's method, variances from the Fisher information.

    Scores must lie strictly between 0 and 1 (see `inner_scores`), else ValueError. None where there is no finite
    answer: a class is empty, all scores are equal, or a cut-off separates the classes, ties included.
    Source: Cox 1958, Biometrika 45, 562-565.

    Example: scores .2 and .8 with 1 of 5 and 4 of 5 positive: intercept 0, slope 1.
    """
    value = np.asarray(scores, dtype=np.float64)
    hits, misses = np.asarray(positives, dtype=np.float64), np.asarray(negatives, dtype=np.float64)
    present = hits + misses > 0
    value, hits, misses = value[present], hits[present], misses[present]
    if np.any((value <= 0) | (value >= 1)):
        raise ValueError("a calibration line needs scores strictly between 0 and 1")
    yes, no = value[hits > 0], value[misses > 0]
    if not len(yes) or not len(no) or len(value) < 2 or yes.min() >= no.max() or no.min() >= yes.max():
        return None
    return _fit_line(np.log(value) - np.log1p(-value), hits, hits + misses)


def _fit_line(x: NDArray[np.float64], hits: NDArray[np.float64], n: NDArray[np.float64]) -> CalibrationLine | None:
    """Newton with halved steps; sums by fsum, so that the digits do not depend on threads."""
    intercept, slope = 0.0, 1.0
    best = _log_likelihood(intercept, slope, x, hits, n)
    for _ in range(_NEWTON_STEPS):
        rate = np.exp(-np.logaddexp(0, -(intercept + slope * x)))
        residual, weight = hits - n * rate, n * rate * (1 - rate)
        score, score_x = math.fsum(residual), math.fsum(residual * x)
        total, total_x, total_xx = math.fsum(weight), math.fsum(weight * x), math.fsum(weight * x * x)
        determinant = total * total_xx - total_x * total_x
        if determinant <= 0:
            return None
        up = (total_xx * score - total_x * score_x) / determinant
        turn = (total * score_x - total_x * score) / determinant
        reached = _log_likelihood(intercept + up, slope + turn, x, hits, n)
        while reached < best - 1e-9 * abs(best) and max(abs(up), abs(turn)) > 1e-12:
            up, turn = up / 2, turn / 2
            reached = _log_likelihood(intercept + up, slope + turn, x, hits, n)
        intercept, slope, best = intercept + up, slope + turn, reached
        if max(abs(up), abs(turn)) < 1e-10:
            return CalibrationLine(
                intercept=Estimate(value=intercept, variance=total_xx / determinant),
                slope=Estimate(value=slope, variance=total / determinant),
            )
    return None


def _log_likelihood(
    intercept: float, slope: float, x: NDArray[np.float64], hits: NDArray[np.float64], n: NDArray[np.float64]
) -> float:
    logit = intercept + slope * x
    return math.fsum(hits * logit - n * np.logaddexp(0, logit))


@dataclass(frozen=True, kw_only=True)
class CalibrationBand:
    """People whose score lies in [low, high) (the last band includes 1): mean score against observed rate."""

    low: float
    high: float
    n: int
    positives: int
    mean_score: float
    interval: Interval

    @property
    def rate(self) -> float:
        return self.positives / self.n


def calibration_by_band(
    scores: Sequence[float], positives: Sequence[int], negatives: Sequence[int], bins: int = BINS
) -> tuple[CalibrationBand, ...]:
    """The bands of equal width that hold anybody, in order, with Wilson's 95% interval of the observed rate.

    A score at an edge belongs to the band above it: .3 of ten bands is in [.3, .4). Edges are i/bins, each rounded
    once, and so equal to the decimals that scores on a grid are.
    """
    edges = np.arange(bins + 1) / bins
    value = np.asarray(scores, dtype=np.float64)
    hits, everyone = np.asarray(positives), np.asarray(positives) + np.asarray(negatives)
    where = np.minimum(np.searchsorted(edges, value, side="right") - 1, bins - 1)
    bands = []
    for i in range(bins):
        inside = where == i
        n = int(everyone[inside].sum())
        if n:
            cases = int(hits[inside].sum())
            bands.append(
                CalibrationBand(
                    low=float(edges[i]),
                    high=float(edges[i + 1]),
                    n=n,
                    positives=cases,
                    mean_score=math.fsum(value[inside] * everyone[inside]) / n,
                    interval=wilson(cases, n),
                )
            )
    return tuple(bands)


def expected_calibration_error(
    scores: Sequence[float], positives: Sequence[int], negatives: Sequence[int], bins: int = BINS
) -> float | None:
    """Σ (n_b/n)·|observed rate − mean score| over bands of equal width (ten unless said); None for nobody.

    Biased up in small samples, since every band's noise counts as error: to be reported, not judged.
    Source: Naeini, Cooper & Hauskrecht 2015, AAAI. Example: ten people at .8 of whom 6 are positive: .2.
    """
    bands = calibration_by_band(scores, positives, negatives, bins)
    n = sum(band.n for band in bands)
    return math.fsum(band.n * abs(band.rate - band.mean_score) for band in bands) / n if n else None
