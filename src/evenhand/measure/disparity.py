"""Selection compared in other words: impact ratio, odds ratio, two standard deviations, shortfall.

May import: stats, tally.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from evenhand.measure.base import Finding, Grouping, Measure, Setting, always
from evenhand.measure.proportions import KNOWN, NOT_SELECTED, SELECTED
from evenhand.measure.shares import (
    Share,
    comparison_findings,
    difference_contrast,
    odds_ratio_contrast,
    shares,
)
from evenhand.stats.contrast import Contrast
from evenhand.stats.known import KnownValue
from evenhand.stats.scaled import ScaledContrast
from evenhand.stats.student import StudentContrast
from evenhand.tally.needs import Mask, Needs

SELECTION = (Mask.of(decision=SELECTED), Mask.of(decision=KNOWN))
REFUSAL = (Mask.of(decision=NOT_SELECTED), Mask.of(decision=KNOWN))
NEEDS = Needs(keys=frozenset({"decision"}), pairs=frozenset({SELECTION, REFUSAL}))


def impact_ratio(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Favourable rate over the highest group's: every group, the highest itself included at exactly 1.

    The highest is sought among groups that are large enough to be judged and not excluded: one person of one would
    otherwise be everyone's reference.
    """
    favourable = SELECTION if setting.polarity == "benefit" else REFUSAL
    found = shares(setting, grouping, *favourable)
    rates = {key: share.exact_rate for key, share in found.items() if share.exact_rate is not None}
    candidates = [key for key in rates if setting.may_be_highest(grouping, key, found[key].people)]
    best = max(candidates, key=lambda key: rates[key], default=None)
    highest = rates[best] if best is not None else Fraction(0)
    vacuous = len(set(rates.values())) == 1 and highest in (0, 1)
    findings = []
    for key, share in found.items():
        top = found[best] if best is not None else None
        contrast = None
        if key in rates and highest:
            ratio = rates[key] / highest
            contrast = KnownValue(estimate=float(ratio), parity=1.0, exact=ratio)
        findings.append(
            Finding(
                measure="impact_ratio",
                attribute=grouping.name,
                group=grouping.label(key),
                groups=grouping.named(key),
                reference=grouping.label(best) if best is not None else None,
                n=share.n,
                n_reference=top.n if top else None,
                n_effective=share.n_effective,
                estimate=contrast.estimate if contrast else None,
                value=share.rate,
                value_reference=top.rate if top else None,
                contrast=contrast,
                undefined=None if contrast or vacuous else why_not(share),
                vacuous=vacuous,
                people=share.people,
                people_reference=top.people if top else None,
                counts={
                    "cases": share.cases,
                    "total": share.total,
                    **({"reference_cases": top.cases, "reference_total": top.total} if top else {}),
                },
            )
        )
    return findings


def why_not(share: Share) -> str:
    """Why a group has no impact ratio."""
    return "reference_undefined" if share.defined else "no_denominator"


