"""Prices against list prices: the mean markup, who is given an exception, and how large exceptions are.

May import: stats, tally.
"""

from __future__ import annotations

from evenhand.measure.amount_gaps import difference_of_means, gap_moments, gap_needs, mean_findings, mean_sides
from evenhand.measure.amounts import known, mean_needs, moments
from evenhand.measure.answers import comparison_finding
from evenhand.measure.base import Finding, Form, Grouping, Measure, Setting, Unit, always, asked
from evenhand.stats.scaled import ScaledContrast
from evenhand.tally.needs import Mask

BOTH = known("price", "list_price")
EXCEPTIONS = Mask.of(price_to_list=("above", "below"))
ROLES = ("price", "list_price")
POINTS = {"percent": 100.0, "fraction": 10_000.0}
"""Basis points in 1, where prices are rates themselves."""


def markup_findings(name: str, form: Form, setting: Setting, grouping: Grouping, among: Mask) -> list[Finding]:
    """Mean of price − list price over a mask: level, ratio or difference."""
    found = gap_moments(setting, grouping, "price", "list_price", among)
    return mean_findings(name, form, grouping, mean_sides(setting, grouping, found))


def points_per_unit(setting: Setting, grouping: Grouping) -> float | None:
    """Basis points in 1 of the price: of the reference's mean list price, unless prices are rates; None without one."""
    if setting.price_unit != "money":
        return POINTS[setting.price_unit]
    reference = moments(setting, grouping, "list_price", BOTH).get(grouping.reference)
    base = None if reference is None else reference.mean
    return float(10_000 / base) if base is not None and base > 0 else None


def markup_points(setting: Setting, grouping: Grouping) -> list[Finding]:
    """The gap of the mean markups in basis points."""
    factor = points_per_unit(setting, grouping)
    sides = mean_sides(setting, grouping, gap_moments(setting, grouping, "price", "list_price", BOTH))
    reference = sides.get(grouping.reference)
    findings = []
    for key, side in sides.items():
        if key == grouping.reference:
            continue
        contrast, estimate = None, None
        if reference is not None and factor is not None and side.value is not None and reference.value is not None:
            inner = difference_of_means(side, reference)
            contrast = None if inner is None else ScaledContrast(inner=inner, factor=factor)
            estimate = (side.value - reference.value) * factor
        findings.append(
            comparison_finding("markup_gap_bp", grouping, key, side, reference, contrast, estimate=estimate)
        )
    return findings


CAUTION = (
    "A list price that itself treats groups unlike is not questioned here: like_for_like_gap does. Ask who may depart "
    "from the list, for which reasons, and whether these are written down."
)
MEANS: tuple[tuple[str, str, Form, Unit, float | None], ...] = (
    ("markup", "markup", "level", "money", None),
    ("markup_gap", "markup", "difference", "money", 0.0),
    ("markup_ratio", "markup", "ratio", "ratio", 1.0),
    ("exception_size", "exception_size", "level", "money", None),
    ("exception_size_ratio", "exception_size", "ratio", "ratio", 1.0),
    ("exception_size_difference", "exception_size", "difference", "money", 0.0),
)
TITLES = {"markup": "markup over the list price", "exception_size": "size of exceptions from the list price"}
QUESTIONS = {
    "markup": "By how much do the group's prices lie above the list prices on average?",
    "exception_size": "Where the group pays something else than the list price, how much more is it on average?",
}
FORMULAS = {
    "markup": "Σw(price − list_price) / Σw",
    "exception_size": "Σw(price − list_price) / Σw among people whose price differs from the list price",
}
EDGES = {
    "markup": "People without both prices are left out. No variation: no interval. Repeated people: cluster-robust.",
    "exception_size": "Discounts count below 0 and offset surcharges. Nobody with an exception: undefined. Prices "
    "equal in whole units of the resolution are equal. Repeated people: cluster-robust.",
}
COMPARED = {
    "level": "",
    "ratio": "; of the group / of the reference",
    "difference": "; of the group − of the reference",
}
NO_RATIO = " A ratio needs means above 0: to a reference at 0 or below it is undefined, of a group there no interval."
SOURCE = "Student's t; Welch 1947, Biometrika 34, 28-35"
POINT_EDGES = (
    "In basis points of the reference's mean list price, which is taken as known; where prices are percentages or "
    "fractions themselves (price_unit), in basis points of these. A mean list price that is not above 0: undefined. "
)


def list_price_measures() -> list[Measure]:
    """markup and its gaps, and the size of exceptions; their rates are rows of `PROPORTIONS`."""
    measures = [mean_measure(*row) for row in MEANS if row[1] == "markup"]
    measures.append(
        Measure(
            name="markup_gap_bp",
            quantity="markup",
            form="own",
            unit="points",
            title="gap of markups in basis points",
            quantity_title=TITLES["markup"],
            question="How many basis points more above its list prices does the group pay than the reference?",
            formula="10,000 · (markup of the group − of the reference) / mean list price of the reference",
            source=SOURCE,
            caution=CAUTION,
            edges=POINT_EDGES + EDGES["markup"],
            roles=ROLES,
            needs=always(gap_needs("price", "list_price", BOTH) | mean_needs("list_price", BOTH)),
            answer=markup_points,
            parity=0.0,
            polar=True,
        )
    )
    return measures + [mean_measure(*row) for row in MEANS if row[1] == "exception_size"]


def mean_measure(name: str, quantity: str, form: Form, unit: Unit, parity: float | None) -> Measure:
    """A mean of price − list price, over everybody or over exceptions."""
    among = BOTH if quantity == "markup" else EXCEPTIONS

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        return markup_findings(name, form, setting, grouping, among)

    return Measure(
        name=name,
        quantity=quantity,
        form=form,
        unit=unit,
        title=TITLES[quantity] if form == "level" else f"{form} of the {TITLES[quantity]}",
        quantity_title=TITLES[quantity],
        question=asked(QUESTIONS[quantity], TITLES[quantity], form),
        formula=FORMULAS[quantity] + COMPARED[form],
        source=f"{SOURCE}; delta method on the log ratio" if form == "ratio" else SOURCE,
        caution=CAUTION,
        edges=EDGES[quantity] + (NO_RATIO if form == "ratio" else ""),
        roles=ROLES,
        needs=always(gap_needs("price", "list_price", among)),
        answer=answer,
        parity=parity,
        polar=True,
    )
