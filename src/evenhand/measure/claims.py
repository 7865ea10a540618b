"""What prices are held against: actual over expected losses, and loss ratios.

May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evenhand.measure.amounts import known, mean_needs, moments, side_of
from evenhand.measure.answers import Side, quantity_findings
from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting, Unit, always, asked
from evenhand.stats.actual_expected import amount_difference, amount_estimate, amount_level, amount_ratio
from evenhand.stats.contrast import Contrast
from evenhand.stats.student import Estimate
from evenhand.tally.cell_table import CellTable, amount_products, amount_total, product_total
from evenhand.tally.needs import Mask, Needs, Sum
from evenhand.tally.plan import people_column


@dataclass(frozen=True)
class Claims:
    """ΣA/ΣE of a group: what was lost over what was expected or charged, and the words for it."""

    name: str
    expected: str
    title: str
    plural: str
    question: str
    caution: str
    by_band: bool = False

    @property
    def among(self) -> Mask:
        return known("actual_loss", self.expected)

    @property
    def products(self) -> frozenset[tuple[str, str]]:
        """What is multiplied over rows."""
        actual = "actual_loss"
        return frozenset({(actual, actual), (actual, self.expected), (self.expected, self.expected)})

    @property
    def needs(self) -> Needs:
        pair = (Sum(self.among, "actual_loss"), Sum(self.among, self.expected))
        return mean_needs(self.expected, self.among) | Needs(products=self.products, pairs=frozenset({pair}))


LOSSES = (
    "Losses of one period are chance: look at the interval, and at several years. A difference may be one of "
    "timing, of claims not yet settled or of what is reported."
)
CLAIMS = (
    Claims(
        "actual_to_expected",
        "expected_loss",
        "actual over expected losses",
        "actual over expected losses",
        "How much of the loss that was expected of the group did it make?",
        "Above 1 the group costs more than expected, below 1 it is charged for losses that it does not make. It shows "
        "whether the expectation is right for the group, not whether the price follows it. " + LOSSES,
        by_band=True,
    ),
    Claims(
        "actual_to_technical",
        "technical_price",
        "actual losses over technical prices",
        "actual losses over technical prices",
        "How much of its technical price did the group's losses use up?",
        "A technical price may hold expenses and margin, so that 1 is not what it should be: compare groups. " + LOSSES,
        by_band=True,
    ),
    Claims(
        "loss_ratio",
        "price",
        "loss ratio",
        "loss ratios",
        "How much of what the group paid came back to it as losses paid?",
        "A group with a lower loss ratio gets less for what it pays. Prices hold expenses that do not grow with the "
        "risk, so that cheap groups have lower loss ratios without being overcharged. " + LOSSES,
    ),
)


def estimate_of_rows(part: CellTable, claims: Claims) -> Estimate | None:
    """ΣA/ΣE of the rows of a table, by policy. The scales of amounts are equal and cancel."""
    return amount_estimate(
        actual=amount_total(part, "actual_loss"),
        expected=amount_total(part, claims.expected),
        actual_squares=amount_products(part, "actual_loss", "actual_loss"),
        cross_products=amount_products(part, "actual_loss", claims.expected),
        expected_squares=amount_products(part, claims.expected, claims.expected),
        units=part.total("n"),
    )


def estimate_of_people(sums: Mapping[str, int], claims: Claims) -> Estimate | None:
    """The same by person, where each person's rows are added up first."""
    actual, expected = Sum(claims.among, "actual_loss").name, Sum(claims.among, claims.expected).name
    return amount_estimate(
        actual=sums[actual],
        expected=sums[expected],
        actual_squares=product_total(sums, actual, actual),
        cross_products=product_total(sums, actual, expected),
        expected_squares=product_total(sums, expected, expected),
        units=sums[people_column(claims.among.name)],
    )


def claims_sides(setting: Setting, grouping: Grouping, claims: Claims) -> dict[GroupKey, Side]:
    """Every group's ΣA/ΣE with its variance."""
    units = setting.units(grouping)
    main = setting.main(grouping)
    sides = {}
    for key, expected in moments(setting, grouping, claims.expected, claims.among).items():
        own = (
            estimate_of_people(units[key].totals(), claims)
            if key in units
            else estimate_of_rows(main[key].masked(claims.among), claims)
        )
        side = side_of(setting, grouping, key, expected)
        sides[key] = replace(side, value=None if own is None else own.value, basis=own)
    return sides


def level(side: Side) -> Contrast | None:
    return amount_level(side.basis)


def ratio(side: Side, reference: Side) -> Contrast | None:
    return amount_ratio(side.basis, reference.basis)


def difference(side: Side, reference: Side) -> Contrast | None:
    return amount_difference(side.basis, reference.basis)


def claims_answer(name: str, form: Form, claims: Claims) -> Answer:
    """Findings of one ΣA/ΣE: level, ratio or difference."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        sides = claims_sides(setting, grouping, claims)
        return quantity_findings(name, form, grouping, sides, level=level, ratio=ratio, difference=difference)

    return answer


# Measures --------------------------------------------------------------------------------------------------------

FORMS: tuple[tuple[Form, Unit, float | None], ...] = (
    ("level", "number", None),
    ("ratio", "ratio", 1.0),
    ("difference", "difference", 0.0),
)
SOURCE = "Cochran 1977, Sampling Techniques, ch. 6 (ratio of sums, linearised by policy)"
EDGES = (
    "Amounts of money, never counts of claims. People without both amounts are left out. Nothing expected: undefined. "
    "A group without any loss has the estimate 0 and no interval: no claim is no proof that none will come. "
)


def claims_measures() -> list[Measure]:
    """actual_to_expected, actual_to_technical and loss_ratio with their forms."""
    return [measure for claims in CLAIMS for measure in forms(claims)]


def forms(claims: Claims) -> list[Measure]:
    """Level, ratio and difference of one ΣA/ΣE."""
    formula = f"Σ actual_loss / Σ {claims.expected}"
    return [
        Measure(
            name=claims.name if form == "level" else f"{claims.name}_{form}",
            quantity=claims.name,
            form=form,
            unit=unit,
            title=claims.title if form == "level" else f"{form} of {claims.plural}",
            quantity_title=claims.title,
            question=asked(claims.question, claims.title, form),
            formula=formula if form == "level" else f"{formula}; {form} to the reference",
            source=SOURCE,
            caution=claims.caution,
            edges=EDGES + "Repeated people: by person, cluster-robust.",
            roles=("actual_loss", claims.expected),
            needs=always(claims.needs),
            answer=claims_answer(claims.name if form == "level" else f"{claims.name}_{form}", form, claims),
            parity=parity,
        )
        for form, unit, parity in FORMS
    ]
