"""Charts as inline SVG: estimates with the intervals that decided, limit and parity drawn; and curves.

matplotlib's `Figure`, never pyplot; what it writes is then made small, self-contained and themeable by `svg`.
A chart shows published numbers only, never rows. May import: render.svg, render.numbers; matplotlib inside functions.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any

from evenhand.render import numbers
from evenhand.render.svg import inline_svg

MOST_ROWS = 12
"""Past twelve groups a chart shows the worst; the table beside it has them all."""
WIDTH = 560.0
_ROW, _HEAD, _FOOT = 24.0, 18.0, 40.0
_LETTER = 5.6
TEXT_SIZE = 9.5
_BLUE, _RED, _GREY, _AMBER, _SLATE = "#0072b2", "#b3261e", "#6b7480", "#8a5a00", "#5b6470"
_MARKS = {
    "pass": ("o", _BLUE, True),
    "fail": ("D", _RED, True),
    "warn": ("^", _AMBER, True),
    "inconclusive": ("o", _SLATE, False),
    "not_tested": ("s", _GREY, False),
    "as_paid": ("o", _BLUE, False),
    "alike": ("D", _BLUE, True),
}
"""Shape, colour and whether it is filled: the shape alone tells the states apart."""
_DASHES: Sequence[tuple[float, ...]] = ((), (6, 2), (2, 2), (8, 2, 2, 2), (1, 3), (10, 4))
MOST_LINES = len(_DASHES)
_MOST_TICKS = 12


@dataclass(frozen=True)
class ChartRow:
    """One group of a dot-and-whisker chart. A bound that is None is no bound: the whisker ends in an arrow."""

    label: str
    status: str
    word: str
    shown: str
    estimate: float | None
    low: float | None
    high: float | None
    has_interval: bool


@dataclass(frozen=True)
class Scale:
    """What all rows share: unit, limits and parity."""

    unit: str
    label: str
    minimum: float | None
    maximum: float | None
    parity: float | None


def dot_and_whisker(rows: Sequence[ChartRow], scale: Scale, *, name: str, title: str, description: str) -> str:
    """An inline SVG with one labelled row a group, in the order given: dot, interval, limits (dashed) and parity.

    Ratios that spread over more than a factor of five get a logarithmic axis, on which 0.5 and 2 are as far from 1.
    """
    low, high, logarithmic = axis_range(rows, scale)
    left = min(210.0, 16 + _LETTER * max(len(row.label) for row in rows))
    right = min(200.0, 18 + _LETTER * max(len(f"{row.shown} {row.word}") for row in rows))
    crowded = _crowded(scale, low, high, WIDTH - left - right, logarithmic=logarithmic)
    head = _HEAD + (13 if crowded else 0)
    height = head + _ROW * len(rows) + _FOOT
    with drawing_library() as figure_class:
        figure = figure_class(figsize=(WIDTH / 72, height / 72), dpi=72)
        axes = figure.add_axes((left / WIDTH, _FOOT / height, 1 - (left + right) / WIDTH, 1 - (_FOOT + head) / height))
        if logarithmic:
            axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        _limits_and_parity(axes, scale, low, high, parity_at=16 if crowded else 3)
        for position, row in enumerate(rows):
            _row(axes, position, row, low, high)
        _ticks(axes, scale, low, high, logarithmic=logarithmic)
        axes.set_yticks(range(len(rows)), [row.label for row in rows], fontsize=TEXT_SIZE)
        axes.set_xlabel(scale.label, fontsize=TEXT_SIZE)
        return drawn(figure, name, title, description)


def curves(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    x: str,
    y: str,
    name: str,
    title: str,
    description: str,
    parity: float | None = None,
    bounds: Sequence[Sequence[tuple[float, float, float]]] = (),
) -> str:
    """An inline SVG of up to six lines, told apart by dashes and marks, named in a legend; the rest is in the table.

    `bounds` are (x, low, high) of each line, drawn as whiskers, lines beside each other; a thin line is at `parity`.
    With parity the places on the axis are few and all named.
    """
    with drawing_library() as figure_class:
        chosen = series[:MOST_LINES]
        height = 230.0 + 14 * len(chosen)
        figure = figure_class(figsize=(WIDTH / 72, height / 72), dpi=72)
        axes = figure.add_axes((0.11, _FOOT / height, 0.86, 1 - (_FOOT + 16 + 14 * len(chosen)) / height))
        places = sorted({point[0] for _, points in chosen for point in points})
        apart = 0.012 * (places[-1] - places[0]) if bounds else 0.0
        for position, (label, points) in enumerate(chosen):
            dashes, mark = _DASHES[position], "osD^vP"[position]
            aside = apart * (position - (len(chosen) - 1) / 2)
            style: Any = (0, dashes) if dashes else "-"
            (line,) = axes.plot(
                [p[0] + aside for p in points],
                [p[1] for p in points],
                color=_BLUE,
                linestyle=style,
                marker=mark if len(points) <= 20 else None,
                markersize=5,
                linewidth=1.6,
                clip_on=False,
            )
            line.set_gid("line")
            line.set_label(f"\u200b{label}")  # a label that begins with `_` would be left out of the legend
            for at, low, high in bounds[position] if bounds else ():
                (whisker,) = axes.plot([at + aside] * 2, [low, high], color=_BLUE, linewidth=1, clip_on=False)
                whisker.set_gid("line whisker")
        if parity is not None:
            axes.axhline(parity, color="#777777", linewidth=0.9).set_gid("parity")
        axes.set_xlabel(x, fontsize=TEXT_SIZE)
        axes.set_ylabel(y, fontsize=TEXT_SIZE)
        axes.tick_params(labelsize=TEXT_SIZE)
        if parity is not None and len(places) <= _MOST_TICKS:
            axes.set_xticks(places, [tick_text(place) for place in places], fontsize=TEXT_SIZE)
        legend = axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1.01), fontsize=TEXT_SIZE, frameon=False, handlelength=4
        )
        legend.set_gid("legend")
        return drawn(figure, name, title, description)


def axis_range(rows: Sequence[ChartRow], scale: Scale) -> tuple[float, float, bool]:
    """Left and right end of the axis, and whether it is logarithmic. All estimates and limits lie inside.

    A very wide interval is cut at the edge, with an arrow: it would squeeze everything else into a corner.
    """
    fixed = [v for v in (scale.minimum, scale.maximum, scale.parity) if v is not None]
    core = [row.estimate for row in rows if row.estimate is not None] + fixed
    bounds = [b for row in rows for b in (row.low, row.high) if b is not None]
    if not core:
        core = bounds or [0.0, 1.0]
    first, last = min(core), max(core)
    positive = [v for v in core + bounds if v > 0]
    if scale.unit == "ratio" and positive and max(positive) / min(positive) > 5:
        first = min(v for v in core if v > 0) if any(v > 0 for v in core) else min(positive)
        low = max(min(positive), first / 4)
        high = min(max(positive), max(last, first) * 4)
        return low / 1.15, high * 1.15, True
    span = (last - first) or abs(last) or 1.0
    low = max(min([first, *bounds]), first - 1.5 * span)
    high = min(max([last, *bounds]), last + 1.5 * span)
    pad = 0.08 * ((high - low) or 1.0)
    start = low - pad
    if min([first, *bounds]) >= 0 and scale.unit.partition(":")[0] in {"rate", "ratio", "count", "people", "money"}:
        start = max(0.0, start)
    return start, high + pad, False


def _row(axes: Any, position: int, row: ChartRow, low: float, high: float) -> None:
    shape, color, filled = _MARKS[row.status]
    state = row.status.replace("_", "-")
    if row.has_interval:
        start = low if row.low is None else max(low, row.low)
        end = high if row.high is None else min(high, row.high)
        axes.plot([start, end], [position, position], color=color, linewidth=2, clip_on=False)[0].set_gid(
            f"whisker {state}"
        )
        for cut, at, arrow in (
            (row.low is None or row.low < low, low, "<"),
            (row.high is None or row.high > high, high, ">"),
        ):
            if cut:
                axes.plot([at], [position], marker=arrow, color=color, markersize=6, clip_on=False)[0].set_gid(
                    f"dot {state}"
                )
    if row.estimate is not None:
        dot = axes.plot(
            [min(high, max(low, row.estimate))],
            [position],
            marker=shape,
            color=color,
            markerfacecolor=color if filled else "#ffffff",
            markersize=7 if shape != "D" else 6.5,
            markeredgewidth=1.6,
            clip_on=False,
        )
        dot[0].set_gid(f"dot {state}" if filled else f"dot open {state}")
    axes.annotate(
        f"{row.shown} {row.word}",
        (1, position),
        xycoords=("axes fraction", "data"),
        xytext=(10, 0),
        textcoords="offset points",
        va="center",
        fontsize=TEXT_SIZE,
        annotation_clip=False,
    )


def _crowded(scale: Scale, low: float, high: float, width: float, *, logarithmic: bool) -> bool:
    """Whether the word "parity" would overprint a limit's: then it stands a line higher."""
    if scale.parity is None or not low <= scale.parity <= high:
        return False
    grade: Callable[[float], float] = math.log if logarithmic else float
    per_unit = width / (grade(high) - grade(low))
    limits = [limit for limit in (scale.minimum, scale.maximum) if limit is not None and (limit > 0 or not logarithmic)]
    return any(abs(grade(scale.parity) - grade(limit)) * per_unit < 22 for limit in limits)


