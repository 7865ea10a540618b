"""Actual over expected, and loss ratios: ΣA/ΣE of counts (Poisson, exact) and of amounts (linearised, by policy).

Counts of claims with the expected number known: `PoissonLevel`, `PoissonRatio`. Amounts, or expected values that vary
with the sample: `amount_estimate`. Which of them applies is the caller's decision.
May import: stats.clusters, stats.contrast, stats.rates, stats.student; scipy.special inside functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from evenhand.stats.clusters import linearised_variance
from evenhand.stats.contrast import Contrast
from evenhand.stats.rates import RateContrast
from evenhand.stats.student import Estimate, StudentContrast, student_difference, student_ratio

METHOD = "linearised ratio of sums, t"


@dataclass(frozen=True, kw_only=True)
class PoissonLevel(Contrast):
    """A/E of a count A whose expected number E is known: exact Poisson tails and Garwood's interval.

    p_greater(r) = P(X ≥ A), p_less(r) = P(X ≤ A) for X ~ Poisson(r·E). No parity: 1 means as many as expected, which
    is a limit like any other. Raises ValueError unless A ≥ 0 is whole and E > 0.
    Source: Garwood 1936, Biometrika 28, 437-442.

    Example: 130 claims for 110 expected: 1.1818, from .9874 to 1.4033.
    """

    actual: int
    expected: float | Fraction
    estimate: float | None = field(init=False, default=None)
    parity: float | None = field(init=False, default=None)
    method = "Garwood exact"

    def __post_init__(self) -> None:
        _check(self.actual, self.expected)
        object.__setattr__(self, "estimate", float(self.actual / self.expected))

    def p_greater(self, limit: float) -> float:
        from scipy.special import gammainc

        if limit < 0:
            return 0.0
        return 1.0 if self.actual == 0 else float(gammainc(self.actual, limit * float(self.expected)))

    def p_less(self, limit: float) -> float:
        from scipy.special import gammaincc

        return float(gammaincc(self.actual + 1, max(limit, 0.0) * float(self.expected)))

    def lower(self, alpha: float) -> float:
        from scipy.special import gammaincinv

        return 0.0 if self.actual == 0 else float(gammaincinv(self.actual, alpha)) / float(self.expected)

    def upper(self, alpha: float) -> float:
        from scipy.special import gammainccinv

        return float(gammainccinv(self.actual + 1, alpha)) / float(self.expected)

    def exact_estimate(self) -> Fraction | None:
        return None if isinstance(self.expected, float) else Fraction(self.actual) / Fraction(self.expected)


@dataclass(frozen=True, kw_only=True)
class PoissonRatio(Contrast):
    """(A_g/E_g)/(A₀/E₀) of two counts with known expected numbers: the Poisson score test and its inversion.

    z = (A_g − r·d·A₀)/√(r·d·(A_g + A₀)), d = E_g/E₀. Given A_g + A₀, A_g is binomial with odds r·d, and this is
    Wilson's test of that share: the bounds are Wilson's, turned into odds. A₀ = 0 leaves the ratio without an upper
    bound; with both 0 it is undefined and runs from 0 to infinity. Raises ValueError as `PoissonLevel` does.
    Source: Gu, Ng, Tang & Schucany 2008, Biometrical Journal 50, 283-298 (score test); Przyborowski & Wilenski 1940.

    Example: 30 for 10 expected against 20 for 20: ratio 3; at 1, d = ½: z = (30 − 10)/√(½·50) = 4.
    """

    actual: int
    expected: float | Fraction
    reference_actual: int
    reference_expected: float | Fraction
    estimate: float | None = field(init=False, default=None)
    parity: float | None = field(init=False, default=1.0)
    method = "Poisson score"

    def __post_init__(self) -> None:
        _check(self.actual, self.expected)
        _check(self.reference_actual, self.reference_expected)
        if self.reference_actual:
            object.__setattr__(self, "estimate", float(self.actual / self.reference_actual / self._expected_ratio))
        elif self.actual:
            object.__setattr__(self, "estimate", math.inf)

    @property
    def _expected_ratio(self) -> float | Fraction:
        if isinstance(self.expected, float) or isinstance(self.reference_expected, float):
            return float(self.expected) / float(self.reference_expected)
        return Fraction(self.expected) / Fraction(self.reference_expected)

    @property
    def _share(self) -> RateContrast | None:
        everything = self.actual + self.reference_actual
        return RateContrast(cases=self.actual, total=everything) if everything else None

    def _share_at(self, limit: float) -> float:
        """The group's share of all events if the ratio were `limit`; below 0 where that is impossible."""
        odds = limit * float(self._expected_ratio)
        return odds / (1 + odds) if limit > 0 else limit

    def _ratio_at(self, share: float) -> float:
        return share / (1 - share) / float(self._expected_ratio) if share < 1 else math.inf

    def p_greater(self, limit: float) -> float:
        share = self._share
        if share is None:
            return 1.0 if limit >= 0 else 0.0
        return share.p_greater(self._share_at(limit))

    def p_less(self, limit: float) -> float:
        share = self._share
        return 1.0 if share is None else share.p_less(self._share_at(limit))

    def lower(self, alpha: float) -> float:
        share = self._share
        return 0.0 if share is None else self._ratio_at(share.lower(alpha))

    def upper(self, alpha: float) -> float:
        share = self._share
        if share is None or self.reference_actual == 0:
            return math.inf
        # Through the mirrored share: 1 − upper has its digits where the reference's events are few.
        rest = RateContrast(cases=self.reference_actual, total=share.total).lower(alpha)
        return (1 - rest) / rest / float(self._expected_ratio)

    def exact_estimate(self) -> Fraction | None:
        ratio = self._expected_ratio
        if isinstance(ratio, float) or not self.reference_actual:
            return None
        return Fraction(self.actual, self.reference_actual) / ratio


