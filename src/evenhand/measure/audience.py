"""Mixes of groups: audience variance, representation against a declared population, and stages of a funnel.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from evenhand.load.labels import MISSING
from evenhand.measure.base import Answer, Finding, Form, Grouping, Measure, Setting, Unit, always
from evenhand.measure.proportions import KNOWN, SELECTED
from evenhand.measure.shares import (
    Share,
    TwoGroups,
    comparison_findings,
    difference_contrast,
    level_contrast,
    level_findings,
    ratio_contrast,
    shares,
    weighted_share,
)
from evenhand.stats.distance import declared_distance, delivered_distance
from evenhand.stats.mixes import total_variation
from evenhand.stats.rates import RateContrast
from evenhand.stats.scaled import ScaledContrast
from evenhand.tally.cell_table import CellTable
from evenhand.tally.needs import Declared, Mask, Needs

# Audience variance ---------------------------------------------------------------------------------------------


def audience_variance(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Total variation between the mix of the eligible and of the delivered; one per campaign where declared."""
    eligible_mask, delivered_mask = audience_masks(setting.stages)
    parts = setting.main(grouping)
    campaigns = sorted(
        {c for part in parts.values() if "campaign" in part.keys for c in part.keys["campaign"].values()}
    )
    findings = []
    for campaign in campaigns or [None]:
        narrowed = parts if campaign is None else {k: p.select({"campaign": [campaign]}) for k, p in parts.items()}
        eligible = {key: part.masked(eligible_mask) for key, part in narrowed.items()}
        delivered = {key: part.masked(delivered_mask) for key, part in eligible.items()}
        findings.append(
            _distance_finding(
                "audience_variance",
                setting,
                grouping,
                list(eligible.values()),
                list(delivered.values()),
                at={} if campaign is None else {"campaign": campaign},
            )
        )
    return findings


def audience_masks(stages: tuple[str, ...]) -> tuple[Mask, Mask]:
    """(eligible, delivered): first and last stage, or everyone with a decision and those selected."""
    if stages:
        return Mask.of({f"stage:{stages[0]}": SELECTED}), Mask.of({f"stage:{stages[-1]}": SELECTED})
    return Mask.of(decision=KNOWN), Mask.of(decision=SELECTED)


def _distance_finding(
    name: str,
    setting: Setting,
    grouping: Grouping,
    eligible_cells: list[CellTable],
    delivered_cells: list[CellTable],
    *,
    at: Mapping[str, str],
) -> Finding:
    """The distance between two mixes of an attribute's groups, as one finding."""
    common = {"attribute": grouping.name, "group": "all groups", "groups": {}, "reference": None, "at": at}
    eligible, delivered = ([part.total("n") for part in parts] for parts in (eligible_cells, delivered_cells))
    n_eligible, n_delivered = sum(eligible), sum(delivered)
    finding = Finding(
        measure=name,
        n=n_delivered,
        n_reference=n_eligible,
        people=n_eligible,
        counts={"eligible": n_eligible, "delivered": n_delivered},
        **common,  # type: ignore[arg-type]  # the four are what a finding takes
    )
    if not n_eligible or not n_delivered:
        return replace(finding, undefined="no_denominator")
    if setting.weighted(grouping):
        weighed = [[part.total("w") for part in parts] for parts in (delivered_cells, eligible_cells)]
        if not all(map(sum, weighed)):
            return replace(finding, undefined="no_denominator")
        estimate = total_variation(*weighed)
    else:
        estimate = total_variation(delivered, eligible)
    finding = replace(finding, estimate=estimate, value=estimate)
    if setting.repeated or setting.weighted(grouping):
        return replace(finding, undefined=setting.no_interval)
    contrast = delivered_distance(delivered, eligible, seed=setting.seed)
    if contrast is None:
        return replace(finding, undefined="no_interval")
    return replace(finding, estimate=contrast.estimate, value=contrast.estimate, contrast=contrast)


# Representation ------------------------------------------------------------------------------------------------


def audited_shares(setting: Setting, grouping: Grouping, labels: list[str]) -> dict[str, Share]:
    """The share of each label among all people whose group is known; a person with several rows counts once."""
    people = setting.people(grouping)
    parts = setting.main(grouping)
    table = setting.cells.tables[setting.table_of("main", grouping)]
    everyone = table.rows_where(~table.keys[grouping.keys[0]].mask([MISSING]))
    total = sum(people.values())
    found = {}
    for label in labels:
        n = people.get((label,), 0)
        part = parts.get((label,), everyone.select({grouping.keys[0]: []}))
        weighted = weighted_share(part, everyone) if setting.weighted(grouping) and not setting.repeated else None
        found[label] = Share(n, total, total, n, weighted=weighted)
    return found


