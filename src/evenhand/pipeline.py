"""The five calls in order: load, tally, measure, judge, and the results document. The only module that sees them all.

`evenhand.audit` and the command line both come through here, so that there is one decision function behind all.
May import: everything but the formats of render and the command line.
"""

from __future__ import annotations

import datetime
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand import __version__
from evenhand.config.checks import Check
from evenhand.config.loader import Audit, load_audit
from evenhand.errors import DataError, SelfCheckError, UsageError, near_name
from evenhand.judge.checks import FailOn, judge_check
from evenhand.judge.rules import Floors, Rule
from evenhand.judge.verdicts import CheckVerdict, Reason
from evenhand.load.changes import assert_unchanged, digests
from evenhand.measure import ALIASES, MEASURES
from evenhand.measure.base import Finding, Grouping, GroupKey, Setting
from evenhand.results import CheckResult, Results, results_document
from evenhand.roles import Sources, declared_definition, read_rows
from evenhand.tally.cells import Cells, canonical_json, differences, holds_pair
from evenhand.tally.definition import Definition
from evenhand.tally.engines import DEFAULT_ENGINE, Engine, engine_class
from evenhand.tally.needs import Needs
from evenhand.tally.run import tally

if TYPE_CHECKING:
    from evenhand.external import ExternalMetric

OPTIONAL_KEYS = frozenset({"campaign"})
"""Keys that a measure uses where they are declared and does without elsewhere."""

EVERYONE = Grouping("everyone", (), ())
ExternalFindings = Mapping[str, list[Finding]]


@dataclass(frozen=True)
class Options:
    """What a caller may choose; nothing here but `seed` and `as_of` can change a byte of the results."""

    engine: str = DEFAULT_ENGINE
    threads: int | None = None
    memory: str | None = None
    seed: int | None = None
    as_of: str | None = None
    fail_on: FailOn = "inconclusive"

    def __post_init__(self) -> None:
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"the seed {self.seed} is negative", hint="any whole number from 0 will do")
        if self.as_of is not None:
            try:
                object.__setattr__(self, "as_of", datetime.date.fromisoformat(self.as_of).isoformat())
            except ValueError:
                raise UsageError(f"`{self.as_of}` is not a date", hint="write it as 2026-03-02") from None


@dataclass(frozen=True)
class Outcome:
    """A finished audit: the results document, the cells it came from, and how the run went (no digest covers that)."""

    document: dict[str, Any]
    cells: Cells
    run: Mapping[str, Any]


def open_audit(path: Path, *, policies: Sequence[str] = (), overrides: Mapping[str, str] | None = None) -> Audit:
    """The audit file, checked against the table of measures and the functions of other packages that it names."""
    audit = load_audit(path, catalogue=MEASURES, aliases=ALIASES, extra_policies=policies, overrides=overrides)
    for check in external_checks(audit):
        metric_of(audit, check)
    return audit


def external_checks(audit: Audit) -> list[Check]:
    """Checks whose metric is a function of rows."""
    return [check for check in audit.checks if ":" in check.metric]


def metric_of(audit: Audit, check: Check) -> ExternalMetric:
    """The function that a check names; AuditFileError at the check where there is none, or no column for it."""
    from evenhand.external import external_metric, roles_needed

    try:
        metric = external_metric(check.metric)
    except UsageError as problem:
        raise audit.check_error(check, str(problem), problem.hint) from None
    for role in roles_needed(metric):
        if getattr(audit.file.columns, role) is None:
            raise audit.check_error(check, f"`{check.metric}` needs `columns.{role}`")
    return metric


def audit_rows(audit: Audit, sources: Sources, options: Options) -> Outcome:
    """Read rows, tally them, judge the cells. Errors: AuditFileError, DataError, SelfCheckError."""
    began = time.perf_counter()
    with private_folder() as folder:
        rows, definition = read_rows(audit, sources, folder)
        read = time.perf_counter()
        maker = engine_class(options.engine)
        with maker(rows, scratch=folder, threads=options.threads, memory=options.memory) as engine:
            cells = tally(engine, definition, needs_of(audit))
            tallied = time.perf_counter()
            external = findings_on_rows(audit, engine, definition, seed_of(audit, cells, options))
            passes = engine.passes
        tables = [table for table in (rows.predictions, rows.attributes) if table is not None]
        inputs = []
        for table in tables:
            inputs += [{"file": str(path), "sha256": digest} for path, digest in digests(table).items()]
            assert_unchanged(table)
        notes = [(note.code, note.text, note.rows or 0) for table in tables for note in table.notes]
        if definition.unit_assumed:
            notes.append(
                ("unit_assumed", "each row was taken to be another person: no `unit` and no `key` is declared", 0)
            )
    cells = Cells(replace(cells.header, notes=tuple(sorted({*cells.header.notes, *notes}))), cells.tables)
    run = {
        "engine": {
            "name": maker.name,
            "version": maker.version(),
            "threads": options.threads,
            "memory": options.memory,
        },
        "passes": passes,
        "inputs": inputs,
        "seconds": {"read": round(read - began, 3), "tally": round(tallied - read, 3)},
    }
    return judge_cells(audit, cells, options, run=run, external=external)


