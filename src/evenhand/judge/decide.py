"""The decision function: findings and a rule in, verdicts out. Every way of deciding, and nothing else, is here.

`assurance` and `confirmatory` read one statistic at the limit; `point` and `legal` compare the estimate exactly.
The rules are the contract's ("The interval that decided"). May import: stats, measure, judge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evenhand.judge.floors import why_not_tested, withheld
from evenhand.judge.legal import decide_legal
from evenhand.judge.power import with_power
from evenhand.judge.rules import Rule
from evenhand.judge.verdicts import VACUOUS, ComparisonVerdict, PValues, Reason
from evenhand.measure.base import Finding
from evenhand.stats.contrast import Contrast, Interval
from evenhand.stats.many import holm


@dataclass(frozen=True)
class Evidence:
    """One-sided p-values of a contrast at a rule's limits: towards fail (limit held) and towards pass (violated)."""

    fail: float
    pass_: float


def decide(findings: Sequence[Finding], rule: Rule) -> list[ComparisonVerdict]:
    """One verdict per finding, in the same order; comparisons of one call are one family for Holm."""
    reasons = [why_not_tested(finding, rule) for finding in findings]
    if rule.decide_by == "legal":
        verdicts = decide_legal(findings, reasons, rule)
    elif rule.decide_by == "point":
        verdicts = [decide_point(finding, reason, rule) for finding, reason in zip(findings, reasons, strict=True)]
    else:
        verdicts = decide_by_test(findings, reasons, rule)
    return [without_blind_pass(verdict, rule) for verdict in verdicts]


def without_blind_pass(verdict: ComparisonVerdict, rule: Rule) -> ComparisonVerdict:
    """An exact count is no pass where it could not look at more of its rows than the policy leaves untested.

    What it found stays found: a fail is a fail. Example: 0 breaches among the 3 of 100 renewals that have both prices.
    """
    unseen, rows = verdict.finding.unseen or (0, 0)
    if verdict.status != "pass" or unseen <= rule.floors.max_untested * rows:
        return verdict
    text = f"{unseen:,} of {rows:,} rows could not be looked at, more than the policy leaves untested"
    return replace(verdict, status="inconclusive", reason=Reason("coverage", text))


def evidence(contrast: Contrast, rule: Rule) -> Evidence | None:
    """p_fail (H₀: the limit holds) and p_pass (H₀: it is violated); None for a known value or no limit."""
    low, high = rule.low, rule.high
    if contrast.known or (low is None and high is None):
        return None
    if low is None and high is not None:
        fail, pass_ = contrast.p_greater(high), contrast.p_less(high)
    elif low is not None and high is None:
        fail, pass_ = contrast.p_less(low), contrast.p_greater(low)
    else:
        assert low is not None
        assert high is not None
        fail = min(1.0, 2 * min(contrast.p_less(low), contrast.p_greater(high)))
        pass_ = max(contrast.p_greater(low), contrast.p_less(high))
    return None if math.isnan(fail) or math.isnan(pass_) else Evidence(fail, pass_)


def decide_by_test(
    findings: Sequence[Finding], reasons: Sequence[Reason | None], rule: Rule
) -> list[ComparisonVerdict]:
    """`assurance` and `confirmatory`: fail by Holm over the tested comparisons, pass each by itself."""
    found = [evidence(f.contrast, rule) if f.contrast is not None else None for f in findings]
    family = [
        i
        for i, (finding, reason) in enumerate(zip(findings, reasons, strict=True))
        if reason is None and not finding.vacuous and found[i] is not None
    ]
    result = holm([e.fail for i in family if (e := found[i]) is not None], rule.alpha)
    adjusted = dict(zip(family, result.adjusted, strict=True))
    k = max(1, len(family))
    verdicts = []
    for i, (finding, reason) in enumerate(zip(findings, reasons, strict=True)):
        contrast, p = finding.contrast, found[i]
        if contrast is None and finding.vacuous and reason is None:
            verdicts.append(ComparisonVerdict(finding, "inconclusive", VACUOUS))
            continue
        if contrast is None:
            why = reason or Reason("no_interval", "the estimate has no interval that could decide")
            verdicts.append(ComparisonVerdict(finding, "not_tested", why))
            continue
        fails = i in adjusted and adjusted[i] <= rule.alpha
        verdict = ComparisonVerdict(
            finding,
            "inconclusive",
            Reason("not_enough_evidence", ""),
            interval=None if contrast.known else contrast.interval(0.95),
            decision_interval=decision_interval(contrast, rule, result.alpha_star, p, fails=fails),
            p=PValues(contrast.p_parity(), p.fail if p else None, p.pass_ if p else None, adjusted.get(i)),
        )
        if reason is not None:
            verdict = replace(verdict, status="not_tested", reason=reason)
        elif contrast.known:
            verdict = decide_point(finding, None, rule)
        else:
            verdict = _judged(verdict, rule, p, fails=fails, k=k)
        verdicts.append(with_power(verdict, rule, k))
    return verdicts


