"""Two price distributions as wholes: signed Wasserstein burden, Kolmogorov-Smirnov distance, and both at parity.

A distribution is a value table: ascending `values` with the people (or fixed-point weights) of the group and of the
reference at each. May import: numpy, the standard library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LEAST_REPLICATES = 2000
_MOST_DRAWN = 1_000_000
"""Counts held in memory at once: 8 MB an array."""
_MOST_PEOPLE = 10**9
"""The largest pool that numpy's multivariate hypergeometric draws from."""


@dataclass(frozen=True, kw_only=True)
class SignedBurden:
    """How far the group's prices lie above (`more` ≥ 0) and below (`less` ≤ 0) the reference's; `gap` is their sum."""

    more: Fraction
    less: Fraction

    @property
    def gap(self) -> Fraction:
        """more + less, which is exactly the difference of the means."""
        return self.more + self.less

    @property
    def distance(self) -> Fraction:
        """more − less, Wasserstein's distance ∫|F_g − F₀|: what it costs to turn one distribution into the other."""
        return self.more - self.less


def signed_burden(
    values: Sequence[float | Fraction], group: Sequence[int], reference: Sequence[int]
) -> SignedBurden | None:
    """∫(F₀ − F_g)⁺ dx and −∫(F₀ − F_g)⁻ dx: the prices' quantiles compared rank by rank, apart by their sign.

    `values` ascend; `group` and `reference` are counts or fixed-point weights at each. Exact, in the unit of the
    values. None where a side is empty. Raises ValueError for a table that is none.
    Source: Vallender 1974, Theory of Probability and its Applications 18, 784-786 (W₁ = ∫|F − G|).

    Example: prices 1 and 5 against 2 and 3: the cheaper half pays 1 less, the dearer half 2 more: more 1, less −½.
    """
    shares = _share_gaps(values, group, reference)
    if shares is None:
        return None
    gaps, scale = shares
    # In whole numbers over one denominator: fractions take a second for a few thousand prices of many groups.
    ratios = [value.as_integer_ratio() for value in values]
    unit = math.lcm(*(below for _, below in ratios))
    places = [above * (unit // below) for above, below in ratios]
    areas = [(there - here) * -gap for (here, there), gap in zip(pairwise(places), gaps, strict=False)]
    more, less = sum(area for area in areas if area > 0), sum(area for area in areas if area < 0)
    return SignedBurden(more=Fraction(more, scale * unit), less=Fraction(less, scale * unit))


def ks_distance(values: Sequence[float | Fraction], group: Sequence[int], reference: Sequence[int]) -> Fraction | None:
    """sup|F_g − F₀|, exact; None where a side is empty. Raises ValueError for a table that is none.

    Source: Smirnov 1939. Example: prices 1 and 5 against 2 and 3: at 1 it is ½ − 0, at 3 it is ½ − 1: ½.
    """
    shares = _share_gaps(values, group, reference)
    if shares is None:
        return None
    gaps, scale = shares
    return Fraction(max(abs(gap) for gap in gaps), scale)


@dataclass(frozen=True, kw_only=True)
class DistanceNull:
    """A distance if price and group were unrelated: its mean, 95th percentile, and the observed one's p."""

    mean: float
    percentile_95: float
    p: float


@dataclass(frozen=True, kw_only=True)
class DistributionNull:
    """The distances of two price distributions when people change groups blindly: `more`, distance and KS."""

    ks: DistanceNull
    wasserstein: DistanceNull
    more: DistanceNull


def distribution_null(
    values: Sequence[float], group: Sequence[int], reference: Sequence[int], *, replicates: int, seed: int
) -> DistributionNull | None:
    """The observed distances among `replicates` random divisions of everyone into groups of the same sizes.

    A distance is never below 0, so that at parity it is above it: it is read against this. People are dealt without
    replacement (multivariate hypergeometric over the values, PCG64). p = (1 + #{as large})/(B + 1), a tie counting as
    large. For unweighted people only. None where a side is empty. Raises ValueError below 2,000 replicates, above 10⁹
    people, and for a table that is none.
    Source: Pitman 1937; Phipson & Smyth 2010 for the +1.

    Example: one price for everybody: every distance of every division is 0, and p = 1.
    """
    shares = _share_gaps(values, group, reference)
    if replicates < LEAST_REPLICATES:
        raise ValueError(f"fewer than {LEAST_REPLICATES} replicates do not give a percentile")
    if shares is None:
        return None
    ours = np.asarray(group, dtype=np.int64)
    pool = ours + np.asarray(reference, dtype=np.int64)
    size, everyone = int(ours.sum()), int(pool.sum())
    if everyone > _MOST_PEOPLE:
        raise ValueError("a pool of more than a thousand million people cannot be dealt again")
    steps = np.diff(np.asarray(values, dtype=np.float64))
    observed = _distances(ours[None, :], pool, steps)
    # Shuffling the people is quicker than dealing price by price where prices are many and people few.
    method: Literal["count", "marginals"] = "count" if everyone < 20 * len(pool) else "marginals"
    generator = np.random.Generator(np.random.PCG64(seed))
    at_once = max(1, _MOST_DRAWN // max(len(pool), 1))
    drawn = []
    for start in range(0, replicates, at_once):
        rows = min(at_once, replicates - start)
        dealt = generator.multivariate_hypergeometric(pool, size, size=rows, method=method)
        drawn.append(_distances(dealt, pool, steps))
    ks, wasserstein, more = (
        _null(np.concatenate([part[which] for part in drawn]), float(observed[which][0])) for which in range(3)
    )
    return DistributionNull(ks=ks, wasserstein=wasserstein, more=more)


def _distances(
    drawn: NDArray[np.int64], pool: NDArray[np.int64], steps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """KS, Wasserstein and its `more` of each row of `drawn` against the rest of the pool."""
    size, everyone = int(drawn[0].sum()), int(pool.sum())
    # F_g − F₀ over the common denominator n_g·n₀: C_g·N − C·n_g, whole numbers below 10¹⁸.
    gaps = (np.cumsum(drawn, axis=1) * everyone - np.cumsum(pool) * size)[:, :-1] / (size * (everyone - size))
    ks = np.abs(gaps).max(axis=1, initial=0.0)
    more = np.maximum(-gaps, 0.0) @ steps
    return ks, np.abs(gaps) @ steps, more


def _null(drawn: NDArray[np.float64], observed: float) -> DistanceNull:
    # Sums of floats differ in their last digits between equal divisions: a tie is one up to those.
    as_large = int((drawn >= observed * (1 - 1e-12)).sum())
    return DistanceNull(
        mean=float(drawn.mean()),
        percentile_95=float(np.quantile(drawn, 0.95, method="inverted_cdf")),
        p=(1 + as_large) / (len(drawn) + 1),
    )


def _share_gaps(
    values: Sequence[float | Fraction], group: Sequence[int], reference: Sequence[int]
) -> tuple[list[int], int] | None:
    """(F_g − F₀)·n_g·n₀ at each value, as integers, and n_g·n₀."""
    if not len(values) == len(group) == len(reference) or any(here >= there for here, there in pairwise(values)):
        raise ValueError("a value table needs ascending values and a count of both sides at each")
    if any(count < 0 for side in (group, reference) for count in side):
        raise ValueError("a value table needs counts of 0 or more")
    # Python's integers: products of numpy's overflow silently where counts are fixed-point weights.
    ours, theirs = ([int(count) for count in side] for side in (group, reference))
    size, reference_size = sum(ours), sum(theirs)
    if not (size and reference_size):
        return None
    gaps = [
        below * reference_size - reference_below * size
        for below, reference_below in zip(accumulate(ours), accumulate(theirs), strict=True)
    ]
    return gaps, size * reference_size
