"""The results document: verdicts and facts as the dict that results.json holds (schema `evenhand.results/1`).

Everything that any output shows is in it, and nothing else. May import: config, measure, judge, tally, and render's
`json_v1` and `sentences`.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evenhand import __version__, remarks
from evenhand.config.checks import Check, roles_present
from evenhand.config.loader import Audit
from evenhand.config.role_table import ROLES
from evenhand.errors import SelfCheckError
from evenhand.judge.checks import FailOn, exit_code, run_status
from evenhand.judge.rules import ALPHA
from evenhand.judge.verdicts import CheckVerdict, ComparisonVerdict, Reason
from evenhand.kinds import KINDS
from evenhand.load.labels import MISSING
from evenhand.measure import MEASURES
from evenhand.measure.base import Finding, Grouping, Setting
from evenhand.measure.beside import CURVES, table_behind
from evenhand.render.json_v1 import SCHEMA, validate
from evenhand.render.sentences import fill_sentences
from evenhand.stats.contrast import Interval
from evenhand.tally.cells import Cells

JSON = dict[str, Any]


@dataclass(frozen=True)
class CheckResult:
    """A check and its verdict."""

    check: Check
    verdict: CheckVerdict


@dataclass(frozen=True)
class Results:
    """Everything the document is made of."""

    audit: Audit
    setting: Setting
    groupings: Mapping[str, Grouping]
    checks: tuple[CheckResult, ...]
    overview: tuple[CheckResult, ...]
    """What the report shows of every model of the kind; never judged."""
    seed: int
    as_of: str | None
    fail_on: FailOn


def results_document(results: Results) -> JSON:
    """The document, sentences filled in, held against its schema. SelfCheckError if it does not follow it."""
    levels = [(result.check.level, result.verdict.status) for result in results.checks]
    verdict = run_status(levels)  # type: ignore[arg-type]  # levels are validated by the audit file's schema
    cells = results.setting.cells
    data = data_part(results)
    for result in results.checks:
        refuse_contradictions(result)
    document: JSON = {
        "schema": SCHEMA,
        "verdict": verdict,
        "exit_code": exit_code(verdict, levels, results.fail_on),  # type: ignore[arg-type]  # likewise
        "reason": {"code": verdict, "text": ""},
        "audit": audit_part(results),
        "tool": {"name": "evenhand", "version": __version__},
        "policy": policy_part(results.audit),
        "seed": results.seed,
        "rows": rows_part(cells),
        "people": cells.header.counts["units" if results.setting.repeated else "people"],
        "roles": roles_part(results.audit),
        "counts": {
            "checks": tallied(result.verdict.status for result in results.checks),
            "comparisons": tallied(c.status for result in results.checks for c in result.verdict.comparisons),
        },
        "checks": [check_part(result) for result in results.checks],
        "overview": overview_part(results),
        "groups": groups_part(results),
        "data": data,
        "statements": [],
        "waivers": [],
        "changes": [],
        "warnings": remarks.warnings_part(
            results.audit, results.setting, [(result.check, result.verdict) for result in results.checks], data
        ),
        "evidence": {result.check.id: evidence_part(result, results) for result in results.checks},
    }
    document = fill_sentences(document)
    validate(document)
    return document


REPLICATED = ("replicate", "percentile", "max-T")
"""Methods whose interval may leave out the estimate: its ends are quantiles of draws."""


def refuse_contradictions(result: CheckResult) -> None:
    """SelfCheckError where an estimate lies outside its own interval (by 1e-9), though the interval inverts a test.

    0.73 with the interval 0.75 to 0.80 is refused; the same from a percentile bootstrap is possible.
    """
    for comparison in result.verdict.comparisons:
        estimate = comparison.finding.estimate
        for interval in (comparison.interval, comparison.decision_interval):
            if estimate is None or interval is None or any(word in interval.method for word in REPLICATED):
                continue
            slack = 1e-9 * max(1.0, abs(estimate)) if math.isfinite(estimate) else 0.0
            if not interval.low - slack <= estimate <= interval.high + slack:
                raise SelfCheckError(f"check `{result.check.id}`: an estimate lies outside its own interval")


def tallied(statuses: Iterable[str]) -> dict[str, int]:
    """How many of each status, every status named."""
    counts = Counter(statuses)
    return {s: counts[s] for s in ("pass", "warn", "fail", "inconclusive", "not_tested", "waived")}


# Parts, in the order of the contract ----------------------------------------------------------------------------


def audit_part(results: Results) -> JSON:
    file = results.audit.file
    identity = f"{results.audit.sha256} {results.setting.cells.digest} {file.model.name} {file.model.version}"
    return {
        "id": hashlib.sha256(identity.encode()).hexdigest()[:12],
        "title": f"{file.model.name} {file.model.version}",
        "kind": file.model.kind,
        "model": {"name": file.model.name, "version": file.model.version, "owner": file.model.owner},
        "purpose": file.purpose,
        "polarity": file.polarity,
        "as_of": results.as_of,
        "approved": {"by": file.approved.by, "on": str(file.approved.on)} if file.approved else None,
        "period": file.data.period,
    }


def policy_part(audit: Audit) -> JSON:
    return {
        "sha256": audit.sha256,
        "packs": [
            {
                "id": pack.id,
                "version": pack.version,
                "binding": pack.binding,
                "in_force": " ".join(
                    f"{word} {day}" for word, day in (("from", pack.in_force_from), ("to", pack.in_force_to)) if day
                )
                or None,
                "sentence": pack.sentence,
            }
            for pack in audit.packs
        ],
    }


def rows_part(cells: Cells) -> JSON:
    counts = cells.header.counts
    reasons = {
        "outside_where": ("rows_outside_where", "outside `data.where`"),
        "person_unknown": ("rows_person_unknown", "the column that identifies the person is missing"),
    }
    return {
        "read": counts["rows_read"],
        "audited": counts["rows_audited"],
        "excluded": [
            {"code": code, "reason": reason, "rows": counts[key]}
            for code, (key, reason) in reasons.items()
            if counts.get(key)
        ],
    }


def roles_part(audit: Audit) -> JSON:
    columns = audit.file.columns
    roles: JSON = {}
    for role in ROLES:
        if getattr(columns, role) is not None:
            roles[role] = getattr(columns, role)
    if columns.consent:
        roles["consent"] = columns.consent.column
    if columns.stages:
        roles["stages"] = list(columns.stages)
    if audit.key is not None:
        roles["key"] = audit.key
    for name, attribute in audit.file.protected.items():
        shares = ", ".join((attribute.probabilities or {}).values())
        roles[f"protected: {name}"] = shares or attribute.column or name
    for name, factor in audit.file.factors.items():
        roles[f"factor: {name}"] = factor.column or name
    return roles


def check_part(result: CheckResult) -> JSON:
    check, verdict = result.check, result.verdict
    return {
        "id": check.id,
        "pack": check.pack,
        "metric": check.metric,
        "level": check.level,
        "decide_by": check.decide_by,
        "limit": {
            "min": None if check.minimum is None else float(check.minimum),
            "max": None if check.maximum is None else float(check.maximum),
        },
        "alpha": None if check.decide_by == "point" else ALPHA,
        "status": verdict.status,
        "reason": {"code": verdict.reason.code, "text": verdict.reason.text},
        "sentence": "",
        "source": {"file": check.file, "line": check.line},
        "comparisons": [comparison_part(comparison) for comparison in verdict.comparisons],
    }


def comparison_part(comparison: ComparisonVerdict) -> JSON:
    finding = comparison.finding
    return {
        "attribute": finding.attribute,
        "group": finding.group,
        "groups": dict(finding.groups),
        "reference": finding.reference,
        "at": dict(finding.at),
        "run": finding.run,
        "n": finding.n,
        "n_reference": finding.n_reference,
        "n_effective": finding.n_effective,
        "estimate": finite(finding.estimate),
        "value": finite(finding.value),
        "value_reference": finite(finding.value_reference),
        "interval": interval_part(comparison.interval),
        "decision_interval": bounds_part(comparison.decision_interval),
        "p": {
            "parity": finite(comparison.p.parity),
            "fail": finite(comparison.p.fail),
            "pass": finite(comparison.p.pass_),
            "fail_adjusted": finite(comparison.p.fail_adjusted),
        },
        "needs_n": comparison.needs_n,
        "detectable": finite(comparison.detectable),
        "status": comparison.status,
        "reason": {"code": comparison.reason.code, "text": comparison.reason.text},
        "sentence": "",
    }


def finite(value: float | None) -> float | None:
    """A number that JSON can hold; unknown and unbounded are null."""
    return None if value is None or not math.isfinite(value) else value + 0.0  # −0.0 + 0.0 is 0.0


def bounds_part(interval: Interval | None) -> JSON | None:
    if interval is None:
        return None
    return {"low": finite(interval.low), "high": finite(interval.high), "unbounded": interval.unbounded}


def interval_part(interval: Interval | None) -> JSON | None:
    bounds = bounds_part(interval)
    if interval is None or bounds is None:
        return None
    return {**bounds, "confidence": interval.confidence, "method": interval.method}


def applicable(audit: Audit, names: Sequence[str]) -> list[str]:
    """Those of these measures whose roles the audit file declares."""
    present = roles_present(audit.file)
    return [name for name in names if present.issuperset(MEASURES[name].roles)]


def summary_names(audit: Audit) -> list[str]:
    """The quantities of the groups table."""
    return applicable(audit, KINDS[audit.file.model.kind].summary)


def unjudged(comparison: ComparisonVerdict) -> ComparisonVerdict:
    """A comparison of the overview: no limit, and where nothing could be said whatever the limit, why."""
    if comparison.finding.withheld is None or comparison.reason.code != "no_limit":
        return comparison
    return replace(comparison, reason=Reason("withheld", comparison.finding.withheld))


def overview_part(results: Results) -> JSON:
    """What the report shows of every model of the kind: measures, the factors with their reasons, the price's unit."""
    file = results.audit.file
    measures = []
    for result in results.overview:
        curve = evidence_part(result, results)["curve"]
        comparisons = [comparison_part(unjudged(comparison)) for comparison in result.verdict.comparisons]
        measures.append({"metric": result.check.metric, "comparisons": comparisons, "curve": curve})
    return {
        "factors": [
            {"name": name, "column": factor.column or name, "why": factor.why} for name, factor in file.factors.items()
        ],
        "currency": results.setting.cells.header.definition["in_common"].get("currency") or file.data.currency,
        "price_unit": file.columns.price_unit if file.columns.price else None,
        "min_people": results.audit.small_groups.min_people,
        "measures": measures,
    }


