"""Two proportions compared by the Miettinen-Nurminen score test: `ScoreRatio`, `ScoreDifference`, `ScoreOddsRatio`.

The p-values come from one signed statistic and the bounds invert it, so that an interval excludes a limit exactly when
the test rejects it. Counts may be fractions or floats where rows are weighted (cases = rate · effective n); whole
counts and fractions stay exact where a tie is decided.
May import: stats.contrast, stats.crossing, stats.rates, stats.score_statistics, stats.tails.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction

from evenhand.stats.contrast import Contrast
from evenhand.stats.crossing import crossing
from evenhand.stats.rates import plain_count
from evenhand.stats.score_statistics import difference_statistic, odds_ratio_statistic, ratio_statistic
from evenhand.stats.tails import critical_z, normal_below

_LOG_REACH = 300.0
"""Bounds of a ratio are sought between exp(−300) and exp(300); no level above 1e-300 asks for one beyond."""


@dataclass(frozen=True, kw_only=True)
class ScoreContrast(Contrast):
    """What the three comparisons share: `cases` of `total` in the group against the reference's.

    Raises ValueError unless 0 ≤ cases ≤ total and total ≥ 1 on both sides (a rate of nobody is not defined).
    """

    cases: float | Fraction
    total: float | Fraction
    reference_cases: float | Fraction
    reference_total: float | Fraction
    estimate: float | None = field(init=False, default=None)
    parity: float | None = field(init=False, default=None)
    method = "Miettinen–Nurminen score"

    def __post_init__(self) -> None:
        for name in ("cases", "total", "reference_cases", "reference_total"):
            object.__setattr__(self, name, plain_count(getattr(self, name)))
        for cases, total in ((self.cases, self.total), (self.reference_cases, self.reference_total)):
            if not (math.isfinite(total) and total >= 1 and 0 <= cases <= total):
                raise ValueError("a rate needs 0 ≤ cases ≤ total and a total of at least 1")
        above, below = self._quotient()
        undefined = None if above == 0 else math.inf
        object.__setattr__(self, "estimate", float(above / below) if below != 0 else undefined)
        object.__setattr__(self, "parity", self._parity())

    @abstractmethod
    def _quotient(self) -> tuple[float | Fraction, float | Fraction]:
        """Numerator and denominator of the estimate: 0/0 is undefined, x/0 is ∞."""

    @abstractmethod
    def _parity(self) -> float: ...

    @abstractmethod
    def statistic(self, limit: float) -> float:
        """The signed score statistic z at `limit`: standard normal if the limit is the truth, falling in the limit."""

    @abstractmethod
    def _bound(self, z: float) -> float:
        """The limit at which the statistic equals `z`."""

    def exact_estimate(self) -> Fraction | None:
        above, below = self._quotient()
        if isinstance(above, (int, Fraction)) and isinstance(below, (int, Fraction)) and below != 0:
            return Fraction(above) / Fraction(below)
        return None

    @property
    def _counts(self) -> tuple[float, float, float, float]:
        return float(self.cases), float(self.total), float(self.reference_cases), float(self.reference_total)

    def p_less(self, limit: float) -> float:
        return normal_below(self.statistic(limit))

    def p_greater(self, limit: float) -> float:
        return normal_below(-self.statistic(limit))

    def lower(self, alpha: float) -> float:
        return self._bound(one_sided_critical_z(alpha))

    def upper(self, alpha: float) -> float:
        return self._bound(-one_sided_critical_z(alpha))


def one_sided_critical_z(alpha: float) -> float:
    """The z of a one-sided bound; ValueError for a level that is none."""
    if not 0 < alpha <= 0.5:
        raise ValueError("a one-sided bound needs 0 < alpha ≤ .5")
    return critical_z(alpha)


def _quotient_bound(contrast: ScoreContrast, z: float, start: float, spread: float) -> float:
    """Solve statistic = z for a positive limit, on its logarithm."""
    found = crossing(
        lambda log_limit: contrast.statistic(math.exp(log_limit)) - z,
        math.log(start) - z * spread,
        0.1 * (1 + abs(z)) * spread,
        -_LOG_REACH,
        _LOG_REACH,
    )
    return math.exp(found)


@dataclass(frozen=True, kw_only=True)
class ScoreRatio(ScoreContrast):
    """p₁/p₀, group over reference; parity 1.

    Edges: 0 of n v 0 of m has no estimate and the interval (0, ∞): any ratio fits. A reference without cases and a
    group with some: estimate ∞, interval [L, ∞). A group without cases: estimate 0, interval [0, U]. At those edges
    the bounds are exactly 0 and ∞. Everyone v everyone is 1 with an ordinary interval.

    Source: Miettinen & Nurminen 1985. Agrees with statsmodels `test_proportions_2indep(compare='ratio',
    method='score')`, and with its interval except where a rate is 0 or 1, where that one is wrong.

    Example: ScoreRatio(cases=48, total=100, reference_cases=60, reference_total=100).p_less(0.8) is 0.5: .48 is
    exactly .8 · .60, and the data stand at the limit.
    """

    def _quotient(self) -> tuple[float | Fraction, float | Fraction]:
        return self.cases * self.reference_total, self.total * self.reference_cases

    def _parity(self) -> float:
        return 1.0

    def statistic(self, limit: float) -> float:
        if limit < 0:
            return math.inf
        if math.isinf(limit):
            return -math.inf if self.reference_cases > 0 else 0.0
        return ratio_statistic(*self._counts, limit)

    def _bound(self, z: float) -> float:
        if z >= 0 and self.cases == 0:
            return 0.0
        if z <= 0 and self.reference_cases == 0:
            return math.inf
        cases, total, reference_cases, reference_total = self._counts
        start = (cases + 0.5) * (reference_total + 0.5) / ((total + 0.5) * (reference_cases + 0.5))
        variance = 1 / (cases + 0.5) - 1 / (total + 1) + 1 / (reference_cases + 0.5) - 1 / (reference_total + 1)
        return _quotient_bound(self, z, start, math.sqrt(variance))


@dataclass(frozen=True, kw_only=True)
class ScoreDifference(ScoreContrast):
    """p₁ − p₀, group minus reference; parity 0; bounds within [−1, 1], and exactly ±1 where the estimate is.

    Source: Miettinen & Nurminen 1985 (their cubic; statsmodels 0.15 carries a wrong coefficient, its issue #10269).

    Example: 5 of 56 v 0 of 29 is .0893 with the 95% interval (−.0326, .1933).
    """

    def _quotient(self) -> tuple[float | Fraction, float | Fraction]:
        ours, theirs = self.cases * self.reference_total, self.reference_cases * self.total
        return ours - theirs, self.total * self.reference_total

    def _parity(self) -> float:
        return 0.0

    def statistic(self, limit: float) -> float:
        if abs(limit) > 1:
            return -math.copysign(math.inf, limit)
        return difference_statistic(*self._counts, limit)

    def _bound(self, z: float) -> float:
        if z >= 0 and self.cases == 0 and self.reference_cases == self.reference_total:
            return -1.0
        if z <= 0 and self.cases == self.total and self.reference_cases == 0:
            return 1.0
        cases, total, reference_cases, reference_total = self._counts
        rate, reference_rate = (cases + 0.5) / (total + 1), (reference_cases + 0.5) / (reference_total + 1)
        spread = math.sqrt(rate * (1 - rate) / total + reference_rate * (1 - reference_rate) / reference_total)
        return crossing(
            lambda limit: self.statistic(limit) - z,
            rate - reference_rate - z * spread,
            0.1 * (1 + abs(z)) * spread,
            -1.0,
            1.0,
        )


@dataclass(frozen=True, kw_only=True)
class ScoreOddsRatio(ScoreContrast):
    """[p₁/(1−p₁)] / [p₀/(1−p₀)]; parity 1. 0/0 has no estimate and the interval (0, ∞).

    Source: Miettinen & Nurminen 1985. Agrees with statsmodels' score test of an odds ratio inside the table.

    Example: 30 of 100 v 20 of 100: (30·80)/(70·20) = 1.7143.
    """

    def _quotient(self) -> tuple[float | Fraction, float | Fraction]:
        misses, reference_misses = self.total - self.cases, self.reference_total - self.reference_cases
        return self.cases * reference_misses, misses * self.reference_cases

    def _parity(self) -> float:
        return 1.0

    def statistic(self, limit: float) -> float:
        if limit < 0:
            return math.inf
        above, below = self._quotient()
        if math.isinf(limit):
            return -math.inf if below > 0 else 0.0
        if above + below == 0:
            return 0.0  # all or none are selected: every odds ratio fits, no evidence either way
        if limit == 0:
            return math.inf if above > 0 else 0.0
        return odds_ratio_statistic(*self._counts, limit)

    def _bound(self, z: float) -> float:
        above, below = self._quotient()
        if z >= 0 and above == 0:
            return 0.0
        if z <= 0 and below == 0:
            return math.inf
        cases, total, reference_cases, reference_total = self._counts
        a, b = cases + 0.5, total - cases + 0.5
        c, d = reference_cases + 0.5, reference_total - reference_cases + 0.5
        return _quotient_bound(self, z, a * d / (b * c), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
