"""Numbers along a coordinate (places in the order of prices, bands, factors) as tables and as charts of lines.

May import: render's own words, numbers and charts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from evenhand.render import numbers
from evenhand.render.charts import MOST_LINES, curves
from evenhand.render.labels import display_label, isolated
from evenhand.render.page import Cell, Chart, Column, Table
from evenhand.render.price_figures import Comparison, PriceFigures, known, number_cell

_LABEL = 30
_MOST_COLUMNS = 6
"""Columns of a table; past that there is one more table."""
_MOST_WHISKERS = 3
"""Lines of a chart whose whiskers can still be told apart."""
Lines = Mapping[str, Sequence[Comparison]]


def lines_along(found: Sequence[Comparison], along: str, attribute: str | None = None) -> dict[str, list[Comparison]]:
    """The comparisons of each group that stand somewhere along a coordinate."""
    lines: dict[str, list[Comparison]] = {}
    for c in found:
        if along in c["at"] and attribute in (None, c["attribute"]):
            lines.setdefault(c["group"], []).append(c)
    return {group: line for group, line in lines.items() if any(known(c) for c in line)}


def coordinate(comparison: Comparison) -> Any:
    """Where on its line a comparison stands: 0.9 of {"quantile": 0.9}."""
    return next(iter(comparison["at"].values()))


def large_lines(figures: PriceFigures, lines: Lines) -> Lines:
    """Groups with people enough for a line: a dozen people would set the scale of everybody's chart."""
    return {group: line for group, line in lines.items() if figures.large(line[0])}


def grid(
    figures: PriceFigures,
    caption: str,
    heading: str,
    lines: Lines,
    place: Callable[[object], str],
    unit: str,
    *,
    parity: float | None,
) -> list[Table]:
    """A row a place and a column a group, and a row a group too small; several tables where there are many groups."""
    tables, names = [], list(large_lines(figures, lines))
    for start in range(0, len(names), _MOST_COLUMNS):
        chosen = names[start : start + _MOST_COLUMNS]
        at = {group: {coordinate(c): c for c in lines[group]} for group in chosen}
        places = list(dict.fromkeys(value for group in chosen for value in at[group]))
        columns = (Column(heading), *(Column(isolated(display_label(g, _LABEL)), numeric=True) for g in chosen))
        rows = tuple(
            (Cell(place(value)), *(number_cell(at[g].get(value), unit, parity, plus=False) for g in chosen))
            for value in places
        )
        if start + _MOST_COLUMNS >= len(names):
            small = [line[0] for group, line in lines.items() if group not in names]
            rows += tuple(figures.too_few(c, len(columns)) for c in small)
        part = f" ({start // _MOST_COLUMNS + 1})" if len(names) > _MOST_COLUMNS else ""
        tables.append(Table(caption + part, columns, rows))
    return tables


def line_charts(
    lines: Lines,
    places: Mapping[object, float],
    *,
    x: str,
    y: str,
    name: str,
    title: str,
    caption: str,
    parity: float,
) -> list[Chart]:
    """As many charts as the lines need; whiskers only where they can be told apart."""
    drawn = {}
    for group, line in lines.items():
        placed = [(places.get(coordinate(c), coordinate(c)), c) for c in line if known(c)]
        points = [(float(at), c) for at, c in placed if isinstance(at, int | float)]
        if points:
            drawn[isolated(display_label(group, _LABEL))] = points
    charts, names = [], list(drawn)
    for start in range(0, len(names), MOST_LINES):
        chosen = names[start : start + MOST_LINES]
        bounds = [
            [(at, c["interval"]["low"], c["interval"]["high"]) for at, c in drawn[label] if _bounded(c)]
            for label in chosen
        ]
        whiskers = len(chosen) <= _MOST_WHISKERS
        svg = curves(
            [(label, [(at, c["estimate"]) for at, c in drawn[label]]) for label in chosen],
            x=x,
            y=y,
            name=f"{name}-{start // MOST_LINES + 1}",
            title=title,
            description=f"{numbers.counted(len(chosen), 'line', 'lines')}; every number is in the table.",
            parity=parity,
            bounds=bounds if whiskers else (),
        )
        shows = any(bounds) and whiskers
        charts.append(Chart(Markup(svg), (caption + ("Thin lines: 95% intervals." if shows else "")).strip()))
    return charts


def _bounded(comparison: Comparison) -> bool:
    bounds = comparison["interval"]
    return bounds is not None and bounds["low"] is not None and bounds["high"] is not None
