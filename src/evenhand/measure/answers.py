"""From what each group's cells say to findings: the one loop behind levels and comparisons of any quantity.

A family of measures computes a `Side` per group and says which contrast compares two of them; everything about
references, undefined quantities and what a finding carries is here. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evenhand.measure.base import Finding, Form, Grouping, GroupKey
from evenhand.stats.contrast import Contrast


@dataclass(frozen=True)
class Side:
    """One group's quantity: its value (None: no denominator), the people in its denominator, and all people."""

    n: int
    people: int
    value: float | None
    effective: float | None = None
    """Effective n where rows are weighted or people repeat."""
    counts: Mapping[str, int] = field(default_factory=dict)
    few_units: bool = False
    caveats: tuple[str, ...] = ()
    basis: Any = None
    """What the family's contrasts are computed from: an Estimate, moments, counts."""


LevelContrast = Callable[[Side], Contrast | None]
PairContrast = Callable[[Side, Side], Contrast | None]


def level_finding(
    measure: str,
    grouping: Grouping,
    key: GroupKey,
    side: Side,
    contrast: Contrast | None,
    *,
    no_interval: str = "no_interval",
    at: Mapping[str, Any] | None = None,
) -> Finding:
    """A group's own number; `no_interval` is the reason code where it has no contrast."""
    estimate = side.value if contrast is None else contrast.estimate
    return Finding(
        measure=measure,
        attribute=grouping.name,
        group=grouping.label(key),
        groups=grouping.named(key),
        reference=None,
        n=side.n,
        n_effective=side.effective,
        estimate=estimate,
        value=estimate,
        contrast=contrast,
        undefined=None if contrast else "no_denominator" if side.value is None else no_interval,
        people=side.people,
        few_units=side.few_units,
        caveats=side.caveats,
        counts=side.counts,
        at=at or {},
    )


def comparison_finding(
    measure: str,
    grouping: Grouping,
    key: GroupKey,
    side: Side,
    reference: Side | None,
    contrast: Contrast | None,
    *,
    estimate: float | None = None,
    no_interval: str = "no_interval",
    withheld: str | None = None,
    at: Mapping[str, Any] | None = None,
) -> Finding:
    """A group against the reference. `estimate` is the number to print where there is no contrast to take it from.

    `withheld` is a sentence that keeps the comparison from passing and failing: too little overlap, for example.
    """
    if reference is None:
        undefined: str | None = "reference_absent"
    elif reference.value is None:
        undefined = "reference_undefined"
    elif side.value is None:
        undefined = "no_denominator"
    elif contrast is not None:
        undefined = None
    else:
        undefined = "reference_undefined" if estimate is None else no_interval
    return Finding(
        measure=measure,
        attribute=grouping.name,
        group=grouping.label(key),
        groups=grouping.named(key),
        reference=grouping.label(grouping.reference),
        n=side.n,
        n_reference=reference.n if reference else None,
        n_effective=side.effective,
        n_reference_effective=reference.effective if reference else None,
        estimate=contrast.estimate if contrast else estimate if undefined == no_interval else None,
        value=side.value,
        value_reference=reference.value if reference else None,
        contrast=contrast,
        undefined=undefined,
        withheld=withheld,
        people=side.people,
        people_reference=reference.people if reference else None,
        few_units=side.few_units or (reference is not None and reference.few_units),
        caveats=tuple(dict.fromkeys((*side.caveats, *(reference.caveats if reference else ())))),
        counts=dict(side.counts)
        | ({f"reference_{name}": n for name, n in reference.counts.items()} if reference else {}),
        at=at or {},
    )


def quantity_findings(
    measure: str,
    form: Form,
    grouping: Grouping,
    sides: Mapping[GroupKey, Side],
    *,
    level: LevelContrast,
    ratio: PairContrast,
    difference: PairContrast,
    no_interval: str = "no_interval",
    at: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """Findings of a quantity in one of its forms: every group's level, or every other group against the reference."""
    if form == "level":
        return [
            level_finding(
                measure,
                grouping,
                key,
                side,
                None if side.value is None else level(side),
                no_interval=no_interval,
                at=at,
            )
            for key, side in sides.items()
        ]
    reference = sides.get(grouping.reference)
    findings = []
    for key, side in sides.items():
        if key == grouping.reference:
            continue
        contrast, estimate = None, None
        if reference is not None and reference.value is not None and side.value is not None:
            estimate = plain_comparison(form, side.value, reference.value)
            if estimate is not None:
                contrast = (ratio if form == "ratio" else difference)(side, reference)
        findings.append(
            comparison_finding(
                measure,
                grouping,
                key,
                side,
                reference,
                contrast,
                estimate=estimate,
                no_interval=no_interval,
                at=at,
            )
        )
    return findings


def plain_comparison(form: Form, value: float, base: float) -> float | None:
    """value/base or value − base; no ratio to a base that is not above 0.

    >>> plain_comparison("ratio", 3.0, 2.0), plain_comparison("difference", 3.0, 2.0)
    (1.5, 1.0)
    """
    if form == "ratio":
        return value / base if base > 0 else None
    return value - base
