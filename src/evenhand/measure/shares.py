"""Shares of people, group by group, and the contrast that fits how they were counted.

A share is cases among a denominator. One place decides whether it is compared as plain counts, as weighted counts
(effective n) or as clusters of rows per person, so that every rate has all three. May import: stats, tally.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from evenhand.measure.base import Finding, Grouping, GroupKey, Setting
from evenhand.stats.clusters import ClusterRate, cluster_rate, clustered_difference, clustered_level, clustered_ratio
from evenhand.stats.contrast import Contrast
from evenhand.stats.means import mean_difference, mean_ratio
from evenhand.stats.moments import Moments, Overlap
from evenhand.stats.rates import RateContrast
from evenhand.stats.score import ScoreDifference, ScoreOddsRatio, ScoreRatio
from evenhand.stats.student import Estimate, student_ratio
from evenhand.stats.weights import WeightedRate, weighted_rate
from evenhand.tally.cell_table import CellTable, amount_products, product_total, weight_squares
from evenhand.tally.needs import Mask
from evenhand.tally.plan import REFERENCE, WEIGHT, WEIGHT_SCALE, in_reference, people_column

FEW_UNITS = 20


@dataclass(frozen=True)
class Share:
    """Cases among a denominator for one group, and how they were counted.

    `cases` of `total` are counts (of rows, where people have several); `n` is the people among them, `people` all
    people of the group. Exactly one of plain counts, `weighted` and `cluster` carries the inference.
    """

    cases: int
    total: int
    n: int
    people: int
    weighted: WeightedRate | None = None
    cluster: ClusterRate | None = None
    concentration: float = 0.0
    """Σ share² of the persons' shares of the denominator's rows: 1/n_units where all have the same number."""
    moments: Moments | None = None
    """Of 1 for a case and 0 for another, where groups are shares of rows: with what is in the reference, too."""
    is_reference: bool = False
    """Whether it is the declared reference, the group that `moments` knows the overlap with."""

    @property
    def defined(self) -> bool:
        """Whether the share is of somebody: 0/0 is undefined, never 0."""
        return self.total > 0 and (self.weighted is None or self.weighted.total >= 1)

    @property
    def exact_rate(self) -> Fraction | None:
        """The rate in whole numbers; None where undefined."""
        if not self.defined:
            return None
        if self.cluster is not None:
            return self.cluster.rate
        return self.weighted.rate if self.weighted is not None else Fraction(self.cases, self.total)

    @property
    def rate(self) -> float | None:
        exact = self.exact_rate
        return None if exact is None else float(exact)

    @property
    def n_effective(self) -> float | None:
        """Effective n where rows are weighted or people repeat; None for plain counts."""
        if self.cluster is not None:
            return self.cluster.effective_n
        return float(self.weighted.total) if self.weighted is not None else None

    @property
    def few_units(self) -> bool:
        """Whether the rows are as good as fewer than 20 persons': 1/Σshare² below 20 (inverse Simpson).

        So it is with fewer than 20 persons, and with one who has a quarter of all rows. One person with a little over
        5% among very many is not found by sums of squares, the only thing that shards can add up.
        """
        return self.concentration > 1 / FEW_UNITS

    @property
    def score_counts(self) -> tuple[float | Fraction, float | Fraction]:
        """(cases, total) for the score formulas: whole numbers wherever rows are."""
        if self.weighted is not None:
            return self.weighted.cases, self.weighted.total
        return self.cases, self.total


def share_of(setting: Setting, part: CellTable, units: CellTable | None, cases: Mask, among: Mask) -> Share:
    """The share of `cases` among `among` in one group's cells."""
    denominator, numerator = part.masked(among), part.masked(cases)
    n_cases, n_total = numerator.total("n"), denominator.total("n")
    if units is not None:
        sums = units.totals()
        people, n = sums["units"], sums[people_column(among.name)]
        if not sums[among.name]:
            return Share(n_cases, 0, n, people)
        cluster = cluster_rate(
            numerator=sums[cases.name],
            denominator=sums[among.name],
            numerator_squares=product_total(sums, cases.name, cases.name),
            cross_products=product_total(sums, cases.name, among.name),
            denominator_squares=product_total(sums, among.name, among.name),
            units=n,
            rows=n_total,
        )
        concentration = product_total(sums, among.name, among.name) / sums[among.name] ** 2
        return Share(n_cases, n_total, n, people, cluster=cluster, concentration=concentration)
    people = part.total("n")
    weighted = weighted_share(numerator, denominator) if part.weighted else None
    return Share(n_cases, n_total if weighted or not part.weighted else 0, n_total, people, weighted=weighted)


