"""What must fit together in an audit file before any check is read: roles, groups, references, shares.

May import: config.attributes, config.bands, config.nodes, config.problems, config.role_table, config.schema,
errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from evenhand.config.attributes import JOINER, MISSING, AttributeTable, declared_groups
from evenhand.config.bands import band_labels
from evenhand.config.nodes import Document, KeyPath
from evenhand.config.problems import Problem, shown
from evenhand.config.role_table import COMPOUND, ROLES
from evenhand.config.schema import AuditFile, CheckEntry, Columns, Protected
from evenhand.errors import near_name

CHECK_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
SHARES_TOLERANCE = Decimal("0.000001")


def declaration_problems(file: AuditFile, document: Document) -> list[Problem]:
    """Every contradiction in the declarations of the file; an empty list if they fit together."""
    edge_problems = list(_bands(file, document))
    if edge_problems:  # group labels do not exist yet
        return edge_problems
    return [
        *_needed(file, document),
        *_columns(file.columns, document),
        *_currency(file, document),
        *_reserved(file, document),
        *_protected(file, document),
        *_intersections(file, document),
        *_factors(file, document),
        *_excluded(file, document),
        *_population(file, document),
        *id_problems(file.checks, document, allow_pack=True),
    ]


def id_problems(checks: Sequence[CheckEntry], document: Document, *, allow_pack: bool) -> Iterator[Problem]:
    """Ids that are not made of a-z, 0-9 and -, or that occur twice; `pack/check` is for changing a pack's check."""
    seen: dict[str, int] = {}
    for i, check in enumerate(checks):
        path = ("checks", i, "id")
        parts = check.id.split("/")
        if len(parts) > (2 if allow_pack else 1) or not all(CHECK_ID.fullmatch(part) for part in parts):
            hint = "for example `offer-parity`" + ("; `pack/check` changes a check of a pack" if allow_pack else "")
            yield document.problem(path, f"an id is made of a-z, 0-9 and -, found `{shown(check.id)}`", hint=hint)
        elif check.id in seen:
            yield document.problem(path, f"the id `{check.id}` is used by check {seen[check.id]} already (from 0)")
        seen.setdefault(check.id, i)


RESERVED_ATTRIBUTES = frozenset(
    (
        *(*ROLES, *COMPOUND, "admission", "price_sign", "price_to_list", "price_to_new_business"),
        *("error", "loss_error", "walking"),
        *(f"{role.name}_presence" for role in ROLES.values() if role.type == "number"),
    )
)
RESERVED_BEGINNINGS = ("stage:", "factor:", "attribute:", "other:")
"""Names in the cells: an attribute of that name could not be told from the role."""


def _reserved(file: AuditFile, document: Document) -> Iterator[Problem]:
    for name in file.protected:
        if name in RESERVED_ATTRIBUTES or name.startswith(RESERVED_BEGINNINGS):
            hint = f"for example `{name}_group`, with `column: {name}`"
            message = f"an attribute cannot be called `{name}`, which is the name of a role"
            yield document.problem(("protected", name), message, hint=hint, key=True)


def _bands(file: AuditFile, document: Document) -> Iterator[Problem]:
    cut: list[tuple[KeyPath, tuple[Decimal, ...] | None]] = [(("columns", "tenure_bands"), file.columns.tenure_bands)]
    cut += [(("protected", name, "bands"), a.bands) for name, a in file.protected.items()]
    cut += [(("factors", name, "bands"), f.bands) for name, f in file.factors.items()]
    for path, edges in cut:
        if edges is None:
            continue
        try:
            band_labels(edges)
        except ValueError as error:
            hint = "[18, 30] makes the bands <18, 18-29 and 30+"
            yield document.problem(path, str(error), hint=hint)


def _needed(file: AuditFile, document: Document) -> Iterator[Problem]:
    """Roles without which an audit of this kind of model has nothing to ask."""
    kind = file.model.kind
    for role in ROLES.values():
        if kind in role.needed_by and getattr(file.columns, role.name) is None:
            description = Columns.model_fields[role.name].description
            message = f"an audit of a {kind} model needs `{role.name}`"
            yield document.problem(("columns",), message, hint=f"`{role.name}` is the {description}", key=True)


