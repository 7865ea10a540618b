"""What each group pays: mean and geometric mean prices, and the difference of means in standard deviations.

May import: stats, tally.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from evenhand.measure.amount_gaps import mean_findings, mean_sides
from evenhand.measure.amounts import known, mean_needs, moments
from evenhand.measure.answers import Side, comparison_finding, quantity_findings
from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting, Unit, always, asked
from evenhand.measure.binned import PRICES, binned_prices, binned_side
from evenhand.stats.contrast import Contrast
from evenhand.stats.log_means import LogMean, geometric_level, geometric_ratio, log_mean
from evenhand.stats.means import enough_for_a_mean
from evenhand.stats.standardized_difference import (
    CentralMoments,
    Denominator,
    central_moments,
    standardized_difference,
)
from evenhand.stats.student import Estimate, student_difference

APPROXIMATE = "few people for prices this skewed, so the interval is approximate"
PRICED = known("price")
MEAN = mean_needs("price", PRICED) | PRICES


def central_moments_of(setting: Setting, grouping: Grouping) -> dict[GroupKey, CentralMoments | None]:
    """Mean and central moments of every group's prices, in units of the grid; computed once.

    Skewness and standardised differences are the same in any unit.
    """
    at = ("central moments", grouping.keys)
    if at not in setting.cache:
        setting.cache[at] = {
            key: central_moments(found.whole, found.weights, effective_n=found.effective)
            for key, found in binned_prices(setting, grouping, "price").items()
        }
    found: dict[GroupKey, CentralMoments | None] = setting.cache[at]
    return found


def with_skewness(setting: Setting, grouping: Grouping, sides: Mapping[GroupKey, Side]) -> dict[GroupKey, Side]:
    """Sides with a caveat where a group has too few people for the normal law of a mean of prices this skewed."""
    shapes = central_moments_of(setting, grouping)
    return {
        key: replace(side, caveats=(*side.caveats, APPROXIMATE)) if too_skewed(side, shapes.get(key)) else side
        for key, side in sides.items()
    }


def too_skewed(side: Side, shape: CentralMoments | None) -> bool:
    """Whether n < 25·skewness² (Cochran), with the effective n where there is one."""
    if shape is None or not shape.second > 0:
        return False
    n = side.n if side.effective is None else min(side.n, side.effective)
    return not enough_for_a_mean(n=n, skewness=shape.third / shape.second**1.5)


def mean_price_answer(name: str, form: Form) -> Answer:
    """Findings of the mean price: level, ratio or difference."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        sides = mean_sides(setting, grouping, moments(setting, grouping, "price", PRICED))
        return mean_findings(name, form, grouping, with_skewness(setting, grouping, sides))

    return answer


# Geometric means -------------------------------------------------------------------------------------------------


def geometric_sides(setting: Setting, grouping: Grouping) -> dict[GroupKey, Side]:
    """The geometric mean of every group's prices above 0, and how many people were left out."""
    sides = {}
    for key, everyone in binned_prices(setting, grouping, "price").items():
        found = everyone.above(0)
        logs = log_mean(found.numbers, found.weights, effective_n=found.effective)
        side = binned_side(setting, grouping, key, found, logs.geometric_mean, logs)
        sides[key] = replace(side, counts={"people": found.n, "left_out": everyone.n - found.n})
    return sides


def geometric_difference(group: LogMean, reference: LogMean) -> Contrast | None:
    """G_g − G₀ of the geometric means G = exp(m), variances G²·Var(m) by the delta method, Welch's degrees of freedom.

    None where a side has no price above 0 or nothing varies. Example: prices 1 and e² (m = 1 with variance 1) against
    1 and 1: e − 1 with standard error e.
    """
    ours, theirs = back_from_logs(group), back_from_logs(reference)
    if ours is None or theirs is None:
        return None
    return student_difference(ours, theirs, method="delta method on the mean log")


def back_from_logs(mean: LogMean) -> Estimate | None:
    """A geometric mean with its variance in money; None without prices above 0."""
    if mean.estimate is None:
        return None
    value = math.exp(mean.estimate.value)
    return replace(mean.estimate, value=value, variance=value**2 * mean.estimate.variance, lowest=0.0)


def geometric_answer(name: str, form: Form) -> Answer:
    """Findings of the geometric mean price: level, ratio or difference."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        def level(side: Side) -> Contrast | None:
            return None if setting.repeated else geometric_level(side.basis)

        def ratio(side: Side, reference: Side) -> Contrast | None:
            return None if setting.repeated else geometric_ratio(side.basis, reference.basis)

        def difference(side: Side, reference: Side) -> Contrast | None:
            return None if setting.repeated else geometric_difference(side.basis, reference.basis)

        return quantity_findings(
            name,
            form,
            grouping,
            geometric_sides(setting, grouping),
            level=level,
            ratio=ratio,
            difference=difference,
            no_interval=setting.no_interval,
        )

    return answer


# Standardised mean differences -----------------------------------------------------------------------------------


def standardized_answer(name: str, denominator: Denominator) -> Answer:
    """Findings of the difference of mean prices in standard deviations."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        tables, shapes = binned_prices(setting, grouping, "price"), central_moments_of(setting, grouping)
        sides = {
            key: binned_side(
                setting, grouping, key, tables[key], shape.mean / tables[key].scale if shape else None, shape
            )
            for key, shape in shapes.items()
        }
        sides = with_skewness(setting, grouping, sides)
        reference, base = sides.get(grouping.reference), shapes.get(grouping.reference)
        findings = []
        for key, side in sides.items():
            if key == grouping.reference:
                continue
            own = shapes[key]
            contrast = standardized_difference(own, base, denominator) if own and base else None
            findings.append(
                comparison_finding(
                    name,
                    grouping,
                    key,
                    side,
                    reference,
                    None if setting.repeated else contrast,
                    estimate=None if contrast is None else contrast.estimate,
                    no_interval=setting.no_interval,
                )
            )
        return findings

    return answer


