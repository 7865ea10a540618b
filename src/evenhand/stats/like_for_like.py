"""Like-for-like gap: what one group pays above another for people in the same stratum, from sums per cell.

The gap as money, as a ratio (percent, basis points), how much of the group it speaks for (`coverage`), and what it
costs the group in all. May import: stats.clustered_strata, stats.moments, stats.scaled, stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeVar

from evenhand.stats.clustered_strata import ClusteredStrata
from evenhand.stats.moments import Moments, exact_sum, exact_sum_of_quotients
from evenhand.stats.scaled import ScaledContrast
from evenhand.stats.student import StudentContrast

Standard = Literal["group", "overall", "reference", "overlap"]
S = TypeVar("S", bound=Hashable)
_People = tuple[ClusteredStrata[Any], ClusteredStrata[Any]] | None


@dataclass(frozen=True, kw_only=True)
class LikeForLike:
    """Standardised means of both sides over the same mix of strata, their gap and ratio.

    `gap` (parity 0) and `ratio` (log scale, parity 1) are None where no variance can be given; the means are still
    there. `coverage` is the share of the group's weight in the `strata_used` of `strata`; 0 and no means without any.
    """

    gap: StudentContrast | None
    ratio: StudentContrast | None
    group_mean: Fraction | None
    reference_mean: Fraction | None
    coverage: Fraction
    strata_used: int
    strata: int

    @property
    def difference(self) -> Fraction | None:
        """group_mean − reference_mean, also where it has no interval."""
        if self.group_mean is None or self.reference_mean is None:
            return None
        return self.group_mean - self.reference_mean

    @property
    def percent(self) -> ScaledContrast | None:
        """100·(ratio − 1), parity 0."""
        return None if self.ratio is None else ScaledContrast(inner=self.ratio, factor=100, origin=1)

    @property
    def basis_points(self) -> ScaledContrast | None:
        """10,000·(ratio − 1), parity 0."""
        return None if self.ratio is None else ScaledContrast(inner=self.ratio, factor=10_000, origin=1)

    def total(self, people: int) -> ScaledContrast | None:
        """people × gap: what the gap costs the group in money. `people` is taken as known.

        Example: 2.50 for each of 1,000 people: 2,500. None without a gap or people.
        """
        return None if self.gap is None or people == 0 else ScaledContrast(inner=self.gap, factor=people)


class _Stratum(NamedTuple):
    key: Hashable
    ours: Moments
    theirs: Moments
    our_mean: Fraction
    their_mean: Fraction
    share: int | Fraction  # h, the stratum's weight in the standard population
    our_slope: float  # ∂h/∂W of the group
    their_slope: float


class _Part(NamedTuple):
    """One cell's share in the variance: coefficient `mean` of its mean, coefficient `mix` of its weight."""

    stratum: Hashable
    cell: Moments
    mean: float
    mix: float


class _Parts(NamedTuple):
    """The cells of both sides, and their people where these have several rows."""

    ours: list[_Part]
    theirs: list[_Part]
    people: _People


