"""Why two groups' mean prices differ: the mix of what they buy, and what they pay for the same (from sums per cell).

`kitagawa` over strata, in exact fractions; `oaxaca_blinder` and its three-fold form over additive factors.
May import: numpy, stats.cell_design, stats.moments.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from evenhand.stats.cell_design import CellDesign, Inverse, Matrix, cell_design, inverse_of
from evenhand.stats.moments import Moments, exact_sum, exact_sum_of_quotients

Coefficients = Literal["pooled", "neumark", "cotton", "reimers"]
S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Kitagawa:
    """The raw gap and its parts: `raw_gap` = `mix` + `like_for_like` + `no_counterpart`, exactly.

    `coverage` and `reference_coverage` are the shares of each side's weight in strata that both sides have.
    """

    raw_gap: Fraction
    mix: Fraction
    like_for_like: Fraction
    no_counterpart: Fraction
    coverage: Fraction
    reference_coverage: Fraction


def kitagawa(group: Mapping[S, Moments], reference: Mapping[S, Moments], *, floor: int = 1) -> Kitagawa | None:
    """M_g − M_0 = Σ(a_gs − a_0s)(m_gs + m_0s)/2 [mix] + Σ(m_gs − m_0s)(a_gs + a_0s)/2 [like for like] + the rest.

    a are the shares of the strata and m their means, over the strata where both sides have at least `floor` people;
    the rest, `no_counterpart`, is what the strata of one side only add to the raw gap. None where a side is empty.
    Sources: Kitagawa 1955, Journal of the American Statistical Association 50, 1168-1194; the third part as in
    Ñopo 2008, Review of Economics and Statistics 90, 290-299. Raises ValueError for a `floor` below 1.

    Example: shares .6/.4 against .3/.7, means 100/200 against 90/180: 140 − 153 = −13 = −28.5 + 15.5 + 0.
    """
    if floor < 1:
        raise ValueError("the floor counts people, and a cell without any has no mean")
    weights = [sum(cell.weight for cell in side.values()) for side in (group, reference)]
    if not all(weights):
        return None
    raw = _mean(group.values()) - _mean(reference.values())
    both = [
        (ours, reference[key])
        for key, ours in group.items()
        if key in reference and min(ours.n, reference[key].n) >= floor and ours.weight and reference[key].weight
    ]
    here, there = sum(ours.weight for ours, _ in both), sum(theirs.weight for _, theirs in both)
    common = _mean(ours for ours, _ in both) - _mean(theirs for _, theirs in both) if both else Fraction(0)
    # Σ(m_g − m_0)(a_g + a_0)/2 is (M_g − M_0 + Σ a_0·m_g − Σ a_g·m_0)/2: two sums, and no fraction for each stratum.
    alike = (common + _at_mix_of(both, there) - _at_mix_of([(b, a) for a, b in both], here)) / 2 if both else common
    return Kitagawa(
        raw_gap=raw,
        mix=common - alike,
        like_for_like=alike,
        no_counterpart=raw - common,
        coverage=Fraction(here, weights[0]),
        reference_coverage=Fraction(there, weights[1]),
    )


def _at_mix_of(pairs: Iterable[tuple[Moments, Moments]], weight: int) -> Fraction:
    """The mean of the first of each pair of cells in the mix of the second, which weigh `weight` together."""
    return exact_sum_of_quotients(
        (mix.weight * cell.value.numerator, cell.value.denominator * cell.weight * weight) for cell, mix in pairs
    )


@dataclass(frozen=True, kw_only=True)
class LinearMoments:
    """One group's sums for a linear model with an intercept among its columns: Σw, X'WX, X'Wy, X'W1 and Σwy."""

    weight: float
    gram: Matrix
    cross: Matrix
    sums: Matrix
    total: float

    @property
    def means(self) -> Matrix:
        return self.sums / self.weight

    @cached_property
    def inverse(self) -> Inverse:
        """(X'WX)⁻¹, computed once for all methods."""
        return inverse_of(self.gram)

    @property
    def fit(self) -> Matrix:
        """The group's own coefficients."""
        return self.inverse.matrix @ self.cross

    @property
    def mean(self) -> float:
        return self.total / self.weight


@dataclass(frozen=True, kw_only=True)
class TwoFold:
    """`gap` = `explained` + `unexplained`, and the explained part of each factor.

    Where the coefficients cannot answer (one group lacks a level that the other has), the parts are None and `reason`
    says why; a factor's own part may be None alone, where factors determine each other.
    """

    coefficients: Coefficients
    gap: float
    explained: float | None = None
    unexplained: float | None = None
    explained_by: Mapping[str, float | None] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class ThreeFold:
    """`gap` = `endowments` + `coefficients` + `interaction`; all None with a `reason` where they are not identified."""

    gap: float
    endowments: float | None = None
    coefficients: float | None = None
    interaction: float | None = None
    reason: str | None = None


def oaxaca_blinder(
    group: Mapping[tuple[str, ...], Moments],
    reference: Mapping[tuple[str, ...], Moments],
    factors: Sequence[str],
    *,
    coefficients: Coefficients = "pooled",
) -> TwoFold | None:
    """Two-fold: gap = (x̄_g − x̄_0)'β* [explained] + x̄_g'(β_g − β*) + x̄_0'(β* − β_0) [unexplained].

    x: intercept and additive dummies of `factors`; cells are keyed by one level per factor and weigh as their people.
    β* by `coefficients`: "pooled", least squares over both groups with the group's dummy (Fortin 2008; Jann 2008);
    "neumark", without it (Neumark 1988); "cotton", β_g and β_0 by the groups' sizes (Cotton 1988); "reimers", their
    mean (Reimers 1983). Only the explained part is split by factor: it does not depend on the base levels, the
    unexplained one would. None where a side is empty.

    Example: one factor, the strata: with "reimers" this is `kitagawa`: −13 = −28.5 explained + 15.5 unexplained.
    """
    sides = linear_sides(group, reference, factors)
    if sides is None:
        return None
    return two_fold(sides.group, sides.reference, coefficients=coefficients, blocks=sides.blocks)


def oaxaca_blinder_three_fold(
    group: Mapping[tuple[str, ...], Moments], reference: Mapping[tuple[str, ...], Moments], factors: Sequence[str]
) -> ThreeFold | None:
    """gap = (x̄_g − x̄_0)'β_0 + x̄_0'(β_g − β_0) + (x̄_g − x̄_0)'(β_g − β_0): endowments, coefficients, interaction.

    Arguments as for `oaxaca_blinder`. Source: Winsborough & Dickinson 1971; Jann 2008, Stata Journal 8, 453-479.
    Example: one factor, shares .6/.4 v .3/.7, means 100/200 v 90/180: −27 + 17 − 3 = −13.
    """
    sides = linear_sides(group, reference, factors)
    return None if sides is None else three_fold(sides.group, sides.reference)


def two_fold(
    group: LinearMoments,
    reference: LinearMoments,
    *,
    coefficients: Coefficients,
    blocks: Mapping[str, Sequence[int]] | None = None,
) -> TwoFold:
    """`oaxaca_blinder` on the sums of any linear model; `blocks` gives the columns of each factor.

    Raises ValueError for an unknown name: statsmodels runs "pooled" in its place, silently.
    """
    shift, gap = group.means - reference.means, group.mean - reference.mean
    judges: list[Inverse]
    if coefficients == "pooled":
        both, chosen = _pooled_with_group(group, reference)
        judges = [both]
    elif coefficients == "neumark":
        both = inverse_of(group.gram + reference.gram)
        chosen, judges = both.matrix @ (group.cross + reference.cross), [both]
    elif coefficients in ("cotton", "reimers"):
        part = group.weight / (group.weight + reference.weight) if coefficients == "cotton" else 0.5
        chosen, judges = part * group.fit + (1 - part) * reference.fit, [group.inverse, reference.inverse]
    else:
        raise ValueError("the coefficients are one of `pooled`, `neumark`, `cotton`, `reimers`")

    def identified(change: Matrix) -> bool:
        return all(judge.identifies(np.pad(change, (0, judge.scale.size - change.size))) for judge in judges)

    if not identified(shift):
        return TwoFold(coefficients=coefficients, gap=gap, reason=_WHY[coefficients])
    explained_by: dict[str, float | None] = {}
    for factor, columns in (blocks or {}).items():
        own = np.zeros_like(shift)
        own[list(columns)] = shift[list(columns)]
        explained_by[factor] = float(own @ chosen) if identified(own) else None
    return TwoFold(
        coefficients=coefficients,
        gap=gap,
        explained=float(shift @ chosen),
        unexplained=float(group.mean - group.means @ chosen + reference.means @ chosen - reference.mean),
        explained_by=explained_by,
    )


def three_fold(group: LinearMoments, reference: LinearMoments) -> ThreeFold:
    """`oaxaca_blinder_three_fold` on the sums of any linear model."""
    shift, gap = group.means - reference.means, group.mean - reference.mean
    if not (group.inverse.identifies(reference.means) and reference.inverse.identifies(group.means)):
        return ThreeFold(gap=gap, reason=_WHY["reimers"])
    ours_fit, theirs_fit = group.fit, reference.fit
    return ThreeFold(
        gap=gap,
        endowments=float(shift @ theirs_fit),
        coefficients=float(reference.means @ (ours_fit - theirs_fit)),
        interaction=float(shift @ (ours_fit - theirs_fit)),
    )


_ALONE = "one group has a level, or a combination of levels, that the other lacks"
_WHY: dict[Coefficients, str] = {
    "pooled": "the factors determine the group",
    "neumark": "the factors do not identify the shift between the groups",
    "cotton": _ALONE,
    "reimers": _ALONE,
}


def _pooled_with_group(group: LinearMoments, reference: LinearMoments) -> tuple[Inverse, Matrix]:
    """Least squares over both groups with a last column for the group; its coefficient is left out of the answer."""
    gram = np.block(
        [
            [group.gram + reference.gram, group.sums[:, None]],
            [group.sums[None, :], np.array([[group.weight]])],
        ]
    )
    inverse = inverse_of(gram)
    fit = inverse.matrix @ np.append(group.cross + reference.cross, group.total)
    return inverse, fit[:-1]


class LinearSides(NamedTuple):
    """Both groups' sums over one design, and each factor's columns in it: what every method starts from."""

    group: LinearMoments
    reference: LinearMoments
    blocks: Mapping[str, Sequence[int]]


def linear_sides(
    group: Mapping[tuple[str, ...], Moments], reference: Mapping[tuple[str, ...], Moments], factors: Sequence[str]
) -> LinearSides | None:
    """The sums of both groups for `two_fold` and `three_fold`: intercept and additive dummies of `factors`.

    None where a side is empty. Example: one factor of two levels: two columns, the intercept and the second level.
    """
    ours = {key: cell for key, cell in group.items() if cell.weight}
    theirs = {key: cell for key, cell in reference.items() if cell.weight}
    if not (ours and theirs):
        return None
    design = cell_design([*ours, *theirs], factors)
    return LinearSides(
        _linear(design.of_cells(slice(len(ours))), list(ours.values())),
        _linear(design.of_cells(slice(len(ours), None)), list(theirs.values())),
        design.blocks,
    )


def _linear(design: CellDesign, cells: Sequence[Moments]) -> LinearMoments:
    weight = np.array([float(cell.weight) for cell in cells])
    value = np.array([float(cell.value) for cell in cells])
    return LinearMoments(
        weight=float(weight.sum()),
        gram=design.gram(weight),
        cross=design.cross(value),
        sums=design.cross(weight),
        total=float(exact_sum(cell.value for cell in cells)),
    )


def _mean(cells: Iterable[Moments]) -> Fraction:
    listed = list(cells)
    return exact_sum(cell.value for cell in listed) / sum(cell.weight for cell in listed)
