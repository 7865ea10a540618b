"""What an open comparison would take: people needed, never fewer than the floors ask for, and what could be seen.

May import: stats, measure, judge.
"""

from __future__ import annotations

import math
from dataclasses import replace

from evenhand.judge.floors import reference_too_small
from evenhand.judge.rules import Rule
from evenhand.judge.verdicts import ComparisonVerdict
from evenhand.measure.base import Finding
from evenhand.stats.contrast import Contrast
from evenhand.stats.power import people_needed, smallest_detectable
from evenhand.stats.score import ScoreRatio


def with_power(verdict: ComparisonVerdict, rule: Rule, comparisons: int) -> ComparisonVerdict:
    """People that would decide an open comparison, and the disparity this audit could have seen."""
    contrast = comparable(verdict.finding)
    if contrast is None or contrast.estimate is None:
        return verdict
    needs = None
    if more_people_would_help(verdict, rule):
        needs = people_needed(
            contrast,
            minimum=rule.low,
            maximum=rule.high,
            comparisons=comparisons,
            alpha=rule.alpha,
            people=verdict.finding.n,
        )
    seen = smallest_detectable(contrast, minimum=rule.low, maximum=rule.high, comparisons=comparisons, alpha=rule.alpha)
    if needs is not None:
        needs = max(needs, least_people(verdict.finding, rule))
    return replace(verdict, needs_n=needs, detectable=seen)


def comparable(finding: Finding) -> Contrast | None:
    """The finding's contrast; for a ratio known exactly (to the highest group) the score test of the same table."""
    contrast = finding.contrast
    if contrast is None or not contrast.known:
        return contrast
    names = ("cases", "total", "reference_cases", "reference_total")
    if not all(name in finding.counts for name in names) or finding.group == finding.reference:
        return None
    return ScoreRatio(**{name: finding.counts[name] for name in names})


def more_people_would_help(verdict: ComparisonVerdict, rule: Rule) -> bool:
    """Whether a larger group could decide an open comparison: not where the reference is what is lacking."""
    finding = verdict.finding
    if verdict.status == "inconclusive":
        return not finding.vacuous and finding.withheld is None and finding.reference_rate not in (0.0, 1.0)
    if verdict.status != "not_tested" or verdict.reason.code not in ("too_few_people", "too_small_denominator"):
        return False
    return reference_too_small(finding, rule.floors) is None


def least_people(finding: Finding, rule: Rule) -> int:
    """The people that the floors ask for, whatever the statistics would do with fewer.

    Example: with 2% selected in the reference and `min_expected` 20, a group needs 1,000 people.
    """
    if not finding.floors:
        return 0
    least = rule.floors.min_people if finding.n == finding.people else rule.floors.min_denominator
    rarer = None if finding.reference_rate is None else min(finding.reference_rate, 1 - finding.reference_rate)
    if finding.expected_cases is not None and rarer:
        least = max(least, math.ceil(rule.floors.min_expected / rarer))
    return least