def _columns(columns: Columns, document: Document) -> Iterator[Problem]:
    outcomes = (
        ("decision", columns.decision, "selected", columns.selected, "unselected", columns.unselected),
        ("label", columns.label, "positive", columns.positive, "negative", columns.negative),
    )
    for role, column, yes, yes_values, no, no_values in outcomes:
        if column and not yes_values:
            hint = f"`{yes}` is the value or values of `{role}` that count as 1"
            yield document.problem(("columns", role), f"`{role}` needs `{yes}`", hint=hint, key=True)
        for key, values in ((yes, yes_values), (no, no_values)):
            if values and not column:
                yield document.problem(("columns", key), f"`{key}` needs the column in `{role}`", key=True)
        both = [value for value in no_values if value in yes_values]
        if both:
            message = f"`{shown(both[0])}` stands in `{yes}` too: a value is one or the other"
            yield document.problem(("columns", no), message)
    if columns.count and columns.count == columns.weight:
        hint = "`count`: a row stands for so many people; `weight`: one person, counted more or less"
        yield document.problem(("columns", "weight"), "the same column cannot be count and weight", hint=hint)
    if columns.tenure_bands and not columns.tenure:
        message = "`tenure_bands` needs the column in `tenure`"
        yield document.problem(("columns", "tenure_bands"), message, key=True)
    for i, stage in enumerate(columns.stages):
        if stage in columns.stages[:i]:
            yield document.problem(("columns", "stages"), f"the stage `{shown(stage)}` occurs twice")


def _currency(file: AuditFile, document: Document) -> Iterator[Problem]:
    if file.data.currency and file.columns.currency:
        hint = "`columns.currency` is the column that says it; `data.currency` is for data without one"
        message = "either `data.currency` or `columns.currency`, not both"
        yield document.problem(("data", "currency"), message, hint=hint, key=True)


def _protected(file: AuditFile, document: Document) -> Iterator[Problem]:
    for name, attribute in file.protected.items():
        path = ("protected", name)
        if "×" in name:
            hint = "× joins attributes: list them under `intersections`"
            yield document.problem(path, "the name of an attribute cannot hold ×", hint=hint, key=True)
        if attribute.probabilities is not None:
            yield from _probabilities(attribute, path, document)
        elif attribute.values is not None and attribute.bands is not None:
            yield document.problem((*path, "values"), "either `values` or `bands`, not both", key=True)
            continue
        if MISSING in (attribute.values or {}).values():
            yield document.problem((*path, "values"), f"`{MISSING}` is the label of missing values")
        if attribute.reference == MISSING:
            yield document.problem((*path, "reference"), "missing values cannot be the reference")
        else:
            groups = declared_groups(attribute)
            yield from _unknown_group(attribute.reference, groups, (*path, "reference"), document)


def _probabilities(attribute: Protected, path: KeyPath, document: Document) -> Iterator[Problem]:
    """Columns of shares per label: at least two, each once, and nothing that would name the group of a row."""
    columns = attribute.probabilities or {}
    place = (*path, "probabilities")
    for key in ("column", "values", "bands"):
        if getattr(attribute, key) is not None:
            yield document.problem((*path, key), f"either `probabilities` or `{key}`, not both", key=True)
    if len(columns) < 2:
        hint = "groups are compared, so each of them needs a column: {female: p_female, male: p_male}"
        yield document.problem(place, "at least two labels are needed", hint=hint)
    if MISSING in columns:
        yield document.problem((*place, MISSING), f"`{MISSING}` is the label of missing values", key=True)
    label_of: dict[str, str] = {}
    for label, column in columns.items():
        if column in label_of:
            message = f"the column `{shown(column)}` is that of `{shown(label_of[column])}` already"
            yield document.problem((*place, label), message)
        label_of.setdefault(column, label)


def _unknown_group(
    group: str, groups: tuple[str, ...] | None, path: KeyPath, document: Document, *, key: bool = False
) -> Iterator[Problem]:
    """A group that neither the bands nor the mapped values make; nothing where only the data name the groups."""
    if groups is None or group in groups:
        return
    near = near_name(group, groups)
    suggestion = f" (did you mean '{shown(near)}'?)" if near else ""
    hint = "declared groups: " + ", ".join(shown(g) for g in groups)
    yield document.problem(path, f"there is no group `{shown(group)}`{suggestion}", hint=hint, key=key)


def unknown_attribute(written: str, table: AttributeTable, path: KeyPath, document: Document) -> Problem:
    """An attribute that is not declared; an intersection of declared ones is told how to become one."""
    near = near_name(written, table.names)
    suggestion = f" (did you mean '{shown(near)}'?)" if near else ""
    parts = re.split(r" [×x] ", written)
    if len(parts) > 1 and all(part in table.members for part in parts):
        hint = f"add [{', '.join(parts)}] to `intersections`"
    else:
        hint = "declared: " + ", ".join(shown(name) for name in table.names)
    return document.problem(path, f"there is no attribute `{shown(written)}`{suggestion}", hint=hint)


