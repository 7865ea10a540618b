"""People with rows in several strata: the variance of a sum over strata that knows which rows are one person's.

Of each person it needs only the products of what they add in one stratum and in another, summed over all people.
May import: nothing of evenhand.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

S = TypeVar("S", bound=Hashable)
Floats = npt.NDArray[np.float64]


class Totals(NamedTuple):
    """Σy and Σx over the people of a stratum, and how many they are."""

    y: int
    x: int
    people: int


class Products(NamedTuple):
    """Σ over people of y·y′, y·x′, x·y′ and x·x′: y and x in one stratum, y′ and x′ in another or the same.

    y is a person's sum of values there, each times its weight, and x their sum of weights, in whole units.
    """

    yy: int
    yx: int
    xy: int
    xx: int


@dataclass(frozen=True, eq=False)
class ClusteredStrata(Generic[S]):
    """What the people of one group add in every two strata, centred around the strata's means.

    `people` is how many there are, `people_in` each stratum, `weight_in` their Σx there. `centres` are whole units
    near the means; `one` and `other` number the strata of each pair, in the order of `centres`. Build it by `of`.
    """

    people: int
    people_in: Mapping[S, int]
    weight_in: Mapping[S, int]
    centres: Mapping[S, Fraction]
    one: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    yy: Floats
    yx: Floats
    xy: Floats
    xx: Floats

    @classmethod
    def of(
        cls,
        people: int,
        totals: Mapping[S, Totals],
        pairs: Mapping[tuple[S, S], Products],
        *,
        unit: Fraction = Fraction(1),
    ) -> ClusteredStrata[S]:
        """From exact sums; `unit` is what a whole unit of y is in money. `pairs` lists two strata in both orders.

        Products are centred before they become floats: prices of 1e9 ± 1 would
        leave nothing of their spread otherwise.

        Example: one stratum, two people with y = 3 and 5, x = 1 each: centre 4, Σ(y − 4x)² = 2, Σ(y − 4x)x = 0.
        """
        whole = {stratum: round(Fraction(y, x)) if x else 0 for stratum, (y, x, _) in totals.items()}
        place = {stratum: i for i, stratum in enumerate(whole)}
        centred = []
        for (s, t), (yy, yx, xy, xx) in pairs.items():
            here, there = whole[s], whole[t]
            centred.append((yy - there * yx - here * xy + here * there * xx, yx - here * xx, xy - there * xx, xx))
        sums = np.array([[float(n) for n in row] for row in centred]).reshape(-1, 4).T
        scale = float(unit)
        return cls(
            people=people,
            people_in={stratum: found.people for stratum, found in totals.items()},
            weight_in={stratum: found.x for stratum, found in totals.items()},
            centres={stratum: centre * unit for stratum, centre in whole.items()},
            one=np.array([place[s] for s, _ in pairs], dtype=np.int64),
            other=np.array([place[t] for _, t in pairs], dtype=np.int64),
            yy=sums[0] * scale**2,
            yx=sums[1] * scale,
            xy=sums[2] * scale,
            xx=sums[3],
        )

    def variance(self, coefficients: Mapping[S, tuple[float, float]]) -> float:
        """c·Σ_{s,t} [A_sA_tΣyy′ + A_sB_tΣyx′ + B_sA_tΣxy′ + B_sB_tΣxx′], of Σ_s(A_s·y_s + B_s·x_s) per person.

        `coefficients` are (A, B) by stratum, y counted from the stratum's centre; other strata have none. The factor
        c = u/(u−1) · (N−1)/(N−k) for u people who are N in the k strata, each counted once in each, makes up for means
        taken from the same people. NaN where u < 2 or N ≤ k. Source: linearisation of ratios of sums in domains,
        with-replacement units (Cochran 1977, ch. 6; Särndal, Swensson & Wretman 1992, section 5.5); the factor is
        that of cluster-robust regressions, CR1 (Cameron & Miller 2015, section II.B).

        Example: of the two people above with A = ½, B = 0, the variance of their mean: 2/1 · 1/1 · ¼ · 2 = 1 = s²/n.
        """
        there = sum(self.people_in.get(stratum, 0) for stratum in coefficients)
        if self.people < 2 or there <= len(coefficients):
            return math.nan
        a, b = (np.array([coefficients.get(s, (0.0, 0.0))[i] for s in self.centres]) for i in (0, 1))
        terms: Any = (
            a[self.one] * a[self.other] * self.yy
            + a[self.one] * b[self.other] * self.yx
            + b[self.one] * a[self.other] * self.xy
            + b[self.one] * b[self.other] * self.xx
        )
        factor = self.people / (self.people - 1) * (there - 1) / (there - len(coefficients))
        return factor * max(0.0, math.fsum(terms.tolist()))

    def effective_people(self, strata: Collection[S]) -> float:
        """(Σx)²/Σx² over the people in these strata (Kish): fewer than there are where a few have most of the rows.

        Example: one person with three rows and one with one: 16/10 = 1.6 people.
        """
        there = np.array([stratum in strata for stratum in self.centres], dtype=bool)
        squares = math.fsum(self.xx[there[self.one] & there[self.other]].tolist())
        return sum(self.weight_in.get(stratum, 0) for stratum in strata) ** 2 / squares if squares else 0.0

    def degrees_of_freedom(self, coefficients: Mapping[S, Any]) -> int:
        """u − 1, or N − k where that is less."""
        there = sum(self.people_in.get(stratum, 0) for stratum in coefficients)
        return min(self.people - 1, there - len(coefficients))
