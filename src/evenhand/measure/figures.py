"""A figure beside a check: a number for the reader that nobody judges. May import: the standard library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Figure(NamedTuple):
    """A number for the reader: what it is, and what it was counted from where that is not in the table already."""

    label: str
    value: float | None
    counts: Mapping[str, int] = {}
