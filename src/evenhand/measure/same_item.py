"""The same item at the same price: what people pay who buy one item in one time bucket, through one channel.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from evenhand.load.labels import MISSING
from evenhand.measure.amounts import Stratum
from evenhand.measure.base import Answer, Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.binned import binned
from evenhand.measure.gaps_in_strata import Measured, as_people, gap_findings
from evenhand.measure.like_for_like import IN_WORDS, SOURCE, UNITS
from evenhand.stats.known import KnownValue
from evenhand.stats.moments import Moments, exact_sum
from evenhand.tally.cell_table import CellTable
from evenhand.tally.needs import Needs

DISTRIBUTION = "price by item"
KEYS = ("item", "time_bucket", "channel")
NEEDS = Needs(values=frozenset({DISTRIBUTION}))
IN_ITEMS = ("item (in one bucket and channel)", "items (in one bucket and channel)")


def by_item(table: CellTable) -> dict[Stratum, CellTable]:
    """A table of prices split by item, time bucket and channel, as far as declared; rows where one is missing left out.

    Nobody knows whether two unknown items are the same.
    """
    split = table.by(*(key for key in KEYS if key in table.keys))
    return {stratum: part for stratum, part in split.items() if MISSING not in stratum}


@dataclass(frozen=True)
class Spread:
    """The prices of one item: how many paid one, the lowest and the highest, in whole units."""

    rows: int
    lowest: int
    highest: int


def spreads(setting: Setting) -> tuple[list[Spread], int]:
    """Items (in a bucket and channel) with at least two rows, and the rows of all items; computed once."""
    at = ("same item spreads",)
    if at not in setting.cache:
        table = setting.cells.value(DISTRIBUTION)
        assert table is not None  # the measures below need it
        found = []
        for part in by_item(table.marginal([*(key for key in KEYS if key in table.keys), "price"])).values():
            there = part.rows_where(part.sums["n"] > 0)
            prices = there.keys["price"].codes
            if len(there):
                found.append(Spread(there.total("n"), int(prices.min()), int(prices.max())))
        setting.cache[at] = [one for one in found if one.rows > 1], sum(one.rows for one in found)
    answer: tuple[list[Spread], int] = setting.cache[at]
    return answer


def spread_rate(setting: Setting, grouping: Grouping) -> list[Finding]:
    """The share of items that were sold at more than one price."""
    found, everyone = spreads(setting)
    differing = sum(1 for one in found if one.highest > one.lowest)
    share = Fraction(differing, len(found)) if found else None
    return [
        known_finding("same_item_spread_rate", grouping, share, found, everyone, {"items at two prices": differing})
    ]


def mean_spread(setting: Setting, grouping: Grouping) -> list[Finding]:
    """The mean of (highest − lowest)/lowest in percent, over items whose lowest price is above 0."""
    found, everyone = spreads(setting)
    priced = [one for one in found if one.lowest > 0]
    parts = [Fraction(100 * (one.highest - one.lowest), one.lowest) for one in priced]
    mean = exact_sum(parts) / len(parts) if parts else None
    left_out = {"items at 0 or less": len(found) - len(priced)}
    return [known_finding("same_item_mean_spread_percent", grouping, mean, found, everyone, left_out)]


def known_finding(
    name: str, grouping: Grouping, value: Fraction | None, found: list[Spread], everyone: int, more: Mapping[str, int]
) -> Finding:
    """A fact about the audited prices: it has no sampling error."""
    n = sum(one.rows for one in found)
    number = None if value is None else float(value)
    return Finding(
        measure=name,
        attribute=grouping.name,
        group="everyone",
        groups={},
        reference=None,
        n=n,
        estimate=number,
        value=number,
        contrast=None if number is None else KnownValue(estimate=number, exact=value),
        undefined="no_denominator" if number is None else None,
        people=everyone,
        unseen=(everyone - n, everyone),
        counts={"rows": everyone, "rows compared": n, "items": len(found), **more},
        floors=False,
    )


def item_moments(setting: Setting, grouping: Grouping) -> dict[GroupKey, dict[Stratum, Moments]]:
    """Moments of the price by group and item, exact, since the grid of this distribution is never coarsened."""
    at = ("item moments", grouping.keys)
    if at not in setting.cache:
        scale, step = setting.scale("price"), setting.step(DISTRIBUTION, grouping)
        parts = setting.values(DISTRIBUTION, grouping)
        setting.cache[at] = {
            key: {
                stratum: binned(part, "price", scale=scale, step=step).moments()
                for stratum, part in by_item(parts[key]).items()
            }
            if key in parts
            else {}
            for key in setting.main(grouping)
        }
    found: dict[GroupKey, dict[Stratum, Moments]] = setting.cache[at]
    return found


def item_gap(name: str, measured: Measured) -> Answer:
    """Findings of the like-for-like gap with items as strata."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        cells = as_people(setting, grouping, item_moments(setting, grouping))
        return gap_findings(name, setting, grouping, cells, "group", measured, of="items", where=IN_ITEMS)

    return answer