def representation_ratio(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Share of the audited people over the declared share of the population; one per declared group."""
    declared = setting.population.get(grouping.name, {})
    findings = []
    for label, found in audited_shares(setting, grouping, list(declared)).items():
        contrast = None
        inner = level_contrast(found) if found.defined else None
        if inner is not None and declared[label]:
            contrast = ScaledContrast(inner=inner, factor=1 / declared[label], parity=1.0)
        findings.append(
            Finding(
                measure="representation_ratio",
                attribute=grouping.name,
                group=label,
                groups={grouping.keys[0]: label},
                reference=None,
                n=found.n,
                n_effective=found.n_effective,
                estimate=contrast.estimate if contrast else None,
                value=found.rate,
                value_reference=declared[label],
                contrast=contrast,
                undefined=None if contrast else "no_denominator",
                people=found.people,
                counts={"cases": found.cases, "total": found.total},
                floors=False,
            )
        )
    return findings


def representation_distance(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Total variation between the audited mix and the declared population."""
    declared = setting.population.get(grouping.name, {})
    if not declared:
        return []
    people = setting.people(grouping)
    labels = sorted({*declared, *(key[0] for key in people)})
    audited = audited_shares(setting, grouping, labels)
    total = sum(people.values())
    finding = Finding(
        measure="representation_distance",
        attribute=grouping.name,
        group="all groups",
        groups={},
        reference=None,
        n=total,
        people=total,
        counts={"total": total},
    )
    if not all(share.defined for share in audited.values()):
        return [replace(finding, undefined="no_denominator")]
    wanted = [declared.get(label, 0.0) for label in labels]
    estimate = 0.5 * sum(abs((audited[label].rate or 0.0) - share) for label, share in zip(labels, wanted, strict=True))
    finding = replace(finding, estimate=estimate, value=estimate)
    if setting.weighted(grouping):
        return [replace(finding, undefined="no_interval")]
    contrast = declared_distance([audited[label].cases for label in labels], wanted, seed=setting.seed)
    if contrast is None:
        return [replace(finding, undefined="no_interval")]
    return [replace(finding, estimate=contrast.estimate, value=contrast.estimate, contrast=contrast)]


def missing_attribute(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Share of all people whose group is unknown; nothing to ask where every row has shares of the groups."""
    if setting.shared.intersection(grouping.keys):
        return []
    everyone = setting.cells.main.total("n")
    known = sum(part.total("n") for part in setting.main(grouping).values())
    missing = everyone - known
    contrast = RateContrast(cases=missing, total=everyone) if everyone and not setting.repeated else None
    return [
        Finding(
            measure="missing_attribute_rate",
            attribute=grouping.name,
            group="everyone",
            groups={},
            reference=None,
            n=everyone,
            estimate=missing / everyone if everyone else None,
            value=missing / everyone if everyone else None,
            contrast=contrast,
            undefined=None if contrast else "units_unclear" if everyone else "no_denominator",
            people=everyone,
            counts={"cases": missing, "total": everyone},
        )
    ]


# Stages --------------------------------------------------------------------------------------------------------


def stage_masks(stages: tuple[str, ...]) -> list[tuple[str, Mask, Mask]]:
    """(stage, reached it, reached the one before) for every stage but the first."""
    found = []
    for before, stage in pairwise(stages):
        among = {f"stage:{before}": SELECTED}
        found.append(
            (stage, Mask.of({**among, f"stage:{stage}": SELECTED}), Mask.of({**among, f"stage:{stage}": KNOWN}))
        )
    return found


def stage_answer(name: str, contrast: TwoGroups | None) -> Answer:
    """Findings at every stage, the coordinate in `at`."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        findings = []
        for stage, cases, among in stage_masks(setting.stages):
            found = shares(setting, grouping, cases, among)
            at_stage = (
                level_findings(name, grouping, found)
                if contrast is None
                else comparison_findings(name, grouping, found, contrast, vacuous=True)
            )
            findings += [replace(finding, at={"stage": stage}) for finding in at_stage]
        return findings

    return answer


def audience_needs(declared: Declared) -> Needs:
    eligible, delivered = audience_masks(declared.stages)
    return Needs(keys=eligible.keys | delivered.keys | {"campaign"})


def stage_needs(declared: Declared) -> Needs:
    stages = declared.stages
    pairs = frozenset((cases, among) for _, cases, among in stage_masks(stages))
    return Needs(keys=frozenset(f"stage:{stage}" for stage in stages), pairs=pairs)


def audience_measures() -> list[Measure]:
    """Audience variance, representation and stage rates."""
    measures = [
        Measure(
            name="audience_variance",
            quantity="audience_variance",
            form="own",
            unit="difference",
            title="audience variance",
            quantity_title="distance between the eligible and the delivered mix",
            question="How far is the mix of people reached from the mix of people eligible?",
            formula="½ Σ_g |share of g among the delivered − share of g among the eligible|",
            source="DOJ v. Meta (2022), Variance Reduction System; total variation distance",
            caution=(
                "It counts people, not impressions. It also falls when the group reached most is cut back: look at "
                "stage_rate for levelling down. Biased upwards in small samples: read the interval. It has none beyond "
                "12 groups."
            ),
            edges="Nobody delivered: undefined. One number per attribute, per campaign where `campaign` is declared.",
            roles=("decision",),
            needs=audience_needs,
            answer=audience_variance,
            parity=0.0,
            lowest=0.0,
            scope="attribute",
        ),
        Measure(
            name="representation_ratio",
            quantity="representation",
            form="own",
            unit="ratio",
            title="representation ratio",
            quantity_title="share of the audited people",
            question="What share of the audited people is the group, over its share of the declared population?",
            formula="(n_g / Σn) / population share of g",
            source="ISO/IEC TR 24027:2021, 6.2 (sampling bias); interval: Wilson, scaled",
            caution="It says whether the data represent the population, not whether the model treats people alike.",
            edges="People with a missing attribute are left out. Only declared groups; none for intersections.",
            roles=("population",),
            needs=always(Needs()),
            answer=representation_ratio,
            parity=1.0,
        ),
        Measure(
            name="representation_distance",
            quantity="representation",
            form="own",
            unit="difference",
            title="representation distance",
            quantity_title="distance to the declared population",
            question="How far is the mix of the audited people from the declared population?",
            formula="½ Σ_g |share of g among the audited − population share of g|",
            source="total variation distance; ISO/IEC TR 24027:2021, 6.2",
            caution="Biased upwards in small samples: read the interval. It has none beyond 12 groups.",
            edges="Groups without a declared share count with share 0.",
            roles=("population",),
            needs=always(Needs()),
            answer=representation_distance,
            parity=0.0,
            lowest=0.0,
            scope="attribute",
        ),
    ]
    measures.append(
        Measure(
            name="missing_attribute_rate",
            quantity="missing_attribute_rate",
            form="level",
            unit="rate",
            title="share of people whose group is unknown",
            quantity_title="share of people whose group is unknown",
            question="For what share of the audited people is the attribute missing?",
            formula="people with a missing attribute / people",
            source="ISO/IEC TR 24027:2021, 6.3; NYC 6 RCNY 5-301 (unknown category)",
            caution="Nobody can say how these people were treated; weights are not applied.",
            edges="One number per attribute; an intersection is missing where any of its parts is.",
            roles=(),
            needs=always(Needs()),
            answer=missing_attribute,
            scope="attribute",
        )
    )
    forms: tuple[tuple[Form, Unit, TwoGroups | None, float | None], ...] = (
        ("level", "rate", None, None),
        ("ratio", "ratio", ratio_contrast, 1.0),
        ("difference", "difference", difference_contrast, 0.0),
    )
    for form, unit, contrast, parity in forms:
        name = "stage_rate" if form == "level" else f"stage_rate_{form}"
        measures.append(
            Measure(
                name=name,
                quantity="stage_rate",
                form=form,
                unit=unit,
                title="stage rate" if form == "level" else f"{form} of stage rates",
                quantity_title="stage rate",
                question="Of the people who reached one stage, what share reached the next?",
                formula="people at the stage / people at the stage before",
                source="Connecticut v. Teal 1982: the bottom line is no defence for a barrier on the way",
                caution="Each stage is judged by itself; look at the whole way too, with selection_rate.",
                edges="One result per stage and group. A stage nobody reached is undefined for the next.",
                roles=("stages",),
                needs=stage_needs,
                answer=stage_answer(name, contrast),
                parity=parity,
                polar=True,
            )
        )
    return measures