def judge_stored(audit: Audit, cells: Cells, options: Options) -> Outcome:
    """Judge cells that were tallied before. DataError where they are about something else than the audit file."""
    declared = declared_definition(audit).canonical()
    stored = {name: value for name, value in cells.header.definition.items() if name != "unit_rows"}
    different = differences(declared, stored)
    if different:
        raise DataError(
            "the cells were made by another definition than the audit file's: they differ in "
            + ", ".join(f"`{name}`" for name in different),
            hint="audit the rows again, or use the audit file that the cells were made with",
        )
    needs = needs_of(audit)
    lacking = sorted(needs.keys - set(cells.main.keys) - OPTIONAL_KEYS)
    if needs.values and (cells.value is None or not needs.keys & {"label"} <= set(cells.value.keys)):
        lacking.append("the score distribution")
    if cells.unit is not None and any(not holds_pair(cells.unit, one.name, other.name) for one, other in needs.pairs):
        lacking.append("sums per person")
    if lacking:
        raise DataError(
            f"the cells lack what a check needs: {', '.join(lacking)}",
            hint="audit the rows again with this audit file",
        )
    return judge_cells(audit, cells, options)


def judge_cells(
    audit: Audit,
    cells: Cells,
    options: Options,
    *,
    run: Mapping[str, Any] | None = None,
    external: ExternalFindings | None = None,
) -> Outcome:
    """Everything after the rows: measures, verdicts, the document. Works on stored cells alone."""
    began = time.perf_counter()
    seed = seed_of(audit, cells, options)
    setting = Setting(
        cells=cells,
        polarity=audit.file.polarity,
        stages=audit.file.columns.stages,
        population={a: {g: float(s) for g, s in shares.items()} for a, shares in audit.file.population.items()},
        seed=seed,
        min_people=audit.small_groups.min_people,
        excluded=frozenset((left_out.attribute, left_out.group) for left_out in audit.exclusions),
    )
    groupings = groupings_of(audit)
    refuse_absent_references(audit, setting, groupings)
    results = []
    for check in audit.checks:
        verdict, findings_expected = judged(audit, check, setting, groupings, external)
        if len(verdict.comparisons) != findings_expected:
            raise SelfCheckError(f"check `{check.id}` has {findings_expected} findings, not all of which were judged")
        results.append(CheckResult(check, verdict))
    if len(results) != len(audit.checks):
        raise SelfCheckError("not every check of the policy was evaluated")
    document = results_document(
        Results(audit, setting, groupings, tuple(results), seed, options.as_of, options.fail_on)
    )
    facts = {
        "schema": "evenhand.run/1",
        "tool": {"name": "evenhand", "version": __version__},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cells_sha256": cells.digest,
        "policy_sha256": audit.sha256,
        **(run or {}),
    }
    facts["seconds"] = {**facts.get("seconds", {}), "judge": round(time.perf_counter() - began, 3)}
    return Outcome(document, cells, facts)


def judged(
    audit: Audit,
    check: Check,
    setting: Setting,
    groupings: Mapping[str, Grouping],
    external: ExternalFindings | None,
) -> tuple[CheckVerdict, int]:
    """The verdict of one check, and how many findings it must cover."""
    if check.missing_roles:
        names = ", ".join(f"`{role}`" for role in check.missing_roles)
        return CheckVerdict("not_tested", Reason("roles_absent", f"the audit file declares no {names}"), ()), 0
    if check.decide_by == "legal" and check.level != "report" and (setting.repeated or setting.weighted):
        if check.pack is None:
            message = "`legal` is about one unweighted row a person, and people have several rows here"
            raise audit.check_error(check, message, "decide by assurance or point")
        return CheckVerdict("not_tested", Reason("units_unclear", "`legal` needs one unweighted row a person"), ()), 0
    findings = findings_of(check, setting, groupings, external)
    parity = None if ":" in check.metric else MEASURES[check.metric].parity
    return judge_check(findings, rule_of(audit, check, parity)), len(findings)


