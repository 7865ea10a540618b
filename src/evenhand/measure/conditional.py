"""Rates compared within strata of the declared factors: Mantel–Haenszel ratios and direct standardisation.

Every rate of people in `PROPORTIONS` has three: one ratio common to all strata, and the ratio and difference that
would be left if the reference had the group's mix of strata. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from evenhand.measure.amounts import Stratum, by_stratum, factor_keys
from evenhand.measure.base import Answer, Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.figures import Figure
from evenhand.measure.gaps_in_strata import too_little_overlap
from evenhand.measure.proportions import PROPORTIONS, Proportion
from evenhand.measure.shares import (
    Share,
    comparison_findings,
    difference_contrast,
    ratio_contrast,
    shares,
    weighted_share,
)
from evenhand.stats.contrast import Contrast
from evenhand.stats.stratified_rates import (
    RateStratum,
    Standard,
    breslow_day,
    cochran_mantel_haenszel,
    mantel_haenszel_ratio,
    share_explained,
    standardised_difference,
    standardised_rates,
    standardised_ratio,
    sum_of_quotients,
)
from evenhand.stats.stratified_score import stratified_score_ratio
from evenhand.tally.cell_table import CellTable
from evenhand.tally.needs import Needs

Form = Literal["ratio", "difference"]


class Counts(NamedTuple):
    """One side of a stratum: effective cases and people, and what they weigh."""

    cases: int | Fraction
    total: int | Fraction
    weight: int


NOBODY = Counts(0, 0, 0)


class Compared(NamedTuple):
    """What is said of a group: its contrast, the estimate where there is none, both values, and what withholds it.

    Without values no stratum could be compared, which is then what withholds it.
    """

    contrast: Contrast | None
    estimate: float | None
    values: tuple[float, float] | None
    withheld: str | None


# Strata ----------------------------------------------------------------------------------------------------------


def counts_of(numerator: CellTable | None, denominator: CellTable) -> Counts:
    """Weighted cases among a denominator, as effective counts."""
    nobody = denominator.rows_where(np.zeros(len(denominator), dtype=bool))
    weighted = weighted_share(nobody if numerator is None else numerator, denominator)
    return NOBODY if weighted is None else Counts(weighted.cases, weighted.total, denominator.total("w"))


def stratum_counts(setting: Setting, grouping: Grouping, p: Proportion) -> dict[GroupKey, dict[Stratum, Counts]]:
    """Each group's counts by stratum; computed once."""
    at = ("rate strata", grouping.keys, p.cases, p.among)
    if at not in setting.cache:
        setting.cache[at] = {}
        for key, part in setting.main(grouping).items():
            if not part.weighted:
                numbers = (totals_by_stratum(setting, part.masked(mask), "n") for mask in (p.cases, p.among))
                setting.cache[at][key] = plain_counts(*numbers)
                continue
            cases = by_stratum(setting, part.masked(p.cases))
            among = by_stratum(setting, part.masked(p.among))
            setting.cache[at][key] = {
                stratum: counts_of(cases.get(stratum), denominator) for stratum, denominator in among.items()
            }
    found: dict[GroupKey, dict[Stratum, Counts]] = setting.cache[at]
    return found


def plain_counts(cases: Mapping[Stratum, int], among: Mapping[Stratum, int]) -> dict[Stratum, Counts]:
    """Counts of rows that all weigh the same."""
    return {stratum: Counts(cases.get(stratum, 0), total, total) for stratum, total in among.items()}


def totals_by_stratum(setting: Setting, part: CellTable, name: str) -> dict[Stratum, int]:
    """One sum of a table by stratum, without a table for each of thousands of strata."""
    factors = factor_keys(setting)
    if not factors:
        return {(): part.total(name)}
    table = part.marginal(list(factors))
    strata = zip(*(table.keys[factor].values() for factor in factors), strict=True)
    return dict(zip(strata, table.sums[name].tolist(), strict=True))


def rate_strata(group: Mapping[Stratum, Counts], reference: Mapping[Stratum, Counts]) -> list[RateStratum]:
    """The strata of either side, in the order of their labels."""
    return [
        RateStratum(
            cases=ours.cases,
            total=ours.total,
            reference_cases=theirs.cases,
            reference_total=theirs.total,
            weight=ours.weight,
            reference_weight=theirs.weight,
        )
        for stratum in sorted({*group, *reference})
        for ours, theirs in [(group.get(stratum, NOBODY), reference.get(stratum, NOBODY))]
    ]


# Findings --------------------------------------------------------------------------------------------------------


def mantel_haenszel(setting: Setting, strata: Sequence[RateStratum]) -> Compared:
    """One ratio for all strata. Strata weigh n₁n₀/N: those of one side only have no weight, and nothing is withheld."""
    rates = overlap_rates(strata)
    if rates is None:
        return Compared(None, None, None, "no stratum has people of both groups")
    contrast = common_ratio(strata)
    return Compared(contrast, contrast.estimate if contrast else None, (float(rates[0]), float(rates[1])), None)