def groups_part(results: Results) -> list[JSON]:
    """Every group with its size and the quantities of the kind's summary, (missing) included by size."""
    setting, names = results.setting, summary_names(results.audit)
    found = []
    with_missing = replace(setting, keep_missing=True, cache={})
    for grouping in results.groupings.values():
        shown = with_missing if len(grouping.keys) == 1 else setting
        people = shown.people(grouping)
        everyone = setting.cells.main.total("n") if not setting.repeated else setting.cells.header.counts["units"]
        measured = {name: MEASURES[name].findings(shown, grouping) for name in names}
        by_group = {name: {f.group: f for f in findings} for name, findings in measured.items()}
        for key, n in people.items():
            label = grouping.label(key)
            found.append(
                {
                    "attribute": grouping.name,
                    "group": label,
                    "groups": grouping.named(key),
                    "n": n,
                    "share": n / everyone if everyone else None,
                    "measures": {name: quantity_part(by_group[name].get(label)) for name in names},
                }
            )
    return found


def quantity_part(finding: Finding | None) -> JSON:
    if finding is None:
        return {"value": None, "n": 0, "interval": None}
    contrast = finding.contrast
    return {
        "value": finite(finding.value),
        "n": finding.n,
        "interval": bounds_part(contrast.interval(0.95)) if contrast is not None else None,
    }


