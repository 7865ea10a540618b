"""A bar chart of amounts that add up: what a gap is made of, bars to the left of zero and to the right.

May import: render.charts (its settings of matplotlib), render.svg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.render.charts import TEXT_SIZE, WIDTH, drawing_library, drawn, tick_text

_ROW, _HEAD, _FOOT = 22.0, 8.0, 40.0
_LETTER = 5.6
_TOTAL, _PART = "#5b6470", "#0072b2"


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its amount as it is printed, and whether it is the sum of those that follow."""

    label: str
    amount: float
    shown: str
    total: bool


def bars(rows: Sequence[Bar], *, axis: str, name: str, title: str, description: str) -> str:
    """An inline SVG with one labelled bar a row, in the order given, from zero; each amount is printed beside it."""
    from matplotlib.ticker import MaxNLocator

    left = min(230.0, 16 + _LETTER * max(len(row.label) for row in rows))
    right = min(150.0, 14 + _LETTER * max(len(row.shown) for row in rows))
    height = _HEAD + _ROW * len(rows) + _FOOT
    low, high = min(0.0, *(row.amount for row in rows)), max(0.0, *(row.amount for row in rows))
    pad = 0.04 * ((high - low) or 1.0)
    with drawing_library() as figure_class:
        figure = figure_class(figsize=(WIDTH / 72, height / 72), dpi=72)
        axes = figure.add_axes((left / WIDTH, _FOOT / height, 1 - (left + right) / WIDTH, 1 - (_FOOT + _HEAD) / height))
        axes.set_xlim(low - (pad if low < 0 else 0), high + pad)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        for position, row in enumerate(rows):
            (patch,) = axes.barh([position], [row.amount], height=0.62, color=_TOTAL if row.total else _PART)
            patch.set_gid("bar total" if row.total else "bar part")
            axes.annotate(
                row.shown,
                (1, position),
                xycoords=("axes fraction", "data"),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=TEXT_SIZE,
                annotation_clip=False,
            )
        axes.axvline(0, color="#777777", linewidth=0.9).set_gid("parity")
        ticks = [float(v) for v in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= v <= high]
        axes.set_xticks(ticks, [tick_text(v) for v in ticks], fontsize=TEXT_SIZE)
        axes.set_yticks(range(len(rows)), [f"\u200b{row.label}" for row in rows], fontsize=TEXT_SIZE)
        axes.set_xlabel(axis, fontsize=TEXT_SIZE)
        return drawn(figure, name, title, description)
