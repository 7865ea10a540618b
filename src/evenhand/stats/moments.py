"""What a cell (one group in one stratum) keeps of a value such as a price: `Moments`, and sums in exact fractions.

Everything about like-for-like means, decompositions, regressions and benchmarks is computed from these six sums.
May import: stats.means, stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from evenhand.stats.means import weighted_mean_estimate
from evenhand.stats.student import Estimate


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Rows that are in a group and in the reference at once: Σ w·w₀, Σ wp·w₀, Σ w·w₀p₀ and Σ wp·w₀p₀ over them.

    w and w₀ are what a row weighs in the two, such as its weight times the share of it that each group has; its value
    is the same in both, p = p₀. Of people with several rows, w and wp are sums over a person's rows, and p and p₀ may
    differ. All 0 where no row is in both.
    """

    weight: int = 0
    value: int | Fraction = 0
    reference_value: int | Fraction = 0
    squares: int | Fraction = 0

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(
            weight=self.weight + other.weight,
            value=self.value + other.value,
            reference_value=self.reference_value + other.reference_value,
            squares=self.squares + other.squares,
        )

    def around(self, centre: Fraction, other: Fraction) -> Fraction:
        """Σ w(p − c)·w₀(p₀ − c₀), exactly. Example: a row at 3, half in each of two groups, around 1 and 2: 1/2."""
        return self.squares - centre * self.reference_value - other * self.value + centre * other * self.weight


_NONE = Overlap()


@dataclass(frozen=True, kw_only=True)
class Moments:
    """People, Σw, Σw², Σwp, Σw²p and Σw²p² of a value p with weights w; w = 1 without weights (`of_counts`).

    Weights may be on any common scale (fixed point); values in the units that the answer should have.

    Several rows per person, two ways. Either every sum is over people, with w the weight of all rows of one person
    and w·p the sum of theirs: the formulas below are then cluster-robust as they stand. Or the caller sets
    `cluster_variance`, the variance of the mean, and the number of `units` behind it, which override the variance of
    independent rows; `weight_squared` and `weight_squared_value` must be sums over people even so.

    Example: prices 1, 2, 3: of_counts(n=3, total=6, squares=14) has mean 2 and variance of the mean 1/3.
    """

    n: int
    weight: int
    weight_squared: int
    value: int | Fraction
    weight_squared_value: int | Fraction
    weight_squared_squares: int | Fraction
    cluster_variance: Fraction | None = None
    units: int | None = None
    overlap: Overlap = _NONE
    """What of it is shared with the group that it is compared with: 0 where groups have no row in common."""

    def __post_init__(self) -> None:
        if self.n < 0 or self.weight < 0 or self.weight_squared < 0:
            raise ValueError("people and weights are never below 0")
        if (self.cluster_variance is None) != (self.units is None):
            raise ValueError("a cluster-robust variance comes with its number of units, and the other way round")

    @classmethod
    def of_counts(cls, n: int, total: int | Fraction, squares: int | Fraction) -> Moments:
        """`n` people without weights, Σp and Σp²."""
        return cls(
            n=n,
            weight=n,
            weight_squared=n,
            value=total,
            weight_squared_value=total,
            weight_squared_squares=squares,
        )

    def __add__(self, other: Moments) -> Moments:
        """Both cells together. Raises ValueError with cluster-robust variances: they do not add up."""
        return together((self, other))

    @property
    def weighted(self) -> bool:
        """Whether some weight differs from 1."""
        return not self.n == self.weight == self.weight_squared

    @cached_property
    def mean(self) -> Fraction | None:
        """Σwp/Σw; None without weight."""
        if not self.weight:
            return None
        return Fraction(self.value.numerator, self.value.denominator * self.weight)

    @cached_property
    def lean(self) -> float:
        """Σw²(p − m)/Σw, how weights and values go together; 0 where all weights are equal, or there are none."""
        equal = self.weight_squared_value * self.weight == self.value * self.weight_squared
        return 0.0 if self.mean is None or equal else float(self.product_around(self.mean)) / self.weight

    def estimate(self) -> Estimate | None:
        """The mean with its variance, as `weighted_mean_estimate` or from `cluster_variance`; None without weight.

        A single person, or unit, has a mean whose variance is unknown (NaN). Computed once: a reference's cells are
        compared with those of every group.
        """
        return self._estimate

    @cached_property
    def _estimate(self) -> Estimate | None:
        mean = self.mean
        if mean is None:
            return None
        if self.cluster_variance is not None and self.units is not None:
            known = self.units > 1
            return Estimate(
                value=float(mean),
                variance=float(self.cluster_variance) if known else math.nan,
                degrees_of_freedom=max(0.0, self.units - 1),
                exact=mean,
            )
        return weighted_mean_estimate(
            weight=self.weight,
            weight_value=self.value,
            weight_squared=self.weight_squared,
            weight_squared_value=self.weight_squared_value,
            weight_squared_squares=self.weight_squared_squares,
        )

    def over_units(self) -> Moments:
        """The same sums, read as sums over people who have several rows: cluster-robust variance, t with units − 1.

        u/(u − 1)·Σ(y − m·x)²/(Σx)² over people with row totals y and x. Example: people with (x, y) of (2, 1) and
        (4, 3): m = 2/3, deviations −1/3 and 1/3, variance 2/1 · (2/9)/36 = 1/81.
        """
        mean = self.mean
        if mean is None or self.n < 2:
            return replace(self, cluster_variance=Fraction(0), units=self.n)
        variance = Fraction(self.n, self.n - 1) * self.squares_around(mean) / Fraction(self.weight) ** 2
        return replace(self, cluster_variance=variance, units=self.n)

    def covariance(self, reference: Moments) -> float:
        """Of the means of two groups that have rows in common, Σ w·w₀·(p − m)(p − m₀)/(Σw·Σw₀); 0 without overlap.

        It is that of two linearised ratios (Särndal, Swensson & Wretman 1992, ch. 5), as the variance of each mean is,
        times the geometric mean of the two corrections for few people, n_eff/(n_eff − 1), that the variances have.
        Raises ValueError where one of them has no mean.

        Example: prices 0 and 4, half of each row in either group: Σ ¼·(±2)²/(1·1) = 2, times 2 for an n_eff of 2. Each
        mean has that variance, 4, too: the two are the same mean, and their difference does not vary.
        """
        mean, base = self.mean, reference.mean
        if mean is None or base is None:
            raise ValueError("a group without weight has no mean")
        if not self.overlap.weight:
            return 0.0
        plain = self.overlap.around(mean, base) / (Fraction(self.weight) * reference.weight)
        return float(plain) * math.sqrt(self.correction * reference.correction)

    @property
    def correction(self) -> float:
        """What the variance of the mean is multiplied by for few people: n_eff/(n_eff − 1), n_eff = (Σw)²/Σw² (Kish).

        Of people with several rows u/(u − 1), u of them. 1 where n_eff or u is not above 1: such a mean has no
        variance. Example: 2 people of equal weight: 2.
        """
        if self.units is not None:
            return self.units / (self.units - 1) if self.units > 1 else 1.0
        spare = self.weight**2 - self.weight_squared
        return self.weight**2 / spare if spare > 0 else 1.0

    @cached_property
    def spread(self) -> float:
        """Σw²(p − m)², at least 0: of equal floats, such as logarithms, there may be a rest of −1e-16; 0 without."""
        if self.mean is None:
            return 0.0
        estimate, spare = self._estimate, self.weight**2 - self.weight_squared
        if estimate is None or spare <= 0 or self.units is not None:
            return max(0.0, float(self.squares_around(self.mean)))
        return max(0.0, estimate.variance * spare)  # it is this sum over W² − Σw², and there already

    def squares_around(self, centre: Fraction) -> Fraction:
        """Σw²(p − c)², exactly. Example: prices 1, 2, 3 around 2: 2."""
        return Fraction(
            self.weight_squared_squares - 2 * centre * self.weight_squared_value + centre**2 * self.weight_squared
        )

    def product_around(self, centre: Fraction) -> Fraction:
        """Σw²(p − c), exactly: 0 around the mean where all weights are equal. Prices 1, 2, 3 around 1: 3."""
        return Fraction(self.weight_squared_value - centre * self.weight_squared)


