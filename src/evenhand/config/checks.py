"""Checks as the rest of the program sees them: the metric looked up, every default filled in, the limits sensible.

May import: config.attributes, config.catalogue, config.declarations, config.extending, config.limits, config.problems,
config.role_table, config.schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from evenhand.config.attributes import AttributeTable
from evenhand.config.catalogue import Catalogue, MeasureLike, is_external
from evenhand.config.declarations import unknown_attribute
from evenhand.config.extending import Draft
from evenhand.config.limits import limit_complaints
from evenhand.config.problems import Problem, shown
from evenhand.config.role_table import COMPOUND, OUTSIDE, ROLES, where_declared
from evenhand.config.schema import POLARITY_OF_KIND, AuditFile, CheckEntry

LEAST_REPLICATES = 2000
"""methods.md §2: a bootstrap is never fewer than 2,000."""


@dataclass(frozen=True)
class Check:
    """One check, resolved. `id` is `pack/check` for a pack's; `metric` is the measure's name, `written` the file's."""

    id: str
    pack: str | None
    metric: str
    written: str
    minimum: Decimal | None
    maximum: Decimal | None
    level: str
    decide_by: str
    attributes: tuple[str, ...]
    why: str | None
    bootstrap: int | None
    missing_roles: tuple[str, ...]
    """Roles that the metric needs and this audit lacks: only ever of a pack's check, then not tested."""
    file: str
    """The file to point to, called as from the root of the repository; a shipped pack's check points to `extends`."""
    line: int
    column: int


def roles_present(file: AuditFile) -> frozenset[str]:
    """The roles that this audit file gives a column or a table to."""
    named = {role for role in (*ROLES, *COMPOUND) if getattr(file.columns, role)}
    outside = {
        "factors": file.factors or file.columns.period,  # prices are compared within a period, as within a factor
        "population": file.population,
        "key": file.data.key,
        "probabilities": any(attribute.probabilities for attribute in file.protected.values()),
    }
    return frozenset(named | {role for role in OUTSIDE if outside[role]})


def resolve_check(
    draft: Draft, file: AuditFile, table: AttributeTable, catalogue: Catalogue
) -> tuple[Check | None, list[Problem]]:
    """The check that a draft means, or None with everything that is wrong with it."""
    entry = draft.entry
    if entry.metric is None:
        hint = "`evenhand measures` lists the names"
        return None, [draft.problem(None, "`metric` is required", hint)]
    metric = catalogue.resolve(entry.metric)
    if metric is None:
        near = catalogue.near(entry.metric)
        suggestion = f" (did you mean '{near}'?)" if near else ""
        message = f"there is no metric `{shown(entry.metric)}`{suggestion}"
        return None, [draft.problem("metric", message, "`evenhand measures` lists the names")]
    measure = catalogue.measures.get(metric)
    attributes, missing, problems = _attributes(draft, table)
    problems += [
        draft.problem(c.key, c.message, c.hint) for c in limit_complaints(entry, measure, polarity_of(measure, file))
    ]
    members = dict.fromkeys(member for name in attributes for member in table.members[name])
    decide_by, undecidable = _decided_by(draft, metric, measure, file, members)
    problems += undecidable
    needed = measure.roles if measure is not None else ()
    missing += [role for role in needed if role not in roles_present(file)]
    if missing and draft.pack is None:
        names = " and ".join(where_declared(role) for role in missing)
        problems.append(draft.problem("metric", f"`{metric}` needs {names}", "declare it, or remove the check"))
    if problems:
        return None, problems
    document, path = draft.source
    line, column = document.position(path)
    check = Check(
        id=draft.id,
        pack=draft.pack.info.id if draft.pack is not None else None,
        metric=metric,
        written=entry.metric,
        minimum=entry.min,
        maximum=entry.max,
        level=entry.level or "error",
        decide_by=decide_by,
        attributes=attributes,
        why=entry.why,
        bootstrap=entry.bootstrap,
        missing_roles=tuple(missing),
        file=document.file,
        line=line,
        column=column,
    )
    return check, []