PRESENCE = "_presence"
"""How the keys are called that say where a number is known."""


def data_part(results: Results) -> JSON:
    main = results.setting.cells.main
    rows = main.total("rows")
    columns = {name: {MISSING} for name in results.audit.file.protected if name in main.keys}
    columns |= {name: {MISSING} for name in ("decision", "label", "consent", "vulnerable") if name in main.keys}
    columns |= {name: {MISSING} for name in main.keys if name.startswith("factor:")}
    columns |= {name: {"missing", "not finite"} for name in main.keys if name.endswith(PRESENCE)}
    missing = []
    for name, labels in columns.items():
        n = main.select({name: labels}).total("rows")
        shown = name.removesuffix(PRESENCE)
        missing.append({"attribute": shown, "rows": n, "share": n / rows if rows else None})
    counts = results.setting.cells.header.counts
    notes = [
        *results.setting.cells.header.notes,
        *remarks.joining_notes(counts),
        *remarks.absent_groups(results.audit, results.setting, results.groupings),
    ]
    return {"missing": missing, "notes": [{"code": c, "text": t, "rows": r or None} for c, t, r in notes]}


def evidence_part(result: CheckResult, results: Results) -> JSON:
    """The counts behind a check, figures beside it, its curve where it has one, formula and source."""
    metric, setting = result.check.metric, results.setting
    measure = MEASURES.get(metric)
    findings = [comparison.finding for comparison in result.verdict.comparisons]
    groupings = [results.groupings[name] for name in result.check.attributes] if findings else []
    table = table_behind(metric, findings, setting, groupings)
    table["rows"] = [[finite(v) if isinstance(v, float) else v for v in row] for row in table["rows"]]
    curve = CURVES.get(measure.quantity) if measure is not None and groupings else None
    return {
        "table": table,
        "curve": curve(setting, groupings) if curve else None,
        "formula": measure.formula if measure else f"{metric}, called on the rows of each group",
        "source": measure.source if measure else "fairlearn.metrics.MetricFrame",
    }
