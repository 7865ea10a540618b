"""A contrast multiplied by a fixed number: a difference of rates times the people it concerns is a number of people.

May import: stats.contrast.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from evenhand.stats.contrast import Contrast


@dataclass(frozen=True, kw_only=True)
class ScaledContrast(Contrast):
    """`factor` × the inner contrast; a negative factor turns its sides round. `factor` must not be 0.

    `parity` is the inner parity, scaled, unless given: a share divided by the share it should be has parity 1.

    Example: a difference of −0.1 among 50 people, times −50, is a shortfall of 5 people.
    """

    inner: Contrast
    factor: float
    parity: float | None = None
    estimate: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.factor == 0:
            raise ValueError("a contrast times 0 says nothing")
        if self.inner.estimate is not None:
            object.__setattr__(self, "estimate", self.inner.estimate * self.factor)
        if self.parity is None and self.inner.parity is not None:
            object.__setattr__(self, "parity", self.inner.parity * self.factor + 0.0)

    @property
    def method(self) -> str:  # type: ignore[override]  # the inner method's name, so an instance attribute
        return self.inner.method

    def p_less(self, limit: float) -> float:
        inner = self.inner.p_less if self.factor > 0 else self.inner.p_greater
        return inner(limit / self.factor)

    def p_greater(self, limit: float) -> float:
        inner = self.inner.p_greater if self.factor > 0 else self.inner.p_less
        return inner(limit / self.factor)

    def lower(self, alpha: float) -> float:
        return self.factor * (self.inner.lower(alpha) if self.factor > 0 else self.inner.upper(alpha))

    def upper(self, alpha: float) -> float:
        return self.factor * (self.inner.upper(alpha) if self.factor > 0 else self.inner.lower(alpha))

    def inside(self, minimum: float | None, maximum: float | None) -> tuple[float | None, float | None]:
        """A minimum and a maximum of this contrast as limits of the inner one; a negative factor exchanges them."""
        low = None if minimum is None else minimum / self.factor
        high = None if maximum is None else maximum / self.factor
        return (low, high) if self.factor > 0 else (high, low)

    def exact_estimate(self) -> Fraction | None:
        """Exact only for a whole factor: 1/.51 as a float is not the fraction that was meant."""
        exact = self.inner.exact_estimate()
        if exact is None or not float(self.factor).is_integer():
            return None
        return exact * Fraction(self.factor)
