"""What the declared factors explain of a ratio, in words: on the face of it, and among people who are alike in them.

May import: render's own words and numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evenhand.render import numbers
from evenhand.render.labels import display_label, isolated, who
from evenhand.render.metric_words import MetricWords

Comparison = Mapping[str, Any]
_MOST_FACTORS = 4
"""More are not listed in a sentence."""
_NEXT_TO_NONE = 0.02
"""On the log scale: a ratio of 0.98 to 1.02 is next to no gap."""
_AS_GOOD_AS = 0.01


def factor_names(document: Mapping[str, Any]) -> str:
    """The factors in a sentence: `region, cover and age`."""
    names = [display_label(factor["name"]) for factor in document["overview"]["factors"]]
    if not 0 < len(names) <= _MOST_FACTORS:
        return "the declared factors"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def clearly_off(comparison: Comparison, parity: float) -> bool:
    """Whether the 95% interval leaves out parity."""
    bounds = comparison["interval"]
    if bounds is None:
        return False
    above = bounds["low"] is not None and bounds["low"] > parity
    return above or (bounds["high"] is not None and bounds["high"] < parity)


def within_strata(comparison: Comparison, words: MetricWords) -> bool:
    """Whether a comparison is one ratio common to all strata of the factors, beside the rates as they are."""
    own, base = comparison["value"], comparison["value_reference"]
    is_common = words.name.startswith("conditional_") and words.unit == "ratio" and bool(comparison["reference"])
    return is_common and comparison["estimate"] is not None and own is not None and bool(base)


def face_value(comparison: Comparison) -> float:
    """The ratio without regard to the factors: of the two rates that stand beside the ratio within strata."""
    return float(comparison["value"] / comparison["value_reference"])


def face_and_within(
    document: Mapping[str, Any],
    comparison: Comparison,
    words: MetricWords,
    limits: Sequence[float],
    bounds: Mapping[str, Any] | None,
) -> str:
    """Both ratios: `on the face of it … is 0.68 times that of male (…); among those alike in dept it is 1.06 times`."""
    mine, theirs = (numbers.quantity(comparison[key], words.quantity_unit) for key in ("value", "value_reference"))
    raw = numbers.judged(face_value(comparison), "ratio")
    other = isolated(display_label(comparison["reference"]))
    shown = f" (interval {numbers.interval(bounds, words.unit, limits)})" if bounds else ""
    return (
        f"On the face of it {words.quantity_named} of {who(comparison)} is {raw} times that of {other} ({mine} against "
        f"{theirs}); among those alike in {factor_names(document)} it is "
        f"{numbers.judged(comparison['estimate'], words.unit, limits)} times{shown}"
    )


def explained(comparison: Comparison) -> str:
    """How much of the gap the factors explain, on the log scale, where 0.5 and 2 are alike; empty without a gap.

    Ratios of 0.68 and, within strata, 1.06 (0.98 to 1.14): the factors explain 1 − log 1.06 / log 0.68 = 1.15 of it.
    """
    raw, left = face_value(comparison), comparison["estimate"]
    if raw <= 0 or left is None or left <= 0:
        return ""
    clear = clearly_off(comparison, 1)
    if abs(math.log(raw)) < _NEXT_TO_NONE:
        return "On the face of it there is next to no gap: the factors hide one." if clear else ""
    share = 1 - math.log(left) / math.log(raw)
    chance = "; what is left could be chance" if comparison["interval"] is not None and not clear else ""
    if share > 1 + _AS_GOOD_AS:
        if clear:
            return "The factors turn the gap round: among those alike it goes the other way."
        return f"The factors explain the whole gap and more{chance}."
    if share > 1 - _AS_GOOD_AS:
        return "The factors explain as good as the whole gap."
    if share > _AS_GOOD_AS:
        return f"The factors explain about {share:.0%} of the gap, counted in logarithms{chance}."
    if share >= -_AS_GOOD_AS:
        return "The factors explain as good as nothing of the gap."
    return "The factors explain none of the gap: among those alike it is wider."
