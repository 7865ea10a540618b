"""Like for like: what a group pays above the reference for people with the same factors, and what that adds up to.

The strata are the combinations of the levels of all declared factors. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from evenhand.measure.amount_gaps import gap_needs
from evenhand.measure.amounts import known, mean_needs, strata_moments_of
from evenhand.measure.base import Answer, Finding, Grouping, Measure, Setting, Unit, always
from evenhand.measure.gaps_in_strata import Measured, as_people, gap_findings, strata_of
from evenhand.measure.people_in_strata import people_in_strata
from evenhand.stats.like_for_like import Standard

PRICED = known("price")
LISTED = known("price", "list_price")
NEEDS = replace(mean_needs("price", PRICED), strata=True)
LISTED_NEEDS = replace(gap_needs("price", "list_price", LISTED), strata=True)

STANDARDS: Mapping[Standard, tuple[str, str]] = {
    "group": ("like_for_like", "the group's own mix of strata"),
    "overall": ("like_for_like_overall", "everyone's mix of strata"),
    "reference": ("like_for_like_reference", "the reference's mix of strata"),
    "overlap": ("like_for_like_overlap", "a mix that weighs strata by n_g·n₀/(n_g + n₀)"),
}
"""Standard population -> how its measures' names begin, and what it is in words."""

UNITS: Mapping[Measured, tuple[str, str]] = {
    "money": ("", "in the price's own units"),
    "percent": ("_percent", "as a percentage of what the reference pays"),
    "points": ("_bp", "in basis points"),
}


# Answers -------------------------------------------------------------------------------------------------------


def price_gap(name: str, standard: Standard, measured: Measured | Literal["total"]) -> Answer:
    """Findings of the gap in price, in one unit or as a total, over one standard population."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        cells = strata_of(setting, grouping, "price", PRICED)
        people = people_in_strata(setting, grouping, PRICED)
        return gap_findings(name, setting, grouping, cells, standard, measured, of="price", people=people)

    return answer


def markup_gap(name: str, measured: Measured) -> Answer:
    """Findings of the gap in price above the list price, over the group's own mix of strata."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        lists = strata_of(setting, grouping, "list_price", LISTED)
        cells = strata_moments_of(setting, grouping, [(1, "price"), (-1, "list_price")], LISTED)
        counted = as_people(setting, grouping, cells)
        people = people_in_strata(setting, grouping, LISTED, {"price": 1, "list_price": -1})
        return gap_findings(
            name, setting, grouping, counted, "group", measured, of="markup", bases=lists, people=people
        )

    return answer


# Measures ------------------------------------------------------------------------------------------------------

EDGES = (
    "A missing level of a factor is a level of its own, `(missing)`. Rows without a finite price are left out, and so "
    "are strata where either group has fewer than `min_in_stratum` people. Where those left hold less than "
    "`min_overlap` of the group's people, the comparison is inconclusive. A stratum where every price is the same "
    "may leave the estimate without an interval, and so may people with several rows where their strata are too many."
)
CAUTION = (
    "The factors are taken as legitimate: one that stands in for the group hides a gap, so read its proxy strength and "
    "its written justification beside this number. Another mix of strata gives another number: name the one used."
)
QUESTIONS: Mapping[Standard, str] = {
    "group": "How much more does the group pay than people of the reference with the same factors",
    "overall": "How much more would everyone pay at the group's prices than at the reference's, factor by factor",
    "reference": "How much more would the reference pay for its own mix of factors at the group's prices",
    "overlap": "How much more does the group pay than the reference where both have many people with the same factors",
}
IN_WORDS: Mapping[Measured, str] = {
    "money": ", in the price's own units?",
    "percent": ", in percent?",
    "points": ", in basis points?",
}
SOURCE = (
    "direct standardisation (Fleiss, Levin & Paik 2003, ch. 19); t with the variance of regression adjustment "
    "(Wooldridge 2010, ch. 21), the mix of strata counted as a sample; ratios by the delta method on the logarithm"
)
PERCENT_OF = {
    "money": "",
    "percent": "; 100·(that of the group / that of the reference − 1)",
    "points": "; 100 times the percentage, or the gap itself where the price is a rate",
}


def like_for_like_measures() -> list[Measure]:
    """The gap over four standard populations in three units, its total, and the gap in markups."""
    measures = []
    for standard, (stem, mix) in STANDARDS.items():
        for measured, (suffix, words) in UNITS.items():
            name = f"{stem}_gap{suffix}"
            measures.append(
                Measure(
                    name=name,
                    quantity="like_for_like_gap",
                    form="own",
                    unit=measured,
                    title=f"like-for-like price gap over {mix}, {words}",
                    quantity_title=f"mean price over {mix}",
                    question=QUESTIONS[standard] + IN_WORDS[measured],
                    formula=f"Σ_s h_s (m_gs − m_0s) / Σ_s h_s, h: {mix}{PERCENT_OF[measured]}",
                    source=SOURCE,
                    caution=CAUTION,
                    edges=EDGES,
                    roles=("price", "factors"),
                    needs=always(NEEDS),
                    answer=price_gap(name, standard, measured),
                    parity=0.0,
                    polar=True,
                )
            )
    measures.append(
        Measure(
            name="overcharge_total",
            quantity="overcharge_total",
            form="own",
            unit="money",
            title="total overcharge",
            quantity_title="mean price over the group's own mix of strata",
            question="What does the like-for-like gap add up to over the people of the group who are compared?",
            formula="Σ_s W_gs (m_gs − m_0s) over the strata compared, W_gs the group's rows with a price in stratum s "
            "(their weights, where there are any)",
            source=SOURCE,
            caution=CAUTION + " Only people in strata compared are in it: nothing is assumed of the rest of the group.",
            edges=EDGES + " How many are compared is taken as known. A negative total is what the group saves.",
            roles=("price", "factors"),
            needs=always(NEEDS),
            answer=price_gap("overcharge_total", "group", "total"),
            parity=0.0,
            polar=True,
        )
    )
    markups: tuple[tuple[Measured, Unit], ...] = (("money", "money"), ("points", "points"))
    for measured, unit in markups:
        suffix, words = UNITS[measured]
        name = f"like_for_like_markup_gap{suffix}"
        measures.append(
            Measure(
                name=name,
                quantity="like_for_like_markup_gap",
                form="own",
                unit=unit,
                title=f"like-for-like gap in price above the list price, {words}",
                quantity_title="mean of price − list price over the group's own mix of strata",
                question="How much more above the list price does the group pay than like people of the reference"
                + IN_WORDS[measured],
                formula="Σ_s n_gs (u_gs − u_0s) / Σ_s n_gs, u the mean of price − list price"
                + ("; in 1/10,000 of the reference's mean list price over the same mix" if measured != "money" else ""),
                source="CFPB/DOJ indirect auto lending orders (2013-2015): dealer markup in basis points; " + SOURCE,
                caution=CAUTION + " The list price is taken as fair.",
                edges=EDGES + " Rows without a finite list price are left out too. Where the price is a percentage or "
                "a fraction, basis points are 100 or 10,000 times the gap.",
                roles=("price", "list_price", "factors"),
                needs=always(LISTED_NEEDS),
                answer=markup_gap(name, measured),
                parity=0.0,
                polar=True,
            )
        )
    return measures
