"""Discrimination-free price: what each stratum would pay if prices could not tell the groups, not even by proxy.

`discrimination_free` takes sums per (stratum, group) and gives each group's overcharge and proxy effect against it.
May import: stats.moments, stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from evenhand.stats.moments import Moments, exact_sum
from evenhand.stats.student import Estimate, StudentContrast

S = TypeVar("S", bound=Hashable)
G = TypeVar("G", bound=Hashable)
METHOD = "t of a combination of cell means"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """An amount of money, exact, with its test against 0; `contrast` is None where no variance can be given."""

    value: Fraction
    contrast: StudentContrast | None


@dataclass(frozen=True, kw_only=True)
class GroupBenchmark:
    """A group's mean of price − h* (`overcharge`) and of unaware − h* (`proxy_effect`) over its own mix of strata.

    The differences are group − reference, None for the reference itself. `coverage` is the share of the group's
    weight in the strata used.
    """

    coverage: Fraction
    overcharge: Effect
    proxy_effect: Effect
    overcharge_difference: Effect | None
    proxy_difference: Effect | None


@dataclass(frozen=True, kw_only=True)
class Benchmark(Generic[S, G]):
    """`free` = h*(x) and `unaware` per stratum used, the group shares P(d) behind h*, and every group's figures.

    `coverage` is the share of everyone's weight in the strata used.
    """

    free: Mapping[S, Fraction]
    unaware: Mapping[S, Fraction]
    shares: Mapping[G, Fraction]
    groups: Mapping[G, GroupBenchmark]
    coverage: Fraction


def discrimination_free(
    cells: Mapping[tuple[S, G], Moments],
    *,
    reference: G,
    floor: int = 2,
) -> Benchmark[S, G] | None:
    """h*(x) = Σ_d μ(x, d)·P(d) against the unaware price Σ_d μ(x, d)·P(d | x), for strata x and groups d.

    P(d) is the group's share of all weight; μ(x, d) the cell's mean price. A stratum where a group has fewer than
    `floor` people has no h* and is left out. Each figure is a combination Σa·m of cell means with counts taken as
    fixed, variance Σa²v; differences combine the coefficients of a cell before they are squared, as both sides use
    the same cells.
    None where no stratum has all groups. Raises ValueError for a `floor` below 1 or an unknown reference.
    Source: Lindholm, Richman, Tsanakas & Wüthrich 2022, ASTIN Bulletin 52, 55-89.

    Example: people 300/100 and 100/500, prices 100/140 and 200/260: P = .4/.6, unaware 110 and 250, free 124 and 236.
    The first group pays 27 less than free: .75·(100 − 124) + .25·(200 − 236); 7 of them by proxy.
    """
    if floor < 1:
        raise ValueError("the floor counts people, and a cell without any has no mean")
    table = _table(cells)
    groups = list(dict.fromkeys(group for (_, group), cell in cells.items() if cell.weight))
    if reference not in groups:
        raise ValueError("the reference group does not occur")
    weights = {group: sum(row[group].weight for row in table.values() if group in row) for group in groups}
    everyone = sum(weights.values())
    shares = {group: Fraction(weight, everyone) for group, weight in weights.items()}
    used = {
        stratum: row
        for stratum, row in table.items()
        if all(group in row and row[group].n >= floor for group in groups)
    }
    if not used:
        return None
    free, unaware = {}, {}
    for stratum, row in used.items():
        known = {group: Fraction(row[group].value) / row[group].weight for group in groups}
        whole = sum(cell.weight for cell in row.values())
        free[stratum] = exact_sum(known[group] * shares[group] for group in groups)
        unaware[stratum] = exact_sum(known[group] * row[group].weight for group in groups) / whole
    found = _Combinations(
        used={(stratum, group): cell for stratum, row in used.items() for group, cell in row.items()},
        strata=list(used),
        groups=groups,
        shares=shares,
        free=free,
        unaware=unaware,
    )
    return Benchmark(
        free=free,
        unaware=unaware,
        shares=shares,
        groups=found.against(reference, weights),
        coverage=Fraction(sum(cell.weight for cell in found.used.values()), everyone),
    )


def _table(cells: Mapping[tuple[S, G], Moments]) -> dict[S, dict[G, Moments]]:
    table: dict[S, dict[G, Moments]] = {}
    for (stratum, group), cell in cells.items():
        if cell.weight:
            table.setdefault(stratum, {})[group] = cell
    return table


@dataclass(frozen=True, kw_only=True)
class _Combinations(Generic[S, G]):
    """The strata used, and every group's two figures as values and as coefficients of the cells' means."""

    used: Mapping[tuple[S, G], Moments]
    strata: list[S]
    groups: list[G]
    shares: Mapping[G, Fraction]
    free: Mapping[S, Fraction]
    unaware: Mapping[S, Fraction]

    def against(self, reference: G, weights: Mapping[G, int]) -> dict[G, GroupBenchmark]:
        estimates = {key: cell.estimate() for key, cell in self.used.items()}
        over = {group: (self._overcharge(group), self._overcharge_weights(group)) for group in self.groups}
        proxy = {group: (self._proxy(group), self._proxy_weights(group)) for group in self.groups}
        found = {}
        for group in self.groups:
            differences: list[Effect | None] = [None, None]
            if group != reference:
                for place, figures in enumerate((over, proxy)):
                    (value, along), (other, opposite) = figures[group], figures[reference]
                    keys = {**along, **opposite}
                    both = {key: along.get(key, 0.0) - opposite.get(key, 0.0) for key in keys}
                    differences[place] = Effect(value=value - other, contrast=_contrast(value - other, both, estimates))
            found[group] = GroupBenchmark(
                coverage=Fraction(self._own_weight(group), weights[group]),
                overcharge=Effect(value=over[group][0], contrast=_contrast(*over[group], estimates)),
                proxy_effect=Effect(value=proxy[group][0], contrast=_contrast(*proxy[group], estimates)),
                overcharge_difference=differences[0],
                proxy_difference=differences[1],
            )
        return found

    def _own_weight(self, group: G) -> int:
        return sum(self.used[stratum, group].weight for stratum in self.strata)

    def _overcharge(self, group: G) -> Fraction:
        own = [(self.used[stratum, group], self.free[stratum]) for stratum in self.strata]
        return exact_sum(cell.value - cell.weight * free for cell, free in own) / self._own_weight(group)

    def _proxy(self, group: G) -> Fraction:
        moved = (
            self.used[stratum, group].weight * (self.unaware[stratum] - self.free[stratum]) for stratum in self.strata
        )
        return exact_sum(moved) / self._own_weight(group)

    def _overcharge_weights(self, group: G) -> dict[tuple[S, G], float]:
        """ω_gs·(1[d = g] − P(d))."""
        whole = self._own_weight(group)
        weights = {}
        for stratum in self.strata:
            share = self.used[stratum, group].weight / whole
            for other in self.groups:
                weights[stratum, other] = share * (float(other == group) - self._share(other))
        return weights

    def _proxy_weights(self, group: G) -> dict[tuple[S, G], float]:
        """ω_gs·(P(d | x) − P(d))."""
        whole = self._own_weight(group)
        weights = {}
        for stratum in self.strata:
            share = self.used[stratum, group].weight / whole
            here = sum(self.used[stratum, other].weight for other in self.groups)
            for other in self.groups:
                weights[stratum, other] = share * (self.used[stratum, other].weight / here - self._share(other))
        return weights

    def _share(self, group: G) -> float:
        return float(self.shares[group])


def _contrast(
    value: Fraction, along: Mapping[tuple[S, G], float], estimates: Mapping[tuple[S, G], Estimate | None]
) -> StudentContrast | None:
    """Σa·m against 0 with variance Σa²v, Satterthwaite's degrees of freedom; None where one is unknown or all are 0."""
    parts = []
    for key, weight in along.items():
        estimate = estimates[key]
        if weight == 0:
            continue
        if estimate is None or not math.isfinite(estimate.variance):
            return None
        parts.append((weight**2 * estimate.variance, estimate.degrees_of_freedom))
    variance = math.fsum(part for part, _ in parts)
    doubt = math.fsum(part**2 / freedom for part, freedom in parts if part > 0)
    if not variance > 0:
        return None
    return StudentContrast(
        estimate=float(value),
        standard_error=math.sqrt(variance),
        degrees_of_freedom=variance**2 / doubt if doubt > 0 else math.inf,
        parity=0.0,
        method=METHOD,
        exact=value,
    )
