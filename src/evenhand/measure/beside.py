"""What stands behind a check: the counts it was computed from, its curves, and figures beside it that nobody judges.

How to add a figure: write a function of (setting, grouping) and give it a row in `BESIDE`. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from evenhand.measure.audience import audience_masks, audience_variance
from evenhand.measure.base import Finding, Grouping, Setting
from evenhand.measure.curves import calibration_curve
from evenhand.measure.odds import RATES
from evenhand.measure.proportions import KNOWN, SELECTED
from evenhand.measure.shares import shares
from evenhand.tally.needs import Mask

NOT_JUDGED = "beside, not judged"
WITHIN = 0.1
"""The variance that DOJ v. Meta (2022) counts ads under."""


class Figure(NamedTuple):
    """A number for the reader: what it is, and what it was counted from where that is not in the table already."""

    label: str
    value: float | None
    counts: Mapping[str, int] = {}


def all_pairs_gaps(setting: Setting, grouping: Grouping) -> list[float] | None:
    """The largest gap between any two groups in TPR and in FPR; None where a group has no such rate.

    TPR .9, .6, .7 and FPR .2, .3, .1 give .3 and .2.
    """
    gaps = []
    for pair in RATES:
        rates = [share.rate for share in shares(setting, grouping, *pair).values()]
        known = [rate for rate in rates if rate is not None]
        if not known or len(known) < len(rates):
            return None
        gaps.append(max(known) - min(known))
    return gaps


def largest_between_any_two(setting: Setting, grouping: Grouping) -> list[Figure]:
    """fairlearn.metrics.equalized_odds_difference, method between_groups."""
    gaps = all_pairs_gaps(setting, grouping)
    return [Figure("largest gap between any two groups, as fairlearn computes it", max(gaps) if gaps else None)]


def mean_between_any_two(setting: Setting, grouping: Grouping) -> list[Figure]:
    """The same with agg="mean": half the largest gap in TPR plus half the largest in FPR."""
    gaps = all_pairs_gaps(setting, grouping)
    label = "mean of the largest gaps between any two groups, as fairlearn computes it"
    return [Figure(label, sum(gaps) / 2 if gaps else None)]


def ratios_to_the_highest(setting: Setting, grouping: Grouping) -> list[Figure]:
    """Each group's selection rate over the highest one of a group that may be the highest (UGESP, LL144).

    Rates .6, .45 and .3 give 1, .75 and .5.
    """
    found = shares(setting, grouping, Mask.of(decision=SELECTED), Mask.of(decision=KNOWN))
    may_be = [share.rate for key, share in found.items() if setting.may_be_highest(grouping, key, share.people)]
    highest = max((rate for rate in may_be if rate is not None), default=0.0)
    if not highest:
        return []
    return [
        Figure(
            f"{grouping.label(key)}: ratio to the highest group", None if share.rate is None else share.rate / highest
        )
        for key, share in found.items()
    ]


def reach(setting: Setting, grouping: Grouping) -> list[Figure]:
    """People delivered per person eligible, by group: a variance may fall because the group reached most is cut back.

    With campaigns, over all of them; and the share of campaigns whose variance is at most 10%.
    """
    eligible_mask, delivered_mask = audience_masks(setting.stages)
    figures = []
    campaigns = False
    for key, part in setting.main(grouping).items():
        campaigns = campaigns or "campaign" in part.keys
        among = part.masked(eligible_mask)
        counts = {"eligible": among.total("n"), "delivered": among.masked(delivered_mask).total("n")}
        weight = "w" if setting.weighted else "n"
        eligible = among.total(weight)
        value = among.masked(delivered_mask).total(weight) / eligible if eligible else None
        figures.append(Figure(f"{grouping.label(key)}: reach per eligible person", value, counts))
    if campaigns:
        variances = [f.estimate for f in audience_variance(setting, grouping) if f.estimate is not None]
        within = sum(1 for variance in variances if variance <= WITHIN) / len(variances) if variances else None
        figures.append(Figure("share of campaigns with a variance within 10%", within))
    return figures


BESIDE: Mapping[str, Callable[[Setting, Grouping], list[Figure]]] = {
    "selection_rate_ratio": ratios_to_the_highest,
    "selection_rate_difference": ratios_to_the_highest,
    "equalized_odds_difference": largest_between_any_two,
    "average_odds_difference": mean_between_any_two,
    "audience_variance": reach,
}


def table_behind(
    metric: str, findings: Sequence[Finding], setting: Setting, groupings: Sequence[Grouping]
) -> dict[str, Any]:
    """Columns and rows: each attribute's reference, the findings, then what is shown beside them and not judged."""
    beside = [(g.name, figure) for g in groupings for figure in BESIDE[metric](setting, g)] if metric in BESIDE else []
    names = list(dict.fromkeys(name.removeprefix("reference_") for f in findings for name in f.counts))
    names = list(dict.fromkeys([*names, *(name for _, figure in beside for name in figure.counts)]))
    references: dict[tuple[str, str], list[Any]] = {}
    rows: list[list[Any]] = []
    for finding in findings:
        at = ", ".join(f"{key} {value}" for key, value in finding.at.items())
        rows.append([finding.attribute, finding.group, at, *(finding.counts.get(n) for n in names), finding.value])
        counts = {"reference_people": finding.n_reference, **finding.counts}
        base = [counts.get(f"reference_{name}") for name in names]
        known = finding.value_reference is not None or any(name.startswith("reference_") for name in finding.counts)
        if finding.reference is not None and known:
            group = f"{finding.reference} (reference)"
            references[(finding.attribute, at)] = [finding.attribute, group, at, *base, finding.value_reference]
    shown = [
        [attribute, figure.label, NOT_JUDGED, *(figure.counts.get(n) for n in names), figure.value]
        for attribute, figure in beside
    ]
    return {"columns": ["attribute", "group", "at", *names, "value"], "rows": [*references.values(), *rows, *shown]}


def calibration_curves(setting: Setting, groupings: Sequence[Grouping]) -> dict[str, Any]:
    """The calibration curves of every attribute as one, each line named with its attribute where there are several."""
    curves = [(grouping.name, calibration_curve(setting, grouping)) for grouping in groupings]
    series = [
        {**line, "name": f"{name}: {line['name']}" if len(curves) > 1 else line["name"]}
        for name, curve in curves
        for line in curve["series"]
    ]
    return {**curves[0][1], "series": series}
