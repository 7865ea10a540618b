"""Mixes of groups compared as a whole: total variation between two share vectors.

May import: the standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


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
