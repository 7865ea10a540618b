"""Tables that are kept only as fine, or only if, they stay small: so that merged shards are what one run would give.

A distribution: its step is the smallest power of ten, in whole units, at which the table has at most MAX_VALUE_CELLS
cells. A union has at least as many cells as its parts, so its step is at least theirs; steps nest; so the cells of two
shards, coarsened to the larger step and then until they fit, are exactly the cells of their union.

Pairs of strata: the table is empty where the main cells hold more than MAX_PAIRS pairs, a number that a union never
makes smaller. May import: tally.cell_table.
"""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.tally.cell_table import CellTable, KeyColumn

MAX_VALUE_CELLS = 250_000
MAX_PAIRS = 500_000
STEP = 10
LARGEST_STEP = 10**15
"""Every number that is counted by its value lies within a step of this size of 0."""


def coarser(table: CellTable, key: str, times: int) -> CellTable:
    """The table on a grid whose steps are `times` as large.

    >>> import numpy as np
    >>> table = CellTable({"price": KeyColumn(np.array([-1, 9, 10]))}, {"n": np.array([1, 2, 4])})
    >>> coarser(table, "price", 10).rows()
    {(-1,): (1,), (0,): (2,), (1,): (4,)}
    """
    if times == 1:
        return table
    keys = {**table.keys, key: KeyColumn(table.keys[key].codes // times)}
    return CellTable(keys, table.sums).marginal(list(keys))


def fits(cells: int, step: int) -> bool:
    """Whether a table of so many cells stays as it is: small enough, or as coarse as it can be."""
    return cells <= MAX_VALUE_CELLS or step >= LARGEST_STEP


def added(
    one: CellTable, other: CellTable, key: str, steps: tuple[int, int], *, coarsened: bool
) -> tuple[CellTable, int]:
    """The sum of two tables of one distribution, and its step."""
    step = max(steps)
    total = coarser(one, key, step // steps[0]) + coarser(other, key, step // steps[1])
    while coarsened and not fits(len(total), step):
        total, step = coarser(total, key, STEP), step * STEP
    return total, step


def too_many_pairs(main: CellTable, groups: Sequence[str], strata: Sequence[str]) -> bool:
    """Whether people with rows in several strata could fill more than MAX_PAIRS cells.

    Counted from the main cells, before any pair is made: of every group the square of the number of its strata.
    """
    of_group = main.marginal([*groups, *strata]).by(*groups)
    return sum(len(cells) ** 2 for cells in of_group.values()) > MAX_PAIRS