DENOMINATORS: tuple[tuple[Denominator, str, str], ...] = (
    ("pooled", "√[((n_g − 1)s_g² + (n₀ − 1)s₀²)/(n_g + n₀ − 2)]", "the pooled standard deviation of both groups"),
    ("average", "√[(s_g² + s₀²)/2]", "the root of the average of both groups' variances"),
    ("reference", "s₀", "the reference's standard deviation"),
    ("whole_sample", "the standard deviation of all people of both groups", "the standard deviation of both together"),
)

# Measures --------------------------------------------------------------------------------------------------------

COMPOSITION = (
    "It compares the groups as they are: a gap may come from what they buy or from the risk they bring. "
    "like_for_like_gap compares people with the same factors."
)
FORMS: tuple[tuple[Form, Unit, float | None], ...] = (
    ("level", "money", None),
    ("ratio", "ratio", 1.0),
    ("difference", "money", 0.0),
)
MEAN_EDGES = (
    "People without a finite price are left out (missing_price_rate counts them); prices of 0 and below count as they "
    "stand. One price for everybody: no interval. Fewer people than 25 times the squared skewness of their prices "
    "(Cochran): the report calls the interval approximate. Repeated people: cluster-robust."
)
MEAN_FORMULAS = {"level": "Σwp / Σw", "ratio": "mean price of the group / of the reference"}
MEAN_FORMULAS["difference"] = "mean price of the group − of the reference"
GEOMETRIC_FORMULAS = {
    "level": "",
    "ratio": "; of the group / of the reference",
    "difference": "; of the group − of the reference",
}


def price_measures() -> list[Measure]:
    """mean_price and geometric_price with their forms, and the standardised mean differences."""
    measures = [
        Measure(
            name="mean_price" if form == "level" else f"mean_price_{form}",
            quantity="mean_price",
            form=form,
            unit=unit,
            title="mean price" if form == "level" else f"{form} of mean prices",
            quantity_title="mean price",
            question=asked("What does the group pay on average?", "mean price", form),
            formula=MEAN_FORMULAS[form],
            source="Student's t; Welch 1947, Biometrika 34, 28-35; ratio: delta method on the log",
            caution=COMPOSITION,
            edges=MEAN_EDGES + (" A mean price that is not above 0 has no ratio." if form == "ratio" else ""),
            roles=("price",),
            needs=always(MEAN),
            answer=mean_price_answer("mean_price" if form == "level" else f"mean_price_{form}", form),
            parity=parity,
            polar=True,
        )
        for form, unit, parity in FORMS
    ]
    measures += [
        Measure(
            name="geometric_price" if form == "level" else f"geometric_price_{form}",
            quantity="geometric_price",
            form=form,
            unit=unit,
            title="geometric mean price" if form == "level" else f"{form} of geometric mean prices",
            quantity_title="geometric mean price",
            question=asked("What does a typical person of the group pay?", "geometric mean price", form),
            formula="exp(Σw·log p / Σw), p > 0" + GEOMETRIC_FORMULAS[form],
            source="Student's and Welch's t on the logarithms; difference: delta method",
            caution="Dear prices count less than in the mean: it may show parity where a few people pay far more. "
            + COMPOSITION,
            edges="Prices of 0 and below have no logarithm and are left out; the counts say how many. On the grid of "
            "the price distribution. Weights: Kish's effective n. Repeated people: no interval.",
            roles=("price",),
            needs=always(PRICES),
            answer=geometric_answer("geometric_price" if form == "level" else f"geometric_price_{form}", form),
            parity=parity,
            polar=True,
        )
        for form, unit, parity in FORMS
    ]
    measures += [
        Measure(
            name=f"standardized_mean_difference_{denominator}",
            quantity="mean_price",
            form="own",
            unit="number",
            title=f"difference of mean prices over {words}",
            quantity_title="mean price",
            question=f"How many times {words} does the group pay more than the reference on average?",
            formula=f"(mean price of the group − of the reference) / {formula}",
            source="Hedges & Olkin 1985, Statistical Methods for Meta-Analysis, ch. 5; Cramér 1946, ch. 27",
            caution="Its size depends on which standard deviation divides: compare only numbers with the same one. "
            + COMPOSITION,
            edges="Where the prices that it divides by do not vary it is undefined. On the grid of the price "
            "distribution. Weights: Kish's effective n. Repeated people: no interval.",
            roles=("price",),
            needs=always(PRICES),
            answer=standardized_answer(f"standardized_mean_difference_{denominator}", denominator),
            parity=0.0,
            polar=True,
        )
        for denominator, formula, words in DENOMINATORS
    ]
    return measures