def amount_estimate(
    *,
    actual: int | Fraction,
    expected: int | Fraction,
    actual_squares: int | Fraction,
    cross_products: int | Fraction,
    expected_squares: int | Fraction,
    units: int,
) -> Estimate | None:
    """ρ = ΣA/ΣE with variance n/(n−1) · Σ(A − ρE)²/(ΣE)² over the n policies or people, n − 1 degrees of freedom.

    Arguments: ΣA, ΣE, ΣA², ΣAE, ΣE², n. With weights each policy's terms are weighted first: ΣwA, ΣwE, Σw²A², Σw²AE,
    Σw²E². With the premium as E this is the loss ratio. None where ΣE is not above 0; one policy has no variance (NaN),
    and no contrast comes of it. Source: Cochran 1977, Sampling Techniques, ch. 6; checked against the bootstrap.

    Example: (A, E) = (1, 2) and (3, 4): ρ = 2/3, deviations −1/3 and 1/3: 2/1 · (2/9)/36 = 1/81.
    """
    if expected <= 0 or units < 1:
        return None
    ratio = Fraction(actual) / Fraction(expected)
    variance = math.nan
    if units > 1:
        variance = float(
            linearised_variance(
                numerator=actual,
                denominator=expected,
                numerator_squares=actual_squares,
                cross_products=cross_products,
                denominator_squares=expected_squares,
                units=units,
            )
        )
    return Estimate(value=float(ratio), variance=variance, degrees_of_freedom=float(units - 1), exact=ratio)


def amount_level(group: Estimate) -> StudentContrast | None:
    """A group's own A/E by t on the log scale; None unless it is above 0 and has a variance.

    The log because amounts are skewed: with 200 policies, a fifth of them with a gamma claim, a one-sided 5% upper
    bound misses in 5.7%, and on the plain scale in 9.2%, which would pass loss ratios that are too high.

    Example: 2/3 with variance 1/81: the log's standard error is (1/9)/(2/3) = 1/6.
    """
    if not (group.value > 0 and group.variance > 0 and group.degrees_of_freedom > 0):
        return None
    return StudentContrast(
        estimate=group.value,
        standard_error=math.sqrt(group.variance) / group.value,
        degrees_of_freedom=group.degrees_of_freedom,
        scale="log",
        method=f"{METHOD} on the log",
        exact=group.exact,
    )


def amount_ratio(group: Estimate, reference: Estimate) -> StudentContrast | None:
    """Ratio of two A/E on the log scale; None unless both are above 0 and have a variance."""
    if not (group.variance > 0 and reference.variance > 0):
        return None
    return student_ratio(group, reference, method=f"{METHOD} on the log")


def amount_difference(group: Estimate, reference: Estimate) -> StudentContrast | None:
    """Difference of two A/E; None where either has no variance: no claim is no proof that A/E is 0."""
    if not (group.variance > 0 and reference.variance > 0):
        return None
    return student_difference(group, reference, method=METHOD)


def _check(actual: int, expected: float | Fraction) -> None:
    if actual < 0 or int(actual) != actual or not (expected > 0 and math.isfinite(expected)):
        raise ValueError("actual over expected needs a whole count of 0 or more and an expected number above 0")
