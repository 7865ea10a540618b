"""How strongly the declared factors give a protected attribute away: each by itself, and all together.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from evenhand.measure.amounts import by_stratum, factor_keys
from evenhand.measure.answers import Side, comparison_finding, level_finding
from evenhand.measure.base import Answer, Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.decompositions import factor_name
from evenhand.measure.figures import Figure
from evenhand.stats.association import cramers_v, eta_squared, joint_auc
from evenhand.tally.cell_table import CellTable, weight_squares
from evenhand.tally.needs import Needs
from evenhand.tally.plan import WEIGHT_SCALE

Counts = Mapping[str, int]
NEEDS = Needs(strata=True)


def factor_counts(setting: Setting, grouping: Grouping, factor: str) -> dict[GroupKey, Counts]:
    """People (or weights) by group and level of one factor."""
    at = ("factor counts", grouping.keys, factor)
    if at not in setting.cache:
        size = "w" if setting.weighted(grouping) else "n"
        setting.cache[at] = {
            key: {level[0]: cells.total(size) for level, cells in part.marginal([factor]).by(factor).items()}
            for key, part in setting.main(grouping).items()
        }
    found: dict[GroupKey, Counts] = setting.cache[at]
    return found


def effective_people(setting: Setting, grouping: Grouping) -> Fraction | None:
    """How many people a correction for chance may count on: None where every row is one person of weight 1.

    (Σw)²/Σw² with weights, never more than there are people. Where groups are shares of rows, of the rows themselves:
    spreading a row over the groups makes nobody more.
    """
    if not (setting.weighted(grouping) or setting.repeated):
        return None
    shared = setting.shared.intersection(grouping.keys)
    tables = [setting.cells.main] if shared else list(setting.main(grouping).values())
    size = Fraction(sum(table.total("n") for table in tables))
    if tables and tables[0].weighted:
        squares = sum(weight_squares(table) for table in tables)
        size = Fraction(sum(table.total("w") for table in tables) ** 2, squares) if squares else Fraction(0)
    return min(size, Fraction(sum(setting.people(grouping).values()))) if setting.repeated else size


def proxy_strength(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Adjusted η² of each group but the reference, against everybody else, on each factor.

    Of two groups the other's would be the same number again.
    """
    people = setting.people(grouping)
    findings = []
    for factor in factor_keys(setting):
        for key, value in strengths(setting, grouping, factor).items():
            side = Side(n=people[key], people=people[key], value=value, counts={"people": people[key]})
            at = {"factor": factor_name(factor)}
            findings.append(level_finding("proxy_strength", grouping, key, side, None, at=at))
    return findings


def strengths(setting: Setting, grouping: Grouping, factor: str) -> dict[GroupKey, float | None]:
    """Adjusted η² of one factor and each group but the reference; computed once."""
    at = ("proxy strengths", grouping.keys, factor)
    if at not in setting.cache:
        counts, effective = factor_counts(setting, grouping, factor), effective_people(setting, grouping)
        levels = sorted({level for of_group in counts.values() for level in of_group})
        everyone = [sum(of_group.get(level, 0) for of_group in counts.values()) for level in levels]
        setting.cache[at] = {}
        for key, of_group in counts.items():
            if key == grouping.reference:
                continue
            own = [of_group.get(level, 0) for level in levels]
            rest = [all_of_them - ours for all_of_them, ours in zip(everyone, own, strict=True)]
            found = eta_squared(own, rest, effective_n=effective)
            setting.cache[at][key] = None if found is None or found.adjusted is None else float(found.adjusted)
    answer: dict[GroupKey, float | None] = setting.cache[at]
    return answer


def strength_of(setting: Setting, grouping: Grouping, factor: str) -> float | None:
    """Cramér's V of a factor and the whole attribute, its bias taken out."""
    counts = factor_counts(setting, grouping, factor)
    levels = sorted({level for of_group in counts.values() for level in of_group})
    table = [[of_group.get(level, 0) for of_group in counts.values()] for level in levels]
    if not table:
        return None
    found = cramers_v(table, effective_n=effective_people(setting, grouping))
    return None if found is None else found.corrected


def proxy_strength_cramers_v(setting: Setting, grouping: Grouping) -> list[Finding]:
    """One number per factor for the attribute as a whole."""
    people = sum(setting.people(grouping).values())
    findings = []
    for factor in factor_keys(setting):
        value = strength_of(setting, grouping, factor)
        findings.append(
            Finding(
                measure="proxy_strength_cramers_v",
                attribute=grouping.name,
                group="all groups",
                groups={},
                reference=None,
                n=people,
                estimate=value,
                value=value,
                undefined="no_denominator" if value is None else "no_interval",
                people=people,
                counts={"people": people},
                at={"factor": factor_name(factor)},
            )
        )
    return findings