def _intersections(file: AuditFile, document: Document) -> Iterator[Problem]:
    seen: set[frozenset[str]] = set()
    for i, parts in enumerate(file.intersections):
        path = ("intersections", i)
        for j, part in enumerate(parts):
            if part not in file.protected:
                near = near_name(part, file.protected)
                suggestion = f" (did you mean '{shown(near)}'?)" if near else ""
                yield document.problem((*path, j), f"`{shown(part)}` is not in `protected`{suggestion}")
        uncertain = [
            part for part in dict.fromkeys(parts) if part in file.protected and file.protected[part].probabilities
        ]
        if len(uncertain) > 1:
            names = " and ".join(f"`{shown(part)}`" for part in uncertain)
            hint = "how two estimated memberships go together is not known from each of them"
            yield document.problem(path, f"{names} are given by probabilities: at most one may be", hint=hint)
        if len(set(parts)) < len(parts):
            yield document.problem(path, "an attribute occurs twice in the intersection")
        if frozenset(parts) in seen:
            yield document.problem(path, "the same intersection is listed already")
        seen.add(frozenset(parts))


def _factors(file: AuditFile, document: Document) -> Iterator[Problem]:
    attribute_of = {
        column: name
        for name, attribute in file.protected.items()
        for column in (attribute.probabilities or {name: attribute.column or name}).values()
    }
    for name, factor in file.factors.items():
        path = ("factors", name)
        if name in file.protected:
            hint = "give the factor another name, and `column:` with the column's name"
            message = f"`{shown(name)}` is the name of a protected attribute already"
            yield document.problem(path, message, hint=hint, key=True)
        elif (factor.column or name) in attribute_of:
            attribute = attribute_of[factor.column or name]
            hint = "people alike in the attribute itself cannot differ by it, so such a factor explains every gap away"
            message = f"the factor `{shown(name)}` is the column of the protected attribute `{shown(attribute)}`"
            yield document.problem(
                (*path, "column") if factor.column else path, message, hint=hint, key=not factor.column
            )
        if name == "period" and file.columns.period:
            hint = "remove the factor, since prices are compared within the period anyway, or give it another name"
            message = "`period` is a factor by `columns.period` already"
            yield document.problem(path, message, hint=hint, key=True)
        if factor.values is not None and factor.bands is not None:
            yield document.problem((*path, "values"), "either `values` or `bands`, not both", key=True)
        if MISSING in (factor.values or {}).values():
            yield document.problem((*path, "values"), f"`{MISSING}` is the label of missing values")


def _excluded(file: AuditFile, document: Document) -> Iterator[Problem]:
    table = AttributeTable.of(file)
    for i, exclusion in enumerate(file.exclude):
        path = ("exclude", i)
        name = table.resolve(exclusion.attribute)
        if name is None:
            yield unknown_attribute(exclusion.attribute, table, (*path, "attribute"), document)
            continue
        members = table.members[name]
        groups = exclusion.group.split(JOINER) if len(members) > 1 else [exclusion.group]
        if len(groups) != len(members):
            hint = f"a group of `{name}` reads `{table.references[name]}`"
            message = f"`{shown(exclusion.group)}` is no group of `{shown(name)}`"
            yield document.problem((*path, "group"), message, hint=hint)
            continue
        for member, group in zip(members, groups, strict=True):
            if member in file.protected:
                yield from _unknown_group(group, declared_groups(file.protected[member]), (*path, "group"), document)
        if exclusion.group == table.references[name]:
            yield document.problem((*path, "group"), "the reference cannot be excluded: others are compared with it")


def _population(file: AuditFile, document: Document) -> Iterator[Problem]:
    for name, shares in file.population.items():
        path = ("population", name)
        if name not in file.protected:
            near = near_name(name, file.protected)
            suggestion = f" (did you mean '{shown(near)}'?)" if near else ""
            yield document.problem(path, f"`{shown(name)}` is not in `protected`{suggestion}", key=True)
            continue
        total = sum(shares.values(), Decimal(0))
        if abs(total - 1) > SHARES_TOLERANCE:
            yield document.problem(path, f"the shares of a population add up to 1, found {total}")
        groups = declared_groups(file.protected[name])
        for group in shares:
            yield from _unknown_group(group, groups, (*path, group), document, key=True)
