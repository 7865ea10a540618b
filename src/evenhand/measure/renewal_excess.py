"""How far renewals lie above the price a new customer would get, in percent: mean, 95th percentile, largest, by tenure.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from evenhand.measure.amount_gaps import difference_of_means, level_of_mean, ratio_of_means
from evenhand.measure.answers import Side, quantity_findings
from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting
from evenhand.measure.binned import Binned, binned_percentages, binned_side
from evenhand.measure.renewals import CAUTION, EDGES, ROLES, SOURCE
from evenhand.measure.tenures import in_order, labels_of_tenure
from evenhand.stats.contrast import Contrast
from evenhand.stats.known import KnownValue
from evenhand.stats.quantiles import quantile_level
from evenhand.tally.cell_table import CellTable
from evenhand.tally.needs import Needs

P95 = Fraction(95, 100)


def renewals_of(part: CellTable) -> CellTable:
    """The renewals of a table of the distribution, all rows where no column tells them."""
    return part.select({"is_renewal": ["1"]}) if "is_renewal" in part.keys else part


def walking(setting: Setting, grouping: Grouping, tenure: str | None = None) -> dict[GroupKey, Binned]:
    """How far the group's renewals lie above the new-business price, in percent; at one tenure, or at all."""
    at = ("walking", grouping.keys, tenure)
    if at not in setting.cache:
        parts = setting.values("walking", grouping)
        found = {}
        for key, part in setting.main(grouping).items():
            own = renewals_of(parts[key]) if key in parts else None
            if own is not None and tenure is not None:
                own = own.select({"tenure": [tenure]})
            empty = Binned((), 1, (), (), (), part.weighted)
            found[key] = empty if own is None or not len(own) else binned_percentages(own)
        setting.cache[at] = found
    cached: dict[GroupKey, Binned] = setting.cache[at]
    return cached


def mean_sides(setting: Setting, grouping: Grouping, found: Mapping[GroupKey, Binned]) -> dict[GroupKey, Side]:
    """The mean excess of every group."""
    sides = {}
    for key, own in found.items():
        moments = own.moments()
        mean = moments.mean
        sides[key] = binned_side(setting, grouping, key, own, None if mean is None else float(mean), moments)
    return sides


def mean_walking(
    name: str, form: Form, setting: Setting, grouping: Grouping, tenure: str | None = None
) -> list[Finding]:
    """Mean of 100 · (price / new-business price − 1)."""

    def level(side: Side) -> Contrast | None:
        return None if setting.repeated else level_of_mean(side)

    def ratio(side: Side, reference: Side) -> Contrast | None:
        return None if setting.repeated else ratio_of_means(side, reference)

    def difference(side: Side, reference: Side) -> Contrast | None:
        return None if setting.repeated else difference_of_means(side, reference)

    return quantity_findings(
        name,
        form,
        grouping,
        mean_sides(setting, grouping, walking(setting, grouping, tenure)),
        level=level,
        ratio=ratio,
        difference=difference,
        no_interval=setting.no_interval,
        at=None if tenure is None else {"tenure": tenure},
    )


def mean_answer(name: str, form: Form) -> Answer:
    return lambda setting, grouping: mean_walking(name, form, setting, grouping)


def by_tenure(setting: Setting, grouping: Grouping) -> list[Finding]:
    """The mean excess at every tenure."""
    parts = [renewals_of(part) for part in setting.values("walking", grouping).values()]
    labels = {label for part in parts for label in labels_of_tenure(part)}
    return [
        finding
        for tenure in in_order(setting, labels)
        for finding in mean_walking("price_walking_by_tenure_percent", "level", setting, grouping, tenure)
    ]


def p95(setting: Setting, grouping: Grouping) -> list[Finding]:
    """The excess that 95% of the group's renewals stay at or below."""
    sides = {}
    for key, own in walking(setting, grouping).items():
        contrast = quantile_level(own.numbers, own.weights, P95, effective_n=own.effective)
        sides[key] = binned_side(setting, grouping, key, own, None if contrast is None else contrast.estimate, contrast)
    return level_findings("price_walking_p95_percent", setting, grouping, sides, infer=not setting.repeated)


def largest(setting: Setting, grouping: Grouping) -> list[Finding]:
    """The largest excess of the group: a fact about these people, whatever their number."""
    sides = {}
    for key, own in walking(setting, grouping).items():
        occurring = [value for value, people in zip(own.values, own.people, strict=True) if people]
        contrast = KnownValue(estimate=float(occurring[-1]), exact=occurring[-1]) if occurring else None
        value = None if contrast is None else contrast.estimate
        sides[key] = binned_side(setting, grouping, key, own, value, contrast)
    found = level_findings("price_walking_max_percent", setting, grouping, sides, infer=True)
    return [replace(finding, floors=False) for finding in found]