def proxy_strength_joint_auc(setting: Setting, grouping: Grouping) -> list[Finding]:
    """How well all factors together tell each group from the reference."""
    strata = {
        key: {stratum: whole_people(setting, grouping, cells) for stratum, cells in by_stratum(setting, part).items()}
        for key, part in setting.main(grouping).items()
    }
    people = setting.people(grouping)
    theirs = strata.get(grouping.reference)
    findings = []
    for key, ours in strata.items():
        if key == grouping.reference:
            continue
        area = joint_area(setting, grouping, key, ours, theirs) if theirs is not None else None
        side, reference = (
            Side(n=sum(of.values()), people=people.get(group, 0), value=area, counts={"people": sum(of.values())})
            for group, of in ((key, ours), (grouping.reference, theirs or {}))
        )
        finding = comparison_finding(
            "proxy_strength_joint_auc",
            grouping,
            key,
            side,
            None if theirs is None else reference,
            None,
            estimate=area,
        )
        if finding.undefined == "reference_undefined":
            finding = replace(finding, undefined="no_denominator")
        findings.append(replace(finding, value=area, value_reference=None))
    return findings


def joint_area(
    setting: Setting,
    grouping: Grouping,
    key: GroupKey,
    ours: Mapping[tuple[str, ...], int],
    theirs: Mapping[tuple[str, ...], int],
) -> float | None:
    """The cross-validated area, computed once; None with too few people on a side, or no factor."""
    at = ("joint area", grouping.keys, key)
    if at not in setting.cache:
        cells = sorted({*ours, *theirs} - {()})
        group, others = ([side.get(cell, 0) for cell in cells] for side in (ours, theirs))
        found = joint_auc(cells, group, others, seed=setting.seed) if cells else None
        setting.cache[at] = None if found is None else found.area
    area: float | None = setting.cache[at]
    return area


def whole_people(setting: Setting, grouping: Grouping, cells: CellTable) -> int:
    """People to deal into parts: they are counted, not weighed; shares of rows are added up and rounded."""
    if setting.shared.intersection(grouping.keys):
        return (cells.total("w") + WEIGHT_SCALE // 2) // WEIGHT_SCALE
    return cells.total("n")


def factors_as_proxies(setting: Setting, grouping: Grouping) -> list[Figure]:
    """The proxy strength of each factor, of the group where it is largest, with the factor's justification."""
    lines = []
    for factor in factor_keys(setting):
        name = factor_name(factor)
        known = {key: value for key, value in strengths(setting, grouping, factor).items() if value is not None}
        strongest = max(known, key=known.__getitem__, default=None)
        whom = "" if strongest is None else f", largest: {grouping.label(strongest)}"
        why = f" — why: {setting.why[name]}" if name in setting.why else ""
        label = f"{name}: proxy strength of {grouping.name} (adjusted η²{whom}){why}"
        lines.append(Figure(label, None if strongest is None else known[strongest]))
    return lines


def proxy_measures() -> list[Measure]:
    """η² by group and factor, V by factor, and the joint area by group."""
    rows: tuple[tuple[str, str, str, str, str, str, str, Answer], ...] = (
        (
            "proxy_strength",
            "proxy strength of a factor (adjusted η²)",
            "How much of who is in the group, and who is not, does the factor tell?",
            "1 − (1 − η²)(n − 1)/(n − L); η² = Σ_l n_l (p_l − p)² / [n p (1 − p)], p_l the group's share in level l",
            "Kelley 1935 (ε²), the adjusted R² of membership on the levels",
            "It may be a little below 0 where the factor says nothing. One result per factor and group but the "
            "reference; everybody else is whoever is in another group of the attribute, the reference included. "
            "No reference: undefined where there is one group only.",
            "groups",
            proxy_strength,
        ),
        (
            "proxy_strength_cramers_v",
            "proxy strength of a factor (Cramér's V)",
            "How strongly are the factor and the attribute associated?",
            "√(φ̃² / min(r̃ − 1, c̃ − 1)), bias-corrected, of the table factor × attribute",
            "Cramér 1946; Bergsma 2013",
            "0 where the association is no more than chance gives. One result per factor and attribute.",
            "attribute",
            proxy_strength_cramers_v,
        ),
        (
            "proxy_strength_joint_auc",
            "joint proxy strength of all factors (area under the curve)",
            "How well do all factors together tell the group from the reference?",
            "mean area under the ROC curve over five folds of people; logistic regression on levels and their pairs",
            "Hanley & McNeil 1982 (area); five-fold cross-validation, L2 penalty 1, seeded",
            ".5 says nothing, 1 everything. Fewer than five people on a side: undefined. Sampling weights are not "
            "applied; shares of rows are rounded to whole people in every stratum.",
            "groups",
            proxy_strength_joint_auc,
        ),
    )
    return [
        Measure(
            name=name,
            quantity=name,
            form="own",
            unit="number",
            title=title,
            quantity_title=title,
            question=question,
            formula=formula,
            source=source,
            caution=(
                "Strength is no verdict: a factor may be a strong proxy and a legitimate reason, which is what its "
                "written justification must argue. No interval: it is biased upwards in small samples, even corrected, "
                "where a factor has many levels."
            ),
            edges=edges + " A missing level is a level of its own; people whose group is missing are left out.",
            roles=("factors",),
            needs=always(NEEDS),
            answer=answer,
            decide_by=("point",),
            scope="attribute" if scope == "attribute" else "groups",
        )
        for name, title, question, formula, source, edges, scope, answer in rows
    ]
