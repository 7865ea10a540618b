"""Whether the limits of a check can mean what they say: the right unit, the right order, the right side.

May import: config.catalogue, config.schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from evenhand.config.catalogue import MeasureLike
from evenhand.config.schema import CheckEntry

LEAST_PERCENT = Decimal("0.2")
"""A limit of fewer percent is taken for a share that was written instead: 0.05 for 5."""


@dataclass(frozen=True)
class Complaint:
    """What is wrong with one key of a check; `key` is None for the check as a whole."""

    key: str | None
    message: str
    hint: str | None = None


@dataclass(frozen=True)
class Range:
    """The limits that make sense for one side of a unit."""

    low: Decimal
    high: Decimal
    words: str
    open_low: bool = False

    def holds(self, value: Decimal) -> bool:
        return self.low <= value <= self.high and not (self.open_low and value == self.low)


ZERO, ONE, TEN = Decimal(0), Decimal(1), Decimal(10)
RANGES: dict[str, dict[str, Range]] = {
    "ratio": {
        "min": Range(ZERO, ONE, "above 0 and at most 1", open_low=True),
        "max": Range(ONE, TEN, "from 1 to 10"),
    },
    "difference": {"min": Range(-ONE, ZERO, "from -1 to 0"), "max": Range(ZERO, ONE, "from 0 to 1")},
    "rate": {"min": Range(ZERO, ONE, "from 0 to 1"), "max": Range(ZERO, ONE, "from 0 to 1")},
    "score": {"min": Range(-TEN, TEN, "from -10 to 10"), "max": Range(-TEN, TEN, "from -10 to 10")},
    "count": {
        "min": Range(ZERO, Decimal("Infinity"), "not negative"),
        "max": Range(ZERO, Decimal("Infinity"), "not negative"),
    },
}
"""Limits by the measure's unit; units that are not here (z, people) take any number.

Scores are on scales of about 1 (AUC, F1, Brier, log loss, a calibration slope): 80 is a slip there too."""


DIRECTED: Mapping[str, str] = {
    "ratio": "ratio",
    "z": "number of standard deviations",
    "money": "sum",
    "percent": "percentage",
    "points": "number of points",
}
"""Units in which every comparison is a group's number against the reference's, and what messages call them."""


def limit_complaints(entry: CheckEntry, measure: MeasureLike | None, polarity: str) -> Iterator[Complaint]:
    """What is wrong with the limits of a check; `measure` is None for a metric of another package.

    Example: `min: 80` on a ratio yields "`min` of a ratio is above 0 and at most 1, found 80 (did you mean 0.80?)".
    """
    sides = {side: value for side, value in (("min", entry.min), ("max", entry.max)) if value is not None}
    if entry.level == "report":
        for side in sides:
            hint = f"remove `{side}`, or set level to error or warn"
            yield Complaint(side, f"a check of level report is never judged, so it has no `{side}`", hint)
        return
    if not sides:
        hint = "without a limit, write `level: report`: measured, never judged"
        yield Complaint(None, "a limit is required: `min`, `max` or both", hint)
        return
    out_of_range = list(_range_complaints(sides, measure.unit if measure else ""))
    if measure is not None and measure.unit == "percent":
        out_of_range += _shares_for_percent(sides, measure)
    yield from out_of_range
    if entry.min is not None and entry.max is not None and entry.min > entry.max and not out_of_range:
        hint = "`min` is the lower limit, `max` the upper one"
        yield Complaint("min", f"`min` {entry.min} is more than `max` {entry.max}: nothing can meet both", hint)
    if measure is not None and len(sides) == 1 and not out_of_range:
        side, value = next(iter(sides.items()))
        yield from _wrong_side(side, measure, value, polarity)


def _range_complaints(sides: dict[str, Decimal], unit: str) -> Iterator[Complaint]:
    ranges = RANGES.get(unit, {})
    for side, value in sides.items():
        allowed = ranges.get(side)
        if allowed is None or allowed.holds(value):
            continue
        meant = _meant(side, value, unit)
        suggestion = f" (did you mean {meant}?)" if meant else ""
        yield Complaint(side, f"`{side}` of a {unit} is {allowed.words}, found {value}{suggestion}")


def _shares_for_percent(sides: dict[str, Decimal], measure: MeasureLike) -> Iterator[Complaint]:
    """0.05 was probably 5: a limit of a twentieth of a percent would be met by nothing, or by everything."""
    finer = measure.name.endswith("_gap_percent") and not measure.name.startswith("price_regression_")
    bp = f"limits finer than {LEAST_PERCENT}% go with `{measure.name.removesuffix('percent')}bp`"
    for side, value in sides.items():
        if ZERO < abs(value) < LEAST_PERCENT:
            meant = (value * 100).normalize()
            message = f"a limit in percent is written as 5, found {value} (did you mean {meant:f}?)"
            yield Complaint(side, message, bp if finer else f"the least limit in percent is {LEAST_PERCENT}, or 0")


def _meant(side: str, value: Decimal, unit: str) -> str | None:
    """80 was probably 0.80; a `min` of 1.25 probably a `max`."""
    other = "max" if side == "min" else "min"
    if unit in ("ratio", "difference") and RANGES[unit][other].holds(value):
        return f"`{other}: {value}`"
    hundredth = value / 100
    # A ratio of 0.05 is no limit that anyone writes, so 5 is not read as 5% there.
    least = TEN if unit == "ratio" else ONE
    if abs(value) > least and RANGES[unit][side].holds(hundredth):
        return f"{hundredth:.2f}" if hundredth == round(hundredth, 2) else f"{hundredth:f}"
    return None


def _wrong_side(side: str, measure: MeasureLike, value: Decimal, polarity: str) -> Iterator[Complaint]:
    """A single limit that nothing can break, or on the side where nobody is harmed: a pass would mean nothing."""
    if measure.name == "impact_ratio":
        # The favourable rate over the highest one, whatever the polarity: at most 1, so that only `min` can be broken.
        if side == "max":
            yield Complaint(side, "`max` limits nothing here: an impact ratio is at most 1; use `min`")
        return
    if side == "min" and measure.lowest is not None and value <= measure.lowest:
        yield Complaint(
            side, f"`min` {value} can never be broken: `{measure.name}` is never below {measure.lowest:g}; use `max`"
        )
        return
    if (measure.unit, side, value) in (("rate", "min", ZERO), ("count", "min", ZERO), ("rate", "max", ONE)):
        yield Complaint(side, f"`{side}` {value} of a {measure.unit} can never be broken")
        return
    # An own form with another unit may count the harm upwards (a shortfall of people does): no side is wrong there.
    directed = measure.form in ("ratio", "difference") or measure.unit in DIRECTED
    if not measure.polar or measure.parity is None or not directed:
        return
    needed, where = ("min", "below") if polarity == "benefit" else ("max", "above")
    if side == needed:
        return
    unit = DIRECTED.get(measure.unit, measure.unit)
    what = "a high price" if "price" in measure.roles else "being selected"
    message = (
        f"`{side}` alone guards the wrong side: {what} is a {polarity}, so the harm is a {unit} {where} "
        f"{measure.parity:g}, which only `{needed}` limits"
    )
    yield Complaint(side, message, f"write `{needed}`, or both limits")
