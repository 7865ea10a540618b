"""How far apart two distributions of prices lie, and how far they would if price and group were unrelated.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from evenhand.measure.answers import comparison_finding
from evenhand.measure.base import Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.binned import (
    KNOWN_PRICES,
    PRICES,
    Binned,
    binned_prices,
    binned_side,
    compared,
    middles,
    on_common_bins,
    paired,
)
from evenhand.measure.figures import Figure
from evenhand.stats.price_distributions import (
    LEAST_REPLICATES,
    DistanceNull,
    DistributionNull,
    SignedBurden,
    distribution_null,
    ks_distance,
    signed_burden,
)

MOST_VALUES = 400
"""Different prices that people are dealt over again for; finer ones are put together, two steps in one,
until they fit: dealing costs as much as there are prices."""
MOST_PEOPLE = 10**9

Distance = Callable[[Setting, Grouping, GroupKey], Fraction | None]


def sides(setting: Setting, grouping: Grouping, key: GroupKey) -> tuple[Binned, Binned]:
    """The prices of a group and of the reference."""
    found = binned_prices(setting, grouping, "price")
    return found[key], found[grouping.reference]


def burden_part(part: str) -> Distance:
    """`more`, `less` or `distance` of the signed burden, in money."""

    def of(setting: Setting, grouping: Grouping, key: GroupKey) -> Fraction | None:
        group, reference = sides(setting, grouping, key)
        at = ("signed burden", grouping.keys, key)
        if at not in setting.cache:
            setting.cache[at] = signed_burden(*paired(group, reference))
        burden: SignedBurden | None = setting.cache[at]
        return None if burden is None else getattr(burden, part) / group.scale

    return of


def largest_gap(setting: Setting, grouping: Grouping, key: GroupKey) -> Fraction | None:
    """Kolmogorov and Smirnov's."""
    return ks_distance(*paired(*sides(setting, grouping, key)))