def selection_odds_ratio(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Odds of being selected over the reference's odds."""
    found = shares(setting, grouping, *SELECTION)
    return comparison_findings("selection_odds_ratio", grouping, found, odds_ratio_contrast, vacuous=True)


def two_sd(setting: Setting, grouping: Grouping) -> list[Finding]:
    """z of the difference of two rates, pooled: the number that courts compare with 2 or 3 standard deviations."""

    def z_of(group: Share, reference: Share) -> Contrast | None:
        if group.cluster is not None and reference.cluster is not None:
            variance = group.cluster.variance + reference.cluster.variance
            return z_contrast(float(group.cluster.rate - reference.cluster.rate), variance, "cluster-robust z")
        cases, total = group.score_counts
        reference_cases, reference_total = reference.score_counts
        pooled = (cases + reference_cases) / (total + reference_total)
        variance = pooled * (1 - pooled) * (1 / total + 1 / reference_total)
        return z_contrast(float(cases / total - reference_cases / reference_total), float(variance), "pooled z")

    return comparison_findings("two_sd", grouping, shares(setting, grouping, *SELECTION), z_of, vacuous=True)


def z_contrast(difference: float, variance: float, method: str) -> Contrast | None:
    """A difference in standard errors; None where nothing varies."""
    if not variance > 0:  # NaN where one person stands alone
        return None
    return StudentContrast(estimate=difference / math.sqrt(variance), standard_error=1.0, parity=0.0, method=method)


def shortfall(setting: Setting, grouping: Grouping) -> list[Finding]:
    """How many more people of the group parity with the reference would select: n_g · (rate₀ − rate_g)."""
    found = shares(setting, grouping, *SELECTION)
    findings = []
    for finding in comparison_findings("shortfall", grouping, found, difference_contrast, vacuous=True):
        if finding.contrast is not None:
            people = ScaledContrast(inner=finding.contrast, factor=-finding.n)
            finding = replace(finding, contrast=people, estimate=people.estimate)
        findings.append(finding)
    return findings


def disparity_measures() -> list[Measure]:
    """Own names of the contract about selection."""
    return [
        Measure(
            name="impact_ratio",
            quantity="impact_ratio",
            form="own",
            unit="ratio",
            title="impact ratio",
            quantity_title="favourable rate",
            question="What is the group's favourable rate, as a share of the highest group's?",
            formula="favourable rate of the group / highest one (selected for a benefit, spared for a burden)",
            source="UGESP, 29 CFR 1607.4(D); NYC 6 RCNY 5-300",
            caution=(
                "The reference is chosen by the data, so no valid interval exists: at exact parity the smallest of "
                "several ratios is often below 0.8. Judge by selection_rate_ratio against a fixed reference."
            ),
            edges="The highest is sought among groups with `min_people` people that are not excluded, and is 1 itself. "
            "Everyone or no one favoured: inconclusive (vacuous).",
            roles=("decision",),
            needs=always(NEEDS),
            answer=impact_ratio,
            parity=1.0,
            decide_by=("point", "legal"),
        ),
        Measure(
            name="selection_odds_ratio",
            quantity="selection_rate",
            form="own",
            unit="ratio",
            title="odds ratio of selection",
            quantity_title="selection rate",
            question="How do the odds of being selected compare with the reference's?",
            formula="[p/(1−p)] of the group / [p/(1−p)] of the reference",
            source="Miettinen & Nurminen 1985; NYDFS Circular Letter 7 of 2024",
            caution="Odds are not rates: with common outcomes an odds ratio looks further from 1 than the rate ratio.",
            edges="Reference never or always selected: unbounded.",
            roles=("decision",),
            needs=always(NEEDS),
            answer=selection_odds_ratio,
            parity=1.0,
            polar=True,
        ),
        Measure(
            name="two_sd",
            quantity="selection_rate",
            form="own",
            unit="z",
            title="difference in standard deviations",
            quantity_title="selection rate",
            question="How many standard deviations lie between the two selection rates?",
            formula="(p_g − p₀) / √[p(1−p)(1/n_g + 1/n₀)], p pooled",
            source="Castaneda v. Partida 1977; Hazelwood 1977; OFCCP practice",
            caution="It grows with the number of people: a tiny difference is significant in a large file.",
            edges="Everyone or no one selected: undefined.",
            roles=("decision",),
            needs=always(NEEDS),
            answer=two_sd,
            parity=0.0,
            polar=True,
            decide_by=("point", "confirmatory"),
        ),
        Measure(
            name="shortfall",
            quantity="selection_rate",
            form="own",
            unit="people",
            title="shortfall",
            quantity_title="selection rate",
            question="How many more people of the group would be selected at the reference's rate?",
            formula="n_g · (p₀ − p_g)",
            source="UGESP Q&A; OFCCP shortfall analysis",
            caution="Places are taken as not fixed: it counts what parity with the reference would add, not reshuffle.",
            edges="Negative where the group is selected more often than the reference.",
            roles=("decision",),
            needs=always(NEEDS),
            answer=shortfall,
            parity=0.0,
            polar=True,
        ),
    ]
