"""Conditional demographic disparity: is a group's share of the refused larger than of the favoured, within strata?

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from evenhand.measure.amounts import Stratum
from evenhand.measure.base import Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.conditional import totals_by_stratum
from evenhand.measure.disparity import REFUSAL, SELECTION
from evenhand.measure.shares import shares
from evenhand.stats.demographic_disparity import DecisionStratum
from evenhand.stats.demographic_disparity import conditional_demographic_disparity as disparity_of
from evenhand.stats.weights import kish_effective_n
from evenhand.tally.cell_table import weight_squares
from evenhand.tally.needs import Mask, Needs

NAME = "conditional_demographic_disparity"
By = dict[GroupKey, dict[Stratum, int | Fraction]]


def conditional_demographic_disparity(setting: Setting, grouping: Grouping) -> list[Finding]:
    """One finding per group, the reference included: each is compared with everybody whose group is known."""
    favoured, refused = outcomes(setting)
    accepted, rejected = people_by_stratum(setting, grouping, favoured), people_by_stratum(setting, grouping, refused)
    everyone = total_of(accepted), total_of(rejected)
    every_stratum = sorted({*everyone[0], *everyone[1]})
    findings = []
    for key, share in shares(setting, grouping, *SELECTION).items():
        strata = [
            DecisionStratum(
                group_accepted=accepted.get(key, {}).get(stratum, 0),
                group_rejected=rejected.get(key, {}).get(stratum, 0),
                accepted=everyone[0].get(stratum, 0),
                rejected=everyone[1].get(stratum, 0),
            )
            for stratum in every_stratum
        ]
        found, left_out = disparity_of(strata)
        vacuous = share.defined and not all(everyone)
        contrast = None if setting.repeated else found
        value, base = (
            float(sum(by.get(key, {}).values()) / total) if (total := sum(all_of.values())) else None
            for by, all_of in ((rejected, everyone[1]), (accepted, everyone[0]))
        )
        findings.append(
            Finding(
                measure=NAME,
                attribute=grouping.name,
                group=grouping.label(key),
                groups=grouping.named(key),
                reference=None,
                n=share.n,
                n_effective=share.n_effective,
                estimate=found.estimate if found and share.defined else None,
                value=value,
                value_reference=base,
                contrast=contrast if share.defined else None,
                undefined=None if vacuous else why_not(setting, defined=share.defined, varies=found is not None),
                vacuous=vacuous,
                people=share.people,
                few_units=share.few_units,
                caveats=(left_out_clause(left_out),) if left_out and all(everyone) else (),
                counts={"cases": share.cases, "total": share.total},
            )
        )
    return findings


def outcomes(setting: Setting) -> tuple[Mask, Mask]:
    """(favoured, refused): being selected is a favour where it is a benefit, and being spared where it is a burden."""
    return (SELECTION[0], REFUSAL[0]) if setting.polarity == "benefit" else (REFUSAL[0], SELECTION[0])


def why_not(setting: Setting, *, defined: bool, varies: bool) -> str | None:
    if not defined:
        return "no_denominator"
    if not varies:
        return "no_interval"
    return "units_unclear" if setting.repeated else None


def left_out_clause(share: Fraction) -> str:
    return (
        f"{100 * float(share):.3g}% of all people are in strata where everyone or no one is selected, and "
        "are left out of the conditional demographic disparity"
    )


def people_by_stratum(setting: Setting, grouping: Grouping, mask: Mask) -> By:
    """People of each group by stratum; where they are weighted, in effective people: Σw times Σw/Σw² of everybody.

    One factor for all keeps the shares and the mix of the strata as they are weighted.
    """
    parts = setting.main(grouping)
    scale: int | Fraction = 1
    weight = "n"
    if setting.weighted(grouping):
        known = [part.masked(SELECTION[1]) for part in parts.values()]
        total, squares = sum(part.total("w") for part in known), sum(map(weight_squares, known))
        scale, weight = (kish_effective_n(total, squares) / total if total else Fraction(0)), "w"
    return {
        key: {stratum: n * scale for stratum, n in totals_by_stratum(setting, part.masked(mask), weight).items()}
        for key, part in parts.items()
    }


def total_of(groups: By) -> Mapping[Stratum, int | Fraction]:
    """Everybody by stratum; a stratum that nobody is in is not there."""
    found: dict[Stratum, int | Fraction] = {}
    for strata in groups.values():
        for stratum, people in strata.items():
            if people:
                found[stratum] = found.get(stratum, 0) + people
    return found


def demographic_disparity_measures() -> list[Measure]:
    """conditional_demographic_disparity."""
    return [
        Measure(
            name=NAME,
            quantity=NAME,
            form="own",
            unit="difference",
            title="conditional demographic disparity",
            quantity_title="share of the group among the refused",
            question="Among people with the same factors, is the group a larger share of the refused than of the "
            "favoured?",
            formula="Σ n_s·DD_s / Σ n_s with DD_s = P(group | refused) − P(group | favoured) in stratum s",
            source="Wachter, Mittelstadt & Russell 2021, Computer Law & Security Review 41, 105567",
            caution="It depends on how large the group is: .02 is much for a group of 4%. Conditioning can launder "
            "discrimination: read each factor's proxy_strength and its written reason beside it.",
            edges="For each group, the reference included, against everybody whose group is known. The refused are "
            "those not selected for a benefit, and those selected for a burden: a positive number is the group's harm. "
            "Strata of one decision only are left out, and the report says what share of people that is (others count "
            "them as 0). Weighted rows count by Kish's effective n over all; several rows a person: no interval. "
            "Everyone or no one selected: inconclusive (vacuous).",
            roles=("decision", "factors"),
            needs=always(Needs(keys=frozenset({"decision"}), pairs=frozenset({SELECTION}), strata=True)),
            answer=conditional_demographic_disparity,
            parity=0.0,
        )
    ]
