"""How many people would decide it, and how large a disparity this audit would have caught.

Sample sizes by Farrington and Manning for two proportions; by the standard error for everything else. A comparison
passes at one-sided alpha and fails at alpha/k among k comparisons (Bonferroni; Holm is never stricter).
May import: stats.combined, stats.contrast, stats.crossing, stats.power_laws, stats.rates, stats.scaled, stats.score,
stats.stratified_score.
"""

from __future__ import annotations

import math

from evenhand.stats.combined import LargestOf
from evenhand.stats.contrast import Contrast
from evenhand.stats.crossing import crossing
from evenhand.stats.power_laws import effective_people, law, natural_range, on_log_scale, place, reach
from evenhand.stats.rates import RateContrast
from evenhand.stats.scaled import ScaledContrast
from evenhand.stats.score import ScoreContrast
from evenhand.stats.stratified_score import StratifiedScoreRatio

_POWER = 0.8
"""Chance that a whole check finds what is there."""
_MOST_PEOPLE = 1e13
"""No sample size beyond this is worth printing."""
_ODDS_REACH = 1e6
"""True odds ratios are sought within this factor of the limit."""


def people_needed(
    contrast: Contrast,
    *,
    minimum: float | None,
    maximum: float | None,
    comparisons: int,
    alpha: float = 0.05,
    people: int | None = None,
) -> int | None:
    """People in the group that would decide the comparison if the truth is parity, with power .8^(1/comparisons).

    So that all comparisons of a check pass together with power .8 (a little more where they share a reference; with
    1 − .2/comparisons it would be up to 3% more people).
    n = [z_α√V₀ + z_β√V₁]²/(p₁ − τp₀)², V₀ at the rates restricted by the limit, the reference's rate as observed and
    the reference growing with the group; with both limits the two chances of missing add up. A level has no parity:
    its truth is taken as observed, and the answer is what would show the pass, or the failure at alpha/comparisons.

    `people` is the group's present size: needed where only a standard error is known, and used to turn effective
    people (weights, clusters) into people. None where no number would do: parity not inside the limits, the estimate
    at the limit, a reference rate of 0, an unknown size, a value that is known anyway.
    Source: Farrington & Manning 1990, Statistics in Medicine 9, 1447-1454.

    Example: ratio ≥ .8, base rate 30%, reference ten times the group, one comparison: 355.
    """
    if isinstance(contrast, LargestOf):
        return _largest_needs(contrast, maximum, comparisons, alpha, people)
    at_parity = contrast.parity is not None
    truth = contrast.parity if at_parity else contrast.estimate
    if contrast.known or truth is None or not math.isfinite(truth):
        return None
    if isinstance(contrast, ScaledContrast):
        minimum, maximum = contrast.inside(minimum, maximum)
        truth = contrast.inward(truth)
        contrast = contrast.inner
    if people is None:
        if not isinstance(contrast, (ScoreContrast, RateContrast)):
            return None
        scale = 1.0
    else:
        scale = people / effective_people(contrast)
    limits = [limit for limit in (minimum, maximum) if limit is not None]
    broken = [limit for limit in limits if (truth < limit if limit == minimum else truth > limit)]
    if not limits or truth in limits or (broken and at_parity):
        return None
    miss = 1 - math.pow(_POWER, 1 / comparisons)
    if broken:  # only a level gets here; what can be shown is its failure
        limits, alpha, miss = broken, alpha / (comparisons * len(limits)), 1 - _POWER
    laws = [law(contrast, truth, limit) for limit in limits]
    known = [one for one in laws if one is not None]
    if len(known) < len(laws):
        return None

    def missed(log_people: float) -> float:
        return sum(1 - one.power(math.exp(log_people), alpha) for one in known) - miss

    most = math.log(_MOST_PEOPLE)
    found = crossing(missed, 0.0, 4.0, -most, most)
    return math.ceil(math.exp(found) * scale) if found < most else None


def _largest_needs(
    contrast: LargestOf, maximum: float | None, comparisons: int, alpha: float, people: int | None
) -> int | None:
    """Every part must be shown to lie within ±maximum: the neediest part decides, the chances of missing add up."""
    if maximum is None:
        return None
    if people is None:
        people = math.ceil(sum(effective_people(part) for part in contrast.parts))
    needs = [
        people_needed(
            part,
            minimum=-maximum,
            maximum=maximum,
            comparisons=comparisons * len(contrast.parts),
            alpha=alpha,
            people=people,
        )
        for part in contrast.parts
    ]
    known = [need for need in needs if need is not None]
    return max(known) if len(known) == len(needs) else None


def smallest_detectable(
    contrast: Contrast,
    *,
    minimum: float | None,
    maximum: float | None,
    comparisons: int,
    alpha: float = 0.05,
    power: float = _POWER,
) -> float | None:
    """The true value beyond the limit, nearest to it, that this audit would have failed with probability `power`.

    The failure is tested at alpha/comparisons, halved for each of two limits; the reference's rate is as observed.
    With two limits it is the value nearer to its own limit. None where not even the extreme value would have been
    found (a small group), or where nothing is estimated.

    Example: a normal estimate with standard error .1 and limit ≥ .8, one comparison: .8 − (1.645 + .842)·.1 = .551.
    """
    limits = [limit for limit in (minimum, maximum) if limit is not None]
    if contrast.known or not limits:
        return None
    if isinstance(contrast, ScaledContrast):
        inner_minimum, inner_maximum = contrast.inside(minimum, maximum)
        value = smallest_detectable(
            contrast.inner,
            minimum=inner_minimum,
            maximum=inner_maximum,
            comparisons=comparisons,
            alpha=alpha,
            power=power,
        )
        return None if value is None else contrast.outward(value)
    level = alpha / (comparisons * len(limits))
    if isinstance(contrast, LargestOf):
        if maximum is None:
            return None
        share = level / (2 * len(contrast.parts))
        sizes = [_detectable(part, maximum, 1, share, power) for part in contrast.parts]
        return min((size for size in sizes if size is not None), default=None)
    values = []
    for limit, direction in ((minimum, -1), (maximum, 1)):
        value = _detectable(contrast, limit, direction, level, power) if limit is not None else None
        if value is not None and limit is not None:
            values.append((abs(place(contrast, value) - place(contrast, limit)), value))
    return min(values)[1] if values else None


def _detectable(contrast: Contrast, limit: float, direction: int, alpha: float, power: float) -> float | None:
    """The truth beyond `limit`, above it (direction 1) or below it (−1), whose failure has the chance `power`."""
    low, high = natural_range(contrast)
    if not low < limit < high:
        return None
    if not isinstance(contrast, (ScoreContrast, StratifiedScoreRatio, RateContrast)):
        distance = reach(contrast, alpha, power)
        if distance is None:
            return None
        value = place(contrast, limit) + direction * distance
        value = math.exp(value) if on_log_scale(contrast) else value
        return value if low <= value <= high else None
    high = min(high, limit * _ODDS_REACH) if math.isinf(high) else high
    edge = high if direction > 0 else low

    def unfound(share: float) -> float:
        one = law(contrast, limit + share * (edge - limit), limit)
        return power - (one.power(effective_people(contrast), alpha) if one is not None else 0.0)

    least, most = 1e-9, 1.0 - 1e-12
    if unfound(most) > 0:
        return None
    return limit + crossing(unfound, 0.3, 0.2, least, most) * (edge - limit)
