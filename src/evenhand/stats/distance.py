"""Total variation between two mixes, with a test that keeps its level: the largest of its subset differences.

½Σ|p_g − q_g| is the largest difference P(S) − Q(S) over sets S of groups. Each such difference is a difference of two
shares and has an ordinary standard error; the distance itself is biased up, and a bootstrap of it is not valid where
some gaps are 0. May import: numpy, stats.contrast, stats.resample, stats.tails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenhand.stats.contrast import Contrast
from evenhand.stats.resample import multinomial_replicates
from evenhand.stats.tails import critical_z, normal_below

MOST_GROUPS = 12
"""2¹² subsets are tested; with more groups the distance is reported without an interval."""
_MOST_VALUES = 8_000_000
_SUBSET_REPLICATES = 10_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class DistanceContrast(Contrast):
    """A distance as the largest of its subset differences (`gaps`, one per subset, with `errors`).

    Below the limit when every subset difference is (intersection-union, no correction: Berger 1982). Above it when some
    subset difference is, allowing for all subsets at once: `maxima` are the largest studentised deviations of
    replicates (max-T, Westfall & Young 1993). Parity is 0.

    Example: two groups, gaps +.15 and −.15 with standard error .02 each: p_less(.2) is the normal tail at .05/.02.
    """

    gaps: Floats
    errors: Floats
    maxima: Floats
    estimate: float | None = field(init=False, default=None)
    parity: float | None = field(init=False, default=0.0)
    method = "max-T over sets of groups"

    def __post_init__(self) -> None:
        object.__setattr__(self, "estimate", float(self.gaps.max()))

    def p_less(self, limit: float) -> float:
        return normal_below(-float(((limit - self.gaps) / self.errors).min()))

    def p_greater(self, limit: float) -> float:
        reached = float(((self.gaps - limit) / self.errors).max())
        return (1 + int((self.maxima >= reached).sum())) / (1 + len(self.maxima))

    def lower(self, alpha: float) -> float:
        # The smallest threshold that fewer than alpha·(B+1) − 1 replicates reach: the exact inversion of p_greater.
        allowed = int(np.ceil(alpha * (len(self.maxima) + 1))) - 1
        if allowed < 1:
            return 0.0
        threshold = float(np.sort(self.maxima)[len(self.maxima) - allowed])
        return max(0.0, float((self.gaps - threshold * self.errors).max()))

    def upper(self, alpha: float) -> float:
        return min(1.0, float((self.gaps + critical_z(alpha) * self.errors).max()))

    def p_parity(self) -> float | None:
        return self.p_greater(0.0)


def subsets(groups: int) -> NDArray[np.float64]:
    """Every set of groups but the empty and the whole one, as rows of 0 and 1."""
    numbers = np.arange(1, 2**groups - 1)
    return ((numbers[:, None] >> np.arange(groups)) & 1).astype(np.float64)


def delivered_distance(delivered: Sequence[int], eligible: Sequence[int], *, seed: int) -> DistanceContrast | None:
    """Mix of the delivered against the mix of the eligible whom they are part of; None where nothing can vary.

    Influence of a person on P_d(S) − P_e(S): δ(1_S − P_d)/π − (1_S − P_e), δ delivered, π the share delivered.
    Raises ValueError where a group has more delivered than eligible.
    """
    d, e = np.asarray(delivered, dtype=np.float64), np.asarray(eligible, dtype=np.float64)
    if (d > e).any():
        raise ValueError("the delivered must be some of the eligible")
    n, members = e.sum(), _members(len(d))
    if members is None or d.sum() in (0, n):
        return None
    share = d.sum() / n
    p_delivered, p_eligible = members @ d / d.sum(), members @ e / n
    variance = np.zeros(len(members))
    for inside in (1.0, 0.0):
        chosen = members if inside else 1 - members
        for reached, counts in ((1.0, d), (0.0, e - d)):
            influence = reached * (inside - p_delivered) / share - (inside - p_eligible)
            variance += influence**2 * (chosen @ counts) / n
    replicates = _replicates(len(members))
    drawn = multinomial_replicates([*delivered, *(e - d).astype(int).tolist()], replicates, seed).astype(np.float64)
    drawn_d = drawn[:, : len(d)]
    drawn_e = drawn_d + drawn[:, len(d) :]
    drawn_d, drawn_e = drawn_d[drawn_d.sum(axis=1) > 0], drawn_e[drawn_d.sum(axis=1) > 0]
    gaps = drawn_d / drawn_d.sum(axis=1, keepdims=True) - drawn_e / n
    return _contrast(p_delivered - p_eligible, variance / n, gaps @ members.T)


def declared_distance(counts: Sequence[int], shares: Sequence[float], *, seed: int) -> DistanceContrast | None:
    """Mix of `counts` against declared `shares` (they add up to 1); None where nothing can vary."""
    found, declared = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    members = _members(len(found))
    if members is None or not found.sum():
        return None
    n = found.sum()
    cases = members @ found
    share = cases / n
    # A set that nobody or everybody is in has no spread of its own, and is the one that matters when a group is absent:
    # its variance is taken half a person away from the edge.
    inner = np.where((cases == 0) | (cases == n), (cases + 0.5) / (n + 1), share)
    drawn = multinomial_replicates(list(counts), _replicates(len(members)), seed) / n
    return _contrast(share - members @ declared, inner * (1 - inner) / n, (drawn - declared) @ members.T)


def _members(groups: int) -> Floats | None:
    return subsets(groups) if 2 <= groups <= MOST_GROUPS else None


def _replicates(subsets_tested: int) -> int:
    return max(2000, min(_SUBSET_REPLICATES, _MOST_VALUES // subsets_tested))


def _contrast(gaps: Floats, variance: Floats, drawn: Floats) -> DistanceContrast | None:
    """Sets without any spread are of groups that nobody is in on either side; they say nothing and are left out."""
    varies = variance > 0
    if np.any(gaps[~varies] != 0):
        raise ValueError("a set of groups with a gap has a variance")
    if not varies.any():
        return None
    gaps, errors = gaps[varies], np.sqrt(variance[varies])
    maxima = ((drawn[:, varies] - gaps) / errors).max(axis=1)
    return DistanceContrast(gaps=gaps, errors=errors, maxima=maxima)
