"""Two proportions told apart as courts do: the pooled z of two samples, or Fisher's exact test when counts are small.

May import: stats.tails.
"""

from __future__ import annotations

import math

from evenhand.stats.tails import normal_below

SMALL_EXPECTED = 5
"""Below this expected count in any cell the normal approximation is not used (Cochran's rule)."""


def two_sample_p(*, cases: int, total: int, reference_cases: int, reference_total: int) -> float:
    """Two-sided p-value that two rates are equal: pooled two-sample z, Fisher where an expected count is below 5.

    Example: 157 of 2,435 against 235 of 2,435: z = −4.11, p = 4.0e-5 (Bertrand & Mullainathan 2004).
    """
    hits, everyone = cases + reference_cases, total + reference_total
    rarest = min(hits, everyone - hits) * min(total, reference_total) / everyone
    if rarest < SMALL_EXPECTED:
        return fisher_p(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)
    pooled = hits / everyone
    error = math.sqrt(pooled * (1 - pooled) * (1 / total + 1 / reference_total))
    z = (cases / total - reference_cases / reference_total) / error
    return min(1.0, 2 * normal_below(-abs(z)))


def fisher_p(*, cases: int, total: int, reference_cases: int, reference_total: int) -> float:
    """Fisher's exact two-sided p: the probability, margins fixed, of all tables no more likely than this one.

    Probabilities are compared with a relative tolerance of 1e-7, as R and scipy do.
    Example: 7 of 10 against 50 of 50: P(exactly 3 of the 10 among 3 refusals) = C(10,3)/C(60,3) = .0035.
    """
    hits = cases + reference_cases
    low, high = max(0, hits - reference_total), min(hits, total)
    logs = [
        _log_choose(total, x) + _log_choose(reference_total, hits - x) - _log_choose(total + reference_total, hits)
        for x in range(low, high + 1)
    ]
    own = logs[cases - low]
    return min(1.0, math.fsum(math.exp(value) for value in logs if value <= own + 1e-7))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
