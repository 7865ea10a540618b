"""Actual over expected losses in every tenth of the prices: whether prices fit cheap and dear risks of a group alike.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

import numpy as np

from evenhand.measure.answers import Side, quantity_findings
from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.binned import kish, people_among
from evenhand.measure.claims import CLAIMS, EDGES, FORMS, SOURCE, Claims, estimate_of_rows, level, ratio
from evenhand.stats.contrast import Contrast
from evenhand.tally.cell_table import CellTable, Ints, weight_squares
from evenhand.tally.cells import value_table
from evenhand.tally.needs import Needs

TENTHS = 10


def distribution_of(claims: Claims) -> str:
    """The distribution of prices that holds these amounts at every price."""
    return f"price with {claims.expected}"


def band_needs(claims: Claims) -> Needs:
    return Needs(products=claims.products, values=frozenset({distribution_of(claims)}))


def tenth_of_bins(table: CellTable) -> dict[int, int]:
    """Price bin -> its tenth (0 to 9) of the prices of everybody together, equal prices in the same one.

    A bin is in the tenth in which the first of its people stands: prices 1 to 20 once each: 1 and 2 in the first.
    """
    prices = table.marginal(["price"])
    counts = prices.sums["w" if table.weighted else "n"].tolist()
    total = sum(counts)
    before = [0, *accumulate(counts)]
    bins = prices.keys["price"].codes.tolist()
    return {
        one: min(TENTHS * here // total, TENTHS - 1) if total else 0 for one, here in zip(bins, before, strict=False)
    }


def by_tenth(part: CellTable, tenths: Mapping[int, int]) -> dict[int, CellTable]:
    """The cells of each tenth of the prices."""
    of_row: Ints = np.array([tenths[one] for one in part.keys["price"].codes.tolist()], dtype=np.int64)
    return {int(tenth): part.rows_where(of_row == tenth) for tenth in np.unique(of_row)}


def band_name(tenth: int) -> str:
    """
    >>> band_name(0), band_name(1), band_name(9)
    ('1st tenth', '2nd tenth', '10th tenth')
    """
    return f"{tenth + 1}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(tenth + 1, 'th') } tenth"


def band_sides(setting: Setting, grouping: Grouping, claims: Claims) -> dict[int, dict[GroupKey, Side]]:
    """Tenth of the prices -> every group's ΣA/ΣE in it."""
    at = ("bands", claims.name, grouping.keys)
    if at not in setting.cache:
        whole = setting.cells.tables[setting.table_of(value_table(distribution_of(claims)), grouping)]
        tenths, people = tenth_of_bins(whole), setting.people(grouping)
        cells = {key: by_tenth(part, tenths) for key, part in setting.values(distribution_of(claims), grouping).items()}
        sides: dict[int, dict[GroupKey, Side]] = {tenth: {} for tenth in sorted(set(tenths.values()))}
        for tenth, by_group in sides.items():
            for key in setting.main(grouping):
                part = cells.get(key, {}).get(tenth)
                by_group[key] = band_side(setting, grouping, part, claims, people[key])
        setting.cache[at] = sides
    found: dict[int, dict[GroupKey, Side]] = setting.cache[at]
    return found


def band_side(setting: Setting, grouping: Grouping, part: CellTable | None, claims: Claims, people: int) -> Side:
    """One group in one tenth; `people` are all of the group."""
    if part is None:
        return Side(n=0, people=people, value=None, counts={"people": 0})
    own = estimate_of_rows(part, claims)
    weight = part.total("w") if part.weighted else 0
    n = people_among(setting, grouping, part.total("n"), weight)
    return Side(
        n=min(n, people) if setting.repeated else n,
        people=people,
        value=None if own is None else own.value,
        effective=kish(weight, weight_squares(part)) if part.weighted else None,
        counts={"people": n},
        basis=own,
    )


def band_answer(name: str, form: Form, claims: Claims) -> Answer:
    """Findings of ΣA/ΣE in every tenth of the prices, the coordinate in `at`."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        def compared(side: Side, reference: Side) -> Contrast | None:
            return None if setting.repeated else ratio(side, reference)

        findings = []
        for tenth, sides in band_sides(setting, grouping, claims).items():
            findings += quantity_findings(
                name,
                form,
                grouping,
                sides,
                level=lambda side: None if setting.repeated else level(side),
                ratio=compared,
                difference=compared,
                no_interval=setting.no_interval,
                at={"band": band_name(tenth)},
            )
        return findings

    return answer


# Measures --------------------------------------------------------------------------------------------------------


def claims_by_band_measures() -> list[Measure]:
    """The quotients that have an expectation beside the price, by tenth of the prices."""
    return [measure for claims in CLAIMS if claims.by_band for measure in bands(claims)]


def bands(claims: Claims) -> list[Measure]:
    """One ΣA/ΣE in every tenth of the prices, and its ratio to the reference's in the same tenth."""
    quantity = f"{claims.name}_by_band"
    formula = f"Σ actual_loss / Σ {claims.expected} among the people of a tenth of all prices"
    return [
        Measure(
            name=quantity if form == "level" else f"{quantity}_ratio",
            quantity=quantity,
            form=form,
            unit=unit,
            title=f"{claims.title} by tenth of the prices"
            if form == "level"
            else f"ratio of {claims.plural} by tenth of the prices",
            quantity_title=f"{claims.title} by tenth of the prices",
            question=f"Do the group's {claims.plural} stay the same from cheap prices to dear ones?"
            if form == "level"
            else f"How many times the reference's {claims.title} is the group's, among people who pay about the same?",
            formula=formula if form == "level" else f"{formula}; of the group / of the reference in the same tenth",
            source=SOURCE,
            caution="Each tenth of each group is a comparison of its own, with few losses in it. " + claims.caution,
            edges=EDGES + "The tenths are those of everybody's prices together, weighted where rows are; people with "
            "one price are in one tenth, and a tenth may be empty. Repeated people: no interval.",
            roles=("price", "actual_loss", claims.expected),
            needs=always(band_needs(claims)),
            answer=band_answer(quantity if form == "level" else f"{quantity}_ratio", form, claims),
            parity=parity,
        )
        for form, unit, parity in FORMS
        if form != "difference"
    ]
