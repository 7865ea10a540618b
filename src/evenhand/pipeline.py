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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand import __version__
from evenhand.checking import (
    ExternalFindings,
    groupings_of,
    judged,
    lacking_in,
    needs_of,
    overview_checks,
    refuse_absent_references,
)
from evenhand.config.checks import Check
from evenhand.config.loader import Audit, load_audit
from evenhand.errors import DataError, SelfCheckError, UsageError
from evenhand.judge.checks import FailOn
from evenhand.load.changes import assert_unchanged, digests
from evenhand.measure import ALIASES, MEASURES
from evenhand.measure.base import Finding, Grouping, GroupKey, Setting
from evenhand.results import CheckResult, Results, results_document
from evenhand.roles import Sources, declared_definition, read_rows
from evenhand.tally.cells import Cells, canonical_json, differences
from evenhand.tally.definition import Definition
from evenhand.tally.differing import in_words
from evenhand.tally.engines import DEFAULT_ENGINE, Engine, engine_class
from evenhand.tally.run import tally

if TYPE_CHECKING:
    from evenhand.external import ExternalMetric

FOUND_IN_DATA = frozenset({"unit_rows", "in_common"})
"""Parts of the definition of cells that the data decide, not the audit file."""


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
    stored = {name: value for name, value in cells.header.definition.items() if name not in FOUND_IN_DATA}
    different = differences(declared, stored)
    if different:
        raise DataError(
            "the cells were made by another definition than the audit file's: they differ in "
            + in_words(different, declared, stored),
            hint="audit the rows again, or use the audit file that the cells were made with",
        )
    lacking = lacking_in(cells, needs_of(audit))
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
        min_in_stratum=audit.small_groups.min_in_stratum,
        min_overlap=float(audit.small_groups.min_overlap),
        price_unit=audit.file.columns.price_unit,
        why={name: factor.why for name, factor in audit.file.factors.items()},
    )
    groupings = groupings_of(audit)
    refuse_absent_references(audit, setting, groupings)
    results = []
    for check in audit.checks:
        verdict, findings_expected = judged(audit, check, setting, groupings, external)
        if len(verdict.comparisons) != findings_expected:
            raise SelfCheckError(f"check `{check.id}` has {findings_expected} findings, not all of which were judged")
        results.append(CheckResult(check, verdict))
    overview = tuple(
        CheckResult(check, judged(audit, check, setting, groupings, None)[0]) for check in overview_checks(audit)
    )
    if len(results) != len(audit.checks):
        raise SelfCheckError("not every check of the policy was evaluated")
    document = results_document(
        Results(audit, setting, groupings, tuple(results), overview, seed, options.as_of, options.fail_on)
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


def findings_on_rows(audit: Audit, engine: Engine, definition: Definition, seed: int) -> dict[str, list[Finding]]:
    """Findings of checks whose metric is a function of rows; the rows are read once for all of them."""
    checks = external_checks(audit)
    if not checks:
        return {}
    from evenhand.external import external_findings, rows_frame

    for check in checks:
        for name in check.attributes:
            if any(audit.file.protected[part].probabilities for part in audit.attributes.members[name]):
                message = f"`{check.metric}` is a function of rows, and the groups of `{name}` are shares of rows"
                raise audit.check_error(check, message, "list the other attributes under `attributes`")
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
