"""A distribution of one group as values with the people (and weights) at each: what its means and quantiles come from.

A value stands for the middle of its bin, which is the value itself unless the grid had to be coarsened. May import:
stats, tally.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from evenhand.measure.answers import Side
from evenhand.measure.base import Grouping, GroupKey, Setting
from evenhand.measure.shares import as_people
from evenhand.stats.moments import Moments
from evenhand.tally.cell_table import CellTable, Ints
from evenhand.tally.needs import Needs
from evenhand.tally.plan import EXCESS_SCALE, join_limbs

PRICES = Needs(keys=frozenset({"price_presence"}), values=frozenset({"price"}))
KNOWN_PRICES = "People without a finite price are left out; missing_price_rate counts them. "


@dataclass(frozen=True)
class Binned:
    """Ascending bins of `step` whole units of 1/`unit`, with the people, Σw and Σw² in each; w = 1 without weights."""

    bins: tuple[int, ...]
    unit: int
    people: tuple[int, ...]
    weights: tuple[int, ...]
    squares: tuple[int, ...]
    weighted: bool
    step: int = 1

    @property
    def scale(self) -> int:
        """What `whole` is to be divided by: halves of a unit where the middle of a bin may be one."""
        return self.unit if self.step == 1 else 2 * self.unit

    @cached_property
    def whole(self) -> tuple[int, ...]:
        """The values, in whole units of 1/`scale`."""
        return tuple(middles(self.bins, self.step))

    @property
    def n(self) -> int:
        return sum(self.people)

    @cached_property
    def values(self) -> tuple[Fraction, ...]:
        """The values in the amount's own units."""
        return tuple(Fraction(value, self.scale) for value in self.whole)

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """The values as floats."""
        return tuple(value / self.scale for value in self.whole)

    @property
    def effective(self) -> Fraction | None:
        """Kish's (Σw)²/Σw²; None without weights, and where they are all 0."""
        squares = sum(self.squares)
        return Fraction(sum(self.weights) ** 2, squares) if self.weighted and squares else None

    def above(self, value: int) -> Binned:
        """Only the values above this one, in whole units."""
        first = next((i for i, whole in enumerate(self.whole) if whole > value), len(self.whole))
        bins, *sums = (column[first:] for column in (self.bins, self.people, self.weights, self.squares))
        people, weights, squares = sums
        return Binned(bins, self.unit, people, weights, squares, self.weighted, self.step)

    @property
    def mean(self) -> Fraction | None:
        """The mean value; None without people."""
        total = sum(self.weights)
        value = sum(w * v for w, v in zip(self.weights, self.whole, strict=True))
        return Fraction(value, total * self.scale) if total else None

    def moments(self, power: int = 1) -> Moments:
        """Moments of the values raised to a power; squares for a mean square error."""
        unit = Fraction(1, self.scale**power)
        raised = [value**power for value in self.whole]
        return Moments(
            n=self.n,
            weight=sum(self.weights),
            weight_squared=sum(self.squares),
            value=sum(w * v for w, v in zip(self.weights, raised, strict=True)) * unit,
            weight_squared_value=sum(w * v for w, v in zip(self.squares, raised, strict=True)) * unit,
            weight_squared_squares=sum(w * v**2 for w, v in zip(self.squares, raised, strict=True)) * unit**2,
        )


def binned(part: CellTable, key: str, *, scale: int, step: int = 1) -> Binned:
    """The values of a table whose key `key` is a bin of `step` whole units of 1/`scale`, at the middle of each bin."""
    table = part.marginal([key])
    bins = table.keys[key].codes.tolist()
    people = tuple(table.sums["n"].tolist())
    weights = squares = people
    if table.weighted:
        weights = tuple(table.sums["w"].tolist())
        limbs = (table.sums[name].tolist() for name in ("w2_hi", "w2_mid", "w2_lo"))
        squares = tuple(join_limbs(*parts) for parts in zip(*limbs, strict=True))
    return Binned(tuple(bins), scale, people, weights, squares, table.weighted, step)


def middles(bins: Iterable[int], step: int) -> Iterable[int]:
    """A bin of one unit is its value; the middle of k·t … k·t + t − 1 is counted in halves.

    >>> list(middles([3, 4], 1)), list(middles([3, 4], 10))
    ([3, 4], [69, 89])
    """
    return bins if step == 1 else (2 * step * k + step - 1 for k in bins)


def on_common_bins(group: Binned, reference: Binned) -> tuple[Ints, Ints, Ints]:
    """The bins where either side has people, and the people (or weights) of both in them."""
    bins = np.union1d(*(np.array(side.bins, dtype=np.int64) for side in (group, reference)))
    ours, theirs = np.zeros_like(bins), np.zeros_like(bins)
    for side, counts in ((group, ours), (reference, theirs)):
        counts[np.searchsorted(bins, np.array(side.bins, dtype=np.int64))] = side.weights
    some = (ours > 0) | (theirs > 0)
    return bins[some], ours[some], theirs[some]


def paired(group: Binned, reference: Binned) -> tuple[list[int], list[int], list[int]]:
    """The values of either side, in whole units of 1/`scale`, and the people (or weights) of both at each."""
    bins, ours, theirs = on_common_bins(group, reference)
    return list(middles(bins.tolist(), group.step)), ours.tolist(), theirs.tolist()


def compared(grouping: Grouping, found: Mapping[GroupKey, Binned]) -> Iterator[tuple[GroupKey, Binned, Binned | None]]:
    """Every group but the reference, and the reference where it occurs."""
    reference = found.get(grouping.reference)
    for key, group in found.items():
        if key != grouping.reference:
            yield key, group, reference


def binned_prices(setting: Setting, grouping: Grouping, distribution: str) -> dict[GroupKey, Binned]:
    """A distribution of money (`price`, `error`, `loss_error`) of every group, those without a value included."""
    at = ("binned", distribution, grouping.keys)
    if at not in setting.cache:
        parts = setting.values(distribution, grouping)
        key = setting.cells.header.definition["distributions"][distribution]["key"]
        scale, step = setting.scale("price"), setting.step(distribution, grouping)
        setting.cache[at] = {
            group: binned(parts[group], key, scale=scale, step=step)
            if group in parts
            else Binned((), scale, (), (), (), setting.weighted(grouping))
            for group in setting.main(grouping)
        }
    found: dict[GroupKey, Binned] = setting.cache[at]
    return found


def binned_percentages(part: CellTable) -> Binned:
    """The distribution of how far prices lie above others: bins of a basis point, values in percent."""
    return binned(part, "walking", scale=EXCESS_SCALE // 100)


def people_among(setting: Setting, grouping: Grouping, rows: int, weight: int) -> int:
    """The people of a denominator of `rows` that weigh Σw; as many as the shares add up to where groups are shares.

    Every row is in every group there, if only with a share of 0.
    """
    return as_people(weight) if setting.shared.intersection(grouping.keys) else rows


def kish(weight: int, squares: int) -> float | None:
    """(Σw)²/Σw²; None where nothing weighs anything.

    >>> kish(4, 8)
    2.0
    """
    return weight**2 / squares if squares else None


def binned_side(
    setting: Setting, grouping: Grouping, key: GroupKey, found: Binned, value: float | None, basis: object
) -> Side:
    """A number made of a distribution as a side. Where people repeat, how many it is about is not in the cells."""
    people = setting.people(grouping)[key]
    n, effective = people_among(setting, grouping, found.n, sum(found.weights)), found.effective
    return Side(
        n=people if setting.repeated else n,
        people=people,
        value=value,
        effective=None if effective is None else float(effective),
        counts={"people": n},
        basis=basis,
    )