def polarity_of(measure: MeasureLike | None, file: AuditFile) -> str:
    """Whether a high value is good for the person: as the file says, but of the kind of model that a role is about.

    A lender's file may call a loan a benefit; the price of it is a burden all the same.
    """
    for role in measure.roles if measure is not None else ():
        kinds = ROLES[role].kinds if role in ROLES else ()
        if kinds and file.model.kind not in kinds and kinds[0] in POLARITY_OF_KIND:
            return POLARITY_OF_KIND[kinds[0]]
    return file.polarity


def _attributes(draft: Draft, table: AttributeTable) -> tuple[tuple[str, ...], list[str], list[Problem]]:
    """The attributes that a check covers in the order of the table, those that a pack misses, and the problems."""
    written = draft.entry.attributes
    if written is None:
        return table.names, [], []
    missing, problems, found = [], [], []
    for i, name in enumerate(written):
        resolved = table.resolve(name)
        if resolved is not None:
            found.append(resolved)
        elif draft.in_pack("attributes"):
            missing.append(f"protected.{name}")
        else:
            document, path = draft.places["attributes"]
            problems.append(unknown_attribute(name, table, (*path, i), document))
    return tuple(name for name in table.names if name in found), missing, problems


def _decided_by(
    draft: Draft, metric: str, measure: MeasureLike | None, file: AuditFile, members: Iterable[str]
) -> tuple[str, list[Problem]]:
    entry = draft.entry
    problems = _bootstrap_problems(draft, metric)
    allowed = _ways(entry, measure)
    if entry.level == "report":
        return entry.decide_by or (allowed[0] if allowed else "point"), problems
    if not allowed:
        message = f"`{metric}` can be reported, not judged"
        return "", [*problems, draft.problem("metric", message, "write `level: report` and no limit")]
    decide_by = entry.decide_by or "assurance"
    if decide_by not in allowed:
        said = f"not by {decide_by}" + ("" if entry.decide_by else ", which is the default")
        hint = f"write `decide_by: {allowed[0]}`"
        if measure is None and entry.bootstrap is None:
            hint += f", or `bootstrap: {LEAST_REPLICATES}` for an interval from resampled rows"
        message = f"`{metric}` is decided by {' or '.join(allowed)}, {said}"
        problems.append(draft.problem("decide_by" if entry.decide_by else "metric", message, hint))
    elif decide_by == "legal" and draft.pack is None and (uncounted := _uncounted(file, members)):
        hint = "use `decide_by: assurance`" if "assurance" in allowed else "use `decide_by: point`"
        message = f"`legal` counts people one by one, so it cannot be used with {uncounted}"
        problems.append(draft.problem("decide_by", message, hint))
    return decide_by, problems


def _uncounted(file: AuditFile, members: Iterable[str]) -> str | None:
    """What makes people count as more or less than one in a check of these attributes; None where each is one."""
    if file.columns.weight is not None:
        return "`columns.weight`"
    spread = next((name for name in members if file.protected[name].probabilities), None)
    return f"the probabilities of `{shown(spread)}`" if spread is not None else None


def _ways(entry: CheckEntry, measure: MeasureLike | None) -> tuple[str, ...]:
    """How the check may be decided; a metric of another package has an interval only from a bootstrap."""
    if measure is not None:
        return measure.decide_by
    return ("assurance", "confirmatory", "point") if entry.bootstrap is not None else ("point",)


def _bootstrap_problems(draft: Draft, metric: str) -> list[Problem]:
    replicates = draft.entry.bootstrap
    if replicates is None:
        return []
    if not is_external(metric):
        message = f"`bootstrap` is for metrics of other packages; `{metric}` has an interval of its own"
        return [draft.problem("bootstrap", message, "remove `bootstrap`")]
    if replicates < LEAST_REPLICATES:
        return [draft.problem("bootstrap", f"at least {LEAST_REPLICATES} replicates, found {replicates}")]
    return []
