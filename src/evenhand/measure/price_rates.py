"""Who pays more than a cut: the median of everybody, or a price that the policy names. May import: stats, tally."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from evenhand.measure.base import Finding, Form, Grouping, GroupKey, Measure, Setting, Unit, always, asked
from evenhand.measure.binned import KNOWN_PRICES, PRICES
from evenhand.measure.selection_recut import median_cut, one_row_each, people_by_value, shares_beyond
from evenhand.measure.shares import (
    Share,
    TwoGroups,
    comparison_findings,
    difference_contrast,
    level_findings,
    ratio_contrast,
)
from evenhand.tally.cells import value_table


def above_median_price(setting: Setting, grouping: Grouping) -> dict[GroupKey, Share]:
    """Shares of people who pay more than the median of everybody."""
    pooled, people = people_by_value(setting, "price")
    if not len(pooled):
        return shares_beyond(setting, grouping, math.inf, including=False, distribution="price")
    # In halves of a whole unit, since groups given as shares have a grid of their own.
    step, pooled_step = setting.step("price", grouping), setting.cells.header.steps[value_table("price")]
    middle = Fraction(median_cut(pooled, people)) * 2 * pooled_step + pooled_step - 1
    cut = math.floor((middle - step + 1) / (2 * step))
    return shares_beyond(setting, grouping, cut, including=False, distribution="price")


def above_price(setting: Setting, grouping: Grouping, cut: str) -> dict[GroupKey, Share]:
    """Shares of people in bins that lie wholly above a price."""
    bins = math.floor(Fraction(cut) * setting.scale("price") / setting.step("price", grouping))
    return shares_beyond(setting, grouping, bins, including=False, distribution="price")


def cut_caveats(setting: Setting, grouping: Grouping, cut: str) -> tuple[str, ...]:
    """A clause where the grid is coarser than the cut, so that the bin around it holds people above it too."""
    step, scale = setting.step("price", grouping), setting.scale("price")
    if (math.floor(Fraction(cut) * scale) + 1) % step == 0:
        return ()
    return (f"prices are counted in steps of {step / scale:g}, and people within one step above {cut} do not count",)


Found = Callable[[Setting, Grouping], dict[GroupKey, Share]]
Caveats = Callable[[Setting, Grouping], tuple[str, ...]]


def score_rate_answer(
    name: str, found: Found, contrast: TwoGroups | None, caveats: Caveats
) -> Callable[[Setting, Grouping], list[Finding]]:
    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        rates = found(setting, grouping)
        findings = (
            level_findings(name, grouping, rates)
            if contrast is None
            else comparison_findings(name, grouping, rates, contrast, vacuous=True)
        )
        said = caveats(setting, grouping)
        return one_row_each(setting, [replace(finding, caveats=said) for finding in findings])

    return answer


def score_rate_forms(name: str, above: str, found: Found, caveats: Caveats, edges: str) -> list[Measure]:
    """A share of people who pay more than something, with its ratio and difference."""
    forms: tuple[tuple[Form, Unit, TwoGroups | None, float | None], ...] = (
        ("level", "rate", None, None),
        ("ratio", "ratio", ratio_contrast, 1.0),
        ("difference", "difference", difference_contrast, 0.0),
    )
    title = f"share priced above {above}"
    formula = f"people of the group who pay more than {above} / people of the group with a price"
    names = {form: name if form == "level" else f"{name}_{form}" for form, *_ in forms}
    return [
        Measure(
            name=names[form],
            quantity=name,
            form=form,
            unit=unit,
            title=title if form == "level" else f"{form} of the {title}",
            quantity_title=title,
            question=asked(f"What share of the group pays more than {above}?", title, form),
            formula=formula if form == "level" else f"{formula}; {form} to the reference",
            source="NYC 6 RCNY 5-301 (scoring rate), of prices; interval: Miettinen & Nurminen 1985",
            caution="A cut tells nothing of how much more is paid above it: read it beside mean_price_ratio.",
            edges=edges,
            roles=("price",),
            needs=always(PRICES),
            answer=score_rate_answer(names[form], found, contrast, caveats),
            parity=parity,
            polar=True,
        )
        for form, unit, contrast, parity in forms
    ]


def above_cut_measures(cut: str) -> list[Measure]:
    """score_rate@`cut` with its ratio and difference; `cut` is a price: 500 or 0.05."""
    return score_rate_forms(
        f"score_rate@{cut}",
        cut,
        lambda setting, grouping: above_price(setting, grouping, cut),
        lambda setting, grouping: cut_caveats(setting, grouping, cut),
        f"{KNOWN_PRICES}A price of exactly the cut is not above it. Where prices are counted in steps that the cut "
        "does not end, people within the step around it do not count as above, and the report says so. Nobody or "
        "everybody above: inconclusive (vacuous).",
    )


def price_rate_measures() -> list[Measure]:
    """score_rate with its ratio and difference."""
    return score_rate_forms(
        "score_rate",
        "the median of everyone",
        above_median_price,
        lambda setting, grouping: (),
        f"{KNOWN_PRICES}People at the median itself are not above it. Where prices are counted in steps, people in the "
        "step of the median do not count as above.",
    )
