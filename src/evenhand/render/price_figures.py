"""The numbers about prices in a document's `overview`, found by measure, attribute and group, and how they are printed.

May import: render's own words and numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenhand.render import numbers
from evenhand.render.factor_words import factor_names
from evenhand.render.labels import display_label, isolated
from evenhand.render.metric_words import words_of
from evenhand.render.order import fewest
from evenhand.render.page import Cell

Comparison = Mapping[str, Any]
_MOST_SENTENCES = 12


@dataclass(frozen=True)
class PriceFigures:
    """The overview of one document. `unit` is that of a price, `gap_unit` that of a difference of prices."""

    document: Mapping[str, Any]
    measures: Mapping[str, tuple[Comparison, ...]]
    unit: str
    gap_unit: str

    def of(self, metric: str, attribute: str | None = None) -> tuple[Comparison, ...]:
        """The comparisons of a measure, of one attribute if it is given; the reference with itself is none."""
        return tuple(
            c
            for c in self.measures.get(metric, ())
            if attribute in (None, c["attribute"]) and not (c["reference"] and c["group"] == c["reference"])
        )

    def one(self, metric: str, like: Comparison, **at: object) -> Comparison | None:
        """The comparison of a measure for the group of another one, at a place if one is given."""
        for c in self.measures.get(metric, ()):
            if same_group(c, like) and all(c["at"].get(key) == value for key, value in at.items()):
                return c
        return None

    def attributes(self, *metrics: str) -> list[str]:
        """The attributes that any of these measures has numbers for, in the order of the document."""
        return list(dict.fromkeys(c["attribute"] for metric in metrics for c in self.of(metric) if known(c)))

    def groups(self, attribute: str, *metrics: str) -> list[Comparison]:
        """One comparison for each group of an attribute that any of these measures has."""
        found: dict[str, Comparison] = {}
        for metric in metrics:
            for c in self.of(metric, attribute):
                found.setdefault(c["group"], c)
        return list(found.values())

    def people(self, comparison: Comparison) -> int:
        """People of a group, whatever the denominator of the comparison."""
        at = (comparison["attribute"], comparison["group"])
        listed = (g["n"] for g in self.document["groups"] if (g["attribute"], g["group"]) == at)
        return next(listed, None) or comparison["n"] or 0

    def large(self, comparison: Comparison) -> bool:
        """Whether a group has the people that the policy asks for; of a smaller one only the size is shown."""
        return self.people(comparison) >= fewest(self.document)

    def too_few(self, comparison: Comparison, columns: int) -> tuple[Cell, ...]:
        """The line of a smaller group: its name, and over the rest of the columns how small it is."""
        name = Cell(isolated(display_label(comparison["group"])))
        people = numbers.counted(self.people(comparison), "person", "people")
        return (name, Cell(f"{people}: too few to say", quiet=True, span=columns - 1))

    @property
    def factors(self) -> str:
        """The factors in a sentence: `region, cover and age`."""
        return factor_names(self.document)

    @property
    def verb(self) -> str:
        """People pay a price; where the audit file calls it a benefit they get it."""
        return "get" if self.document["audit"]["polarity"] == "benefit" else "pay"


def about_prices(document: Mapping[str, Any]) -> bool:
    """Whether the audited decision is a price: the audit file names a column for it."""
    return document["overview"]["price_unit"] is not None


def price_figures(document: Mapping[str, Any]) -> PriceFigures | None:
    """The overview of a document about prices, or None where it has none."""
    figures = overview_figures(document)
    shown = any(known(c) for comparisons in figures.measures.values() for c in comparisons)
    return figures if about_prices(document) and shown else None


def overview_figures(document: Mapping[str, Any]) -> PriceFigures:
    """The overview of any document."""
    measures = {shown["metric"]: tuple(shown["comparisons"]) for shown in document["overview"]["measures"]}
    words = words_of(document, "mean_price_difference")
    return PriceFigures(document, measures, words.quantity_unit, words.unit)


def same_group(one: Comparison, other: Comparison) -> bool:
    """Whether two comparisons are about the same group."""
    return bool(one["attribute"] == other["attribute"] and one["group"] == other["group"])


def known(comparison: Comparison | None) -> bool:
    """Whether there is a number at all."""
    return comparison is not None and comparison["estimate"] is not None


def reference_of(comparison: Comparison) -> str:
    """The reference as sentences name it."""
    return isolated(display_label(comparison["reference"])) if comparison["reference"] else "the reference"


def in_percent(ratio: Comparison) -> Comparison:
    """A comparison of a ratio, written as percent more or less: 0.887 is 11.3% less."""

    def more(value: float | None) -> float | None:
        return None if value is None else 100 * (value - 1)

    bounds = ratio["interval"]
    changed = bounds and {**bounds, "low": more(bounds["low"]), "high": more(bounds["high"])}
    return {**ratio, "estimate": more(ratio["estimate"]), "interval": changed}


def number_cell(comparison: Comparison | None, unit: str, parity: float | None = 0.0, *, plus: bool = True) -> Cell:
    """An estimate with its 95% interval on a line of its own, whose rounding does not carry it over parity.

    The currency, or another unit that is a word, stands in the heading of the column (`numbers.in_unit`).
    """
    if comparison is None or comparison["estimate"] is None:
        return Cell(numbers.NONE)
    limits = () if parity is None else (parity,)
    bare = numbers.is_word(unit)
    shown = numbers.judged(comparison["estimate"], unit, limits if parity == 0 else (), plus=plus, bare=bare)
    return Cell(shown, more=interval_text(comparison, unit, limits, plus))


def interval_text(comparison: Comparison, unit: str, limits: Iterable[float], plus: bool) -> str:
    """`(+3.10 to +21.70)`; empty where there is no interval."""
    bounds = comparison["interval"]
    return f"({numbers.interval(bounds, unit, limits, plus=plus, bare=numbers.is_word(unit))})" if bounds else ""


def withheld(document: Mapping[str, Any]) -> dict[tuple[str, str], tuple[Comparison, str]]:
    """Groups whose like-for-like comparison was withheld, and why; said by a check or by the overview."""
    found: dict[tuple[str, str], tuple[Comparison, str]] = {}
    for part in (*document["overview"]["measures"], *document["checks"]):
        for c in part["comparisons"]:
            if c["reason"]["code"] == "withheld":
                found.setdefault((c["attribute"], c["group"]), (c, c["reason"]["text"]))
    return found


def first_sentences(sentences: Sequence[str]) -> tuple[str, ...]:
    """The first dozen, and how many more there are."""
    left = len(sentences) - _MOST_SENTENCES
    if left <= 0:
        return tuple(sentences)
    return (*sentences[:_MOST_SENTENCES], f"and {numbers.counted(left, 'more group', 'more groups')}: see the table.")