def same_item_measures() -> list[Measure]:
    """Two facts about everyone's prices, and the gap of each group in three units."""
    missing = (
        "Rows whose item, time bucket or channel is missing, or whose price is, are left out: nobody knows whether "
        "they are the same. Prices are the same where they agree to `columns.resolution`."
    )
    facts: tuple[tuple[str, str, str, str, str, str, Answer], ...] = (
        (
            "same_item_spread_rate",
            "rate",
            "share of items sold at more than one price",
            "Of the items bought at least twice in one time bucket and channel, what share had more than one price?",
            "items with max > min / items with at least two rows; an item is item × time bucket × channel",
            "No item with two rows: undefined. ",
            spread_rate,
        ),
        (
            "same_item_mean_spread_percent",
            "percent",
            "mean spread of the prices of one item",
            "How far apart are the highest and the lowest price of the same item?",
            "mean over items with at least two rows of 100·(max − min)/min",
            "Items whose lowest price is not above 0 are left out and counted. ",
            mean_spread,
        ),
    )
    measures = [
        Measure(
            name=name,
            quantity=name,
            form="level",
            unit="rate" if unit == "rate" else "percent",
            title=title,
            quantity_title=title,
            question=question,
            formula=formula,
            source="counts over everyone, an exact fact: Directive (EU) 2019/2161 has personalised prices disclosed",
            caution=(
                "A spread is no discrimination by itself: same_item_gap asks who paid more. Wide time buckets make "
                "spreads out of prices that change for everyone."
            ),
            edges=edges + missing + " Counted over everyone, in rows: people with missing attributes are included.",
            roles=("price", "item"),
            needs=always(NEEDS),
            answer=answer,
            lowest=0.0,
            scope="everyone",
        )
        for name, unit, title, question, formula, edges, answer in facts
    ]
    for measured, (suffix, words) in UNITS.items():
        name = f"same_item_gap{suffix}"
        measures.append(
            Measure(
                name=name,
                quantity="same_item_gap",
                form="own",
                unit=measured,
                title=f"gap in price for the same item, {words}",
                quantity_title="mean price for the same items",
                question="How much more does the group pay for the same item, at the same time and place of sale"
                + IN_WORDS[measured],
                formula="Σ_i n_gi (m_gi − m_0i) / Σ_i n_gi over items i (item × time bucket × channel)",
                source=SOURCE,
                caution=(
                    "It says nothing of which items a group is shown, or of prices that no item of the other group "
                    "can be set beside."
                ),
                edges=(
                    missing + " Items of which either group has fewer than `min_in_stratum` rows are left out; where "
                    "those left hold less than `min_overlap` of the group's rows, the comparison is inconclusive. "
                    "Where every item has one price, or people have several rows, there is no interval."
                ),
                roles=("price", "item"),
                needs=always(NEEDS),
                answer=item_gap(name, measured),
                parity=0.0,
                polar=True,
            )
        )
    return measures