def exact_sum(terms: Iterable[Fraction | int]) -> Fraction:
    """Σ in fractions: by denominator first, then by halves, or each step would carry the largest denominator.

    Example: 1/2 + 1/3 + 1/6 = 1.
    """
    numerators: dict[int, int] = {}
    for term in terms:
        numerators[term.denominator] = numerators.get(term.denominator, 0) + term.numerator
    left = [Fraction(above, below) for below, above in numerators.items()]
    while len(left) > 1:
        paired = [a + b for a, b in zip(left[::2], left[1::2], strict=False)]
        left = paired + ([left[-1]] if len(left) % 2 else [])
    return left[0] if left else Fraction(0)


def exact_sum_of_quotients(terms: Iterable[tuple[int, int]]) -> Fraction:
    """Σ numerator/denominator of whole numbers; one fraction for each denominator, not for each term.

    Example: (1, 2), (1, 4) and (1, 4) are 1.
    """
    numerators: dict[int, int] = {}
    for above, below in terms:
        numerators[below] = numerators.get(below, 0) + above
    return exact_sum(Fraction(above, below) for below, above in numerators.items())


def together(cells: Collection[Moments]) -> Moments:
    """All these cells as one, nobody where there is none. Raises ValueError as adding two of them does.

    Example: prices 1, 2 and 3 in two cells: of_counts(n=3, total=6, squares=14).
    """
    if any(cell.cluster_variance is not None for cell in cells):
        raise ValueError("cluster-robust variances of two cells do not add up: the same people may be in both")
    return Moments(
        n=sum(cell.n for cell in cells),
        weight=sum(cell.weight for cell in cells),
        weight_squared=sum(cell.weight_squared for cell in cells),
        value=exact_sum(cell.value for cell in cells),
        weight_squared_value=exact_sum(cell.weight_squared_value for cell in cells),
        weight_squared_squares=exact_sum(cell.weight_squared_squares for cell in cells),
        overlap=sum((cell.overlap for cell in cells if cell.overlap != _NONE), _NONE),
    )