def share_of_shares(part: CellTable, cases: Mask, among: Mask, *, overlapping: bool) -> Share:
    """The same where groups are shares of rows: people are what the shares add up to, and rows may be in two groups."""
    denominator, numerator = part.masked(among), part.masked(cases)
    n_cases, n, people = (as_people(table.total("w")) for table in (numerator, denominator, part))
    squares = weight_squares(numerator)
    moments = Moments(
        n=n,
        weight=denominator.total("w"),
        weight_squared=weight_squares(denominator),
        value=numerator.total("w"),
        weight_squared_value=squares,
        weight_squared_squares=squares,
    )
    if overlapping:
        both = amount_products(numerator, WEIGHT, REFERENCE)
        of_all = amount_products(denominator, WEIGHT, REFERENCE)
        moments = replace(moments, overlap=Overlap(weight=of_all, value=both, reference_value=both, squares=both))
    weighted = weighted_share(numerator, denominator)  # with weights that are small numbers, of less than half a person
    return Share(n_cases, max(1, n) if weighted else 0, n, people, weighted=weighted, moments=moments)


def moments_of_people(sums: Mapping[str, int], cases: Mask, among: Mask) -> Moments:
    """Moments of a rate of people who have several rows, with what each adds to the reference group, too."""
    here, all_here = cases.name, among.name
    there, all_there = in_reference(here), in_reference(all_here)
    return Moments(
        n=sums[people_column(all_here)],
        weight=sums[all_here],
        weight_squared=product_total(sums, all_here, all_here),
        value=sums[here],
        weight_squared_value=product_total(sums, here, all_here),
        weight_squared_squares=product_total(sums, here, here),
        overlap=Overlap(
            weight=product_total(sums, all_here, all_there),
            value=product_total(sums, here, all_there),
            reference_value=product_total(sums, all_here, there),
            squares=product_total(sums, here, there),
        ),
    ).over_units()