def level_findings(
    name: str, setting: Setting, grouping: Grouping, sides: Mapping[GroupKey, Side], *, infer: bool
) -> list[Finding]:
    """Levels whose sides rest on their contrasts."""

    def level(side: Side) -> Contrast | None:
        contrast: Contrast | None = side.basis
        return contrast if infer else None

    def never(side: Side, reference: Side) -> None:
        return None

    return quantity_findings(
        name, "level", grouping, sides, level=level, ratio=never, difference=never, no_interval=setting.no_interval
    )


# Measures --------------------------------------------------------------------------------------------------------

EXCESS_EDGES = EDGES + "Equivalent prices of 0 and below are left out. In steps of a basis point. "


def walking_needs(renewals_declared: bool) -> Needs:
    keys = {"is_renewal"} if renewals_declared else set()
    return Needs(keys=frozenset(keys), values=frozenset({"walking"}))


@dataclass(frozen=True)
class Excess:
    """A number about how far renewals lie above the price of a new customer, and the words for it."""

    name: str
    title: str
    question: str
    formula: str
    edges: str
    answer: Answer
    form: Form = "level"
    roles: tuple[str, ...] = ROLES

    @property
    def quantity(self) -> str:
        return self.name.removesuffix("_difference")

    @property
    def quantity_title(self) -> str:
        return self.title.removeprefix("difference of the ")


PERCENT = "100(price / equivalent new-business price − 1)"
CONSTANT = "No variation: no interval. Repeated people: no interval."
EXCESSES = (
    Excess(
        "price_walking_percent",
        "mean excess of renewals over new business, in percent",
        "By what percentage do the group's renewals lie above the price of a new customer on average?",
        f"Σw · {PERCENT} / Σw",
        CONSTANT,
        mean_answer("price_walking_percent", "level"),
    ),
    Excess(
        "price_walking_percent_difference",
        "difference of the mean excess of renewals over new business, in percent",
        "By how many percentage points more do the group's renewals lie above the price of a new customer?",
        f"Σw · {PERCENT} / Σw; of the group − of the reference",
        CONSTANT,
        mean_answer("price_walking_percent_difference", "difference"),
        "difference",
    ),
    Excess(
        "price_walking_p95_percent",
        "95th percentile of the excess of renewals over new business, in percent",
        "Which excess over the price of a new customer do 95% of the group's renewals not pass?",
        f"smallest x with 95% of the group's renewals at {PERCENT} ≤ x",
        "Interval from order statistics (Thompson 1936), unbounded above where few renewals lie beyond. Weights: "
        "effective n. Repeated people: no interval.",
        p95,
    ),
    Excess(
        "price_walking_max_percent",
        "largest excess of a renewal over new business, in percent",
        "By what percentage does the group's worst renewal lie above the price of a new customer?",
        f"max of {PERCENT}",
        "A fact about these renewals, not an estimate: no interval, no floor for small groups, and one wrong row makes "
        "it. It grows with the number of renewals, so do not compare groups by it.",
        largest,
    ),
    Excess(
        "price_walking_by_tenure_percent",
        "mean excess of renewals over new business by tenure, in percent",
        "By what percentage do renewals lie above the price of a new customer, the longer people stay?",
        f"Σw · {PERCENT} / Σw at each tenure",
        "Each tenure of each group is a comparison of its own; rows without a tenure are left out. " + CONSTANT,
        by_tenure,
        roles=(*ROLES, "tenure"),
    ),
)


def excess_measure(excess: Excess) -> Measure:
    """A row of EXCESSES as a measure."""
    return Measure(
        name=excess.name,
        quantity=excess.quantity,
        form=excess.form,
        unit="percent",
        title=excess.title,
        quantity_title=excess.quantity_title,
        question=excess.question,
        formula=excess.formula,
        source=SOURCE,
        caution=CAUTION,
        edges=EXCESS_EDGES + excess.edges,
        roles=excess.roles,
        needs=lambda declared: walking_needs("is_renewal" in declared.roles),
        answer=excess.answer,
        parity=0.0 if excess.form == "difference" else None,
        polar=True,
    )


def renewal_excess_measures() -> list[Measure]:
    """The rows of EXCESSES."""
    return [excess_measure(excess) for excess in EXCESSES]
