"""How far prices lie from technical prices and from actual losses: mean, mean absolute and root mean squared error.

May import: stats, tally.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from evenhand.measure.amount_gaps import (
    gap_moments,
    gap_needs,
    mean_findings,
    mean_sides,
)
from evenhand.measure.amounts import known, mean_needs, moments
from evenhand.measure.answers import Side, quantity_findings
from evenhand.measure.base import Finding, Form, Grouping, GroupKey, Measure, Setting, Unit, always, asked
from evenhand.measure.binned import binned_prices, binned_side
from evenhand.stats.contrast import Contrast
from evenhand.stats.moments import Moments
from evenhand.stats.student import Estimate, student_difference, student_level, student_ratio
from evenhand.tally.needs import Needs

METHOD = "delta method on the mean square"


@dataclass(frozen=True)
class Against:
    """What the price is held against, the amounts and the distribution that say how far it lies away, and the words."""

    prefix: str
    amount: str
    distance: str
    words: str
    plural: str
    caution: str


AGAINST = (
    Against(
        "",
        "technical_price",
        "error",
        "technical price",
        "technical prices",
        "A technical price that is itself wrong for a group hides that the price is: actual_to_technical asks. ",
    ),
    Against(
        "loss_",
        "actual_loss",
        "loss_error",
        "actual loss",
        "actual losses",
        "Losses of one person are mostly chance, so that errors are large for everyone: compare groups. ",
    ),
)


def root_mean_square(squares: Moments) -> Estimate | None:
    """√M of a mean square M, with variance Var(M)/4M by the delta method; no variance where M is 0.

    Example: errors 1 and 7: M = 25 with variance 24²·2/2 = 576, so 5 with variance 5.76.
    """
    mean = squares.estimate()
    if mean is None:
        return None
    variance = mean.variance / (4 * mean.value) if mean.value > 0 else math.nan
    return Estimate(
        value=math.sqrt(mean.value), variance=variance, degrees_of_freedom=mean.degrees_of_freedom, lowest=0.0
    )


def mean_error_findings(name: str, form: Form, against: Against, setting: Setting, grouping: Grouping) -> list[Finding]:
    """Mean of price − amount."""
    found = gap_moments(setting, grouping, "price", against.amount, known("price", against.amount))
    return mean_findings(name, form, grouping, mean_sides(setting, grouping, found))


def mean_absolute_findings(
    name: str, form: Form, against: Against, setting: Setting, grouping: Grouping
) -> list[Finding]:
    """Mean of |price − amount|."""
    found = moments(setting, grouping, against.distance, known("price", against.amount))
    return mean_findings(name, form, grouping, mean_sides(setting, grouping, found))


def root_mean_squared_findings(
    name: str, form: Form, against: Against, setting: Setting, grouping: Grouping
) -> list[Finding]:
    """Root of the mean of (price − amount)²."""
    sides: dict[GroupKey, Side] = {}
    for key, found in binned_prices(setting, grouping, against.distance).items():
        own = root_mean_square(found.moments(power=2))
        sides[key] = binned_side(setting, grouping, key, found, None if own is None else own.value, own)

    def level(side: Side) -> Contrast | None:
        return None if setting.repeated else student_level(side.basis, method=METHOD)

    def ratio(side: Side, reference: Side) -> Contrast | None:
        return None if setting.repeated else student_ratio(side.basis, reference.basis, method=METHOD)

    def difference(side: Side, reference: Side) -> Contrast | None:
        return None if setting.repeated else student_difference(side.basis, reference.basis, method=METHOD)

    return quantity_findings(
        name,
        form,
        grouping,
        sides,
        level=level,
        ratio=ratio,
        difference=difference,
        no_interval=setting.no_interval,
    )


@dataclass(frozen=True)
class ErrorKind:
    """One way to sum up errors: how it is called, found and asked of the tally."""

    name: str
    title: str
    question: str
    formula: str
    source: str
    edges: str
    of: Callable[[str, Form, Against, Setting, Grouping], list[Finding]]
    needs: Callable[[Against], Needs]
    forms: tuple[Form, ...]
    signed: bool = False


CLUSTERED = "People without both amounts are left out. No variation: no interval. Repeated people: cluster-robust."
KINDS = (
    ErrorKind(
        "mean_{}error",
        "mean of price − {}",
        "By how much do the group's prices lie above its {} on average?",
        "Σw(price − {0}) / Σw",
        "Student's t; Welch 1947, Biometrika 34, 28-35",
        CLUSTERED + " Prices too low offset prices too high. There is no ratio of it: the reference's is near 0 where "
        "prices are right on average, or below, and a quotient by such a number says nothing.",
        mean_error_findings,
        lambda against: gap_needs("price", against.amount, known("price", against.amount)),
        ("level", "difference"),
        signed=True,
    ),
    ErrorKind(
        "mean_absolute_{}error",
        "mean absolute difference of price and {}",
        "How far do the group's prices lie from its {} on average, whichever way?",
        "Σw|price − {0}| / Σw",
        "Student's t; Welch 1947, Biometrika 34, 28-35",
        CLUSTERED,
        mean_absolute_findings,
        lambda against: mean_needs(against.distance, known("price", against.amount)),
        ("level", "ratio", "difference"),
    ),
    ErrorKind(
        "root_mean_squared_{}error",
        "root mean squared difference of price and {}",
        "How far do the group's prices lie from its {}, large errors counting most?",
        "√[Σw(price − {0})² / Σw]",
        "delta method on the mean square; Welch 1947, Biometrika 34, 28-35",
        "People without both amounts are left out. On the grid of the distribution of errors. No variation: no "
        "interval. Repeated people: no interval.",
        root_mean_squared_findings,
        lambda against: Needs(keys=known("price", against.amount).keys, values=frozenset({against.distance})),
        ("level", "ratio", "difference"),
    ),
)
UNITS: dict[Form, tuple[Unit, float | None]] = {
    "level": ("money", None),
    "ratio": ("ratio", 1.0),
    "difference": ("money", 0.0),
}


def error_measures() -> list[Measure]:
    """Mean, mean absolute and root mean squared error, to technical prices and to actual losses."""
    return [error_measure(kind, against, form) for against in AGAINST for kind in KINDS for form in kind.forms]


def error_measure(kind: ErrorKind, against: Against, form: Form) -> Measure:
    """One form of one error."""
    quantity, title = kind.name.format(against.prefix), kind.title.format(against.words)
    name = quantity if form == "level" else f"{quantity}_{form}"
    unit, parity = UNITS[form]
    what = (
        "Above 0 the group pays more than it should by this yardstick; errors both ways cancel. "
        if kind.signed
        else "It says how well prices fit, not whom they favour: mean_error keeps the sign. "
    )

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        return kind.of(name, form, against, setting, grouping)

    return Measure(
        name=name,
        quantity=quantity,
        form=form,
        unit=unit,
        title=title if form == "level" else f"{form} of the {title}",
        quantity_title=title,
        question=asked(kind.question.format(against.plural), title, form),
        formula=kind.formula.format(against.amount) + ("" if form == "level" else f"; {form} to the reference"),
        source=kind.source,
        caution=(against.caution + what).rstrip(),
        edges=kind.edges,
        roles=("price", against.amount),
        needs=always(kind.needs(against)),
        answer=answer,
        parity=parity,
        polar=kind.signed,
        lowest=0.0 if form == "level" and not kind.signed else None,
    )
