"""The section "What people pay": six topics as tables, charts and sentences. No number is made here.

The averages and their parts are here, the other four topics in `build_price_details`.

May import: render's own words, numbers and charts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from evenhand.render import numbers
from evenhand.render.bar_chart import Bar, bars
from evenhand.render.build_factors import factors_topic
from evenhand.render.build_price_details import claims_topic, cost_topic, quantiles_topic
from evenhand.render.charts import MOST_ROWS, ChartRow, Scale, dot_and_whisker
from evenhand.render.labels import capitalized, display_label, isolated, one_line
from evenhand.render.page import Cell, Chart, Column, Prices, PriceTopic, Table
from evenhand.render.price_figures import (
    Comparison,
    PriceFigures,
    first_sentences,
    in_percent,
    known,
    number_cell,
    price_figures,
    reference_of,
    withheld,
)
from evenhand.render.price_sentences import KITAGAWA, PARTS, part_of, parts_sentence, warnings

_LABEL = 30
_MOST_BARRED = 4
"""Groups of a chart of parts."""


def prices_section(document: Mapping[str, Any]) -> Prices | None:
    """The section of a document whose overview has numbers about prices; None for any other."""
    figures = price_figures(document)
    if figures is None:
        return None
    told, left_out = warnings(figures)
    return Prices(
        title=f"What people {figures.verb}",
        warnings=told,
        left_out=left_out,
        paid=_paid(figures),
        why=_why(figures),
        quantiles=quantiles_topic(figures),
        claims=claims_topic(figures),
        factors=factors_topic(figures),
        cost=cost_topic(figures),
    )


# What each group pays --------------------------------------------------------------------------------------------

_RAW = ("mean_price_difference", "mean_price_ratio")
_ALIKE = ("like_for_like_gap", "like_for_like_gap_percent")


def _paid(figures: PriceFigures) -> PriceTopic | None:
    tables, charts = [], []
    for position, attribute in enumerate(figures.attributes(*_RAW, *_ALIKE), start=1):
        groups = figures.groups(attribute, *_RAW, *_ALIKE)
        tables.append(_paid_table(figures, attribute, groups))
        chart = _paid_chart(figures, attribute, groups, f"prices-paid-{position}")
        charts += [chart] if chart else []
    if not tables:
        return None
    lead = (
        "The raw gap compares averages. The like-for-like gap compares people who are alike in "
        f"{figures.factors}, and weighs them as in the group itself. Each number has its 95% interval."
    )
    return PriceTopic("prices-paid", f"What each group {figures.verb}s", lead, (), tuple(charts), tuple(tables))


def _paid_table(figures: PriceFigures, attribute: str, groups: Sequence[Comparison]) -> Table:
    thin = withheld(figures.document)
    shows_alike = any(known(figures.one(metric, c)) for c in groups for metric in _ALIKE)
    unit, gap_unit = figures.unit, figures.gap_unit
    titles = [numbers.in_unit("Mean price", unit), numbers.in_unit("Raw gap", gap_unit), "Raw gap in %"]
    titles += [numbers.in_unit("Like-for-like gap", gap_unit), "Like for like in %"] if shows_alike else []
    columns = (Column("Group"), Column("People", numeric=True), *(Column(title, numeric=True) for title in titles))
    first = groups[0]
    raw = figures.one("mean_price_difference", first) or figures.one("mean_price_ratio", first) or first
    blank = (Cell(numbers.NONE),) * (len(titles) - 1)
    rows = [
        (
            Cell(f"{reference_of(first)} (reference)"),
            Cell(numbers.count(first["n_reference"])),
            Cell(numbers.judged(raw["value_reference"], unit, bare=numbers.is_word(unit))),
            *blank,
        )
    ]
    for group in groups:
        if not figures.large(group):
            rows.append(figures.too_few(group, len(columns)))
            continue
        money, ratio = (figures.one(metric, group) for metric in _RAW)
        own = money or ratio
        note = " (thin overlap)" if (attribute, group["group"]) in thin else ""
        cells = [
            Cell(isolated(display_label(group["group"])) + note),
            Cell(numbers.count(group["n"])),
            Cell(numbers.judged(own["value"] if own else None, unit, bare=numbers.is_word(unit))),
            number_cell(money, figures.gap_unit),
            number_cell(in_percent(ratio) if ratio else None, "percent"),
        ]
        if shows_alike:
            alike, percent = (figures.one(metric, group) for metric in _ALIKE)
            cells += [number_cell(alike, figures.gap_unit), number_cell(percent, "percent")]
        rows.append(tuple(cells))
    return Table(f"What each group {figures.verb}s, by {display_label(attribute)}", columns, tuple(rows))


def _paid_chart(figures: PriceFigures, attribute: str, groups: Sequence[Comparison], name: str) -> Chart | None:
    """Raw beside like for like, two rows a group, in percent."""
    rows = []
    large = [group for group in groups if figures.large(group)]
    for group in large[: MOST_ROWS // 2]:
        ratio, alike = figures.one("mean_price_ratio", group), figures.one("like_for_like_gap_percent", group)
        for word, status, c in (
            ("average", "as_paid", in_percent(ratio) if ratio else None),
            ("like for like", "alike", alike),
        ):
            if c is None or c["estimate"] is None:
                continue
            bounds = c["interval"]
            rows.append(
                ChartRow(
                    label=f"{isolated(display_label(group['group'], _LABEL))}, {word}",
                    status=status,
                    word="",
                    shown=numbers.judged(c["estimate"], "percent", (0,)),
                    estimate=c["estimate"],
                    low=bounds["low"] if bounds else None,
                    high=bounds["high"] if bounds else None,
                    has_interval=bounds is not None,
                )
            )
    if not rows:
        return None
    reference = reference_of(groups[0])
    svg = dot_and_whisker(
        rows,
        Scale("percent", f"gap to {display_label(reference, _LABEL)} (%)", None, None, 0.0),
        name=name,
        title=f"Gaps in price by {display_label(attribute)}, on average and like for like",
        description=f"{numbers.counted(len(rows), 'gap', 'gaps')} in percent; every number is in the table.",
    )
    left = len(groups) - len(large[: MOST_ROWS // 2])
    more = f" {numbers.counted(left, 'more group stands', 'more groups stand')} in the table." if left > 0 else ""
    caption = (
        f"By {display_label(attribute)}, against {reference}. Open circle: on average; filled diamond: like for like; "
        f"line: the 95% interval.{more}"
    )
    return Chart(Markup(svg), caption)


# Why there is a gap ----------------------------------------------------------------------------------------------


def _why(figures: PriceFigures) -> PriceTopic | None:
    tables, charts, sentences, folded = [], [], [], []
    for position, attribute in enumerate(figures.attributes("decomposition"), start=1):
        found = figures.of("decomposition", attribute)
        groups = figures.groups(attribute, "mean_price_difference", "decomposition")
        if any(c["at"].get("method") == KITAGAWA and known(c) for c in found):
            tables.append(_parts_table(figures, attribute, groups))
            large = [group for group in groups if figures.large(group)]
            if large:
                charts.append(_parts_chart(figures, attribute, large, f"prices-why-{position}"))
            raws = [figures.one("mean_price_difference", group) for group in large]
            sentences += [text for raw in raws if raw is not None and (text := parts_sentence(figures, raw))]
        others = _other_methods(figures, attribute, [c for c in found if c["at"].get("method") != KITAGAWA])
        folded += [others] if others else []
    if not tables and not folded:
        return None
    lead = (
        "The gap in averages is split: what comes from the mix, and what is left where people are alike. This is "
        "arithmetic, not a cause: a factor that itself stands for a group hides part of the gap in the mix. Like for "
        "like is here at the average of both groups' mixes; the like-for-like gap above uses the group's own mix. The "
        "two are different numbers, and may differ in sign."
    )
    return PriceTopic(
        "prices-why",
        "Why there is a gap",
        lead,
        first_sentences(sentences),
        tuple(charts),
        tuple(tables),
        tuple(folded),
    )


def _parts_table(figures: PriceFigures, attribute: str, groups: Sequence[Comparison]) -> Table:
    columns = (
        Column("Group"),
        Column(numbers.in_unit("Gap in averages", figures.gap_unit), numeric=True),
        *(Column(numbers.in_unit(capitalized(part), figures.gap_unit), numeric=True) for part in PARTS),
    )
    rows = [
        (
            Cell(isolated(display_label(group["group"]))),
            number_cell(figures.one("mean_price_difference", group), figures.gap_unit),
            *(number_cell(part_of(figures, group, part), figures.gap_unit) for part in PARTS),
        )
        if figures.large(group)
        else figures.too_few(group, len(columns))
        for group in groups
    ]
    return Table(f"What the gap is made of, by {display_label(attribute)} (Kitagawa)", columns, tuple(rows))


def _parts_chart(figures: PriceFigures, attribute: str, groups: Sequence[Comparison], name: str) -> Chart:
    rows = []
    for group in groups[:_MOST_BARRED]:
        label = isolated(display_label(group["group"], _LABEL))
        named = [(f"{label}: gap in averages", figures.one("mean_price_difference", group), True)]
        named += [(part, part_of(figures, group, part), False) for part in PARTS]
        rows += [
            Bar(text, c["estimate"], numbers.judged(c["estimate"], figures.gap_unit, (0,), plus=True), total)
            for text, c, total in named
            if c is not None and c["estimate"] is not None
        ]
    unit = numbers.unit_words(figures.gap_unit)
    svg = bars(
        rows,
        axis=f"difference in mean price{f' ({one_line(unit)})' if unit else ''}",
        name=name,
        title=f"What the gap in price is made of, by {display_label(attribute)}",
        description="For each group the gap in averages and its parts; every number is in the table.",
    )
    left = len(groups) - _MOST_BARRED
    more = f" {numbers.counted(left, 'more group stands', 'more groups stand')} in the table." if left > 0 else ""
    caption = (
        f"By {display_label(attribute)}: the grey bar is the sum of the bars below it. Left of 0 the group "
        f"{figures.verb}s less.{more}"
    )
    return Chart(Markup(svg), caption)


def _other_methods(figures: PriceFigures, attribute: str, found: Sequence[Comparison]) -> Table | None:
    """Oaxaca–Blinder in its variants, a column each: other answers to the question which price is the normal one."""
    large = [c for c in found if known(c) and figures.large(c)]
    methods = list(dict.fromkeys(str(c["at"].get("method", "")) for c in large))
    parts = list(dict.fromkeys((c["group"], str(c["at"].get("part", ""))) for c in large))
    by_place = {(c["group"], str(c["at"].get("part", "")), str(c["at"].get("method", ""))): c for c in found}
    if not parts:
        return None
    columns = (
        Column("Group"),
        Column("Part"),
        *(Column(display_label(method.removeprefix("Oaxaca–Blinder, ")), numeric=True) for method in methods),
    )
    rows = tuple(
        (
            Cell(isolated(display_label(group))),
            Cell(display_label(part)),
            *(number_cell(by_place.get((group, part, method)), figures.gap_unit) for method in methods),
        )
        for group, part in parts
    )
    small = {c["group"]: c for c in found if not figures.large(c)}
    rows += tuple(figures.too_few(c, len(columns)) for c in small.values())
    caption = numbers.in_unit(
        f"Other ways to split the gap, by {display_label(attribute)}: Oaxaca–Blinder", figures.gap_unit
    )
    return Table(caption, columns, rows)
