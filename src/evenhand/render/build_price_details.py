"""Three topics of the section on prices: from cheap to dear, prices and claims, what the gap adds up to.

May import: render's own words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenhand.render import numbers
from evenhand.render.labels import display_label, isolated, who
from evenhand.render.page import Cell, Column, PriceTopic, Table
from evenhand.render.price_figures import Comparison, PriceFigures, first_sentences, known, number_cell
from evenhand.render.price_lines import grid, large_lines, line_charts, lines_along
from evenhand.render.price_sentences import claims_sentence, claims_warning, cost_sentence

# Cheap and dear prices -------------------------------------------------------------------------------------------


def quantiles_topic(figures: PriceFigures) -> PriceTopic | None:
    metric, axis = "quantile_ratio_curve", "place in the group's prices, from low to high"
    tables, charts = [], []
    for position, attribute in enumerate(figures.attributes(metric), start=1):
        lines = lines_along(figures.of(metric, attribute), "quantile")
        tables += grid(
            figures,
            f"Price against the reference's, by {display_label(attribute)}",
            "Place",
            lines,
            _place,
            "ratio",
            parity=1.0,
        )
        charts += line_charts(
            large_lines(figures, lines),
            {},
            x=axis,
            y="price ratio",
            name=f"prices-quantiles-{position}",
            title=f"Price against the reference's at each place, by {display_label(attribute)}",
            caption=f"By {display_label(attribute)}: above 1 the group {figures.verb}s more. ",
            parity=1.0,
        )
    if not tables:
        return None
    lead = (
        "An average can hide that only the dear end, or only the cheap end, differs. Each group's prices are put in "
        "order; at each place (50%: the middle one) the group's price is divided by the reference's. Nothing is held "
        "equal here."
    )
    return PriceTopic("prices-quantiles", "From cheap to dear", lead, (), tuple(charts), tuple(tables))


def _place(place: object) -> str:
    """`10%`, `50% (median)`."""
    if not isinstance(place, int | float):
        return display_label(str(place))
    return f"{100 * place:g}%" + (" (median)" if place == 0.5 else "")


# Prices and claims -----------------------------------------------------------------------------------------------


def claims_topic(figures: PriceFigures) -> PriceTopic | None:
    ratios = {
        "actual_to_expected_ratio": "Actual to expected",
        "actual_to_technical_ratio": "Actual to technical price",
        "loss_ratio_ratio": "Loss ratio",
    }
    shown = {metric: title for metric, title in ratios.items() if any(known(c) for c in figures.of(metric))}
    expected, technical = "actual_to_expected_by_band", "actual_to_technical_by_band"
    bands = expected if figures.measures.get(expected) else technical
    tables, charts, sentences = [], [], []
    for position, attribute in enumerate(figures.attributes(*ratios, bands), start=1):
        groups = figures.groups(attribute, *ratios)
        if groups:
            tables.append(_claims_table(figures, attribute, groups, shown))
            raws = [figures.one("mean_price_difference", group) for group in groups]
            told = [raw for raw in raws if raw and figures.large(raw) and not claims_warning(figures, raw)]
            sentences += [text for raw in told if (text := claims_sentence(figures, raw))]
        lines = lines_along(figures.measures.get(bands, ()), "band", attribute)
        tables += grid(
            figures,
            f"Actual to expected claims by price, by {display_label(attribute)}",
            "Prices",
            lines,
            _band,
            "ratio",
            parity=1.0,
        )
        order = list(dict.fromkeys(c["at"]["band"] for line in lines.values() for c in line))
        charts += line_charts(
            large_lines(figures, lines),
            {band: place for place, band in enumerate(order, start=1)},
            x="prices in bands, from low (1) to high",
            y="actual to expected claims",
            name=f"prices-claims-{position}",
            title=f"Actual to expected claims by price, by {display_label(attribute)}",
            caption=f"By {display_label(attribute)}: at 1 the claims were as expected. ",
            parity=1.0,
        )
    if not tables:
        return None
    lead = (
        "Where claims follow from the risk, a higher price may be due to higher claims. Actual to expected: claims "
        "divided by what the model expected; the loss ratio: claims divided by the price. Expenses are in neither. "
        "Where many groups are shown, some intervals leave out 1 by chance alone."
    )
    return PriceTopic(
        "prices-claims", "Prices and claims", lead, first_sentences(sentences), tuple(charts), tuple(tables)
    )


def _claims_table(
    figures: PriceFigures, attribute: str, groups: Sequence[Comparison], shown: Mapping[str, str]
) -> Table:
    columns = [Column("Group"), Column("People", numeric=True)]
    for title in shown.values():
        columns += [
            Column(title, numeric=True),
            Column(f"{title} of the reference", numeric=True),
            Column(f"{title}, compared", numeric=True),
        ]
    rows = []
    for group in groups:
        if not figures.large(group):
            rows.append(figures.too_few(group, len(columns)))
            continue
        cells = [Cell(isolated(display_label(group["group"]))), Cell(numbers.count(group["n"]))]
        for metric in shown:
            c = figures.one(metric, group)
            cells += [
                Cell(numbers.judged(c["value"] if c else None, "ratio")),
                Cell(numbers.judged(c["value_reference"] if c else None, "ratio")),
                number_cell(c, "ratio", 1.0, plus=False),
            ]
        rows.append(tuple(cells))
    return Table(f"Claims of each group, by {display_label(attribute)}", tuple(columns), tuple(rows))


def _band(band: object) -> str:
    return display_label(str(band))


# What it costs ---------------------------------------------------------------------------------------------------


def cost_topic(figures: PriceFigures) -> PriceTopic | None:
    """Only of money: a sum of rates is nothing that anybody pays."""
    found = [c for c in figures.of("overcharge_total") if known(c)]
    if not found or figures.document["overview"]["price_unit"] in {"percent", "fraction"}:
        return None
    columns = (
        Column("Group"),
        Column("People", numeric=True),
        Column(numbers.in_unit("In all", figures.gap_unit), numeric=True),
    )
    rows = tuple(
        (Cell(who(c)), Cell(numbers.count(c["n"])), number_cell(c, figures.gap_unit))
        if figures.large(c)
        else (Cell(who(c)), *figures.too_few(c, len(columns))[1:])
        for c in found
    )
    lead = "The like-for-like gap of one person, times all people of the group in these data."
    table = Table("The like-for-like gap in all", columns, rows)
    return PriceTopic(
        "prices-cost",
        "What the gap adds up to",
        lead,
        first_sentences([cost_sentence(figures, c) for c in found if figures.large(c)]),
        (),
        (table,),
    )
