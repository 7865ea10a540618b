"""A value that is known, not estimated: counts over everyone, such as people selected against their consent.

May import: stats.contrast.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from evenhand.stats.contrast import Contrast


@dataclass(frozen=True, kw_only=True)
class KnownValue(Contrast):
    """The population's own value: p is 0 where it lies beyond the limit and 1 elsewhere, the interval is the value.

    At a tie both p-values are 1: the data do not lie beyond the limit on either side. Since `known` is True, the judge
    decides by `compare`, where a tie meets the limit. Give `exact` where the value is a quotient of counts.

    Example: 0 breaches against a limit of at most 0: p_greater(0) = 1, compare(0) = 0, the limit is met.
    """

    estimate: float | None
    parity: float | None = None
    exact: Fraction | None = None
    method = "exact count"
    known = True

    def __post_init__(self) -> None:
        if self.estimate is None or self.estimate != self.estimate:
            raise ValueError("a known value must be a number")

    @property
    def _value(self) -> float:
        assert self.estimate is not None
        return self.estimate

    def p_less(self, limit: float) -> float:
        return 0.0 if self._value < limit else 1.0

    def p_greater(self, limit: float) -> float:
        return 0.0 if self._value > limit else 1.0

    def lower(self, alpha: float) -> float:
        return self._value

    def upper(self, alpha: float) -> float:
        return self._value

    def exact_estimate(self) -> Fraction | None:
        if self.exact is None and float(self._value).is_integer():
            return Fraction(int(self._value))
        return self.exact