def findings_of(
    check: Check, setting: Setting, groupings: Mapping[str, Grouping], external: ExternalFindings | None
) -> list[Finding]:
    """What the check's metric finds on the cells, for the attributes that it covers."""
    if ":" in check.metric:
        if external is None:
            raise DataError(
                f"check `{check.id}`: `{check.metric}` is a function of rows, and there are only cells",
                hint="audit the rows, or remove the check",
            )
        return external[check.id]
    measure = MEASURES[check.metric]
    if measure.scope == "everyone":
        return measure.findings(setting, EVERYONE)
    return [finding for name in check.attributes for finding in measure.findings(setting, groupings[name])]


def rule_of(audit: Audit, check: Check, parity: float | None) -> Rule:
    """The check as the judge sees it."""
    small = audit.small_groups
    return Rule(
        minimum=None if check.minimum is None else Fraction(check.minimum),
        maximum=None if check.maximum is None else Fraction(check.maximum),
        level=check.level,  # type: ignore[arg-type]  # validated by the audit file's schema
        decide_by=check.decide_by,  # type: ignore[arg-type]  # likewise
        parity=parity,
        floors=Floors(
            min_people=small.min_people,
            min_denominator=small.min_denominator,
            min_expected=small.min_expected,
            max_untested=Fraction(small.max_untested),
        ),
        excluded={(left_out.attribute, left_out.group): left_out.why for left_out in audit.exclusions},
    )


def needs_of(audit: Audit) -> Needs:
    """The union of what all checks, and the groups table of the report, ask of the tally."""
    stages = audit.file.columns.stages
    wanted = [MEASURES[check.metric] for check in audit.checks if ":" not in check.metric and not check.missing_roles]
    needs = Needs()
    for measure in [*wanted, *summary_measures(audit)]:
        needs = needs | measure.needs(stages)
    return needs


def summary_measures(audit: Audit) -> list[Any]:
    """Measures of the report's groups table whose roles are there."""
    from evenhand.config.checks import roles_present
    from evenhand.kinds import KINDS

    present = roles_present(audit.file)
    names = KINDS[audit.file.model.kind].summary
    return [MEASURES[name] for name in names if present.issuperset(MEASURES[name].roles)]


def groupings_of(audit: Audit) -> dict[str, Grouping]:
    """Attributes and intersections by name."""
    references = {name: attribute.reference for name, attribute in audit.file.protected.items()}
    return {
        name: Grouping(name, members, tuple(references[member] for member in members))
        for name, members in audit.attributes.members.items()
    }


def refuse_absent_references(audit: Audit, setting: Setting, groupings: Mapping[str, Grouping]) -> None:
    """A declared reference that never occurs is a mistake; that of an intersection may be missing."""
    for name, grouping in groupings.items():
        if len(grouping.keys) > 1:
            continue
        labels = [key[0] for key in setting.main(grouping)]
        if grouping.reference[0] not in labels:
            near = near_name(grouping.reference[0], labels)
            raise audit.error(
                ("protected", name, "reference"),
                f"reference `{grouping.reference[0]}` of `{name}` does not occur in the data"
                + (f" (did you mean `{near}`?)" if near else ""),
                "the groups are " + ", ".join(f"`{label}`" for label in labels[:10]) if labels else None,
            )


def findings_on_rows(audit: Audit, engine: Engine, definition: Definition, seed: int) -> dict[str, list[Finding]]:
    """Findings of checks whose metric is a function of rows; the rows are read once for all of them."""
    checks = external_checks(audit)
    if not checks:
        return {}
    from evenhand.external import external_findings, rows_frame

    metrics = {check.id: metric_of(audit, check) for check in checks}
    rows = rows_frame(engine, definition)
    groupings = groupings_of(audit)
    excluded = {(left_out.attribute, left_out.group) for left_out in audit.exclusions}

    def may_be_compared(grouping: Grouping, key: GroupKey, people: int) -> bool:
        return people >= audit.small_groups.min_people and (grouping.name, grouping.label(key)) not in excluded

    return {
        check.id: [
            finding
            for name in check.attributes
            for finding in external_findings(
                metrics[check.id],
                rows,
                groupings[name],
                bootstrap=check.bootstrap,
                seed=seed,
                may_be_compared=partial(may_be_compared, groupings[name]),
            )
        ]
        for check in checks
    }


def seed_of(audit: Audit, cells: Cells, options: Options) -> int:
    """The seed of every random draw: SHA-256 of canonical cells and policy, unless one is given."""
    import hashlib

    if options.seed is not None:
        return options.seed
    text = canonical_json([cells.digest, audit.sha256])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only we can read (0700) for staging and spilling; removed whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="evenhand-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