def as_people(weight: int) -> int:
    """Shares that add up to `weight`, in units of 1/WEIGHT_SCALE, as whole people.

    >>> as_people(2_500_000)
    3
    """
    return (weight + WEIGHT_SCALE // 2) // WEIGHT_SCALE


def weighted_share(numerator: CellTable, denominator: CellTable) -> WeightedRate | None:
    """The weighted rate of cases among a denominator; None where the denominator weighs nothing."""
    if not denominator.total("w"):
        return None
    return weighted_rate(
        weight=denominator.total("w"),
        weight_cases=numerator.total("w"),
        weight_squared=weight_squares(denominator),
        weight_squared_cases=weight_squares(numerator),
    )


def shares(setting: Setting, grouping: Grouping, cases: Mask, among: Mask) -> dict[GroupKey, Share]:
    """The share of every group, in the order of the labels; computed once."""
    at = ("share", grouping.keys, cases, among)
    if at not in setting.cache:
        units, shared = setting.units(grouping), setting.shared.intersection(grouping.keys)
        made: dict[GroupKey, Share] = {}
        for key, part in setting.main(grouping).items():
            overlapping = setting.overlaps(grouping, key)
            if shared and key not in units:
                share = share_of_shares(part, cases, among, overlapping=overlapping)
            else:
                share = share_of(setting, part, units.get(key), cases, among)
                if overlapping and share.cluster is not None:
                    share = replace(share, moments=moments_of_people(units[key].totals(), cases, among))
            made[key] = replace(share, is_reference=key == grouping.reference)
        setting.cache[at] = made
    found: dict[GroupKey, Share] = setting.cache[at]
    return found


# Contrasts -----------------------------------------------------------------------------------------------------

TwoGroups = Callable[[Share, Share], Contrast | None]


def level_contrast(share: Share) -> Contrast | None:
    """One group's own rate against a floor or ceiling."""
    if share.cluster is not None:
        return clustered_level(share.cluster)
    cases, total = share.score_counts
    return RateContrast(cases=cases, total=total)


def ratio_contrast(group: Share, reference: Share) -> Contrast | None:
    """The rate over the reference's."""
    covariance = covariance_of(group, reference)
    if group.cluster is not None and reference.cluster is not None:
        return clustered_ratio(group.cluster, reference.cluster, covariance=covariance)
    if covariance:
        return mean_ratio(rate_estimate(group), rate_estimate(reference), covariance=covariance)
    return ScoreRatio(**four_counts(group, reference))


def difference_contrast(group: Share, reference: Share) -> Contrast | None:
    """The rate minus the reference's."""
    covariance = covariance_of(group, reference)
    if group.cluster is not None and reference.cluster is not None:
        return clustered_difference(group.cluster, reference.cluster, covariance=covariance)
    if covariance:
        return mean_difference(rate_estimate(group), rate_estimate(reference), covariance=covariance)
    return ScoreDifference(**four_counts(group, reference))


def odds_ratio_contrast(group: Share, reference: Share) -> Contrast | None:
    """The odds over the reference's; where people repeat or rows are in both, by the delta method on the log odds."""
    covariance = covariance_of(group, reference)
    if covariance or (group.cluster is not None and reference.cluster is not None):
        rates = rate_estimate(group), rate_estimate(reference)
        slopes = [(1 - rate.value) ** 2 for rate in rates]
        return student_ratio(
            odds_estimate(rates[0]),
            odds_estimate(rates[1]),
            method="delta method on the log odds" if group.cluster is None else "cluster-robust t",
            covariance=covariance / (slopes[0] * slopes[1]) if covariance else 0.0,
        )
    return ScoreOddsRatio(**four_counts(group, reference))


def covariance_of(group: Share, reference: Share) -> float:
    """The covariance of two rates whose groups are shares of the same rows; 0 where they have no row in common.

    What two groups have in common is known of the declared reference only: with any other the covariance is left out,
    which widens the interval. So it is at a rate of 0 or 1, where a linearised variance says nothing.
    """
    ours, theirs = group.moments, reference.moments
    if ours is None or theirs is None or not reference.is_reference or {group.rate, reference.rate} & {0.0, 1.0, None}:
        return 0.0
    return ours.covariance(theirs)


def rate_estimate(share: Share) -> Estimate:
    """A rate of people with several rows, or of shares of rows, with its linearised variance."""
    if share.cluster is not None:
        return share.cluster.estimate
    found = None if share.moments is None else share.moments.estimate()
    if found is None:
        raise ValueError("only rates with moments or people of several rows have a linearised variance")
    return replace(found, lowest=0.0, highest=1.0)


def odds_estimate(rate: Estimate) -> Estimate:
    """p/(1 − p) with its variance by the delta method, Var(p)/(1 − p)⁴; no variance at 0 and 1.

    Example: p = 1/2 with variance .01: odds 1, variance .16.
    """
    if rate.value in (0.0, 1.0):
        return Estimate(value=math.inf if rate.value else 0.0, variance=math.nan)
    variance = rate.variance / (1 - rate.value) ** 4
    return Estimate(value=rate.value / (1 - rate.value), variance=variance, degrees_of_freedom=rate.degrees_of_freedom)


def four_counts(group: Share, reference: Share) -> dict[str, float | Fraction]:
    """The two-by-two table as keywords of the score contrasts."""
    cases, total = group.score_counts
    reference_cases, reference_total = reference.score_counts
    return {"cases": cases, "total": total, "reference_cases": reference_cases, "reference_total": reference_total}


# Findings ------------------------------------------------------------------------------------------------------


def level_findings(measure: str, grouping: Grouping, found: dict[GroupKey, Share]) -> list[Finding]:
    """One finding per group: its own rate."""
    findings = []
    for key, share in found.items():
        contrast = level_contrast(share) if share.defined else None
        findings.append(
            Finding(
                measure=measure,
                attribute=grouping.name,
                group=grouping.label(key),
                groups=grouping.named(key),
                reference=None,
                n=share.n,
                n_effective=share.n_effective,
                estimate=share.rate,
                value=share.rate,
                contrast=contrast,
                undefined=None if contrast else "no_denominator" if not share.defined else "no_interval",
                people=share.people,
                few_units=share.few_units,
                counts={"cases": share.cases, "total": share.total},
            )
        )
    return findings


def comparison_findings(
    measure: str,
    grouping: Grouping,
    found: dict[GroupKey, Share],
    contrast_of: TwoGroups,
    *,
    vacuous: bool = False,
) -> list[Finding]:
    """One finding per group other than the reference. `vacuous`: everyone or no one is a finding about nobody."""
    reference = found.get(grouping.reference)
    findings = []
    for key, share in found.items():
        if key == grouping.reference:
            continue
        undefined = why_undefined(share, reference)
        contrast = None
        if undefined is None and reference is not None:
            contrast = contrast_of(share, reference)
            undefined = None if contrast else "no_interval"
        same = reference is not None and share.rate is not None and share.rate == reference.rate
        nothing = vacuous and same and share.rate in (0.0, 1.0)
        findings.append(
            Finding(
                measure=measure,
                attribute=grouping.name,
                group=grouping.label(key),
                groups=grouping.named(key),
                reference=grouping.label(grouping.reference),
                n=share.n,
                n_reference=reference.n if reference else None,
                n_effective=share.n_effective,
                n_reference_effective=reference.n_effective if reference else None,
                estimate=contrast.estimate if contrast else None,
                value=share.rate,
                value_reference=reference.rate if reference else None,
                contrast=contrast,
                undefined=None if nothing else undefined,
                vacuous=nothing,
                few_units=share.few_units or (reference is not None and reference.few_units),
                expected_cases=expected_cases(share, reference),
                reference_rate=reference.rate if reference else None,
                people=share.people,
                people_reference=reference.people if reference else None,
                counts={"cases": share.cases, "total": share.total}
                | ({"reference_cases": reference.cases, "reference_total": reference.total} if reference else {}),
            )
        )
    return findings


def why_undefined(share: Share, reference: Share | None) -> str | None:
    """The reason code when two shares cannot be compared, most fundamental first; None when they can."""
    if reference is None:
        return "reference_absent"
    if not reference.defined:
        return "reference_undefined"
    return None if share.defined else "no_denominator"


def expected_cases(share: Share, reference: Share | None) -> float | None:
    """n_g · min(p₀, 1 − p₀): the rarer outcome expected in the group at the reference's rate."""
    if reference is None or reference.rate is None:
        return None
    size = share.total if share.n_effective is None else min(share.total, share.n_effective)
    return size * min(reference.rate, 1 - reference.rate)
