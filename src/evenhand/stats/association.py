"""How strongly factors give the group away: η², Cramér's V, mutual information, and the joint area under the curve.

A factor's contingency table holds people: a row for each level, a column for each group. Plug-in measures are above 0
at independence, so each has its corrected twin, which is what proxy strength uses.
May import: numpy, the standard library, stats.auc; scikit-learn inside `joint_auc`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from evenhand.stats.auc import auc_estimate

Table = Sequence[Sequence[int]]


@dataclass(frozen=True, kw_only=True)
class EtaSquared:
    """R² of the group's indicator on the levels of a factor; `adjusted` allows for chance and may be below 0."""

    plain: Fraction
    adjusted: Fraction | None


def eta_squared(
    group: Sequence[int], others: Sequence[int], *, effective_n: Fraction | int | None = None
) -> EtaSquared | None:
    """η² = Σ nₗ(pₗ − p)²/[n·p(1 − p)], pₗ the group's share in level l: R² of membership on the saturated factor.

    `adjusted` is 1 − (1 − η²)(n − 1)/(n − L) over the L levels in which someone is (adjusted R², Kelley's ε²); None
    where n = L. None where the group or the others are empty. `effective_n`, where the counts are weights, takes the
    place of n there. Source: Kelley 1935, PNAS 21, 554-559.

    Example: shares 3/4 of 4 and 1/4 of 4: p = ½, η² = 8·(1/16)/(8·¼) = ¼, adjusted 1 − ¾ · 7/6 = 1/8.
    """
    levels = [(int(own), int(own) + int(rest)) for own, rest in zip(group, others, strict=True) if own or rest]
    members, n = sum(own for own, _ in levels), sum(size for _, size in levels)
    if members in (0, n):
        return None
    between = sum((Fraction(own * own, size) for own, size in levels), Fraction(0)) - Fraction(members**2, n)
    plain = between * n / (members * (n - members))
    people = n if effective_n is None else effective_n
    adjusted = 1 - (1 - plain) * Fraction(people - 1, people - len(levels)) if people > len(levels) else None
    return EtaSquared(plain=plain, adjusted=adjusted)


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """A measure of association as computed (`plain`) and with its upward bias taken out (`corrected`)."""

    plain: float
    corrected: float


def cramers_v(table: Table, *, effective_n: Fraction | int | None = None) -> Corrected | None:
    """V = √[φ²/min(r − 1, c − 1)], φ² = χ²/n; corrected: φ² − (r−1)(c−1)/(n−1), at least 0, over r̃ = r − (r−1)²/(n−1).

    Empty rows and columns are left out. None with fewer than 2 rows or columns, or where n is too small to correct.
    `effective_n`, where the table holds weights, takes the place of n in the correction.
    Source: Cramér 1946; Bergsma 2013, Journal of the Korean Statistical Society 42, 323-328.

    Example: [[3, 1], [1, 3]]: χ² = 2, n = 8, V = ½; corrected φ² = ¼ − 1/7 = 3/28, r̃ = 2 − 1/7: √(3/28 · 7/6) = .3536.
    """
    counts = _occupied(table)
    rows, columns = counts.shape
    if min(rows, columns) < 2:
        return None
    n = float(counts.sum())
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    phi = float(((counts - expected) ** 2 / expected).sum()) / n
    people = n if effective_n is None else float(effective_n)
    if people <= 1:
        return None
    narrowed = min(size - (size - 1) ** 2 / (people - 1) for size in (rows, columns)) - 1
    if narrowed <= 0:
        return None
    corrected = max(0.0, phi - (rows - 1) * (columns - 1) / (people - 1))
    return Corrected(plain=math.sqrt(phi / (min(rows, columns) - 1)), corrected=math.sqrt(corrected / narrowed))


def mutual_information(table: Table) -> Corrected | None:
    """I = Σ p·log[p/(p_row·p_column)] in nats; corrected by Miller and Madow: + (K_row + K_column − K − 1)/2n.

    K counts the cells, rows and columns in which someone is. The corrected value may be below 0, by chance. None
    without people. Source: Miller 1955, Note on the bias of information estimates.

    Example: [[2, 0], [0, 2]]: log 2 = .6931; corrected + (2 + 2 − 2 − 1)/8 = .8181.
    """
    counts = _occupied(table)
    if counts.size == 0:
        return None
    n = float(counts.sum())
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    occupied = counts > 0
    terms = counts[occupied] / n * np.log(counts[occupied] / expected[occupied])
    plain = max(0.0, math.fsum(terms.tolist()))
    return Corrected(plain=plain, corrected=plain + (sum(counts.shape) - int(occupied.sum()) - 1) / (2 * n))


