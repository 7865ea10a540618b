"""Contrasts made of independent contrasts: a weighted sum (`MoverContrast`) and the largest gap (`LargestOf`).

May import: stats.contrast, stats.crossing, stats.tails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from evenhand.stats.contrast import Contrast
from evenhand.stats.crossing import crossing
from evenhand.stats.tails import normal_below

_FARTHEST_Z = 37.0
"""normal_below(−37) is 6e-300: beyond it a p-value is 0 to a float."""


@dataclass(frozen=True, kw_only=True)
class MoverContrast(Contrast):
    """Σ cᵢθᵢ over independent parts, its bounds recovered from the parts' own (MOVER):

    lower = Σcᵢθ̂ᵢ − √Σ[cᵢ(θ̂ᵢ − lᵢ)]², upper = Σcᵢθ̂ᵢ + √Σ[cᵢ(uᵢ − θ̂ᵢ)]², with l and u exchanged where cᵢ < 0.

    Keeps the skewness of the parts' intervals, which a sum of standard errors loses. The p-value at a limit is the
    level at which the bound reaches it. Average odds = ½ΔTPR + ½ΔFPR; balanced accuracy = ½TPR + ½TNR.
    Source: Zou & Donner 2008, Statistics in Medicine 27, 1693-1702. Raises ValueError for a part without estimate.

    Example: ½·(.2 ± .06) + ½·(.1 ± .08): .15 ± √(.03² + .04²) = .15 ± .05.
    """

    parts: tuple[tuple[float, Contrast], ...]
    parity: float | None = None
    estimate: float | None = field(init=False, default=None)
    method = "MOVER of score intervals"

    def __post_init__(self) -> None:
        object.__setattr__(self, "estimate", sum(weight * _defined(part) for weight, part in self.parts))

    @property
    def _centre(self) -> float:
        assert self.estimate is not None
        return self.estimate

    def lower(self, alpha: float) -> float:
        reach = [
            weight * (_defined(part) - (part.lower(alpha) if weight > 0 else part.upper(alpha)))
            for weight, part in self.parts
        ]
        return self._centre - math.hypot(*reach)

    def upper(self, alpha: float) -> float:
        reach = [
            weight * ((part.upper(alpha) if weight > 0 else part.lower(alpha)) - _defined(part))
            for weight, part in self.parts
        ]
        return self._centre + math.hypot(*reach)

    def p_less(self, limit: float) -> float:
        return normal_below(self._z(limit))

    def p_greater(self, limit: float) -> float:
        return normal_below(-self._z(limit))

    def _z(self, limit: float) -> float:
        """Signed z at which the bound on the limit's side reaches `limit`; ±∞ where it never does."""
        above = limit > self._centre

        def short_of(z: float) -> float:
            alpha = normal_below(-z)
            return limit - self.upper(alpha) if above else self.lower(alpha) - limit

        z = crossing(short_of, 1.0, 1.0, 0.0, _FARTHEST_Z)
        if z == _FARTHEST_Z and short_of(z) > 0:
            z = math.inf
        return -z if above else z

    def exact_estimate(self) -> Fraction | None:
        terms = []
        for weight, part in self.parts:
            exact = part.exact_estimate()
            if exact is None:
                return None
            terms.append(Fraction(weight) * exact)
        return sum(terms, Fraction(0))


@dataclass(frozen=True, kw_only=True)
class LargestOf(Contrast):
    """The largest absolute gap of several independent gaps, as in equalized odds: max(|ΔTPR|, |ΔFPR|).

    The maximum itself has no good interval, so the parts decide. It is below the limit when every part is, on both
    sides (intersection-union, no correction: Berger 1982); it is above when some part is, two-sided, with Bonferroni
    over the parts, which is Holm's first step. The bounds are the exact inversions.
    Raises ValueError for a part without estimate.

    Example: two gaps whose p-values above +.1 are .01 and .3 and below −.1 are .9: p_greater(.1) = 2·2·.01 = .04.
    """

    parts: tuple[Contrast, ...]
    estimate: float | None = field(init=False, default=None)
    parity: float | None = field(init=False, default=0.0)
    method = "union of two-sided score tests"

    def __post_init__(self) -> None:
        object.__setattr__(self, "estimate", max(abs(_defined(part)) for part in self.parts))

    def p_less(self, limit: float) -> float:
        return max(max(part.p_less(limit), part.p_greater(-limit)) for part in self.parts)

    def p_greater(self, limit: float) -> float:
        if limit < 0:
            return 0.0
        smallest = min(min(part.p_greater(limit), part.p_less(-limit)) for part in self.parts)
        return min(1.0, 2 * len(self.parts) * smallest)

    def lower(self, alpha: float) -> float:
        share = alpha / (2 * len(self.parts))
        return max(0.0, *(max(part.lower(share), -part.upper(share)) for part in self.parts))

    def upper(self, alpha: float) -> float:
        return max(max(part.upper(alpha), -part.lower(alpha)) for part in self.parts)

    def p_parity(self) -> float | None:
        """All gaps are zero; `p_greater` counts both sides already."""
        return self.p_greater(0.0)

    def exact_estimate(self) -> Fraction | None:
        exact = [part.exact_estimate() for part in self.parts]
        known = [abs(value) for value in exact if value is not None]
        return max(known) if len(known) == len(exact) else None


def _defined(part: Contrast) -> float:
    if part.estimate is None or not math.isfinite(part.estimate):
        raise ValueError("a combined contrast needs parts with a finite estimate")
    return part.estimate
