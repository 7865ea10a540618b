"""Whether a comparison may be tested at all, and whether its groups are large enough for a pass or a fail.

Floors are about denominators, never about numerators: 0 of 5,000 selected is the strongest evidence there is.
May import: stats, measure, judge.
"""

from __future__ import annotations

from evenhand.judge.rules import Floors, Rule
from evenhand.judge.verdicts import Reason
from evenhand.measure.base import Finding


def why_not_tested(finding: Finding, rule: Rule) -> Reason | None:
    """The first reason that keeps a finding out of the test, or None."""
    if rule.minimum is None and rule.maximum is None:
        return Reason("no_limit", "the policy sets no limit")
    excluded = rule.excluded.get((finding.attribute, finding.group))
    if excluded is not None:
        return Reason("excluded", f"left out by the audit file: {excluded}")
    if finding.undefined == "reference_absent":
        return Reason("reference_absent", f"the reference {finding.reference} does not occur in the data")
    small = too_small(finding, rule.floors)
    if small is not None:
        return small
    if finding.undefined is not None:
        nothing_alike = finding.withheld if finding.undefined == "no_denominator" else None
        return Reason(finding.undefined, nothing_alike or UNDEFINED[finding.undefined])
    return None


UNDEFINED = {
    "no_denominator": "nobody of the group is in the denominator, so that the quantity does not exist",
    "reference_undefined": "the quantity does not exist for the reference",
    "too_few_people": "it would tell what one person pays",
    "no_interval": "the estimate has no interval that could decide",
    "units_unclear": "people have several rows, and this measure has no interval for that",
}


def too_small(finding: Finding, floors: Floors) -> Reason | None:
    """A group or its reference below the floors of the policy."""
    if not finding.floors:
        return None
    own = _below("the group", finding.people, finding.n, finding.n_effective, floors)
    return own or reference_too_small(finding, floors)


def reference_too_small(finding: Finding, floors: Floors) -> Reason | None:
    """The reference below the floors: nothing of the attribute can be tested, however large the groups."""
    if not finding.floors or finding.reference is None or finding.people_reference is None:
        return None
    who = f"the reference {finding.reference}"
    n = finding.n_reference or 0
    return _below(who, finding.people_reference, n, finding.n_reference_effective, floors)


def _below(who: str, people: int, n: int, effective: float | None, floors: Floors) -> Reason | None:
    size = n if effective is None else min(n, effective)
    if people < floors.min_people or (n == people and size < floors.min_people):
        counted = people if people < floors.min_people else int(size)
        return Reason("too_few_people", f"{who} has {counted:,} people; the floor is {floors.min_people:,}")
    if n > 0 and size < floors.min_denominator:
        return Reason(
            "too_small_denominator",
            f"{who} has {int(size):,} people in the denominator; the floor is {floors.min_denominator:,}",
        )
    return None


def withheld(finding: Finding, rule: Rule) -> tuple[bool, bool]:
    """(pass withheld, fail withheld) because too few cases are expected for the score test to keep its level."""
    expected = finding.expected_cases
    if expected is None or expected >= rule.floors.min_expected:
        return False, False
    return True, finding.reference_rate is not None and finding.reference_rate > 0.5
