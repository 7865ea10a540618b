"""Bootstrap from counts: replicates of a table, and `ReplicateContrast`, the percentile inference drawn from them.

For independent rows, Multinomial(n, counts/n) is the bootstrap of the rows given n: 10,000 replicates cost the same
whatever the number of rows. May import: numpy, stats.contrast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenhand.stats.contrast import Contrast

LEAST_REPLICATES = 2000


def multinomial_replicates(counts: Sequence[int], replicates: int, seed: int) -> NDArray[np.int64]:
    """`replicates` tables drawn from Multinomial(n, counts/n), as an array (replicates, len(counts)).

    Each row sums to n, and a cell that is empty stays empty. Generator(PCG64(seed)), so that equal inputs give equal
    bytes. Raises ValueError below 2,000 replicates, for an empty table or negative counts.
    Source: Efron 1979, Annals of Statistics 7, 1-26.

    Example: counts (3, 0) can only give rows (3, 0).
    """
    table = np.asarray(counts, dtype=np.int64)
    n = int(table.sum())
    if replicates < LEAST_REPLICATES:
        raise ValueError(f"fewer than {LEAST_REPLICATES} replicates do not give a percentile")
    if n <= 0 or table.min() < 0:
        raise ValueError("a table to resample needs counts of 0 or more, not all 0")
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn: NDArray[np.int64] = generator.multinomial(n, table / n, size=replicates)
    return drawn


@dataclass(frozen=True, kw_only=True, eq=False)
class ReplicateContrast(Contrast):
    """p-values by counting replicates beyond the limit, (1 + #)/(B + 1), and the percentile bounds that invert them.

    For smooth functions of counts with no simpler interval (F1, MCC). Never for an extremum over groups, whose
    percentile intervals are wrong at parity. A replicate without a value (NaN) counts against either conclusion.
    Raises ValueError below 2,000 replicates.
    Source: Davison & Hinkley 1997, Bootstrap Methods, ch. 4 and 5.

    Example: 2,499 replicates of which 74 are ≥ .8: p_less(.8) = 75/2500 = .03.
    """

    estimate: float | None
    replicates: NDArray[np.float64] = field(repr=False)
    parity: float | None = None
    method = "percentile bootstrap"

    def __post_init__(self) -> None:
        drawn = np.sort(np.asarray(self.replicates, dtype=np.float64))
        if len(drawn) < LEAST_REPLICATES:
            raise ValueError(f"at least {LEAST_REPLICATES} replicates are needed")
        if self.estimate is None or math.isnan(self.estimate):
            raise ValueError("the estimate must be a number")
        drawn.setflags(write=False)
        object.__setattr__(self, "replicates", drawn)

    @property
    def _defined(self) -> NDArray[np.float64]:
        return self.replicates[: len(self.replicates) - self._undefined]

    @property
    def _undefined(self) -> int:
        return int(np.isnan(self.replicates).sum())

    def p_less(self, limit: float) -> float:
        inside = int(np.searchsorted(self._defined, limit, side="left"))
        return (1 + len(self.replicates) - inside) / (len(self.replicates) + 1)

    def p_greater(self, limit: float) -> float:
        beyond = int(np.searchsorted(self._defined, limit, side="right"))
        return (1 + beyond + self._undefined) / (len(self.replicates) + 1)

    def lower(self, alpha: float) -> float:
        allowed = self._allowed(alpha)
        return -math.inf if allowed < 0 else float(self._defined[allowed])

    def upper(self, alpha: float) -> float:
        allowed = self._allowed(alpha)
        return math.inf if allowed < 0 else float(self._defined[-1 - allowed])

    def _allowed(self, alpha: float) -> int:
        """The most values that may lie beyond a limit with (1 + #)/(B + 1) < alpha; negative if not even none may."""
        if not 0 < alpha <= 0.5:
            raise ValueError("a one-sided bound needs 0 < alpha ≤ .5")
        size = len(self.replicates) + 1
        allowed = math.ceil(alpha * size) - 2
        # alpha·size may round across an integer: settle it by the very comparison that the p-value makes.
        while (2 + allowed) / size < alpha:
            allowed += 1
        while allowed >= 0 and not (1 + allowed) / size < alpha:
            allowed -= 1
        return min(allowed - self._undefined, len(self._defined) - 1)