def overlap_rates(strata: Sequence[RateStratum]) -> tuple[Fraction, Fraction] | None:
    """Both rates over strata that weigh n₁n₀/N, whose ratio is Mantel and Haenszel's; None without a common stratum.

    6 of 10 and 1 of 4 against 3 of 10 and 4 of 4: weights 5 and 2, (5·.6 + 2·.25)/7 = ½ against (5·.3 + 2)/7 = ½.
    """
    both = [one for one in strata if one.total and one.reference_total]
    sides = [(one, one.total + one.reference_total) for one in both]
    whole = sum_of_quotients((one.total * one.reference_total, everyone) for one, everyone in sides)
    if not whole:
        return None
    ours = sum_of_quotients((one.cases * one.reference_total, everyone) for one, everyone in sides)
    theirs = sum_of_quotients((one.reference_cases * one.total, everyone) for one, everyone in sides)
    return ours / whole, theirs / whole


def common_ratio(strata: Sequence[RateStratum]) -> Contrast | None:
    """Mantel and Haenszel's ratio; by a score test where its logarithm has no variance (a side without cases)."""
    return mantel_haenszel_ratio(strata) or stratified_score_ratio(strata)


def standardised(form: Form) -> Callable[[Setting, Sequence[RateStratum]], Compared]:
    """The ratio or difference of both rates in the group's mix, over strata where both have enough people."""

    def of(setting: Setting, strata: Sequence[RateStratum]) -> Compared:
        rates = standardised_rates(strata, "group", floor=setting.min_in_stratum)
        thin = too_little_overlap(setting, rates[2] if rates else Fraction(0))
        if rates is None:
            return Compared(None, None, None, thin)
        ours, theirs = (estimate.value for estimate in rates[:2])
        if form == "ratio":
            found = standardised_ratio(strata, "group", floor=setting.min_in_stratum)
            plain = ours / theirs if theirs else None
        else:
            found = standardised_difference(strata, "group", floor=setting.min_in_stratum)
            plain = ours - theirs
        return Compared(found, found.estimate if found else plain, (ours, theirs), thin)

    return of


def answer_of(name: str, p: Proportion, form: Form, of: Callable[[Setting, Sequence[RateStratum]], Compared]) -> Answer:
    """Findings of a rate compared within strata: people, floors and vacuity are those of the rate itself."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        strata = stratum_counts(setting, grouping, p)
        groups = {grouping.label(key): key for key in strata}
        plain = ratio_contrast if form == "ratio" else difference_contrast
        raw = comparison_findings(name, grouping, shares(setting, grouping, p.cases, p.among), plain, vacuous=p.vacuous)
        findings = []
        for finding in raw:
            if finding.undefined not in (None, "no_interval") or finding.vacuous:
                findings.append(replace(finding, contrast=None, estimate=None))
                continue
            own, base = strata[groups[finding.group]], strata[grouping.reference]
            found = of(setting, rate_strata(own, base))
            contrast = None if setting.repeated else found.contrast
            without = setting.no_interval
            without = without if found.values else "no_denominator"
            values = found.values or (None, None)
            findings.append(
                replace(
                    finding,
                    contrast=contrast,
                    estimate=found.estimate,
                    undefined=None if contrast else without,
                    value=values[0],
                    value_reference=values[1],
                    withheld=found.withheld,
                )
            )
        return findings

    return answer


# Beside ----------------------------------------------------------------------------------------------------------

POPULATIONS: Mapping[Standard, str] = {
    "group": "the group's mix",
    "reference": "the reference's mix",
    "overall": "the mix of both",
}


def within_strata(p: Proportion) -> Callable[[Setting, Grouping], list[Figure]]:
    """What a common ratio hides: whether strata agree, how much the factors explain, and other standard mixes."""

    def figures(setting: Setting, grouping: Grouping) -> list[Figure]:
        strata = stratum_counts(setting, grouping, p)
        rates = shares(setting, grouping, p.cases, p.among)
        reference = strata.get(grouping.reference)
        shown: list[Figure] = []
        for key, own in strata.items():
            if key != grouping.reference and reference is not None:
                ratio = raw_ratio(rates[key], rates[grouping.reference])
                shown += figures_of(setting, grouping.label(key), rate_strata(own, reference), ratio)
        return shown

    return figures


def raw_ratio(group: Share, reference: Share) -> Fraction | None:
    ours, theirs = group.exact_rate, reference.exact_rate
    return ours / theirs if ours is not None and theirs else None


def figures_of(setting: Setting, group: str, strata: Sequence[RateStratum], raw: Fraction | None) -> list[Figure]:
    """One group's figures; tests that take rows for independent people are left out where people repeat."""
    common = common_ratio(strata)
    estimate = common.estimate if common else None
    rates = standardised_rates(strata, "group", floor=setting.min_in_stratum)
    shown = [
        Figure(f"{group}: ratio without regard to the factors", None if raw is None else float(raw)),
        Figure(
            f"{group}: share of that gap which the factors explain, on the log scale",
            None if raw is None or estimate is None else share_explained(raw, estimate),
        ),
        Figure(
            f"{group}: share of the group in strata with at least {setting.min_in_stratum} people of both",
            float(rates[2]) if rates else 0.0,
        ),
    ]
    for standard, words in POPULATIONS.items():
        found = standardised_ratio(strata, standard, floor=setting.min_in_stratum)
        shown.append(Figure(f"{group}: ratio standardised to {words}", found.estimate if found else None))
    if setting.repeated:
        return shown
    same, agree = cochran_mantel_haenszel(strata), breslow_day(strata)
    return [
        *shown,
        Figure(f"{group}: p of no difference in any stratum (Cochran–Mantel–Haenszel)", same[1] if same else None),
        Figure(f"{group}: Breslow–Day statistic (Tarone) of one odds ratio in all strata", agree[0] if agree else None),
        Figure(f"{group}: its p", agree[2] if agree else None),
    ]


