"""What prices do with the years: the price at each tenure over that of the newest customers, like for like.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal

from evenhand.load.labels import MISSING
from evenhand.measure.amounts import Stratum, factor_keys, known, moments_of_rows
from evenhand.measure.answers import Side, level_finding
from evenhand.measure.base import Answer, Finding, Grouping, GroupKey, Measure, Setting, always
from evenhand.measure.binned import kish, people_among
from evenhand.stats.like_for_like import like_for_like
from evenhand.stats.moments import Moments
from evenhand.tally.cell_table import CellTable
from evenhand.tally.needs import Needs

PRICED = known("price")
NEEDS = Needs(keys=PRICED.keys | {"tenure"}, products=frozenset({("price", "price")}), strata=True)


def labels_of_tenure(part: CellTable) -> set[str]:
    """The tenures that occur; missing is none."""
    return set(part.keys["tenure"].labels or ()) - {MISSING}


def in_order(setting: Setting, labels: Iterable[str]) -> list[str]:
    """Tenures from the newest: bands in their order, numbers by size, other labels by name after them."""
    bands = setting.cells.header.definition["labels"]["tenure"]["band_labels"] or []

    def place(label: str) -> tuple[int, Decimal, str]:
        if label in bands:
            return 0, Decimal(bands.index(label)), label
        number = number_of(label)
        return (1, number, label) if number is not None else (2, Decimal(0), label)

    return sorted(labels, key=place)


def number_of(label: str) -> Decimal | None:
    """
    >>> number_of("10"), number_of("new")
    (Decimal('10'), None)
    """
    try:
        number = Decimal(label)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def cells_by_tenure(setting: Setting, part: CellTable) -> dict[str, dict[Stratum, Moments]]:
    """Tenure -> stratum -> moments of the prices of one group."""
    keys = ("tenure", *factor_keys(setting))
    scale = setting.scale("price")
    found: dict[str, dict[Stratum, Moments]] = {}
    for (tenure, *stratum), cells in part.masked(PRICED).marginal(list(keys)).by(*keys).items():
        found.setdefault(tenure, {})[tuple(stratum)] = moments_of_rows(cells.totals(), "price", scale)
    return found


def people_at(setting: Setting, grouping: Grouping, cells: Mapping[Stratum, Moments]) -> tuple[int, float | None]:
    """The people of a tenure, and how many they are worth by Kish where rows are weighted."""
    rows, weight = sum(cell.n for cell in cells.values()), sum(cell.weight for cell in cells.values())
    effective = kish(weight, sum(cell.weight_squared for cell in cells.values()))
    return people_among(setting, grouping, rows, weight), effective if setting.weighted(grouping) else None


def covered(standard: Mapping[Stratum, Moments], other: Mapping[Stratum, Moments], floor: int) -> Fraction:
    """The share of the newest customers' weight in strata where both tenures have at least `floor` people."""
    whole = sum(cell.weight for cell in standard.values())
    kept = sum(
        cell.weight for stratum, cell in standard.items() if stratum in other and min(cell.n, other[stratum].n) >= floor
    )
    return Fraction(kept, whole) if whole else Fraction(0)


def index_findings(
    name: str,
    setting: Setting,
    grouping: Grouping,
    key: GroupKey,
    part: CellTable,
    people: int,
) -> list[Finding]:
    """The index of one group at every tenure after its first."""
    cells = cells_by_tenure(setting, part)
    tenures = in_order(setting, set(cells) - {MISSING})
    if not tenures:
        side = Side(n=0, people=people, value=None)
        return [level_finding(name, grouping, key, side, None)]
    first, floor = cells[tenures[0]], setting.min_in_stratum
    n_first, effective_first = people_at(setting, grouping, first)
    findings = []
    for tenure in tenures[1:]:
        found = like_for_like(cells[tenure], first, standard="reference", floor=floor)
        share = covered(first, cells[tenure], floor)
        n, effective = people_at(setting, grouping, cells[tenure])
        ours, theirs = found.group_mean, found.reference_mean
        side = Side(
            n=min(people, n, n_first),
            people=people,
            value=float(ours / theirs) if ours is not None and theirs else None,
            effective=None if effective is None or effective_first is None else min(effective, effective_first),
            counts={"people": n, "people_at_first_tenure": n_first},
        )
        finding = level_finding(
            name,
            grouping,
            key,
            side,
            None if setting.repeated else found.ratio,
            no_interval=setting.no_interval,
            at={"tenure": tenure, "first": tenures[0]},
        )
        findings.append(replace(finding, withheld=thin_overlap(share, setting)))
    return findings


def thin_overlap(share: Fraction, setting: Setting) -> str | None:
    """Why the index may neither pass nor fail: too few of the newest customers have a like at this tenure."""
    if share >= Fraction(str(setting.min_overlap)):
        return None
    return (
        f"only {100 * float(share):.0f}% of the people of the first tenure are in strata with at least "
        f"{setting.min_in_stratum} people of both tenures; the audit file asks for {100 * setting.min_overlap:.0f}%"
    )


def of_groups(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Every group's index, each against its own newest customers."""
    people = setting.people(grouping)
    return [
        finding
        for key, part in setting.main(grouping).items()
        for finding in index_findings("tenure_index", setting, grouping, key, part, people[key])
    ]


def of_everyone(setting: Setting, grouping: Grouping) -> list[Finding]:
    """The index over everyone, people of unknown groups included."""
    units = setting.cells.unit
    people = setting.cells.main.total("n") if units is None else units.total("units")
    found = index_findings("tenure_index_of_everyone", setting, grouping, (), setting.cells.main, people)
    return [replace(finding, group="everyone") for finding in found]


FORMULA = "Σ_s w_s m_ts / Σ_s w_s m_0s, with w_s the newest customers' mix of factors, m_ts the mean price at tenure t"
EDGES = (
    "The first tenure is the first band, or the smallest number; its index is 1 and not listed. Strata with fewer than "
    "min_in_stratum people of either tenure are left out; below min_overlap of the newest customers it is "
    "inconclusive. Without factors it is the ratio of mean prices. Rows without a price or tenure are left out. "
    "Repeated people: no interval."
)


def tenure_measures() -> list[Measure]:
    """tenure_index per group, and of everyone."""
    title = "price by tenure over the newest customers' price"
    return [
        tenure_measure(
            "tenure_index",
            title,
            "How many times what its newest customers pay does the group pay at each tenure, like for like?",
            of_groups,
            "groups",
        ),
        tenure_measure(
            "tenure_index_of_everyone",
            f"{title}, of everyone",
            "How many times what the newest customers pay do people pay at each tenure, like for like?",
            of_everyone,
            "everyone",
        ),
    ]


def tenure_measure(
    name: str, title: str, question: str, answer: Answer, scope: Literal["groups", "everyone"]
) -> Measure:
    """The index in one of its scopes."""
    return Measure(
        name=name,
        quantity=name,
        form="level",
        unit="ratio",
        title=title,
        quantity_title=title,
        question=question,
        formula=FORMULA,
        source="direct standardisation, Fleiss, Levin & Paik 2003, ch. 19; delta method on the log ratio",
        caution="It compares people who stayed with people who came, and those who were charged too much have left. "
        "Where the equivalent new-business price is known, the price_walking measures answer the question directly.",
        edges=EDGES,
        roles=("tenure", "price"),
        needs=always(NEEDS),
        answer=answer,
        parity=1.0,
        polar=True,
        scope=scope,
    )
