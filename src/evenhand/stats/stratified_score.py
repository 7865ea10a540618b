"""The Mantel-Haenszel ratio where its logarithm has no variance: a group, or its reference, without a single case.

Greenland and Robins' interval needs cases on both sides. Nobody of 5,000 is the strongest evidence there is, so this
one inverts a score test instead, stratum by stratum. May import: numpy, stats.contrast, stats.crossing, stats.score,
stats.score_statistics, stats.stratified_rates, stats.tails.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evenhand.stats.contrast import Contrast
from evenhand.stats.crossing import crossing
from evenhand.stats.score import one_sided_critical_z
from evenhand.stats.score_statistics import ratio_variance
from evenhand.stats.stratified_rates import RateStratum, sum_of_quotients
from evenhand.stats.tails import normal_below

_LOG_REACH = 300.0
"""Bounds are sought between exp(−300) and exp(300), as for a single table."""
_TINY = 1e-200


@dataclass(frozen=True, kw_only=True)
class StratifiedScoreRatio(Contrast):
    """Σ a·n₀/N over Σ c·n₁/N where one of them is 0, or where no stratum has both cases and others.

    S(τ) = Σ (a·n₀ − τ·c·n₁)/N = Σ w(p̂₁ − τp̂₀) with w = n₁n₀/N, and z = S/√V with V = Σ w²[p̃₁q̃₁/n₁ + τ²p̃₀q̃₀/n₀]·N/(N−1),
    each stratum's rates restricted by p̃₁ = τp̃₀ (`score_statistics.ratio_variance`). One stratum is `ScoreRatio`.
    Estimate 0 has the interval [0, U], ∞ has [L, ∞), and without a case on either side there is no estimate and the
    interval is (0, ∞). Where both sides have cases and others z need not fall as τ rises, and bounds could contradict
    p-values: Greenland and Robins' interval is for those.

    Strata where a side has less than one (effective) person compare nothing. Raises ValueError where none is left, or
    where Greenland and Robins' interval exists.
    Source: Miettinen & Nurminen 1985, Statistics in Medicine 4, 213-226 (score test, stratified form); weights of
    Mantel and Haenszel 1959.

    Example: nobody of 100 against 30 of 100, in one stratum: p_less(0.8) as `ScoreRatio` gives it; in two strata of
    half that size S is the same, and so is V but for N/(N−1).
    """

    strata: Sequence[RateStratum]
    estimate: float | None = field(init=False, default=None)
    parity: float | None = field(init=False, default=1.0)
    method = "Mantel–Haenszel, stratified score"

    def __post_init__(self) -> None:
        kept = tuple(s for s in self.strata if min(s.total, s.reference_total) >= 1)
        object.__setattr__(self, "strata", kept)
        above, below = self._sums
        varies = any(0 < s.cases + s.reference_cases < s.total + s.reference_total for s in kept)
        if not kept or (above and below and varies):
            raise ValueError("this score test is for strata with two sides where one has no cases, or nobody varies")
        undefined = None if above == 0 else math.inf
        object.__setattr__(self, "estimate", float(above / below) if below else undefined)

    @cached_property
    def _sums(self) -> tuple[Fraction, Fraction]:
        """Numerator and denominator of the ratio."""
        return (
            sum_of_quotients((s.cases * s.reference_total, s.total + s.reference_total) for s in self.strata),
            sum_of_quotients((s.reference_cases * s.total, s.total + s.reference_total) for s in self.strata),
        )

    @cached_property
    def _counts(self) -> NDArray[np.float64]:
        """Rows: a, n₁, c, n₀; a column for each stratum."""
        rows = [[float(n) for n in (s.cases, s.total, s.reference_cases, s.reference_total)] for s in self.strata]
        return np.array(rows, dtype=np.float64).T

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        _, group, _, reference = self._counts
        weights: NDArray[np.float64] = group * reference / (group + reference)
        return weights

    def exact_estimate(self) -> Fraction | None:
        above, below = self._sums
        return above / below if below else None

    def statistic(self, limit: float) -> float:
        """The signed score statistic z at `limit`: standard normal if the limit is the truth, falling in the limit."""
        above, below = self._sums
        if limit < 0:
            return math.inf
        if math.isinf(limit):
            return -math.inf if below else 0.0
        return (float(above) - limit * float(below)) / (math.sqrt(self._variance(self._counts, limit)) + _TINY)

    def _variance(self, counts: NDArray[np.float64], limit: float) -> float:
        # Correctly rounded sums: the order of the strata changes nothing.
        cases, total, reference_cases, reference_total = counts
        limits = np.full(len(self.strata), limit)
        variances = ratio_variance(cases, total, reference_cases, reference_total, limits)
        return math.fsum((self._weights**2 * variances).tolist())

    def p_less(self, limit: float) -> float:
        return normal_below(self.statistic(limit))

    def p_greater(self, limit: float) -> float:
        return normal_below(-self.statistic(limit))

    def lower(self, alpha: float) -> float:
        z = one_sided_critical_z(alpha)
        return 0.0 if self._sums[0] == 0 else self._bound(z)

    def upper(self, alpha: float) -> float:
        z = one_sided_critical_z(alpha)
        return math.inf if self._sums[1] == 0 else self._bound(-z)

    def _bound(self, z: float) -> float:
        """The limit at which the statistic equals `z`, sought on its logarithm."""
        above, below = (float(side) + 0.5 for side in self._sums)
        spread = math.sqrt(1 / above + 1 / below)
        found = crossing(
            lambda log_limit: self.statistic(math.exp(log_limit)) - z,
            math.log(above / below) - z * spread,
            0.1 * (1 + abs(z)) * spread,
            -_LOG_REACH,
            _LOG_REACH,
        )
        return math.exp(found)

    @property
    def highest(self) -> float:
        """The largest ratio that the reference's rates in the strata allow; ∞ where it has no cases."""
        _, _, cases, total = self._counts
        rates = cases / total
        return float(1 / rates.max()) if rates.any() else math.inf

    def expected(self, truth: float, limit: float) -> tuple[float, float, float] | None:
        """(S, √V₀, √V₁) at `limit` if `truth` is the ratio and the reference's rates are as observed.

        V₀ at the rates that the limit restricts, V₁ at the true ones. None without cases of the reference, and for a
        truth that its rates do not allow.

        Example: 50 of 100 in the reference, 100 in the group, truth 1, limit .8: S = 50·(.5 − .4) = 5.
        """
        _, group, cases, reference = self._counts
        base = cases / reference
        if not base.any() or not 0 <= truth <= self.highest:
            return None
        rate = truth * base
        true = self._weights**2 * (rate * (1 - rate) / group + limit**2 * base * (1 - base) / reference)
        null = self._variance(np.array([rate * group, group, cases, reference]), limit)
        drift = (truth - limit) * math.fsum((self._weights * base).tolist())
        return drift, math.sqrt(null), math.sqrt(max(0.0, math.fsum(true.tolist())))


def stratified_score_ratio(strata: Sequence[RateStratum]) -> StratifiedScoreRatio | None:
    """The score test of strata for which `mantel_haenszel_ratio` is None; None where no stratum has both sides.

    Example: 0 of 60 and 0 of 40 against 20 of 60 and 10 of 40: estimate 0.
    """
    kept = [s for s in strata if min(s.total, s.reference_total) >= 1]
    return StratifiedScoreRatio(strata=kept) if kept else None
