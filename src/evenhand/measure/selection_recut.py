"""Decisions re-cut from scores: who would be selected at the top k, or above the median score.

May import: stats, tally.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting, Unit, always, asked
from evenhand.measure.binned import people_among
from evenhand.measure.shares import (
    Share,
    TwoGroups,
    comparison_findings,
    difference_contrast,
    level_findings,
    ratio_contrast,
    weighted_share,
)
from evenhand.tally.cell_table import Ints
from evenhand.tally.cells import value_table
from evenhand.tally.needs import Needs

NEEDS = Needs(keys=frozenset({"score_presence"}), values=frozenset({"score"}))


def people_by_value(setting: Setting, distribution: str) -> tuple[Ints, Ints]:
    """Bins of scores or prices in rising order, and the people in each: what they weigh, where rows are weighted."""
    marginal = setting.cells.tables[value_table(distribution)].marginal([distribution])
    bins = marginal.keys[distribution].codes
    order = np.argsort(bins)
    return bins[order], marginal.sums["w" if marginal.weighted else "n"][order]


def median_cut(bins: Ints, people: Ints) -> float:
    """The number that a score must exceed to be above the median of all: the mean of the two middle scores.

    >>> median_cut(np.array([1, 2, 9]), np.array([1, 1, 2]))
    5.5
    """
    total, reached = int(people.sum()), np.cumsum(people)
    lower = bins[int(np.searchsorted(reached, (total + 1) // 2))]
    upper = bins[int(np.searchsorted(reached, total // 2 + 1))]
    return (int(lower) + int(upper)) / 2


def top_cut(bins: Ints, people: Ints, places: int) -> int:
    """The lowest score bin still selected when `places` go to the highest scores; ties at the cut are all selected."""
    from_top = np.cumsum(people[::-1])
    at = int(np.searchsorted(from_top, places))
    return int(bins[::-1][min(at, len(bins) - 1)])


def shares_beyond(
    setting: Setting, grouping: Grouping, cut: float, *, including: bool, distribution: str = "score"
) -> dict[GroupKey, Share]:
    """Share of each group whose bin is above the cut, or at it too."""
    people = setting.people(grouping)
    found = {key: Share(0, 0, 0, n) for key, n in people.items()}
    for key, part in setting.values(distribution, grouping).items():
        bins = part.keys[distribution].codes
        beyond = part.rows_where(bins >= cut if including else bins > cut)
        cases, total = (
            people_among(setting, grouping, rows.total("n"), rows.total("w") if rows.weighted else 0)
            for rows in (beyond, part)
        )
        weighted = weighted_share(beyond, part) if part.weighted else None
        if part.weighted and weighted is None:
            continue
        n = people[key] if setting.repeated else total
        # Shares may add up to less than half a person: none, but a rate all the same.
        found[key] = Share(cases, max(1, total) if weighted else total, n, people[key], weighted=weighted)
    return found


def above_median(setting: Setting, grouping: Grouping, distribution: str = "score") -> dict[GroupKey, Share]:
    bins, people = people_by_value(setting, distribution)
    cut = median_cut(bins, people) if len(bins) else 0.0
    return shares_beyond(setting, grouping, cut, including=False, distribution=distribution)


def at_top(setting: Setting, grouping: Grouping, at: str) -> dict[GroupKey, Share]:
    """Shares selected when the highest scores get `at` places ("500") or that share of all ("10%").

    Where rows are weighted, places are that share of the weight: scaling all weights changes nothing.
    """
    bins, people = people_by_value(setting, "score")
    total = int(people.sum())
    everyone = setting.cells.tables[value_table("score")].total("n")
    share = Fraction(int(at[:-1]), 100) if at.endswith("%") else Fraction(int(at), everyone or 1)
    places = math.ceil(total * share)
    if not len(bins) or places == 0:
        return shares_beyond(setting, grouping, np.inf, including=True)
    return shares_beyond(setting, grouping, top_cut(bins, people, places), including=True)


def one_row_each(setting: Setting, findings: list[Finding]) -> list[Finding]:
    """Without intervals where people repeat: a cut score has no sums per person here."""
    if not setting.repeated:
        return findings
    return [replace(f, contrast=None, undefined=f.undefined or "units_unclear") for f in findings]


Found = Callable[[Setting, Grouping], dict[GroupKey, Share]]


def median_measures() -> list[Measure]:
    """score_above_median_rate with its ratio and difference."""
    return _forms(
        name="score_above_median_rate",
        title="share scored above the median",
        question="What share of the group scores above the median of everyone?",
        formula="people with 2·score > the sum of the two middle scores / people with a score",
        source="NYC 6 RCNY 5-301 (scoring rate)",
        caution="With many equal scores the median splits unevenly; the share is then far from a half for everyone.",
        found=above_median,
    )


def top_measures(at: str) -> list[Measure]:
    """selection_rate_at_top@`at` with its ratio and difference; `at` is a number of places or a percentage."""
    return _forms(
        name=f"selection_rate_at_top@{at}",
        title=f"share among the top {at}",
        question=f"What share of the group is among the {at} highest scores?",
        formula=f"people of the group among the {at} highest scores / people of the group with a score",
        source="selection at a budget; several cut-offs on one page, as selection procedures are validated under UGESP",
        caution="People tied at the cut are all counted as selected, so a few more may be.",
        found=lambda setting, grouping: at_top(setting, grouping, at),
    )


def _forms(
    *, name: str, title: str, question: str, formula: str, source: str, caution: str, found: Found
) -> list[Measure]:
    forms: tuple[tuple[Form, Unit, TwoGroups | None, float | None], ...] = (
        ("level", "rate", None, None),
        ("ratio", "ratio", ratio_contrast, 1.0),
        ("difference", "difference", difference_contrast, 0.0),
    )
    return [
        Measure(
            name=name if form == "level" else f"{name}_{form}",
            quantity=name,
            form=form,
            unit=unit,
            title=title if form == "level" else f"{form} of the {title}",
            quantity_title=title,
            question=asked(question, title, form),
            formula=formula if form == "level" else f"{formula}; {form} to the reference",
            source=source,
            caution=caution,
            edges="People without a finite score are left out; missing_score_rate counts them.",
            roles=("score",),
            needs=always(NEEDS),
            answer=_answer(name if form == "level" else f"{name}_{form}", found, contrast),
            parity=parity,
            polar=True,
        )
        for form, unit, contrast, parity in forms
    ]


def _answer(name: str, found: Found, contrast: TwoGroups | None) -> Answer:
    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        rates = found(setting, grouping)
        if contrast is None:
            return one_row_each(setting, level_findings(name, grouping, rates))
        return one_row_each(setting, comparison_findings(name, grouping, rates, contrast, vacuous=True))

    return answer
