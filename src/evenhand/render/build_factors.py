"""The declared factors: each with its reason and what it says about groups; what they explain of a gap in rates.

A pricing model has them among the topics of its prices, any other model in a section of their own.
May import: render's own words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenhand.render import numbers
from evenhand.render.factor_words import explained, face_and_within, face_value, within_strata
from evenhand.render.labels import capitalized, display_label, isolated, one_line
from evenhand.render.metric_words import MetricWords, words_of
from evenhand.render.page import Cell, Column, Factors, PriceTopic, Table
from evenhand.render.price_figures import (
    Comparison,
    PriceFigures,
    about_prices,
    first_sentences,
    known,
    number_cell,
    overview_figures,
    price_figures,
)
from evenhand.render.price_lines import grid, lines_along
from evenhand.render.price_sentences import auc_sentence

_LABEL = 30
_MOST_ATTRIBUTES = 5
"""Attributes that are columns of one table of factors."""
_STRENGTH = "proxy_strength"


def factors_section(document: Mapping[str, Any]) -> Factors | None:
    """The section of a model with declared factors; None where there are none, or where its prices have them."""
    if price_figures(document) is not None or not document["overview"]["factors"]:
        return None
    figures = overview_figures(document)
    topics = [*within_topics(figures), factors_topic(figures)]
    return Factors("What the factors explain", tuple(topic for topic in topics if topic))


# On the face of it, and among those alike ------------------------------------------------------------------------


def within_topics(figures: PriceFigures) -> list[PriceTopic]:
    """A topic for each ratio within strata that the overview has."""
    topics: list[PriceTopic] = []
    for metric in figures.measures:
        words = words_of(figures.document, metric)
        found = [c for c in figures.of(metric) if within_strata(c, words)]
        if found:
            topics.append(_within(figures, words, found, f"factors-within-{len(topics) + 1}"))
    return topics


def _within(figures: PriceFigures, words: MetricWords, found: Sequence[Comparison], anchor: str) -> PriceTopic:
    tables, sentences = [], []
    for attribute in dict.fromkeys(c["attribute"] for c in found):
        here = [c for c in found if c["attribute"] == attribute]
        tables.append(_within_table(figures, words, attribute, here))
        for c in here:
            if figures.large(c):
                fact = face_and_within(figures.document, c, words, (), c["interval"])
                sentences.append(f"{fact}. {explained(c)}".rstrip())
    lead = (
        f"{capitalized(words.quantity_named)} of each group against the reference's, first as it is, then among people "
        f"who are alike in {figures.factors}. This is arithmetic, not a cause: a factor that itself stands for a group "
        "explains its gap away."
    )
    title = "On the face of it, and among those alike"
    return PriceTopic(anchor, title, lead, first_sentences(sentences), (), tuple(tables))


def _within_table(figures: PriceFigures, words: MetricWords, attribute: str, found: Sequence[Comparison]) -> Table:
    mixed = words.name.replace("conditional_", "standardised_", 1)
    shows_mixed = any(known(figures.one(mixed, c)) for c in found)
    titles = [
        capitalized(words.quantity_title),
        "Of the reference",
        "Ratio, on the face of it",
        "Ratio among those alike",
    ]
    titles += ["Ratio, had the reference the group's mix"] if shows_mixed else []
    columns = (Column("Group"), Column("People", numeric=True), *(Column(title, numeric=True) for title in titles))
    rows = []
    for c in found:
        if not figures.large(c):
            rows.append(figures.too_few(c, len(columns)))
            continue
        cells = [
            Cell(isolated(display_label(c["group"]))),
            Cell(numbers.count(c["n"])),
            *(Cell(numbers.quantity(c[key], words.quantity_unit)) for key in ("value", "value_reference")),
            Cell(numbers.judged(face_value(c), "ratio")),
            number_cell(c, "ratio", 1.0, plus=False),
        ]
        cells += [number_cell(figures.one(mixed, c), "ratio", 1.0, plus=False)] if shows_mixed else []
        rows.append(tuple(cells))
    return Table(f"{capitalized(words.quantity_title)} by {display_label(attribute)}", columns, tuple(rows))


# The factors -----------------------------------------------------------------------------------------------------


def factors_topic(figures: PriceFigures) -> PriceTopic | None:
    """Each declared factor, its written reason, and how much of who belongs to a group can be read off it."""
    declared = figures.document["overview"]["factors"]
    if not declared:
        return None
    attributes = figures.attributes(_STRENGTH)
    tables = [
        _factor_table(figures, declared, attributes[start : start + _MOST_ATTRIBUTES])
        for start in range(0, max(1, len(attributes)), _MOST_ATTRIBUTES)
    ]
    folded = []
    for attribute in attributes:
        lines = lines_along(figures.measures.get(_STRENGTH, ()), "factor", attribute)
        caption = f"How much each factor tells about {display_label(attribute)}"
        folded += grid(figures, caption, "Factor", lines, _name, "number", parity=None)
    lead = "Whether the reason beside a factor is good enough is for people to decide."
    if attributes:
        lead = (
            "A factor that says much about who somebody is can carry a gap that no reason covers. The number says how "
            "much of who belongs to a group can be read off the factor: 0 is nothing, 1 is a perfect stand-in. " + lead
        )
    joint = figures.of("proxy_strength_joint_auc")
    sentences = [text for c in joint if figures.large(c) and (text := auc_sentence(figures, c))]
    if sentences:
        lead += (
            " The list says how well all factors together tell the group from the reference (area under the curve: 0.5 "
            "means that they say nothing about it, 1 that they give it away)."
        )
    return PriceTopic(
        "prices-factors" if about_prices(figures.document) else "factors-reasons",
        "The factors and their reasons",
        lead,
        first_sentences(sentences),
        (),
        tuple(tables),
        tuple(folded),
    )


def _name(factor: object) -> str:
    return display_label(str(factor))


def _factor_table(figures: PriceFigures, declared: Sequence[Mapping[str, Any]], attributes: Sequence[str]) -> Table:
    columns = (
        Column("Factor"),
        Column("Column"),
        Column("Why it may set prices" if about_prices(figures.document) else "Why it may make a difference"),
        *(Column(f"Says about {display_label(attribute)}", numeric=True) for attribute in attributes),
    )
    rows = []
    for factor in declared:
        why = one_line(factor["why"] or "no reason is written down")
        cells = [Cell(display_label(factor["name"])), Cell(display_label(factor["column"])), Cell(why)]
        cells += [_strongest(figures, factor["name"], attribute) for attribute in attributes]
        rows.append(tuple(cells))
    about = ", and the group that it says most about" if attributes else ""
    return Table(f"Each factor, its reason{about}", columns, tuple(rows))


def _strongest(figures: PriceFigures, factor: str, attribute: str) -> Cell:
    """The group of an attribute that a factor says most about; of small groups nothing is said."""
    found = [
        c
        for c in figures.measures.get(_STRENGTH, ())
        if c["attribute"] == attribute and c["at"].get("factor") == factor and known(c) and figures.large(c)
    ]
    most = max(found, key=lambda c: c["estimate"], default=None)
    if most is not None and numbers.judged(most["estimate"], "number") == "0.000":  # adjusted for chance, or tiny
        return Cell("nothing" if most["estimate"] <= 0 else "0.000")
    shown = f"({display_label(most['group'], _LABEL)})" if most else ""
    return Cell(numbers.judged(most["estimate"] if most else None, "number"), more=shown)