def _limits_and_parity(axes: Any, scale: Scale, low: float, high: float, *, parity_at: float) -> None:
    """Dashed limits with the side they forbid shaded, and parity as a thin line; each named above the rows."""
    # The word "limit" stands on the side that the limit forbids, so that two near limits do not overprint.
    for limit, sign, edge, side in ((scale.minimum, "≥", low, "right"), (scale.maximum, "≤", high, "left")):
        if limit is not None:
            axes.axvspan(*sorted((edge, limit)), color="#8a94a0", alpha=0.16, linewidth=0).set_gid("outside")
            axes.axvline(limit, color="#444444", linewidth=1.4, dashes=(5, 2.5)).set_gid("limit")
            _above(axes, limit, f"limit {sign} {numbers.limit_number(limit, scale.unit)}", 3, side)
    if scale.parity is not None and low <= scale.parity <= high:
        axes.axvline(scale.parity, color="#777777", linewidth=0.9).set_gid("parity")
        _above(axes, scale.parity, "parity", parity_at, "center")


def _above(axes: Any, x: float, text: str, points: float, align: str) -> None:
    axes.annotate(
        text,
        (x, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, points),
        textcoords="offset points",
        ha=align,
        fontsize=TEXT_SIZE - 0.5,
        annotation_clip=False,
    )


