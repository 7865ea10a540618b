"""From comparisons to a check, and from checks to the run: the roll-up of the contract.

May import: stats, measure, judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

from evenhand.judge.decide import decide
from evenhand.judge.rules import Level, Rule
from evenhand.judge.verdicts import CheckVerdict, ComparisonVerdict, Reason, Status
from evenhand.measure.base import Finding

FailOn = Literal["inconclusive", "fail", "never"]
RUN_ORDER: tuple[Status, ...] = ("fail", "inconclusive", "not_tested")
DECIDED: frozenset[Status] = frozenset({"pass", "warn", "fail", "waived"})
JUDGED: frozenset[Status] = DECIDED | {"inconclusive"}
"""What was held against its limit; `not_tested` was not. Of these, all but `inconclusive` came to a decision."""
EXIT_CODES: dict[Status, int] = {"pass": 0, "warn": 0, "waived": 0, "fail": 1, "inconclusive": 3, "not_tested": 3}


def judge_check(findings: Sequence[Finding], rule: Rule) -> CheckVerdict:
    """All comparisons of a check, and what they come to."""
    comparisons = tuple(decide(findings, rule))
    status, reason = roll_up(comparisons, rule)
    if rule.level == "warn" and status == "fail":
        status = "warn"
    return CheckVerdict(status, reason, comparisons)


def roll_up(comparisons: Sequence[ComparisonVerdict], rule: Rule) -> tuple[Status, Reason]:
    """Any fail → fail; else any inconclusive; else no pass → not tested; else too many untested → inconclusive."""
    if rule.minimum is None and rule.maximum is None:
        return "not_tested", Reason("no_limit", "measured, never judged")
    by_status: dict[Status, list[ComparisonVerdict]] = {}
    for comparison in comparisons:
        by_status.setdefault(comparison.status, []).append(comparison)
    for status in ("fail", "inconclusive", "warn"):
        if status in by_status:
            return status, by_status[status][0].reason
    if "pass" not in by_status:
        reasons = by_status.get("not_tested")
        return "not_tested", reasons[0].reason if reasons else Reason("no_denominator", "there is no group to compare")
    share = largest_untested_share(comparisons)
    if share > rule.floors.max_untested:
        found, most = percents(share, rule.floors.max_untested)
        text = f"{found} of the people are in groups that could not be tested; the most allowed is {most}"
        return "inconclusive", Reason("coverage", text)
    return "pass", Reason("within_limit", "")


def percents(share: Fraction, limit: Fraction) -> tuple[str, str]:
    """Two shares in percent, with as many decimals as it takes to tell them apart.

    >>> percents(Fraction(501, 10_000), Fraction(1, 20))
    ('5.01%', '5%')
    """
    shown = f"{float(100 * limit):g}%"
    texts = (f"{float(100 * share):.{places}f}%" for places in range(1, 12))
    return next((text for text in texts if Fraction(text.removesuffix("%")) / 100 > limit), "just more"), shown


def largest_untested_share(comparisons: Sequence[ComparisonVerdict]) -> Fraction:
    """The share of an attribute's people in untested groups (reference included), at its largest over attributes."""
    groups: dict[Any, dict[str, int]] = {}
    untested: dict[Any, int] = {}
    for comparison in comparisons:
        finding = comparison.finding
        at = (finding.attribute, tuple(sorted(finding.at.items())))
        people = groups.setdefault(at, {})
        if finding.reference is not None:
            people.setdefault(finding.reference, finding.people_reference or 0)
        people[finding.group] = finding.people
        if comparison.status == "not_tested":
            untested[at] = untested.get(at, 0) + finding.people
    totals = {at: sum(people.values()) for at, people in groups.items()}
    return max((Fraction(people, totals[at]) for at, people in untested.items() if totals[at]), default=Fraction(0))


def run_status(checks: Sequence[tuple[Level, Status]]) -> Status:
    """The verdict of the run from (level, status) of its checks."""
    required = [status for level, status in checks if level == "error"]
    for status in RUN_ORDER:
        if status in required:
            return status
    decided = [status for level, status in checks if level != "report" and status in DECIDED]
    for status in ("warn", "waived", "pass"):
        if status in decided:
            return status
    return "not_tested"


def exit_code(status: Status, checks: Sequence[tuple[Level, Status]], fail_on: FailOn) -> int:
    """Exit code of a run under `--fail-on`. A run that judged nothing never exits 0."""
    code = EXIT_CODES[status]
    any_required = any(level == "error" and one in JUDGED for level, one in checks)
    any_judged = any(level != "report" and one in JUDGED for level, one in checks)
    if fail_on == "fail" and code == 3 and any_required:
        return 0
    if fail_on == "never" and any_judged:
        return 0
    return code