def distances(name: str, distance: Distance) -> Callable[[Setting, Grouping], list[Finding]]:
    """A distance between each group's prices and the reference's; the values shown are the mean prices."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        tables = binned_prices(setting, grouping, "price")
        prices = {
            key: binned_side(setting, grouping, key, table, None if table.mean is None else float(table.mean), None)
            for key, table in tables.items()
        }
        base = prices.get(grouping.reference)
        findings = []
        for key, _, reference in compared(grouping, tables):
            found = None if reference is None else distance(setting, grouping, key)
            estimate = None if found is None else float(found)
            findings.append(comparison_finding(name, grouping, key, prices[key], base, None, estimate=estimate))
        return findings

    return answer


def null_of(setting: Setting, grouping: Grouping, key: GroupKey, *, swapped: bool = False) -> DistributionNull | None:
    """The distances of a group from the reference when people change groups blindly; computed once.

    None where rows are weighted or people have several, and where there is nobody to deal.
    """
    if setting.repeated or setting.weighted(grouping):
        return None
    at = ("price null", grouping.keys, key, swapped)
    if at not in setting.cache:
        group, reference = sides(setting, grouping, key)
        bins, *counts = on_common_bins(group, reference)
        step = group.step
        while len(bins) > MOST_VALUES:
            bins, place = np.unique(bins // 2, return_inverse=True)
            counts = [np.bincount(place, c, len(bins)).astype(np.int64) for c in counts]
            step *= 2
        scale = group.unit if step == 1 else 2 * group.unit
        values = [value / scale for value in middles(bins.tolist(), step)]
        ours, theirs = (c.tolist() for c in (reversed(counts) if swapped else counts))
        few_enough = sum(ours) + sum(theirs) <= MOST_PEOPLE
        setting.cache[at] = (
            distribution_null(values, ours, theirs, replicates=LEAST_REPLICATES, seed=setting.seed)
            if few_enough
            else None
        )
    found: DistributionNull | None = setting.cache[at]
    return found


def when_unrelated(which: str) -> Callable[[Setting, Grouping], list[Figure]]:
    """What a distance would be if price and group were unrelated: `wasserstein`, `more`, `less` or `ks`."""
    sign, percentile = (-1, "5th percentile") if which == "less" else (1, "95th percentile")

    def figures(setting: Setting, grouping: Grouping) -> list[Figure]:
        shown = []
        for key, _, reference in compared(grouping, binned_prices(setting, grouping, "price")):
            null = None if reference is None else null_of(setting, grouping, key, swapped=which == "less")
            if null is None:
                continue
            drawn: DistanceNull = getattr(null, "more" if which == "less" else which)
            group = grouping.label(key)
            shown += [
                Figure(f"{group}: mean if price and group were unrelated", sign * drawn.mean),
                Figure(f"{group}: {percentile} if price and group were unrelated", sign * drawn.percentile_95),
                Figure(f"{group}: p, share of {LEAST_REPLICATES:,} shuffles at least as far", drawn.p),
            ]
        return shown

    return figures


WHEN_UNRELATED: Mapping[str, Callable[[Setting, Grouping], list[Figure]]] = {
    "wasserstein": when_unrelated("wasserstein"),
    "wasserstein_more": when_unrelated("more"),
    "wasserstein_less": when_unrelated("less"),
    "ks_distance": when_unrelated("ks"),
}
"""Figures beside each distance."""


def price_distance_measures() -> list[Measure]:
    """wasserstein with its two parts, and ks_distance."""
    at_parity = (
        "It is above 0 by chance alone, so it has no interval: beside it stand its mean, its 95th percentile and the p "
        "of 2,000 random divisions of the same people into groups of the same sizes. "
    )
    edges = (
        f"{KNOWN_PRICES}Computed on the grid of prices. What stands beside it is for unweighted rows, one a person, "
        f"and over at most {MOST_VALUES:,} different prices: finer ones are put together in steps. A side without "
        "prices: undefined."
    )
    burdens = (
        (
            "wasserstein",
            "distance",
            "distance of the price distributions",
            "How far are the group's prices from the reference's, rank by rank?",
            "∫|F_g − F₀| dx = wasserstein_more − wasserstein_less",
            0.0,
        ),
        (
            "wasserstein_more",
            "more",
            "part of the price distance where the group pays more",
            "Where the group pays more than the reference at the same rank, how much more is it, on average over all?",
            "∫(F₀ − F_g)⁺ dx; with wasserstein_less it adds up to the difference of the means",
            0.0,
        ),
        (
            "wasserstein_less",
            "less",
            "part of the price distance where the group pays less",
            "Where the group pays less than the reference at the same rank, how much less is it (a negative number)?",
            "−∫(F₀ − F_g)⁻ dx; with wasserstein_more it adds up to the difference of the means",
            None,
        ),
    )
    measures = [
        Measure(
            name=name,
            quantity="mean_price",
            form="own",
            unit="money",
            title=title,
            quantity_title="mean price",
            question=question,
            formula=formula,
            source="Vallender 1974 (W₁ = ∫|F − G|); null: Pitman 1937, Phipson & Smyth 2010",
            caution=f"{at_parity}Differences in risk or product count in it; like_for_like_gap leaves them out.",
            edges=edges,
            roles=("price",),
            needs=always(PRICES),
            answer=distances(name, burden_part(part)),
            parity=0.0,
            lowest=lowest,
            decide_by=("point",),
        )
        for name, part, title, question, formula, lowest in burdens
    ]
    measures.append(
        Measure(
            name="ks_distance",
            quantity="mean_price",
            form="own",
            unit="number",
            title="Kolmogorov–Smirnov distance of the prices",
            quantity_title="mean price",
            question="What is the largest gap between the shares of the two groups that pay at most the same price?",
            formula="sup |F_g − F₀|",
            source="Smirnov 1939; null: Pitman 1937, Phipson & Smyth 2010",
            caution=f"{at_parity}It says where shares differ most, not how much money that is: see wasserstein.",
            edges=edges,
            roles=("price",),
            needs=always(PRICES),
            answer=distances("ks_distance", largest_gap),
            parity=0.0,
            lowest=0.0,
            decide_by=("point",),
        )
    )
    return measures
