"""A contrast multiplied by a fixed number: a difference of rates times the people it concerns is a number of people.

A ratio of prices as a percentage above parity, 100·(ratio − 1), is one too, counted from 1 instead of 0.

May import: stats.contrast.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from evenhand.stats.contrast import Contrast


@dataclass(frozen=True, kw_only=True)
class ScaledContrast(Contrast):
    """`factor` × (inner − `origin`); a negative factor turns its sides round. `factor` must not be 0.

    `parity` is the inner parity, scaled, unless given: a share divided by the share it should be has parity 1.

    Example: a difference of −0.1 among 50 people, times −50, is a shortfall of 5 people.
    A ratio of 1.05 with factor 100 and origin 1 is 5 percent, with parity 0.
    """

    inner: Contrast
    factor: float
    origin: float = 0.0
    parity: float | None = None
    estimate: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.factor == 0:
            raise ValueError("a contrast times 0 says nothing")
        if self.inner.estimate is not None:
            exact = self.exact_estimate() if self.origin else None  # 100·(1.05 − 1) is 5.000000000000004 in floats
            shown = self.outward(self.inner.estimate) if exact is None else float(exact)
            object.__setattr__(self, "estimate", shown)
        if self.parity is None and self.inner.parity is not None:
            object.__setattr__(self, "parity", self.outward(self.inner.parity) + 0.0)

    @property
    def method(self) -> str:  # type: ignore[override]  # the inner method's name, so an instance attribute
        return self.inner.method

    def outward(self, value: float) -> float:
        """A value of the inner contrast as a value of this one."""
        return self.factor * (value - self.origin)

    def inward(self, value: float) -> float:
        """A value of this contrast as a value of the inner one."""
        return value / self.factor + self.origin

    def p_less(self, limit: float) -> float:
        inner = self.inner.p_less if self.factor > 0 else self.inner.p_greater
        return inner(self.inward(limit))

    def p_greater(self, limit: float) -> float:
        inner = self.inner.p_greater if self.factor > 0 else self.inner.p_less
        return inner(self.inward(limit))

    def lower(self, alpha: float) -> float:
        return self.outward(self.inner.lower(alpha) if self.factor > 0 else self.inner.upper(alpha))

    def upper(self, alpha: float) -> float:
        return self.outward(self.inner.upper(alpha) if self.factor > 0 else self.inner.lower(alpha))

    def inside(self, minimum: float | None, maximum: float | None) -> tuple[float | None, float | None]:
        """A minimum and a maximum of this contrast as limits of the inner one; a negative factor exchanges them."""
        low = None if minimum is None else self.inward(minimum)
        high = None if maximum is None else self.inward(maximum)
        return (low, high) if self.factor > 0 else (high, low)

    def exact_estimate(self) -> Fraction | None:
        """Exact only for a whole factor and origin: 1/.51 as a float is not the fraction that was meant."""
        exact = self.inner.exact_estimate()
        if exact is None or not (float(self.factor).is_integer() and float(self.origin).is_integer()):
            return None
        return (exact - Fraction(self.origin)) * Fraction(self.factor)
