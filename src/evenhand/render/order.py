"""Which comparison and which check is worse than another: the order of every list that shows the worst first.

May import: render's own words and numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evenhand.render.metric_words import MetricWords, metric_words
from evenhand.render.status import STATUSES, look_of

Check = Mapping[str, Any]
Comparison = Mapping[str, Any]
_APART = {"method", "part", "quantile"}
"""Coordinates whose numbers answer different questions: no smallest or largest of them means anything."""


def worst_first(document: Mapping[str, Any], check: Check) -> list[Comparison]:
    """The comparisons of a check, by status, then how far beyond (or near) the limit; on a tie the policy's order."""
    words = metric_words(check["metric"])
    burden = document["audit"]["polarity"] == "burden"
    return sorted(check["comparisons"], key=lambda c: (STATUSES[c["status"]].severity, _slack(check, c, words, burden)))


def worst(document: Mapping[str, Any], check: Check) -> Comparison | None:
    """The comparison that a one-line summary of the check names; None if it has none with anything to tell."""
    ordered = worst_first(document, check)
    told = [c for c in ordered if c["status"] != "not_tested"]
    if check["level"] == "report":
        told = [] if apart(check) else large_enough(document, ordered)
    return told[0] if told else None


def apart(check: Check) -> bool:
    """Whether a check that only measures has values that do not compare: the parts of a gap, places of a curve."""
    known = [c for c in check["comparisons"] if c["estimate"] is not None]
    return check["level"] == "report" and len(known) > 1 and any(_APART.intersection(c["at"] or {}) for c in known)


def fewest(document: Mapping[str, Any]) -> int:
    """The policy's floor of people, below which a group is shown by its size alone."""
    return int(document["overview"]["min_people"])


def large_enough(document: Mapping[str, Any], comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Those with a value, and with people enough to be named as an extreme; all with a value if none is so large.

    What is only measured passes no floor of the policy: a group of three people would lead every summary.
    """
    known = [c for c in comparisons if c["estimate"] is not None]
    return [c for c in known if (c["n"] or 0) >= fewest(document)] or known


def checks_worst_first(document: Mapping[str, Any]) -> list[Check]:
    """The checks, worst first; required ones before those that only warn or report; the policy's order on a tie."""
    levels = {"error": 0, "warn": 1, "report": 2}
    return sorted(document["checks"], key=lambda c: (levels[c["level"]] == 2, look_of(c).severity, levels[c["level"]]))


def tested(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """The comparisons that were judged, whatever came out."""
    return [c for c in comparisons if c["status"] != "not_tested"]


def untested(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """The comparisons that could not be judged."""
    return [c for c in comparisons if c["status"] == "not_tested"]


def family_size(comparisons: Sequence[Comparison]) -> int:
    """k: how many comparisons the adjustment (Holm) allowed for, i.e. those with an adjusted p-value."""
    return sum(1 for c in comparisons if c["p"]["fail_adjusted"] is not None)


def _slack(check: Check, comparison: Comparison, words: MetricWords, burden: bool) -> float:
    """Distance to the nearest limit, negative beyond it; ratios on the log scale, where 0.5 and 2 are alike."""
    estimate: float | None = comparison["estimate"]
    if estimate is None:
        return math.inf
    scale: Callable[[float], float] = _logarithm if words.unit == "ratio" else float
    low, high = check["limit"]["min"], check["limit"]["max"]
    distances: list[float] = []
    if low is not None:
        distances.append(scale(estimate) - scale(low))
    if high is not None:
        distances.append(scale(high) - scale(estimate))
    if distances:
        return min(distances)
    if words.parity is not None:
        return -abs(scale(estimate) - scale(words.parity))
    return -estimate if burden and words.polar else estimate


def _logarithm(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf
