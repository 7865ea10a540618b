"""Mixes of groups compared as a whole: total variation between two share vectors, its level at parity, chi-square.

May import: numpy, the standard library; scipy.special inside functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np


def total_variation(counts: Sequence[float | Fraction], reference: Sequence[float | Fraction]) -> float:
    """½Σ|aᵢ/Σa − bᵢ/Σb| of two mixes over the same categories; `reference` may be counts or declared shares.

    Added up in fractions and rounded once, so that whole counts at a limit are not a matter of rounding.

    Raises ValueError where the lengths differ or a mix is empty.
    Example: (48, 52) against (63, 37): ½(.15 + .15) = .15.
    """
    ours, theirs = sum(Fraction(a) for a in counts), sum(Fraction(b) for b in reference)
    if len(counts) != len(reference) or ours <= 0 or theirs <= 0:
        raise ValueError("two mixes need the same categories and people in both")
    gaps = (abs(Fraction(a) / ours - Fraction(b) / theirs) for a, b in zip(counts, reference, strict=True))
    return float(sum(gaps, Fraction(0)) / 2)


@dataclass(frozen=True, kw_only=True)
class MixNull:
    """Total variation if group and selection were unrelated: its mean, 95th percentile, and the observed one's p."""

    mean: float
    percentile_95: float
    p: float


def total_variation_null(counts: Sequence[int], eligible: Sequence[int], *, replicates: int, seed: int) -> MixNull:
    """The observed total variation among `replicates` selections of as many people drawn blindly from `eligible`.

    Total variation with more than two groups is biased up: at parity, with six categories and 100 people, it exceeds
    .10 in a third of audits, so it is read against this. `counts` are people among the eligible; they are drawn
    without replacement (multivariate hypergeometric). p = (1 + #{as large})/(B + 1).
    Raises ValueError where a category has more people than are eligible.

    Example: if everyone eligible is selected, every draw has total variation 0 and p = 1.
    """
    selected, pool = np.asarray(counts, dtype=np.int64), np.asarray(eligible, dtype=np.int64)
    if selected.shape != pool.shape or (selected > pool).any() or selected.sum() == 0:
        raise ValueError("the selected must be some of the eligible, category by category")
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = generator.multivariate_hypergeometric(pool, int(selected.sum()), size=replicates, method="marginals")
    # Σ|aᵢ·Σb − bᵢ·Σa| in integers: comparing floats would make a tie with the observed value a matter of rounding.
    distances = np.abs(drawn * int(pool.sum()) - pool * int(selected.sum())).sum(axis=1)
    observed = int(np.abs(selected * int(pool.sum()) - pool * int(selected.sum())).sum())
    shares = distances / (2 * int(pool.sum()) * int(selected.sum()))
    return MixNull(
        mean=float(shares.mean()),
        percentile_95=float(np.quantile(shares, 0.95, method="inverted_cdf")),
        p=(1 + int((distances >= observed).sum())) / (replicates + 1),
    )


@dataclass(frozen=True, kw_only=True)
class ChiSquare:
    """Pearson's statistic, degrees of freedom, p-value, and the smallest expected count (5 is the usual floor)."""

    statistic: float
    degrees_of_freedom: int
    p: float
    smallest_expected: float


def chi_square(counts: Sequence[int], shares: Sequence[float]) -> ChiSquare:
    """Do `counts` come from a population with the declared `shares`? Σ(observed − expected)²/expected.

    Shares are scaled to add up to 1. Raises ValueError for a share that is not above 0 or an empty sample.
    Source: Pearson 1900. Example: 60 and 40 against .5 and .5: 100/50 + 100/50 = 4, p = .0455.
    """
    from scipy.special import chdtrc

    observed, weight = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if observed.shape != weight.shape or (weight <= 0).any() or observed.sum() <= 0:
        raise ValueError("every category needs a share above 0, and the sample must not be empty")
    expected = observed.sum() * weight / weight.sum()
    statistic = float(((observed - expected) ** 2 / expected).sum())
    freedom = len(observed) - 1
    p = float(chdtrc(freedom, statistic)) if freedom else 1.0
    return ChiSquare(statistic=statistic, degrees_of_freedom=freedom, p=p, smallest_expected=float(expected.min()))
