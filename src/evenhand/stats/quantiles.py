"""Quantiles of prices from a value table: the quantile, its order-statistic interval, and the ratio of two groups'.

May import: numpy, stats.contrast, stats.crossing, stats.tails; scipy.special inside functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from evenhand.stats.contrast import Contrast
from evenhand.stats.crossing import crossing
from evenhand.stats.tails import normal_below

Floats = NDArray[np.float64]

_FARTHEST_Z = 37.0
"""normal_below(−37) is 6e-300: beyond it a p-value is 0 to a float."""


def table_quantile(values: Sequence[float], counts: Sequence[int], quantile: float | Fraction) -> float | None:
    """The smallest value at or below which a share `quantile` of the counts (or weights) lies; None without people.

    numpy's `inverted_cdf`, decided in integers: a float is read as the decimal it prints as, so that .7 of 10 people
    are 7 and not, as .7 · 10 has it in floats, a little more. Raises ValueError unless 0 < quantile < 1, and for a
    table that is none. Source: Hyndman & Fan 1996, definition 1.

    Example: prices 1, 2, 9 with 5, 2 and 3 people: the median is 1, the .7 quantile 2, the .9 quantile 9.
    """
    share = _share(quantile)
    below = _up_to_each(values, counts)
    total = int(below[-1]) if len(below) else 0
    if total == 0:
        return None
    return values[int(np.searchsorted(below, math.ceil(share * total)))]


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantileContrast(Contrast):
    """A group's quantile Q against a limit, by the number of people priced at or below it: a binomial test.

    If Q ≤ limit, at least a share q of people lie at or below the limit: p_greater = P(B ≤ #{x ≤ limit}), and
    p_less = P(B ≥ #{x < limit}), for B ~ Binomial(n, q). The bounds are order statistics, valid for any distribution
    (ties included); ±∞ where so few people lie beyond the quantile that no bound exists. A limit is judged exactly.

    `values` are those that occur, ascending, `below` the (effective) people up to each, `total` all of them. Where
    people are weighted, `below` and `total` are in effective people and the binomial tail is the beta integral that
    equals it at whole numbers (Korn & Graubard 1998, Survey Methodology 24, 193-201); Woodruff 1952 uses its normal
    approximation. `mid` halves the probability of the observed count, which nothing but `QuantileRatio` asks for.
    Source: Thompson 1936; David & Nagaraja 2003, Order Statistics, section 7.1.

    Example: five people's median: P(B ≤ 0) = 1/32 ≥ .025, so that nothing bounds it at one-sided .025; at .05 it lies
    between the smallest and the largest.
    """

    values: Floats
    below: Floats
    total: float
    quantile: float
    estimate: float | None
    exact: Fraction | None = None
    mid: bool = False
    parity: float | None = field(init=False, default=None)
    method: str = "exact order statistics"
    _up_to: Floats = field(init=False, repr=False)
    _from: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from scipy.special import betainc

        n, q = self.total, self.quantile
        inside = np.clip(self.below[:-1], 0.0, n)
        up_to = np.concatenate(([(1 - q) ** n], betainc(n - inside, inside + 1, 1 - q), [1.0]))
        fr = np.concatenate(([1.0], betainc(inside, n - inside + 1, q), [q**n]))
        if self.mid:
            up_to, fr = (up_to + 1 - fr) / 2, (fr + 1 - up_to) / 2
        object.__setattr__(self, "_up_to", np.maximum.accumulate(up_to))
        object.__setattr__(self, "_from", np.minimum.accumulate(fr))

    def p_greater(self, limit: float) -> float:
        return float(self._up_to[np.searchsorted(self.values, limit, side="right")])

    def p_less(self, limit: float) -> float:
        return float(self._from[np.searchsorted(self.values, limit, side="left")])

    def lower(self, alpha: float) -> float:
        place = int(np.searchsorted(self._up_to, alpha, side="left"))
        return float(self.values[place - 1]) if place else -math.inf

    def upper(self, alpha: float) -> float:
        place = int(np.searchsorted(-self._from, -alpha, side="right"))
        return float(self.values[place - 1]) if place <= len(self.values) else math.inf

    def exact_estimate(self) -> Fraction | None:
        return self.exact


def quantile_level(
    values: Sequence[float],
    counts: Sequence[int],
    quantile: float | Fraction,
    *,
    effective_n: float | Fraction | None = None,
) -> QuantileContrast | None:
    """A group's quantile with its order-statistic interval; None without people.

    `effective_n` is given where `counts` are weights or people repeat (Kish's (Σw)²/Σw², or people over the design
    effect); the number of people otherwise. Raises ValueError as `table_quantile` does.
    """
    return _level(values, counts, quantile, effective_n, mid=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantileRatio(Contrast):
    """Q_g/Q₀ of two independent groups; the bounds of the logs recovered from each group's order statistics (MOVER):

    log upper = log(Q_g/Q₀) + √[(log u_g − log Q_g)² + (log Q₀ − log l₀)²], and log lower likewise with l_g and u₀.

    The groups' bounds are the mid-p ones: two exact intervals combined cover .972 to .981 for .95 at 100 people, where
    the mid-p ones cover .954 to .980, and .944 to .970 at 1,000 (log-normal prices, σ .5 to 1.5, q .1, .5 and .9). A
    p-value is the level at which the bound reaches the limit; both move in steps, as the order statistics do. Raises
    ValueError unless both quantiles are above 0.
    Source: Zou & Donner 2008, Statistics in Medicine 27, 1693-1702; Donner & Zou 2012, Statistical Methods in Medical
    Research 21, 347-359 (ratios); Lancaster 1961 (mid-p).

    Example: medians 120 and 100 with bounds 110 to 130 and 100 to 100: 1.2, from 1.1 to 1.3.
    """

    group: QuantileContrast
    reference: QuantileContrast
    estimate: float | None = field(init=False, default=None)
    parity: float | None = field(init=False, default=1.0)
    method = "MOVER of log order statistics"

    def __post_init__(self) -> None:
        ours, theirs = self.group.estimate, self.reference.estimate
        if ours is None or theirs is None or not (ours > 0 and theirs > 0):
            raise ValueError("a ratio of quantiles needs both above 0")
        object.__setattr__(self, "estimate", ours / theirs)

    def lower(self, alpha: float) -> float:
        return self._times(-math.hypot(_fall(self.group, alpha), _rise(self.reference, alpha)))

    def upper(self, alpha: float) -> float:
        return self._times(math.hypot(_rise(self.group, alpha), _fall(self.reference, alpha)))

    def p_less(self, limit: float) -> float:
        return normal_below(self._z(limit))

    def p_greater(self, limit: float) -> float:
        return normal_below(-self._z(limit))

    def exact_estimate(self) -> Fraction | None:
        ours, theirs = self.group.exact, self.reference.exact
        return ours / theirs if ours is not None and theirs else None

    def _times(self, reach: float) -> float:
        assert self.estimate is not None
        return self.estimate * math.exp(reach) if reach < 700 else math.inf

    def _z(self, limit: float) -> float:
        """Signed z at which the bound on the limit's side reaches `limit`; ±∞ where it never does."""
        assert self.estimate is not None
        if limit < 0:
            return math.inf
        above = limit > self.estimate

        def short_of(z: float) -> float:
            alpha = normal_below(-z)
            return limit - self.upper(alpha) if above else self.lower(alpha) - limit

        z = crossing(short_of, 1.0, 1.0, 0.0, _FARTHEST_Z)
        if z == _FARTHEST_Z and short_of(z) > 0:
            z = math.inf
        return -z if above else z


def quantile_ratio(
    values: Sequence[float],
    group: Sequence[int],
    reference: Sequence[int],
    quantile: float | Fraction,
    *,
    effective_n: float | Fraction | None = None,
    reference_effective_n: float | Fraction | None = None,
) -> QuantileRatio | None:
    """Q_g(q)/Q₀(q) of two independent groups on one grid of values; None unless both quantiles are above 0.

    Example: prices 100 and 120, one each for the group and two of 100 for the reference: at q = .9 the ratio is 1.2.
    """
    ours = _level(values, group, quantile, effective_n, mid=True)
    theirs = _level(values, reference, quantile, reference_effective_n, mid=True)
    if ours is None or theirs is None or min(ours.estimate or 0.0, theirs.estimate or 0.0) <= 0:
        return None
    return QuantileRatio(group=ours, reference=theirs)


def _fall(side: QuantileContrast, alpha: float) -> float:
    """log Q − log of its lower bound, at least 0: a mid-p bound at levels near ½ may pass the quantile."""
    bound, centre = side.lower(alpha), side.estimate or 0.0
    return max(0.0, math.log(centre) - math.log(bound)) if bound > 0 else math.inf


def _rise(side: QuantileContrast, alpha: float) -> float:
    bound, centre = side.upper(alpha), side.estimate or 0.0
    return max(0.0, math.log(bound) - math.log(centre)) if bound > 0 else 0.0


def _level(
    values: Sequence[float],
    counts: Sequence[int],
    quantile: float | Fraction,
    effective_n: float | Fraction | None,
    *,
    mid: bool,
) -> QuantileContrast | None:
    estimate = table_quantile(values, counts, quantile)
    if estimate is None:
        return None
    occurring = np.asarray(counts) > 0
    below = np.cumsum(np.asarray(counts, dtype=np.int64))[occurring]
    total = int(below[-1])
    size = float(total if effective_n is None else effective_n)
    return QuantileContrast(
        values=np.asarray(values, dtype=np.float64)[occurring],
        below=below.astype(np.float64) if effective_n is None else below / total * size,
        total=size,
        quantile=float(quantile),
        estimate=float(estimate),
        exact=Fraction(estimate),
        mid=mid,
        method="exact order statistics" if effective_n is None else "order statistics, effective n",
    )


def _share(quantile: float | Fraction) -> Fraction:
    share = quantile if isinstance(quantile, Fraction) else Fraction(repr(float(quantile)))
    if not 0 < share < 1:
        raise ValueError("a quantile lies between 0 and 1")
    return share


def _up_to_each(values: Sequence[float], counts: Sequence[int]) -> NDArray[np.int64]:
    """How many lie at or below each value. Raises ValueError for what is no value table."""
    prices, people = np.asarray(values, dtype=np.float64), np.asarray(counts, dtype=np.int64)
    if prices.shape != people.shape or (np.diff(prices) <= 0).any():
        raise ValueError("a value table needs ascending values and a count at each")
    if (people < 0).any():
        raise ValueError("a value table needs counts of 0 or more")
    return np.cumsum(people)
