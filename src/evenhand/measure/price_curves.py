"""Quantiles of prices, group over reference, from the cheapest tenth to the dearest twentieth.

May import: stats, tally.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from evenhand.measure.answers import comparison_finding, plain_comparison
from evenhand.measure.base import Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.binned import KNOWN_PRICES, PRICES, Binned, binned_prices, binned_side, compared, paired
from evenhand.stats.quantiles import quantile_ratio, table_quantile

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def quantile_ratio_curve(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Each quantile of the group's prices over the same quantile of the reference's; one comparison each."""
    at = ("quantile ratios", grouping.keys)
    if at not in setting.cache:
        setting.cache[at] = [
            quantile_finding(setting, grouping, key, group, reference, quantile)
            for key, group, reference in compared(grouping, binned_prices(setting, grouping, "price"))
            for quantile in QUANTILES
        ]
    found: list[Finding] = setting.cache[at]
    return found


def quantile_finding(
    setting: Setting,
    grouping: Grouping,
    key: GroupKey,
    group: Binned,
    reference: Binned | None,
    quantile: float,
) -> Finding:
    own = binned_side(setting, grouping, key, group, quantile_of(group, quantile), None)
    base = contrast = estimate = None
    if reference is not None:
        base = binned_side(setting, grouping, grouping.reference, reference, quantile_of(reference, quantile), None)
    if base is not None and reference is not None and own.value is not None and base.value is not None:
        estimate = plain_comparison("ratio", own.value, base.value)
        if not setting.repeated:
            values, ours, theirs = paired(group, reference)
            contrast = quantile_ratio(
                values,
                ours,
                theirs,
                quantile,
                effective_n=group.effective,
                reference_effective_n=reference.effective,
            )
    return comparison_finding(
        "quantile_ratio_curve",
        grouping,
        key,
        own,
        base,
        contrast,
        estimate=estimate,
        no_interval=setting.no_interval,
        at={"quantile": quantile},
    )


def quantile_of(prices: Binned, quantile: float) -> float | None:
    found = table_quantile(prices.whole, prices.weights, quantile)
    return None if found is None else found / prices.scale


def quantile_curves(setting: Setting, groupings: Sequence[Grouping]) -> dict[str, Any]:
    """The curve of the evidence: a line per group, and one along each end of its 95% intervals."""
    series = []
    for grouping in groupings:
        lines: dict[str, list[list[list[float]]]] = {}
        for finding in quantile_ratio_curve(setting, grouping):
            named = f"{grouping.name}: {finding.group}" if len(groupings) > 1 else finding.group
            line = lines.setdefault(named, [[], [], []])
            interval = None if finding.contrast is None else finding.contrast.interval(0.95)
            ends = (None, None) if interval is None else (interval.low, interval.high)
            for points, y in zip(line, (finding.estimate, *ends), strict=True):
                if y is not None and math.isfinite(y):
                    points.append([finding.at["quantile"], y])
        for named, line in lines.items():
            names = (named, f"{named}, 95% from", f"{named}, 95% to")
            series += [{"name": name, "points": points} for name, points in zip(names, line, strict=True)]
    return {"x": "quantile of the price", "y": "ratio to the reference's quantile", "series": series}


def price_curve_measures() -> list[Measure]:
    """quantile_ratio_curve."""
    return [
        Measure(
            name="quantile_ratio_curve",
            quantity="quantile_ratio_curve",
            form="own",
            unit="ratio",
            title="ratio of price quantiles",
            quantity_title="price quantile",
            question="At each rank, from the cheapest tenth to the dearest twentieth, how many times the reference's "
            "price is the group's?",
            formula="Q_g(q)/Q₀(q) for q of .1, .25, .5, .75, .9 and .95; Q(q): the lowest that a share q does not pass",
            source="Hyndman & Fan 1996, definition 1; interval: order statistics combined as in Zou & Donner 2008, "
            "mid-p",
            caution="Six comparisons for each group, all allowed for at once: a limit on the mean decides with fewer "
            "people. Ratios of neighbouring quantiles move together.",
            edges=f"{KNOWN_PRICES}A reference quantile of 0 or below has no ratio. Weighted rows count by Kish's "
            "effective n; several rows a person: no interval. Too few people beyond a quantile: unbounded.",
            roles=("price",),
            needs=always(PRICES),
            answer=quantile_ratio_curve,
            parity=1.0,
            polar=True,
        )
    ]
