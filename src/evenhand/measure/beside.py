"""What stands behind a check: the counts it was computed from, its curves, and figures beside it that nobody judges.

How to add a figure: write a function of (setting, grouping) and give it a row in `BESIDE`; a curve: a function of
(setting, groupings) and a row in `CURVES`, by the quantity that it is about. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evenhand.measure.audience import audience_masks, audience_variance
from evenhand.measure.base import Finding, Grouping, Setting
from evenhand.measure.conditional import WITHIN_STRATA, conditional_measures
from evenhand.measure.curves import calibration_curve
from evenhand.measure.discrimination_free import benchmark_measures
from evenhand.measure.figures import Figure
from evenhand.measure.like_for_like import like_for_like_measures
from evenhand.measure.odds import RATES
from evenhand.measure.price_curves import quantile_curves
from evenhand.measure.price_distances import WHEN_UNRELATED
from evenhand.measure.proportions import KNOWN, SELECTED
from evenhand.measure.proxies import factors_as_proxies
from evenhand.measure.regressions import regression_measures, standard_errors
from evenhand.measure.shares import shares
from evenhand.tally.needs import Mask

NOT_JUDGED = "beside, not judged"
WITHIN = 0.1
"""The variance that DOJ v. Meta (2022) counts ads under."""


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
        weight = "w" if setting.weighted(grouping) else "n"
        eligible = among.total(weight)
        value = among.masked(delivered_mask).total(weight) / eligible if eligible else None
        figures.append(Figure(f"{grouping.label(key)}: reach per eligible person", value, counts))
    if campaigns:
        variances = [f.estimate for f in audience_variance(setting, grouping) if f.estimate is not None]
        within = sum(1 for variance in variances if variance <= WITHIN) / len(variances) if variances else None
        figures.append(Figure("share of campaigns with a variance within 10%", within))
    return figures


Beside = Callable[[Setting, Grouping], list[Figure]]


def with_proxies(figures: Beside | None) -> Beside:
    """Other figures, if any, and how strongly each factor stands for the attribute, beside why it is a factor."""
    if figures is None:
        return factors_as_proxies
    return lambda setting, grouping: [*figures(setting, grouping), *factors_as_proxies(setting, grouping)]


CONDITIONAL: Mapping[str, Beside] = {
    measure.name: with_proxies({**WITHIN_STRATA, "price_regression_gap": standard_errors}.get(measure.name))
    for family in (conditional_measures, like_for_like_measures, regression_measures, benchmark_measures)
    for measure in family()
    if "factors" in measure.roles
}
"""Whatever holds factors constant may launder through them."""

BESIDE: Mapping[str, Beside] = {
    "selection_rate_ratio": ratios_to_the_highest,
    "selection_rate_difference": ratios_to_the_highest,
    "equalized_odds_difference": largest_between_any_two,
    "average_odds_difference": mean_between_any_two,
    "audience_variance": reach,
    **CONDITIONAL,
    **WHEN_UNRELATED,
}


def table_behind(
    metric: str, findings: Sequence[Finding], setting: Setting, groupings: Sequence[Grouping]
) -> dict[str, Any]:
    """Columns and rows: each attribute's reference, the findings, then what is shown beside them and not judged."""
    beside = [(g.name, figure) for g in groupings for figure in BESIDE[metric](setting, g)] if metric in BESIDE else []
    names = list(dict.fromkeys(name.removeprefix("reference_") for f in findings for name in f.counts))
    names = list(dict.fromkeys([*names, *(name for _, figure in beside for name in figure.counts)]))
    references: dict[tuple[str, str], dict[str, list[Any]]] = {}
    rows: list[list[Any]] = []
    for finding in findings:
        at = ", ".join(f"{key} {value}" for key, value in finding.at.items())
        rows.append([finding.attribute, finding.group, at, *(finding.counts.get(n) for n in names), finding.value])
        counts = {"reference_people": finding.n_reference, **finding.counts}
        base = [counts.get(f"reference_{name}") for name in names]
        known = finding.value_reference is not None or any(name.startswith("reference_") for name in finding.counts)
        if finding.reference is not None and known:
            row = [finding.attribute, f"{finding.reference} (reference)", at, *base, finding.value_reference]
            references.setdefault((finding.attribute, at), {})[finding.group] = row
    shown = [
        [attribute, figure.label, NOT_JUDGED, *(figure.counts.get(n) for n in names), figure.value]
        for attribute, figure in beside
    ]
    bases = [row for found in references.values() for row in one_or_each(found)]
    return {"columns": ["attribute", "group", "at", *names, "value"], "rows": [*bases, *rows, *shown]}


def one_or_each(found: Mapping[str, list[Any]]) -> list[list[Any]]:
    """The reference's row, once if it is the same beside every group: in each group's own mix it is not.

    >>> one_or_each({"f": ["sex", "m (reference)", "", 10.0], "x": ["sex", "m (reference)", "", 12.0]})
    [['sex', 'm (reference of f)', '', 10.0], ['sex', 'm (reference of x)', '', 12.0]]
    """
    first = next(iter(found.values()))
    if all(row == first for row in found.values()):
        return [first]
    return [[row[0], f"{row[1].removesuffix(')')} of {group})", *row[2:]] for group, row in found.items()]


def calibration_curves(setting: Setting, groupings: Sequence[Grouping]) -> dict[str, Any]:
    """The calibration curves of every attribute as one, each line named with its attribute where there are several."""
    curves = [(grouping.name, calibration_curve(setting, grouping)) for grouping in groupings]
    series = [
        {**line, "name": f"{name}: {line['name']}" if len(curves) > 1 else line["name"]}
        for name, curve in curves
        for line in curve["series"]
    ]
    return {**curves[0][1], "series": series}


CURVES: Mapping[str, Callable[[Setting, Sequence[Grouping]], dict[str, Any]]] = {
    "calibration_slope": calibration_curves,
    "calibration_intercept": calibration_curves,
    "expected_calibration_error": calibration_curves,
    "brier": calibration_curves,
    "log_loss": calibration_curves,
    "quantile_ratio_curve": quantile_curves,
}
"""The curve that the report draws under a check of a quantity."""
