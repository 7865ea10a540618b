"""Many comparisons at once: Holm's step-down correction and the level it leaves for each comparison.

May import: the standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class HolmResult:
    """Holm-adjusted p-values in the order given, how many are rejected, and the level `alpha_star` that decided.

    `p ≤ alpha_star` exactly when its adjusted value is ≤ alpha, for every p of the family.
    """

    adjusted: tuple[float, ...]
    rejected: int
    alpha_star: float


def holm(p_values: Sequence[float], alpha: float = 0.05) -> HolmResult:
    """Holm's step-down test of k hypotheses: the i-th smallest p is held against alpha/(k − i), i = 0, 1, …

    With r rejections alpha* = alpha/(k − r), and alpha if all are rejected or there is none to test. Undefined
    p-values are not evidence and must leave the family first: a NaN raises ValueError (statsmodels'
    `multipletests([.01, nan, .02])` rejects all three).

    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    Example: holm([.01, .04, .03]) adjusts to (.03, .06, .06): 3·.01, then 2·.03, and .04 may not fall below it.
    One is rejected, and alpha* = .05/2 = .025.
    """
    if any(math.isnan(p) or not 0 <= p <= 1 for p in p_values):
        raise ValueError("p-values must lie in [0, 1]; take undefined ones out of the family first")
    k = len(p_values)
    order = sorted(range(k), key=lambda i: p_values[i])
    rejected = 0
    while rejected < k and p_values[order[rejected]] <= alpha / (k - rejected):
        rejected += 1
    adjusted = [0.0] * k
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (k - rank) * p_values[i]))
        # (k−i)·p and alpha/(k−i) round separately: at an exact tie the last bit must not contradict the decision.
        running = min(running, alpha) if rank < rejected else max(running, math.nextafter(alpha, 1))
        adjusted[i] = running
    return HolmResult(tuple(adjusted), rejected, alpha / (k - rejected) if rejected < k else alpha)