def like_for_like(
    group: Mapping[S, Moments],
    reference: Mapping[S, Moments],
    *,
    standard: Standard = "group",
    floor: int = 2,
    fixed_mix: bool = False,
    people: tuple[ClusteredStrata[S], ClusteredStrata[S]] | None = None,
) -> LikeForLike:
    """D = Σh_s(m_gs − m_0s)/Σh_s over strata s where both sides have at least `floor` people.

    `standard` names the population whose mix of strata both sides are given, with W = Σw per cell: "group"
    (h = W_g, the protected group's), "reference" (W_0), "overall" (W_g + W_0), "overlap" (W_g·W_0/(W_g + W_0), the
    precision-weighted mean, which is the coefficient of the group in least squares on all strata's dummies).

    Var(D) = Σ(h_s/H)²(v_gs + v_0s) + Σ((δ_s − D)/H)²[(∂h_s/∂W_gs)²Q_gs + (∂h_s/∂W_0s)²Q_0s], with v the variance of a
    cell's mean, δ_s its gap, Q = Σw². The second sum is that of the mix: who came is a sample (Poisson counts), so
    that the interval covers the population's gap where strata differ in theirs. With `fixed_mix` it is left out: the
    answer is then about these strata shares only. Unequal weights add the covariance of a cell's mean and weight,
    2·(h_s/H)·((δ_s − D)/H)·∂h_s/∂W·Σw²(p − m)/W. The ratio is Σh·m_g/Σh·m_0 by the delta method on its logarithm.
    Degrees of freedom: Satterthwaite over the cells' means, n_eff − 1 each; the mix carries no more. Rows that are in
    both groups, by shares, add twice the product of their two linear terms (`Moments.overlap`).

    Where people have several rows, give the `people` of the group and of the reference: the same linear terms are then
    added up per person, over all strata that they have rows in, before they are squared (cluster-robust). Without them
    all rows count as independent.

    Sources: direct standardisation, Fleiss, Levin & Paik 2003, ch. 19; the variance is that of regression adjustment
    as a method of moments (Wooldridge 2010, ch. 21; statsmodels `TreatmentEffect.ra`), with n − 1 in each cell.
    Raises ValueError for an unknown `standard` or a `floor` below 1. A used cell of one person has no variance: no
    contrasts.

    Example: the group has 30 people at a mean of 12 and 10 at 22, the reference any number at 10 and 20 in these two
    strata: D = (30·2 + 10·2)/40 = 2, the ratio 14.5/12.5 = 1.16, whatever the raw means are.
    """
    if floor < 1:
        raise ValueError("the floor counts people, and a cell without any has no mean")
    kept = [
        _stratum(key, ours, reference[key], standard)
        for key, ours in group.items()
        if key in reference and min(ours.n, reference[key].n) >= floor and ours.weight and reference[key].weight
    ]
    strata = sum(any(key in side and side[key].n for side in (group, reference)) for key in {**group, **reference})
    everyone = sum(cell.weight for cell in group.values())
    whole = exact_sum(one.share for one in kept)
    if not kept:
        return LikeForLike(
            gap=None,
            ratio=None,
            group_mean=None,
            reference_mean=None,
            coverage=Fraction(0),
            strata_used=0,
            strata=strata,
        )
    ours = _weighted((one.share, one.ours) for one in kept) / whole
    theirs = _weighted((one.share, one.theirs) for one in kept) / whole
    return LikeForLike(
        gap=_gap(kept, float(whole), ours - theirs, fixed_mix, people),
        ratio=_ratio(kept, float(whole), ours, theirs, fixed_mix, people),
        group_mean=ours,
        reference_mean=theirs,
        coverage=Fraction(sum(one.ours.weight for one in kept), everyone),
        strata_used=len(kept),
        strata=strata,
    )


def _weighted(parts: Iterable[tuple[int | Fraction, Moments]]) -> Fraction:
    """Σ share · mean."""
    return exact_sum_of_quotients(
        (share.numerator * cell.value.numerator, share.denominator * cell.value.denominator * cell.weight)
        for share, cell in parts
    )


def _stratum(key: Hashable, ours: Moments, theirs: Moments, standard: str) -> _Stratum:
    here, there = ours.weight, theirs.weight
    share: int | Fraction
    if standard == "group":
        share, slopes = here, (1.0, 0.0)
    elif standard == "reference":
        share, slopes = there, (0.0, 1.0)
    elif standard == "overall":
        share, slopes = here + there, (1.0, 1.0)
    elif standard == "overlap":
        share = Fraction(here * there, here + there)
        slopes = ((there / (here + there)) ** 2, (here / (here + there)) ** 2)
    else:
        raise ValueError("the standard population is one of `group`, `overall`, `reference`, `overlap`")
    assert ours.mean is not None  # both sides have weight here
    assert theirs.mean is not None
    return _Stratum(key, ours, theirs, ours.mean, theirs.mean, share, *slopes)


def _gap(kept: list[_Stratum], whole: float, gap: Fraction, fixed_mix: bool, people: _People) -> StudentContrast | None:
    parts = _Parts([], [], people)
    for one in kept:
        weight = float(one.share) / whole
        unlike = 0.0 if fixed_mix else (float(one.our_mean - one.their_mean) - float(gap)) / whole
        parts.ours.append(_Part(one.key, one.ours, weight, unlike * one.our_slope))
        parts.theirs.append(_Part(one.key, one.theirs, -weight, unlike * one.their_slope))
    spread = _spread(parts)
    if spread is None:
        return None
    return StudentContrast(
        estimate=float(gap),
        standard_error=math.sqrt(spread[0]),
        degrees_of_freedom=spread[1],
        parity=0.0,
        method="t of standardised means",
        exact=gap,
    )