# The measures ----------------------------------------------------------------------------------------------------


def stratified(p: Proportion) -> bool:
    """Whether likes can be compared with likes: missing data are of a file, not of a decision about people."""
    return not p.name.startswith("missing_")


def stem(p: Proportion) -> str:
    """The rate as the names of its conditional measures hold it: conditional_selection_ratio is the contract's."""
    return "selection" if p.name == "selection_rate" else p.name


def conditional_name(p: Proportion) -> str:
    return f"conditional_{stem(p)}_ratio"


WITHIN_STRATA: Mapping[str, Callable[[Setting, Grouping], list[Figure]]] = {
    conditional_name(p): within_strata(p) for p in PROPORTIONS if stratified(p)
}
"""Figures beside each conditional ratio."""

LAUNDERING = (
    "Conditioning can launder discrimination: a factor that stands for the group explains its gap away. Read each "
    "factor's proxy_strength and its written reason beside it."
)
STRATA = (
    "A stratum is a combination of the levels of all factors; a missing level is a level. Weighted rows come in as "
    "effective counts; with several rows a person the estimate is printed without an interval. "
)


def conditional_measures() -> list[Measure]:
    """conditional_…_ratio, standardised_…_ratio and standardised_…_difference of every rate of people."""
    return [measure for p in PROPORTIONS if stratified(p) for measure in forms(p)]


def forms(p: Proportion) -> list[Measure]:
    """The three measures of one rate."""
    common = Measure(
        name=conditional_name(p),
        quantity=p.name,
        form="own",
        unit="ratio",
        title=f"ratio of {p.plural} within strata",
        quantity_title=p.title,
        question=f"Among people with the same factors, how many times the reference's {p.title} is the group's?",
        formula="Σ a·n₀/N / Σ c·n₁/N over strata, a of n₁ cases in the group, c of n₀ in the reference, N = n₁ + n₀",
        source="Mantel & Haenszel 1959; interval: Greenland & Robins 1985, and Miettinen & Nurminen 1985 without cases",
        caution=f"{LAUNDERING} One ratio is a mean of them: Breslow–Day says whether strata differ.",
        edges=f"{STRATA}The two rates shown are over strata that weigh n₁n₀/N: their ratio is this one. Strata of one "
        "side only have no weight here: too little overlap widens the interval and withholds nothing; how much of the "
        "group is compared stands beside it. No stratum of both: undefined. Nobody of the group a case: 0, and nobody "
        "of the reference: unbounded, with the interval of a score test in the strata, which can fail.",
        roles=(*p.roles, "factors"),
        needs=always(p.needs | Needs(strata=True)),
        answer=answer_of(conditional_name(p), p, "ratio", mantel_haenszel),
        parity=1.0,
        polar=p.polar,
    )
    return [common, *(standardised_measure(p, common, form) for form in STANDARDISED)]


STANDARDISED: Mapping[Form, tuple[str, str, float]] = {
    "ratio": ("How many times the reference's {} is the group's", "/", 1.0),
    "difference": ("By how much does the group's {} differ from the reference's", "−", 0.0),
}


def standardised_measure(p: Proportion, common: Measure, form: Form) -> Measure:
    question, sign, parity = STANDARDISED[form]
    name = f"standardised_{stem(p)}_{form}"
    return replace(
        common,
        name=name,
        unit=form,
        title=f"{form} of {p.plural} in the group's mix",
        question=question.format(p.title) + ", if the reference had the group's mix of factors?",
        formula=f"Σ v·rate_g {sign} Σ v·rate₀, v the share of the group's people in the stratum",
        source="direct standardisation, Fleiss, Levin & Paik 2003, ch. 19; delta method",
        caution=f"{LAUNDERING} Another standard mix gives another number: the one beside conditional ratios.",
        edges=f"{STRATA}Only strata with at least `min_in_stratum` people of both groups count, their shares scaled to "
        "add up to 1; where they hold less than `min_overlap` of the group, nothing is decided."
        + (" A rate of 0: no interval, the difference has one." if form == "ratio" else ""),
        answer=answer_of(name, p, form, standardised(form)),
        parity=parity,
    )
