"""Conditional demographic disparity: a group's share of the rejected less its share of the accepted, within strata.

May import: stats.stratified_rates (exact sums, the variance of a stratum's rate), stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from evenhand.stats.stratified_rates import Exact, binomial_variance, exactly, sum_in_pairs, sum_of_quotients
from evenhand.stats.student import StudentContrast


@dataclass(frozen=True, kw_only=True)
class DecisionStratum:
    """One stratum: `accepted` and `rejected` people in all, and how many of each belong to the group.

    Weighted people come in as effective counts: of the accepted and of the rejected the effective n, and the group's
    share times it. Raises ValueError unless 0 ≤ group's ≤ all. Example: 2 of 5 accepted and 4 of 7 rejected.
    """

    group_accepted: int | Fraction
    group_rejected: int | Fraction
    accepted: int | Fraction
    rejected: int | Fraction

    def __post_init__(self) -> None:
        for name in ("group_accepted", "group_rejected", "accepted", "rejected"):
            object.__setattr__(self, name, exactly(getattr(self, name)))
        if not (0 <= self.group_accepted <= self.accepted and 0 <= self.group_rejected <= self.rejected):
            raise ValueError("a stratum needs 0 ≤ the group's people ≤ all people, among the accepted and the rejected")

    @property
    def people(self) -> Exact:
        return self.accepted + self.rejected


def conditional_demographic_disparity(strata: Sequence[DecisionStratum]) -> tuple[StudentContrast | None, Fraction]:
    """Σ n_s·DD_s/Σ n_s with DD_s = P(group | rejected) − P(group | accepted), and the share of people left out.

    Strata without accepted or without rejected people have no DD: they are left out and the weights n_s renormalised
    (elsewhere the missing share counts as 0, which moves the value towards the strata's other share). Positive: the
    group is more often found among the rejected. Variance Σ (n_s/n)²·(p(1 − p)/rejected + q(1 − q)/accepted): a
    binomial per stratum and decision, by `binomial_variance`; a stratum of the group alone, or without it, has DD 0
    and adds none. The contrast is None where no stratum is left or nothing varies.
    Source: Wachter, Mittelstadt & Russell 2021, Computer Law & Security Review 41, 105567.

    Example: 2 of 5 accepted and 4 of 7 rejected: 4/7 − 2/5 = 6/35, variance (12/49)/7 + (6/25)/5 = .083; a second
    stratum of 4 accepted and nobody rejected changes neither and leaves 4/16 out.
    """
    people = sum_in_pairs(stratum.people for stratum in strata)
    kept = [stratum for stratum in strata if stratum.accepted > 0 and stratum.rejected > 0]
    held = sum_in_pairs(stratum.people for stratum in kept)
    if not kept:
        return None, Fraction(1 if people else 0)
    parts, spread = [], []
    for stratum in kept:
        ours = [stratum.group_rejected, stratum.group_accepted]
        sizes = [stratum.rejected, stratum.accepted]
        parts.append((stratum.people * (ours[0] * sizes[1] - ours[1] * sizes[0]), sizes[0] * sizes[1]))
        if 0 < sum(ours) < stratum.people:
            spread.append(float(stratum.people / held) ** 2 * sum(map(binomial_variance, ours, sizes)))
    variance = math.fsum(spread)
    if not variance > 0:
        return None, 1 - Fraction(held, people)
    disparity = sum_of_quotients(parts) / held
    contrast = StudentContrast(
        estimate=float(disparity),
        standard_error=math.sqrt(variance),
        parity=0.0,
        method="conditional demographic disparity, delta method",
        lowest=-1.0,
        highest=1.0,
        exact=disparity,
    )
    return contrast, 1 - Fraction(held, people)
