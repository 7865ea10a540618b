"""How edges become the names of bands: `[18, 30, 60, 75]` makes `<18 18-29 30-59 60-74 75+`, lower-inclusive.

The names follow from the audit file alone, never from the data. May import: nothing of evenhand.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal


def band_labels(edges: Sequence[Decimal]) -> tuple[str, ...]:
    """One label more than there are edges: below the first, between each two, from the last on.

    Whole edges, none negative, are read as ages: a band ends one below the next edge (`18-29`; `18` if it holds one
    number). Any other edges are written out (`0.5 to <1.5`), since there is no number just below 1.5. The lower edge
    belongs to the band in both.

    Source: contract.md, "The audit file". Raises ValueError if there is no edge or the edges do not increase.

    >>> band_labels([Decimal(18), Decimal(30)])
    ('<18', '18-29', '30+')
    >>> band_labels([Decimal("0.5"), Decimal("1.50")])
    ('<0.5', '0.5 to <1.5', '1.5+')
    """
    if not edges:
        raise ValueError("bands need at least one edge")
    pairs = list(itertools.pairwise(edges))
    if any(lower >= upper for lower, upper in pairs):
        raise ValueError("edges must increase strictly")
    whole = all(edge == edge.to_integral_value() and edge >= 0 for edge in edges)
    between = [_whole_band(int(a), int(b)) if whole else f"{_plain(a)} to <{_plain(b)}" for a, b in pairs]
    return (f"<{_plain(edges[0])}", *between, f"{_plain(edges[-1])}+")


def _whole_band(lower: int, upper: int) -> str:
    return str(lower) if upper == lower + 1 else f"{lower}-{upper - 1}"


def _plain(edge: Decimal) -> str:
    """The number without exponent and without zeros at its end: 1.50 is `1.5`, 100 is `100`."""
    text = f"{edge:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
