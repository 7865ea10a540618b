"""What a verdict needs of any estimate: one statistic, its one-sided p-values, and its inversion.

Every way of comparing (score tests, t on a log scale, bootstrap replicates, exact counts) is a `Contrast`. The judge
sees only this class, so that a new statistic needs no change in the judge.

Law (tested over every subclass): for 0 < alpha < .5, `upper(alpha) < limit` exactly when `p_less(limit) < alpha`, and
`lower(alpha) > limit` exactly when `p_greater(limit) < alpha` (up to the solver's 1e-9).

May import: numpy and the standard library. scipy.stats takes 1.9 s to import: use scipy.special, inside functions.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Interval:
    """A confidence interval. A bound may be ±inf, which is what `unbounded` in results.json says."""

    low: float
    high: float
    confidence: float
    method: str

    @property
    def unbounded(self) -> bool:
        return math.isinf(self.low) or math.isinf(self.high)


class Contrast(ABC):
    """An estimate together with the test that judges it and the inversion of that test.

    `parity` is the value at which groups are treated alike (1 for a ratio, 0 for a difference), or None for a level
    such as one group's own rate. `estimate` is None where undefined and `math.inf` where it has no upper bound.
    `method` names the test and its inversion for the report. `known` is True where the estimate is the population's
    own value (a count over everyone): there is nothing to infer, and `compare` alone decides, a tie meeting the limit.
    """

    method: str
    known: bool = False
    parity: float | None
    estimate: float | None

    @abstractmethod
    def p_less(self, limit: float) -> float:
        """One-sided p-value against H0: true value ≥ limit. Small when the data say it is less."""

    @abstractmethod
    def p_greater(self, limit: float) -> float:
        """One-sided p-value against H0: true value ≤ limit. Small when the data say it is greater."""

    @abstractmethod
    def lower(self, alpha: float) -> float:
        """One-sided lower confidence bound at level 1 - alpha (inverts `p_greater`); may be -inf or a natural bound."""

    @abstractmethod
    def upper(self, alpha: float) -> float:
        """One-sided upper confidence bound at level 1 - alpha (inverts `p_less`); may be inf."""

    def p_parity(self) -> float | None:
        """Two-sided p-value of parity; None for a level or where undefined."""
        if self.parity is None:
            return None
        return min(1.0, 2 * min(self.p_less(self.parity), self.p_greater(self.parity)))

    def interval(self, confidence: float = 0.95) -> Interval:
        """Two-sided interval with equal tails."""
        tail = (1 - confidence) / 2
        return Interval(self.lower(tail), self.upper(tail), confidence, self.method)

    def exact_estimate(self) -> Fraction | None:
        """The estimate as a fraction where it is a function of whole counts; None where it only exists as a float."""
        return None

    def compare(self, limit: Fraction) -> int:
        """Sign of estimate - limit, decided exactly (in integers) where the estimate is a function of counts.

        Otherwise floats are compared. Example: 6/10 over 9/12 against 4/5 is a tie, though .6/.75 is .7999… in floats.
        """
        if self.estimate is None:
            raise ValueError("an undefined estimate cannot be compared")
        exact = self.exact_estimate()
        if exact is not None:
            return (exact > limit) - (exact < limit)
        difference = self.estimate - float(limit)
        return (difference > 0) - (difference < 0)
