"""What the renderers know of a metric: its titles, form and unit, also for one that no table of measures lists.

May import: measure (inside the function: `evenhand --help` must not pay for it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


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
    return MetricWords(
        name=measure.name,
        quantity=measure.quantity,
        form=measure.form,
        unit=measure.unit,
        quantity_unit=own.unit if own is not None and own.form == "level" else _unit_of(measure.quantity_title),
        title=measure.title,
        quantity_title=measure.quantity_title,
        parity=measure.parity,
        polar=measure.polar,
        scope=measure.scope,
        question=measure.question,
        caution=measure.caution,
        known=True,
    )


def _unit_of(quantity_title: str) -> str:
    """A quantity that is no measure of its own (the favourable rate behind an impact ratio) says what it is."""
    return "rate" if {"rate", "share"} & set(quantity_title.split()) else "score"


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