def _ratio(
    kept: list[_Stratum], whole: float, ours: Fraction, theirs: Fraction, fixed_mix: bool, people: _People
) -> StudentContrast | None:
    if ours <= 0 or theirs <= 0:
        return None
    above, below = float(ours), float(theirs)
    parts = _Parts([], [], people)
    for one in kept:
        weight = float(one.share) / whole
        unlike = 0.0 if fixed_mix else (float(one.our_mean) / above - float(one.their_mean) / below) / whole
        parts.ours.append(_Part(one.key, one.ours, weight / above, unlike * one.our_slope))
        parts.theirs.append(_Part(one.key, one.theirs, -weight / below, unlike * one.their_slope))
    spread = _spread(parts)
    if spread is None:
        return None
    return StudentContrast(
        estimate=float(ours / theirs),
        standard_error=math.sqrt(spread[0]),
        degrees_of_freedom=spread[1],
        scale="log",
        parity=1.0,
        method="delta method on the log ratio of standardised means",
        exact=ours / theirs,
    )


def _spread(parts: _Parts) -> tuple[float, float] | None:
    """Variance and Satterthwaite degrees of freedom; None where a cell's variance is unknown or nothing varies."""
    if parts.people is not None:
        return _clustered_spread(parts.ours, parts.theirs, parts.people)
    terms, common, slack = [], [], []
    for both in zip(parts.ours, parts.theirs, strict=True):
        carried = []
        for _, cell, mean, mix in both:
            estimate = cell.estimate()
            if estimate is None or not math.isfinite(estimate.variance):
                return None
            own = mean**2 * estimate.variance
            terms.append(own)
            if own > 0:
                carried.append((own, estimate.degrees_of_freedom))
            if mix:
                terms.append(mix**2 * cell.weight_squared)
                terms.append(2 * mean * mix * cell.lean)
        if both[0].cell.overlap.weight and carried:  # the same rows in both cells count once, as the fewer of the two
            common.append(_in_common(*both))
            carried = [(sum(own for own, _ in carried), min(freedom for _, freedom in carried))]
        slack += [own**2 / freedom for own, freedom in carried]
    variance = math.fsum([*terms, *common])  # correctly rounded, so that the order of the strata changes nothing
    if not (math.isfinite(variance) and variance > 0):
        return None
    doubt = math.fsum(slack)
    return variance, math.fsum(terms) ** 2 / doubt if doubt > 0 else math.inf


def _in_common(ours: _Part, theirs: _Part) -> float:
    """Twice the sum, over rows that are in both cells of a stratum, of what each adds to one side and to the other."""
    shared, mean, base = ours.cell.overlap, ours.cell.mean, theirs.cell.mean
    if not shared.weight or mean is None or base is None:
        return 0.0
    above, below = ours.mean / ours.cell.weight, theirs.mean / theirs.cell.weight
    return 2 * math.fsum(
        (
            ours.mean * theirs.mean * ours.cell.covariance(theirs.cell),
            above * theirs.mix * float(shared.value - mean * shared.weight),
            below * ours.mix * float(shared.reference_value - base * shared.weight),
            ours.mix * theirs.mix * shared.weight,
        )
    )


def _clustered_spread(
    ours: list[_Part], theirs: list[_Part], people: tuple[ClusteredStrata[Any], ClusteredStrata[Any]]
) -> tuple[float, float] | None:
    """The same from people's products: of y − c·x and x in every stratum, c its centre near the mean m = Σy/Σx."""
    found = []
    for parts, clustered in zip((ours, theirs), people, strict=True):
        coefficients = {}
        for stratum, cell, mean, mix in parts:
            slope, off_centre = mean / cell.weight, clustered.centres[stratum] - Fraction(cell.value) / cell.weight
            coefficients[stratum] = (slope, mix + slope * float(off_centre))
        found.append((clustered.variance(coefficients), clustered.degrees_of_freedom(coefficients)))
    variance = sum(own for own, _ in found)
    if not (math.isfinite(variance) and variance > 0):
        return None
    return variance, variance**2 / sum(own**2 / freedom for own, freedom in found)
