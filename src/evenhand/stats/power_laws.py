"""The law of a contrast's test under a supposed truth: what sample sizes and detectable disparities are computed from.

May import: stats.contrast, stats.rates, stats.score, stats.stratified_score, stats.student, stats.tails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evenhand.stats.contrast import Contrast
from evenhand.stats.rates import RateContrast
from evenhand.stats.score import ScoreContrast, ScoreDifference, ScoreRatio
from evenhand.stats.stratified_score import StratifiedScoreRatio
from evenhand.stats.student import StudentContrast
from evenhand.stats.tails import critical_student, critical_z, normal_below

_CROWD = 1e12
"""Large enough for N/(N−1) to be 1, so that the statistic of a whole crowd gives the variance of one person."""
_SMALLEST_DEVIATION = 1e-9
"""Stands for a spread of 0 (a true rate of 0 or 1), where the power is a step and not a curve."""


@dataclass(frozen=True, kw_only=True)
class TestLaw:
    """The statistic at a limit, per effective person in the group: T ~ Normal(drift·n, true_deviation²·n).

    The test divides by `null_deviation` (√V₀, at the rates that the limit restricts), the truth varies with
    `true_deviation` (√V₁).
    """

    __test__ = False  # not a test case, whatever pytest makes of the name

    drift: float
    null_deviation: float
    true_deviation: float

    def power(self, people: float, alpha: float) -> float:
        """Chance of a one-sided rejection at alpha in the direction of the drift.

        Example: drift .1 and deviations 1 with 400 people: Φ(20·.1 − 1.645) = Φ(.355) = .639.
        """
        reach = math.sqrt(people) * abs(self.drift) - critical_z(alpha) * self.null_deviation
        return normal_below(reach / self.true_deviation)


def effective_people(contrast: Contrast) -> float:
    """The group's size in the unit that `law` counts in: effective people, or the one present sample."""
    return float(contrast.total) if isinstance(contrast, (ScoreContrast, RateContrast)) else 1.0


def law(contrast: Contrast, truth: float, limit: float) -> TestLaw | None:
    """The law of the test of `limit` if `truth` is the true value; None where it is degenerate or not a rate."""
    if isinstance(contrast, RateContrast):
        if not (0 <= truth <= 1 and 0 < limit < 1):
            return None
        null, true = math.sqrt(limit * (1 - limit)), math.sqrt(truth * (1 - truth))
        return TestLaw(drift=truth - limit, null_deviation=null, true_deviation=max(true, _SMALLEST_DEVIATION))
    if isinstance(contrast, ScoreContrast):
        return _score_law(contrast, truth, limit)
    if isinstance(contrast, StratifiedScoreRatio):
        return _stratified_law(contrast, truth, limit)
    deviation = standard_error(contrast)
    if deviation is None or (on_log_scale(contrast) and min(truth, limit) <= 0):
        return None
    drift = place(contrast, truth) - place(contrast, limit)
    return TestLaw(drift=drift, null_deviation=deviation, true_deviation=deviation)


def _score_law(contrast: ScoreContrast, truth: float, limit: float) -> TestLaw | None:
    reference_rate = float(contrast.reference_cases / contrast.reference_total)
    allocation = float(contrast.reference_total / contrast.total)
    if isinstance(contrast, ScoreDifference):
        rate, drift, weight = reference_rate + truth, truth - limit, 1.0
    elif isinstance(contrast, ScoreRatio):
        rate, drift, weight = truth * reference_rate, (truth - limit) * reference_rate, limit
    else:
        rate, drift, weight = truth * reference_rate / (1 + reference_rate * (truth - 1)), truth - limit, math.nan
    if not 0 <= rate <= 1 or drift == 0:
        return None
    crowd = type(contrast)(
        cases=rate * _CROWD,
        total=_CROWD,
        reference_cases=reference_rate * allocation * _CROWD,
        reference_total=allocation * _CROWD,
    )
    statistic = crowd.statistic(limit) / math.sqrt(_CROWD)
    if statistic == 0 or math.isinf(statistic):
        return None
    if math.isnan(weight):  # an odds ratio: z itself, with one spread for both hypotheses, is close enough
        return TestLaw(drift=statistic, null_deviation=1.0, true_deviation=1.0)
    variance = rate * (1 - rate) + weight * weight * reference_rate * (1 - reference_rate) / allocation
    true_deviation = max(math.sqrt(variance), _SMALLEST_DEVIATION)
    return TestLaw(drift=drift, null_deviation=abs(drift / statistic), true_deviation=true_deviation)


def _stratified_law(contrast: StratifiedScoreRatio, truth: float, limit: float) -> TestLaw | None:
    """Per present sample: strata grow alike."""
    expected = contrast.expected(truth, limit)
    if expected is None:
        return None
    drift, null_deviation, true_deviation = expected
    if drift == 0 or null_deviation == 0:
        return None
    true_deviation = max(true_deviation, _SMALLEST_DEVIATION)
    return TestLaw(drift=drift, null_deviation=null_deviation, true_deviation=true_deviation)


def standard_error(contrast: Contrast) -> float | None:
    """The standard error on the contrast's own scale; from the width of the 95% interval where it has no formula."""
    if isinstance(contrast, StudentContrast):
        return contrast.standard_error
    width = contrast.upper(0.025) - contrast.lower(0.025)
    return width / (2 * critical_z(0.025)) if math.isfinite(width) and width > 0 else None


def reach(contrast: Contrast, alpha: float, power: float) -> float | None:
    """How far beyond a limit the truth must lie, on the contrast's scale, to be found: (t_α + z_power)·se."""
    deviation = standard_error(contrast)
    if deviation is None:
        return None
    freedom = contrast.degrees_of_freedom if isinstance(contrast, StudentContrast) else math.inf
    return (critical_student(alpha, freedom) + critical_z(1 - power)) * deviation


def on_log_scale(contrast: Contrast) -> bool:
    return isinstance(contrast, StudentContrast) and contrast.scale == "log"


def place(contrast: Contrast, value: float) -> float:
    """A value on the contrast's own scale."""
    return math.log(value) if on_log_scale(contrast) else value


def natural_range(contrast: Contrast) -> tuple[float, float]:
    """The values that the truth can take, with the reference's rate as observed."""
    if isinstance(contrast, RateContrast):
        return 0.0, 1.0
    if isinstance(contrast, StudentContrast):
        return contrast.lowest, contrast.highest
    if isinstance(contrast, ScoreContrast):
        reference_rate = float(contrast.reference_cases / contrast.reference_total)
        if isinstance(contrast, ScoreDifference):
            return -reference_rate, 1 - reference_rate
        if isinstance(contrast, ScoreRatio):
            return 0.0, 1 / reference_rate if reference_rate > 0 else math.inf
        return 0.0, math.inf
    if isinstance(contrast, StratifiedScoreRatio):
        return 0.0, contrast.highest
    return -math.inf, math.inf
