"""Equalized and average odds: the two error-rate gaps of a group, taken together.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evenhand.measure.base import Answer, Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.proportions import KNOWN, NOT_SELECTED, SELECTED, confusion
from evenhand.measure.shares import Share, difference_contrast, expected_cases, shares, why_undefined
from evenhand.measure.two_rates import cross_pairs, mean_of_rates
from evenhand.stats.combined import LargestOf, MoverContrast
from evenhand.stats.contrast import Contrast
from evenhand.stats.student import student_difference
from evenhand.tally.needs import Needs

TRUE_POSITIVES = (confusion(SELECTED, SELECTED), confusion(KNOWN, SELECTED))
FALSE_POSITIVES = (confusion(SELECTED, NOT_SELECTED), confusion(KNOWN, NOT_SELECTED))
RATES = (TRUE_POSITIVES, FALSE_POSITIVES)
NEEDS = Needs(keys=frozenset({"decision", "label"}), pairs=frozenset(RATES))
Combine = Callable[[Setting, Grouping, GroupKey, Sequence[Contrast]], Contrast | None]


COUNTS = ("true_positives", "positives", "false_positives", "negatives")


def four(rates: Sequence[Share]) -> list[int]:
    """Cases and denominators of the two rates."""
    return [count for rate in rates for count in (rate.cases, rate.total)]


def counted(group: Sequence[Share], reference: Sequence[Share]) -> dict[str, int]:
    """What the gaps were computed from; the reference's counts only where there is one."""
    own = dict(zip(COUNTS, four(group), strict=True))
    if len(reference) < len(group):
        return own
    return own | dict(zip((f"reference_{name}" for name in COUNTS), four(reference), strict=True))


def largest_gap(setting: Setting, grouping: Grouping, key: GroupKey, gaps: Sequence[Contrast]) -> Contrast:
    """max(|ΔTPR|, |ΔFPR|); its tests hold whatever ties the two gaps."""
    return LargestOf(parts=tuple(gaps))


def mean_gap(setting: Setting, grouping: Grouping, key: GroupKey, gaps: Sequence[Contrast]) -> Contrast | None:
    """½(ΔTPR + ΔFPR): MOVER over independent gaps; where people repeat, t with the covariance of their two rates."""
    if not setting.repeated:
        return MoverContrast(parts=tuple((0.5, gap) for gap in gaps), parity=0.0)
    rates = [shares(setting, grouping, *pair) for pair in RATES]
    group, reference = (
        mean_of_rates(rates[0][k], rates[1][k], setting.units(grouping)[k], RATES) for k in (key, grouping.reference)
    )
    if group is None or reference is None:
        return None
    return student_difference(group, reference, method="cluster-robust t")


def two_gaps(name: str, combine: Combine) -> Answer:
    """Findings of a measure that combines the TPR gap and the FPR gap of each group."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        rates = [shares(setting, grouping, *pair) for pair in RATES]
        findings = []
        for key in rates[0]:
            if key == grouping.reference:
                continue
            group: list[Share] = [found[key] for found in rates]
            reference = [found.get(grouping.reference) for found in rates]
            present = [share for share in reference if share is not None]
            reasons = [why_undefined(g, r) for g, r in zip(group, reference, strict=True)]
            undefined = next((reason for reason in reasons if reason), None)
            contrast = None
            if undefined is None:
                gaps = [difference_contrast(g, r) for g, r in zip(group, present, strict=True)]
                known = [gap for gap in gaps if gap is not None]
                contrast = combine(setting, grouping, key, known) if len(known) == len(gaps) else None
                undefined = None if contrast else "no_interval"
            smaller = min(group, key=lambda share: share.n)
            expected = [(expected_cases(g, r), r) for g, r in zip(group, present, strict=False)]
            rarest = min(expected, key=lambda pair: pair[0] or 0.0, default=(None, None))
            findings.append(
                Finding(
                    measure=name,
                    attribute=grouping.name,
                    group=grouping.label(key),
                    groups=grouping.named(key),
                    reference=grouping.label(grouping.reference),
                    n=smaller.n,
                    n_reference=min((share.n for share in present), default=None),
                    n_effective=smaller.n_effective,
                    n_reference_effective=min(
                        (share.n_effective for share in present if share.n_effective is not None), default=None
                    ),
                    estimate=contrast.estimate if contrast else None,
                    contrast=contrast,
                    undefined=undefined,
                    expected_cases=rarest[0],
                    reference_rate=rarest[1].rate if rarest[1] else None,
                    people=smaller.people,
                    people_reference=present[0].people if present else None,
                    few_units=any(share.few_units for share in (*group, *present)),
                    counts=counted(group, present),
                )
            )
        return findings

    return answer


def odds_measures() -> list[Measure]:
    """equalized_odds_difference and average_odds_difference."""
    caution = (
        "Equal odds and equal predictive values cannot both hold when base rates differ (Chouldechova 2017); "
        "labels known only for the people contacted make both rates conditional on that."
    )
    edges = "A group without positives or without negatives is undefined and not tested. n is the smaller denominator."
    return [
        Measure(
            name="equalized_odds_difference",
            quantity="equalized_odds_difference",
            form="own",
            unit="difference",
            title="equalized odds difference",
            quantity_title="larger of the gaps in true and false positive rate",
            question="How large is the larger of the two gaps: in true positive rate, and in false positive rate?",
            formula="max(|TPR_g − TPR₀|, |FPR_g − FPR₀|)",
            source="Hardt, Price & Srebro 2016; decided as an intersection-union test of both gaps, Holm over both",
            caution=caution + " fairlearn's number of the same name is the largest gap between any two groups.",
            edges=edges,
            roles=("decision", "label"),
            needs=always(NEEDS),
            answer=two_gaps("equalized_odds_difference", largest_gap),
            parity=0.0,
            lowest=0.0,
        ),
        Measure(
            name="average_odds_difference",
            quantity="average_odds_difference",
            form="own",
            unit="difference",
            title="average odds difference",
            quantity_title="mean of the gaps in true and false positive rate",
            question="What is the mean of the two gaps: in true positive rate, and in false positive rate?",
            formula="½[(TPR_g − TPR₀) + (FPR_g − FPR₀)]",
            source="Bellamy et al. 2018 (AIF360); interval: MOVER, Zou & Donner 2008",
            caution=caution + " Opposite gaps cancel: prefer equalized_odds_difference.",
            edges=edges,
            roles=("decision", "label"),
            needs=always(NEEDS | Needs(pairs=cross_pairs(*RATES))),
            answer=two_gaps("average_odds_difference", mean_gap),
            parity=0.0,
        ),
    ]