def _judged(verdict: ComparisonVerdict, rule: Rule, p: Evidence | None, *, fails: bool, k: int) -> ComparisonVerdict:
    """Status of a tested comparison."""

    def because(code: str, text: str) -> ComparisonVerdict:
        return replace(verdict, status="inconclusive", reason=Reason(code, text))

    finding = verdict.finding
    if finding.vacuous:
        return replace(verdict, reason=VACUOUS)
    if finding.withheld is not None:
        return because("withheld", finding.withheld)
    if p is None or finding.estimate is None:
        return because("undefined", "the estimate has no finite value")
    no_pass, no_fail = withheld(finding, rule)
    too_rare = Reason(
        "min_expected",
        f"about {max(0, round(finding.expected_cases or 0)):,} people would be expected in the rarer outcome; "
        f"the floor for a decision is {rule.floors.min_expected:,}",
    )
    if fails:
        if no_fail:
            return replace(verdict, reason=too_rare)
        return replace(
            verdict, status="fail", reason=Reason("outside_limit", "the data rule out that the limit is kept")
        )
    passes = p.pass_ < rule.alpha if rule.decide_by == "assurance" else True
    if passes:
        if math.isinf(finding.estimate) or (verdict.interval is not None and verdict.interval.unbounded):
            return because("unbounded", "the estimate has no finite value")
        if no_pass:
            return replace(verdict, reason=too_rare)
        if rule.decide_by == "confirmatory":
            return replace(
                verdict, status="pass", reason=Reason("no_evidence_against", "no evidence against the limit")
            )
        return replace(verdict, status="pass", reason=Reason("within_limit", "the data show that the limit is kept"))
    if p.fail <= rule.alpha and k > 1:
        return because("not_after_holm", f"outside the limit alone, not after allowing for {k} comparisons")
    return because("not_enough_evidence", "the interval includes the limit")


def decision_interval(
    contrast: Contrast, rule: Rule, alpha_star: float, p: Evidence | None, *, fails: bool
) -> Interval | None:
    """The interval that says the same as the verdict: α* towards fail, α towards pass.

    With one limit it lies beyond the limit exactly when the comparison fails and within exactly when it passes. With
    two, the narrow one (α) is shown for a pass and the wide one (α*/2) otherwise: then, too, it lies wholly outside the
    limits exactly for a fail and wholly inside exactly for a pass.
    """
    if p is None:
        return None
    if rule.minimum is not None and rule.maximum is not None:
        tail = rule.alpha if p.pass_ < rule.alpha and not fails else alpha_star / 2
        low, high = contrast.lower(tail), contrast.upper(tail)
    elif rule.minimum is not None:
        low, high = contrast.lower(rule.alpha), contrast.upper(alpha_star)
    else:
        low, high = contrast.lower(alpha_star), contrast.upper(rule.alpha)
    return Interval(low, high, 1 - rule.alpha, contrast.method)


def decide_point(finding: Finding, reason: Reason | None, rule: Rule) -> ComparisonVerdict:
    """`point`: the estimate against the limit, exactly; a tie meets the limit. No error control."""
    contrast = finding.contrast
    interval = contrast.interval(0.95) if contrast is not None and not contrast.known else None
    p = PValues(parity=contrast.p_parity() if contrast is not None and not contrast.known else None)
    verdict = ComparisonVerdict(finding, "not_tested", reason or Reason("", ""), interval=interval, p=p)
    if reason is not None and not (reason.code in {"no_interval", "units_unclear"} and finding.estimate is not None):
        return verdict
    if finding.vacuous:
        return replace(verdict, status="inconclusive", reason=VACUOUS)
    if finding.withheld is not None:
        return replace(verdict, status="inconclusive", reason=Reason("withheld", finding.withheld))
    if finding.estimate is None or math.isinf(finding.estimate):
        return replace(verdict, status="inconclusive", reason=Reason("undefined", "the estimate has no finite value"))
    if meets(finding, rule):
        return replace(verdict, status="pass", reason=Reason("within_limit", "the estimate is within the limit"))
    return replace(verdict, status="fail", reason=Reason("outside_limit", "the estimate is beyond the limit"))


def meets(finding: Finding, rule: Rule) -> bool:
    """Whether the estimate keeps the limits; ties do."""
    if finding.contrast is not None:
        low = rule.minimum is None or finding.contrast.compare(rule.minimum) >= 0
        high = rule.maximum is None or finding.contrast.compare(rule.maximum) <= 0
        return low and high
    assert finding.estimate is not None
    # A limit of .1 is a little less than the float nearest to it: without counts, floats are held against floats.
    return (rule.minimum is None or finding.estimate >= float(rule.minimum)) and (
        rule.maximum is None or finding.estimate <= float(rule.maximum)
    )