def _ticks(axes: Any, scale: Scale, low: float, high: float, *, logarithmic: bool) -> None:
    from matplotlib.ticker import MaxNLocator, NullLocator

    axes.xaxis.set_minor_locator(NullLocator())
    if logarithmic:
        places = _logarithmic_ticks(low, high)
    else:
        places = [float(v) for v in MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= v <= high]
    axes.set_xticks(places, [tick_text(v) for v in places], fontsize=TEXT_SIZE)


def _logarithmic_ticks(low: float, high: float) -> list[float]:
    """Round numbers, four to nine of them if the axis is long enough: the coarsest steps that give four."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7), tuple(k / 10 for k in range(10, 100, 2))):
        places = [float(f"{step}e{decade}") for decade in decades for step in steps]
        places = [place for place in places if low <= place <= high]
        if len(places) >= 4:
            break
    return places


def tick_text(value: float) -> str:
    """`0.8`, `0.75`, `1,200`; the ends of a short logarithmic axis to two figures."""
    short = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return short.replace("-", numbers.MINUS)


@contextmanager
def drawing_library() -> Iterator[Any]:
    """matplotlib with our settings only: a user's own style, a missing glyph or a cold font cache changes no report."""
    log = logging.getLogger("matplotlib")
    silent = logging.NullHandler()  # otherwise Python prints the library's warnings on our user's stderr
    log.addHandler(silent)
    import matplotlib
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "evenhand",
        "text.parse_math": False,
        "text.usetex": False,
        "font.family": ["DejaVu Sans"],
        "axes.unicode_minus": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
    }
    try:
        with matplotlib.rc_context(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # glyphs that the font lacks: the text stays text, the browser has them
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(settings)
            yield Figure
    finally:
        log.removeHandler(silent)


def drawn(figure: Any, name: str, title: str, description: str) -> str:
    """The figure as the page wants it: an inline SVG with a name, a title and a description."""
    written = StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return inline_svg(written.getvalue(), name=name, title=title, description=description)
