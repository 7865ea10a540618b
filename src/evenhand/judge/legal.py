"""`legal`: the four-fifths reading of UGESP 4(D): beyond the limit, significant, and not undone by moving one person.

Only for selection counts of one row a person without weights; the policy check refuses it elsewhere.
May import: stats, measure, judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from evenhand.judge.power import with_power
from evenhand.judge.rules import Rule
from evenhand.judge.verdicts import VACUOUS, ComparisonVerdict, PValues, Reason
from evenhand.measure.base import Finding
from evenhand.stats.exact import two_sample_p
from evenhand.stats.many import holm


def decide_legal(findings: Sequence[Finding], reasons: Sequence[Reason | None], rule: Rule) -> list[ComparisonVerdict]:
    """Verdicts by rule of thumb plus significance; Holm over the tested comparisons."""
    p_values = {
        i: two_sample_p(**table(finding))
        for i, (finding, reason) in enumerate(zip(findings, reasons, strict=True))
        if reason is None
        and not finding.vacuous
        and finding.estimate is not None
        and finding.group != finding.reference
    }
    adjusted = dict(zip(p_values, holm(list(p_values.values()), rule.alpha).adjusted, strict=True))
    verdicts = []
    for i, (finding, reason) in enumerate(zip(findings, reasons, strict=True)):
        contrast = finding.contrast
        verdict = ComparisonVerdict(
            finding,
            "not_tested",
            reason or Reason("", ""),
            interval=contrast.interval(0.95) if contrast is not None and not contrast.known else None,
            p=PValues(parity=p_values.get(i), fail_adjusted=adjusted.get(i)),
        )
        if reason is None:
            verdict = _judged(verdict, rule, significant=adjusted.get(i, 1.0) < rule.alpha)
        verdicts.append(with_power(verdict, rule, max(1, len(p_values))))
    return verdicts


def _judged(verdict: ComparisonVerdict, rule: Rule, *, significant: bool) -> ComparisonVerdict:
    finding = verdict.finding
    if finding.vacuous:
        return replace(verdict, status="inconclusive", reason=VACUOUS)
    if finding.contrast is None or finding.estimate is None or finding.estimate == float("inf"):
        return replace(verdict, status="inconclusive", reason=Reason("undefined", "the estimate has no finite value"))
    contrast = finding.contrast
    below = rule.minimum is not None and contrast.compare(rule.minimum) < 0
    above = rule.maximum is not None and contrast.compare(rule.maximum) > 0
    if not (below or above):
        if significant:
            why = Reason("significant_within", "within the limit, but statistically significant")
            return replace(verdict, status="warn", reason=why)
        return replace(verdict, status="pass", reason=Reason("within_limit", "within the limit and not significant"))
    if not significant:
        why = Reason("not_significant", "beyond the limit, but the numbers are too small to rule out chance")
        return replace(verdict, status="inconclusive", reason=why)
    if undone_by_one(finding, rule, towards=1 if below else -1):
        why = Reason("undone_by_one", "beyond the limit, but moving a single person would undo it")
        return replace(verdict, status="inconclusive", reason=why)
    why = Reason("outside_limit", "beyond the limit, significant, and not undone by moving one person")
    return replace(verdict, status="fail", reason=why)


def table(finding: Finding) -> dict[str, int]:
    """The two-by-two table of a comparison."""
    return {name: finding.counts[name] for name in ("cases", "total", "reference_cases", "reference_total")}


def undone_by_one(finding: Finding, rule: Rule, *, towards: int) -> bool:
    """Flip of one: one more of the group and one fewer of the reference (or the reverse), against the limit exactly.

    Example: 7 of 10 against 50 of 50 is .70; 8/10 against 49/50 is .816 and meets .80.
    """
    cells = table(finding)
    cases, reference = cells["cases"] + towards, cells["reference_cases"] - towards
    if not (0 <= cases <= cells["total"] and 0 <= reference <= cells["reference_total"]):
        return False
    rate, base = Fraction(cases, cells["total"]), Fraction(reference, cells["reference_total"])
    if finding.measure.endswith("_difference"):
        moved = rate - base
    elif base == 0:
        return True
    else:
        moved = rate / base
    return (rule.minimum is None or moved >= rule.minimum) and (rule.maximum is None or moved <= rule.maximum)