def _occupied(table: Table) -> NDArray[np.float64]:
    counts = np.atleast_2d(np.asarray(table, dtype=np.float64))
    occupied: NDArray[np.float64] = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    return occupied


@dataclass(frozen=True, kw_only=True)
class JointAuc:
    """How well all factors together tell the group from the others: mean area over the `folds`, and each fold's."""

    area: float
    folds: tuple[float, ...]


def joint_auc(
    levels: Sequence[tuple[str, ...]],
    group: Sequence[int],
    others: Sequence[int],
    *,
    seed: int,
    folds: int = 5,
) -> JointAuc | None:
    """Cross-validated area under the curve of group membership predicted from all factors: .5 says nothing, 1 all.

    `levels` are the cells, one label for each factor; `group` and `others` count their people. People, not cells, are
    dealt into `folds` equal parts (multivariate hypergeometric, PCG64), each label on its own, so that the test people
    are others than those learned from. The model is a logistic regression, L2 penalty 1, on every level and every pair
    of levels of two factors: pairs, because two harmless factors can give a group away together; not trees, whose
    smallest leaf counts cells and not people; and its one optimum does not hang on the order of cells. None with fewer
    people than folds on a side. Oracle: the same model cross-validated on expanded rows.

    Somewhat below .5 is chance too: what one part of the people has too many of, the rest has too few of.

    Example: a factor that is the group itself has area 1, a constant one .5.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import OneHotEncoder

    ours, theirs = (np.asarray(side, dtype=np.int64) for side in (group, others))
    if min(int(ours.sum()), int(theirs.sum())) < folds:
        return None
    factors = [np.unique(np.array(factor), return_inverse=True)[1] for factor in zip(*levels, strict=True)]
    pairs = [one * (int(other.max()) + 1) + other for one, other in combinations(factors, 2)]
    design = OneHotEncoder().fit_transform(np.column_stack([*factors, *pairs]))
    generator = np.random.Generator(np.random.PCG64(seed))
    dealt, dealt_others = _deal(ours, folds, generator), _deal(theirs, folds, generator)
    areas = []
    rows = np.concatenate([np.arange(len(ours)), np.arange(len(ours))])
    member = np.repeat([1, 0], len(ours))
    for test, test_others in zip(dealt, dealt_others, strict=True):
        weights = np.concatenate([ours - test, theirs - test_others])
        learned = weights > 0
        with warnings.catch_warnings():
            # Where a step finds no way down any more, the optimum is as near as floats allow, and scikit-learn says so;
            # what is said here is the area, not how it was found. Conjugate gradients keep the design sparse: Cholesky
            # factors of the Hessian take many seconds a fit with 2,000 pairs of levels, these a hundredth of one.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", message="The line search algorithm")
            model = LogisticRegression(solver="newton-cg", tol=1e-9, max_iter=1000)
            model.fit(design[rows[learned]], member[learned], sample_weight=weights[learned].astype(np.float64))
        # Rounded, so that cells with the same prediction tie whatever the last digits of the solver.
        scores = np.round(model.decision_function(design), 9)
        areas.append(_area(scores, test, test_others))
    return JointAuc(area=math.fsum(areas) / folds, folds=tuple(areas))


def _deal(counts: NDArray[np.int64], folds: int, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Everyone dealt into `folds` parts whose sizes differ by at most one."""
    left, parts = counts.copy(), []
    for still in range(folds, 0, -1):
        part = generator.multivariate_hypergeometric(left, int(left.sum()) // still, method="marginals")
        parts.append(part)
        left = left - part
    return parts


def _area(scores: NDArray[np.float64], group: NDArray[np.int64], others: NDArray[np.int64]) -> float:
    distinct, place = np.unique(scores, return_inverse=True)
    above, below = np.zeros(len(distinct), dtype=np.int64), np.zeros(len(distinct), dtype=np.int64)
    np.add.at(above, place, group)
    np.add.at(below, place, others)
    estimate = auc_estimate(above.tolist(), below.tolist())
    assert estimate is not None  # every fold holds people of both sides
    return estimate.value
