"""What the renderers know of a metric: its titles, form and unit, also for one that no table of measures lists.

May import: render.labels, render.numbers; measure (inside the function: `evenhand --help` must not pay for it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from evenhand.render.labels import display_label
from evenhand.render.numbers import priced_unit

if TYPE_CHECKING:
    from evenhand.measure.base import Measure

PAID: Mapping[str, str] = {
    "mean_price": "on average",
    "geometric_price": "on (geometric) average",
    "markup": "in mark-up",
    "like_for_like": "like for like",
    "like_for_like_overall": "like for like, in everybody's mix",
    "like_for_like_reference": "like for like, in the reference's mix",
    "like_for_like_overlap": "like for like, in the mix that both share",
    "like_for_like_markup": "in mark-up, like for like",
    "price_regression": "at equal factors, by regression",
    "same_item": "for the same item",
}
"""How a gap in prices is read out, by how its metric begins: `pays 4.9% more than male like for like`."""
_LONGEST_CURRENCY = 16
_PRICED = {"money", "percent", "points"}


@dataclass(frozen=True)
class MetricWords:
    """The words of one metric. `known` is False for a metric outside the table (`fairlearn:…`, a user's own)."""

    name: str
    quantity: str
    form: str
    unit: str
    quantity_unit: str
    title: str
    quantity_title: str
    parity: float | None
    polar: bool
    scope: str
    """`groups`, or `attribute` / `everyone` where the answer is one number for all of them."""
    question: str
    caution: str
    known: bool
    paid: str | None = None
    """For a gap in what groups pay: on average, like for like; None for anything else."""

    @property
    def named(self) -> str:
        """The metric in a sentence: `the selection rate`; a function's name as it is written, in backticks."""
        return f"the {self.title}" if self.known else f"`{self.title}`"

    @property
    def quantity_named(self) -> str:
        """The quantity that is compared, in a sentence."""
        return f"the {self.quantity_title}" if self.known else f"`{self.quantity_title}`"


@cache
def metric_words(metric: str) -> MetricWords:
    """The words of `metric`; an unknown one is described from its name, by the contract's suffixes, and never fails.

    >>> metric_words("fairlearn:selection_rate_ratio").form
    'ratio'
    """
    from evenhand.measure import ALIASES, MEASURES

    measure = MEASURES.get(ALIASES.get(metric, metric))
    if measure is None:
        return _from_name(metric)
    own = MEASURES.get(measure.quantity)
    has_level = own is not None and own.form == "level"
    quantity_unit = own.unit if own is not None and has_level else _unit_of(measure.quantity_title, measure.unit)
    return MetricWords(
        name=measure.name,
        quantity=measure.quantity,
        form=measure.form,
        unit=measure.unit,
        quantity_unit=quantity_unit,
        title=measure.title,
        quantity_title=measure.quantity_title,
        parity=measure.parity,
        polar=measure.polar,
        scope=measure.scope,
        question=measure.question,
        caution=measure.caution,
        known=True,
        paid=_paid(measure, quantity_unit),
    )


def words_of(document: Mapping[str, Any], metric: str) -> MetricWords:
    """The words of `metric` in this document, which knows the currency and whether prices are money or percent."""
    words, overview = metric_words(metric), document["overview"]
    price_unit = overview["price_unit"]
    currency = display_label(overview["currency"], _LONGEST_CURRENCY) if overview["currency"] else None
    unit = words.unit
    if unit == words.quantity_unit == "percent" and words.form == "difference":
        unit = "percentage_points"
    return replace(
        words,
        unit=priced_unit(unit, price_unit, currency, level=words.form == "level"),
        quantity_unit=priced_unit(words.quantity_unit, price_unit, currency, level=True),
    )


def _paid(measure: Measure, quantity_unit: str) -> str | None:
    """The clause of `PAID` for a comparison of what groups pay, by the longest beginning of its name."""
    is_gap = measure.unit in _PRICED and measure.form in {"difference", "own"}
    is_ratio = measure.form == "ratio" and quantity_unit == "money"
    if measure.scope != "groups" or not (is_gap or is_ratio):
        return None
    begins = [start for start in PAID if measure.name.startswith(f"{start}_")]
    return PAID[max(begins, key=len)] if begins else None


def _unit_of(quantity_title: str, unit: str) -> str:
    """A quantity that is no measure of its own (the favourable rate behind an impact ratio) says what it is."""
    if unit in _PRICED:
        return "money"
    words = set(quantity_title.split())
    if {"rate", "share"} & words:
        return "rate"
    return "money" if "price" in words else "score"


def _from_name(metric: str) -> MetricWords:
    bare = metric.rpartition(":")[2]
    form, unit, parity, quantity = "own", "score", None, bare
    if bare.endswith("_ratio"):
        form, unit, parity, quantity = "ratio", "ratio", 1.0, bare.removesuffix("_ratio")
    elif bare.endswith("_difference"):
        form, unit, parity, quantity = "difference", "difference", 0.0, bare.removesuffix("_difference")
    return MetricWords(
        name=metric,
        quantity=quantity,
        form=form,
        unit=unit,
        quantity_unit="score",
        title=metric,
        quantity_title=metric.removesuffix(bare) + quantity,
        parity=parity,
        polar=False,
        scope="groups",
        question="",
        caution="",
        known=False,
    )
