"""Price walking: renewals that are dearer than the price a new customer would get; how many, and what share.

May import: stats, tally.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from evenhand.measure.base import Finding, Grouping, Measure, Setting
from evenhand.measure.proportions import Proportion, forms
from evenhand.stats.known import KnownValue
from evenhand.tally.needs import Mask, Needs
from evenhand.tally.plan import people_column

ROLES = ("price", "equivalent_new_business_price")
UNCHECKED = "some renewals lack their price or the equivalent new-business price and could not be checked"
KNOWN = ("above", "below", "equal")


def breach_masks(*, renewals_declared: bool) -> tuple[Mask, Mask, Mask]:
    """(renewals beyond the tolerance, renewals that can be checked, renewals); all rows where no column tells them."""
    renewals = {"is_renewal": ("1",)} if renewals_declared else {}
    return (
        Mask.of({**renewals, "price_to_new_business": ("above",)}),
        Mask.of({**renewals, "price_to_new_business": KNOWN}),
        Mask.of(renewals),
    )


def knows_renewals(setting: Setting) -> bool:
    return "is_renewal" in setting.cells.header.definition["flags"]


def breaches(setting: Setting, grouping: Grouping) -> list[Finding]:
    """Renewals dearer than allowed: an exact count over everyone, people of unknown groups included."""
    breach, checked, renewals = breach_masks(renewals_declared=knows_renewals(setting))
    main, units = setting.cells.main, setting.cells.unit
    cases, total = main.masked(breach).total("n"), main.masked(checked).total("n")
    unknown = Mask.of(is_renewal=("(missing)",)) if knows_renewals(setting) else None
    asked = main.masked(renewals).total("n") + (main.masked(unknown).total("n") if unknown else 0)
    people, n = main.total("n"), total
    if units is not None:
        sums = units.totals()
        people, n = sums["units"], sums[people_column(checked.name)]
    return [
        Finding(
            measure="price_walking_breaches",
            attribute=grouping.name,
            group="everyone",
            groups={},
            reference=None,
            n=n,
            estimate=float(cases),
            value=float(cases),
            contrast=KnownValue(estimate=float(cases), exact=Fraction(cases)),
            vacuous=not total,
            people=people,
            counts={"cases": cases, "total": total},
            caveats=(UNCHECKED,) if total < asked else (),
            unseen=(asked - total, asked),
            floors=False,
        )
    ]


# Measures --------------------------------------------------------------------------------------------------------

SOURCE = "FCA PS21/5 and ICOBS 6B (general insurance pricing practices)"
CAUTION = (
    "It holds renewals against the equivalent new-business price that the file gives: whether that is the price which "
    "a new customer with the same risk, cover and channel would be quoted, is for people to check."
)
EDGES = (
    "Where no column says which rows are renewals, all with an equivalent price count. Rows without a price or an "
    "equivalent price are left out. "
)
RATES = tuple(
    Proportion(
        "price_walking_breach_rate",
        "share of renewals dearer than for new customers",
        breach,
        checked,
        "What share of the group's renewals is dearer than the same cover would be for a new customer?",
        "renewals with price > (1 + tolerance) · equivalent new-business price / renewals",
        ROLES,
        CAUTION,
        SOURCE,
        True,
        "shares of renewals dearer than for new customers",
    )
    for breach, checked, _ in (breach_masks(renewals_declared=declared) for declared in (False, True))
)


def breach_needs(renewals_declared: bool) -> Needs:
    breach, checked, _ = breach_masks(renewals_declared=renewals_declared)
    return Needs(keys=breach.keys | checked.keys, pairs=frozenset({(breach, checked)}))


def rate_measures() -> list[Measure]:
    """price_walking_breach_rate: the same rate among all rows, or among renewals where a column tells them."""
    return [among_renewals(plain, renewing) for plain, renewing in zip(*(forms(rate) for rate in RATES), strict=True)]


def among_renewals(plain: Measure, renewing: Measure) -> Measure:
    """One measure of two: `renewing` where the audit file declares `is_renewal`."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        return (renewing if knows_renewals(setting) else plain).answer(setting, grouping)

    return replace(
        plain,
        answer=answer,
        needs=lambda declared: (renewing if "is_renewal" in declared.roles else plain).needs(declared),
        edges=f"{plain.edges} {EDGES}".strip(),
    )


def renewal_measures() -> list[Measure]:
    """price_walking_breaches, and price_walking_breach_rate with its forms."""
    return [
        Measure(
            name="price_walking_breaches",
            quantity="price_walking_breaches",
            form="own",
            unit="count",
            title="renewals dearer than for new customers",
            quantity_title="renewals dearer than for new customers",
            question="How many renewals are dearer than the same cover would be for a new customer?",
            formula="renewals with price > (1 + tolerance) · equivalent new-business price",
            source=f"{SOURCE}; a hard check with limit 0",
            caution=CAUTION,
            edges=EDGES + "An exact count of renewals over everyone, people of unknown groups included. No renewal: "
            "inconclusive (vacuous). No pass where more than `max_untested` lack a price, or may be no renewals.",
            roles=ROLES,
            needs=lambda declared: breach_needs("is_renewal" in declared.roles),
            answer=breaches,
            scope="everyone",
        ),
        *rate_measures(),
    ]
