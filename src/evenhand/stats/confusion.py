"""Functions of a confusion table with no simple interval: F1, Matthews' correlation, balanced accuracy, and contrasts.

Each takes counts as floats or as arrays of replicates and gives an array; 0/0 is NaN, never 0 (scikit-learn and
fairlearn return 0 there). May import: numpy, stats.resample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenhand.stats.resample import ReplicateContrast, multinomial_replicates

Functional = Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], NDArray[np.float64]]


def f1_score(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> NDArray[np.float64]:
    """2·TP/(2·TP + FP + FN). Example: 2, 1, 1, 6 gives 4/6."""
    hits, false_alarms, misses = _floats(tp, fp, fn)
    return _divide(2 * hits, 2 * hits + false_alarms + misses)


def matthews_correlation(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> NDArray[np.float64]:
    """(TP·TN − FP·FN)/√[(TP+FP)(TP+FN)(TN+FP)(TN+FN)]; undefined where a margin is empty. Example: 2, 1, 1, 2: 1/3.

    Source: Matthews 1975, Biochimica et Biophysica Acta 405, 442-451.
    """
    hits, false_alarms, misses, rejections = _floats(tp, fp, fn, tn)
    # Each root on its own: the product of four margins of a billion overflows a float's exactness, not its range.
    scale = np.sqrt((hits + false_alarms) * (hits + misses))
    scale = scale * np.sqrt((rejections + false_alarms) * (rejections + misses))
    return _divide(hits * rejections - false_alarms * misses, scale)


def balanced_accuracy(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> NDArray[np.float64]:
    """½[TP/(TP+FN) + TN/(TN+FP)]. Example: 3, 1, 1, 3: ½(.75 + .75) = .75."""
    hits, false_alarms, misses, rejections = _floats(tp, fp, fn, tn)
    return (_divide(hits, hits + misses) + _divide(rejections, rejections + false_alarms)) / 2


def confusion_contrast(
    functional: Functional,
    counts: Sequence[int],
    reference_counts: Sequence[int] | None = None,
    *,
    form: Literal["level", "ratio", "difference"] = "level",
    replicates: int = 4000,
    seed: int,
) -> ReplicateContrast | None:
    """Percentile bootstrap of a functional of (TP, FP, FN, TN): a level, or a ratio or difference to a reference.

    Two independent multinomials, one per group; the reference's stream is seeded with `seed` + 1, so that adding a
    group changes no other group's replicates. None where the estimate is undefined or a bound could not be drawn.

    Example: counts (1, 0, 0, 1) are a perfect table: F1 is 1 in every replicate that has a positive.
    """
    estimate = functional(*counts)
    drawn = functional(*multinomial_replicates(counts, replicates, seed).T)
    parity: float | None = None
    if form != "level":
        if reference_counts is None:
            raise ValueError("a ratio or difference needs the reference's counts")
        theirs = functional(*reference_counts)
        their_draws = functional(*multinomial_replicates(reference_counts, replicates, seed + 1).T)
        if form == "ratio":
            # A ratio to something at or below 0 has no meaning: such draws count as undefined.
            their_draws = np.where(their_draws > 0, their_draws, math.nan)
            estimate, drawn, parity = _divide(estimate, theirs), _divide(drawn, their_draws), 1.0
        else:
            estimate, drawn, parity = estimate - theirs, drawn - their_draws, 0.0
    if math.isnan(float(estimate)):
        return None
    return ReplicateContrast(estimate=float(estimate), replicates=drawn, parity=parity)


def _floats(*values: ArrayLike) -> list[NDArray[np.float64]]:
    return [np.asarray(value, dtype=np.float64) for value in values]


def _divide(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.full(np.broadcast(above, below).shape, math.nan)
    np.divide(above, below, out=out, where=np.asarray(below) != 0)
    return out
