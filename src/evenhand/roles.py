"""From the roles that an audit file declares to columns that are read.

Called by the pipeline only. May import: config, defining, load, tally, errors.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.config.loader import Audit
from evenhand.config.role_table import ROLES
from evenhand.defining import definition_of
from evenhand.errors import DataError, near_name
from evenhand.load.delimited import likely_delimiter
from evenhand.load.joining import compare_keys_as
from evenhand.load.labels import label
from evenhand.load.sources import column_names, open_table
from evenhand.load.table import Column, Table, WantedColumn, WantedType
from evenhand.tally.definition import Definition
from evenhand.tally.engines import Rows
from evenhand.tally.plan import Admission, Join


@dataclass(frozen=True)
class Sources:
    """Where the rows are: paths or frames."""

    predictions: Any
    attributes: Any = None
    key: str | None = None


Place = tuple[str | int, ...]


@dataclass(frozen=True)
class RoleColumn:
    """The column that plays a role: its name, what it is wanted as, and where the audit file names it."""

    name: str
    type: WantedType
    place: Place

    @property
    def wanted_as(self) -> str:
        """The name under which reading files it; one column may be wanted in two types."""
        return f"{self.type}:{self.name}"


def role_columns(audit: Audit, key: str | None) -> dict[str, RoleColumn]:
    """Every role that the audit file gives a column to. `unit` is the key by default."""
    file, columns = audit.file, audit.file.columns
    roles = {}
    for role in ROLES.values():
        name = getattr(columns, role.name)
        if name is not None:
            cut = role.name == "tenure" and columns.tenure_bands
            roles[role.name] = RoleColumn(name, "number" if cut else role.type, ("columns", role.name))
    if columns.consent:
        roles["consent"] = RoleColumn(columns.consent.column, "label", ("columns", "consent", "column"))
    for i, stage in enumerate(columns.stages):
        roles[f"stage:{stage}"] = RoleColumn(stage, "label", ("columns", "stages", i))
    for name, attribute in file.protected.items():
        if attribute.probabilities:
            for label, column in attribute.probabilities.items():
                place: Place = ("protected", name, "probabilities", label)
                roles[f"share:{name}:{label}"] = RoleColumn(column, "number", place)
            continue
        place = ("protected", name, "column") if attribute.column else ("protected", name)
        type_: WantedType = "number" if attribute.bands else "label"
        roles[f"protected:{name}"] = RoleColumn(attribute.column or name, type_, place)
    for name, factor in file.factors.items():
        place = ("factors", name, "column") if factor.column else ("factors", name)
        roles[f"factor:{name}"] = RoleColumn(factor.column or name, "number" if factor.bands else "label", place)
    for name in file.data.where:
        roles[f"where:{name}"] = RoleColumn(name, "label", ("data", "where", name))
    if key is not None and not columns.count:
        roles.setdefault("unit", RoleColumn(key, "raw", ("data", "key")))
    return roles


def declared_definition(audit: Audit) -> Definition:
    """The definition by the audit file alone, to hold stored cells against; its columns are named after roles."""
    roles = role_columns(audit, audit.key)
    described = {role: column.name for role, column in roles.items()}
    return definition_of(audit, {role: role for role in roles}, described, Admission())


# Reading --------------------------------------------------------------------------------------------------------


def read_rows(audit: Audit, sources: Sources, staging: Path) -> tuple[Rows, Definition]:
    """Open the sources, read the columns that roles name and no other, and define what is to be tallied.

    Errors: AuditFileError for a column that no file has, at the line that names it; DataError from reading.
    """
    data = audit.file.data
    dialect = {"delimiter": data.delimiter, "encoding": data.encoding}
    both = {"p_": sources.predictions} | ({"a_": sources.attributes} if sources.attributes is not None else {})
    names = {side: column_names(source, **dialect) for side, source in both.items()}
    if len(both) == 2 and sources.key is None:
        raise DataError(
            "predictions and attributes are two files, and no key joins them",
            hint="name the column in `data.key`, or give `--key`",
        )
    roles = role_columns(audit, sources.key)
    side_of = {role: side_with(audit, sources, column, names) for role, column in roles.items()}
    wanted: dict[str, dict[str, WantedColumn]] = {side: {} for side in both}
    for role, column in roles.items():
        wanted[side_of[role]][column.wanted_as] = WantedColumn(column.name, column.type, column.wanted_as)
    if len(both) == 2:
        key = RoleColumn(sources.key or "", "raw", ("data", "key"))
        for side in both:
            if key.name not in names[side]:
                raise no_such_column(audit, {side: both[side]}, key, {side: names[side]})
            wanted[side][key.wanted_as] = WantedColumn(key.name, "raw", key.wanted_as)
    tables: dict[str, Table] = {}
    for side, source in both.items():
        columns = list(wanted[side].values()) or [WantedColumn(names[side][0], "raw")]
        what = "predictions" if side == "p_" else "attributes"
        tables[side] = open_table(
            source, columns, missing_values=data.missing_values, staging=staging, what=what, **dialect
        )
        if not tables[side].rows:
            raise DataError(f"`{tables[side].described}` has no rows", hint="an audit needs at least one row")

    def found(role: str) -> Column:
        return tables[side_of[role]].columns[roles[role].wanted_as]

    aliases = {role: f"{side_of[role]}{found(role).alias}" for role in roles}
    conditions = tuple(
        (aliases[f"where:{name}"], raw_candidates(found(f"where:{name}"), texts, data.missing_values))
        for name, texts in data.where.items()
    )
    known = (aliases["unit"],) if "unit" in aliases and not audit.file.columns.count else ()
    join = join_of(tables, sources.key)
    described = {aliases[role]: column.name for role, column in roles.items()}
    if join is not None:  # the key is no role where `unit` is another column
        described |= {join.left: sources.key or "", join.right: sources.key or ""}
    definition = definition_of(audit, aliases, described, Admission(conditions, known))
    return Rows(tables["p_"], tables.get("a_"), join), definition


def side_with(audit: Audit, sources: Sources, column: RoleColumn, names: Mapping[str, tuple[str, ...]]) -> str:
    """The side that has the column; the key, which both have, is the predictions'."""
    sides = [side for side, columns in names.items() if column.name in columns]
    if not sides:
        both = {"p_": sources.predictions, "a_": sources.attributes}
        raise no_such_column(audit, {side: both[side] for side in names}, column, names)
    if len(sides) == 2 and column.name != sources.key:
        message = f"column `{column.name}` stands in the predictions and in the attributes"
        raise audit.error(column.place, message, "rename one of them, or drop it from the file that should not have it")
    return sides[0]


def no_such_column(
    audit: Audit, sources: Mapping[str, Any], column: RoleColumn, names: Mapping[str, tuple[str, ...]]
) -> Exception:
    """The error for a column that is in none of these sources, at the line that names it."""
    described = " or ".join(f"`{described_source(source)}`" for source in sources.values())
    near = near_name(column.name, [name for columns in names.values() for name in columns])
    suggestion = f" (did you mean `{near}`?)" if near else ""
    message = f"there is no column `{column.name}` in {described}{suggestion}"
    delimiter = audit.file.data.delimiter
    others = (likely_delimiter(columns, [column.name], delimiter) for columns in names.values())
    other = next((found for found in others if found), None)
    hint = f"the file seems to use another delimiter: declare `delimiter: '{other}'` under `data`" if other else None
    if audit.document.has(column.place):
        return audit.error(column.place, message, hint)
    return DataError(message, hint=hint)


def described_source(source: Any) -> str:
    """A source as messages name it: a file's name, or `data frame`."""
    return Path(source).name if isinstance(source, str | Path) else "data frame"


def join_of(tables: Mapping[str, Table], key: str | None) -> Join | None:
    """How predictions and attributes meet; None where there is one table."""
    if "a_" not in tables:
        return None
    left, right = (tables[side].columns[f"raw:{key}"] for side in ("p_", "a_"))
    return Join(f"p_{left.alias}", f"a_{right.alias}", compare_keys_as(left, right))


def raw_candidates(column: Column, texts: Sequence[str], missing_values: Sequence[str]) -> tuple[object, ...]:
    """The raw values of a column's type whose label is one of `texts`; the engine compares values, not text."""
    found: list[object] = []
    for text in texts:
        candidates: list[object] = [text]
        if column.type == "integer":
            candidates = [int(text)] if re.fullmatch(r"-?[0-9]{1,18}", text) else []
        elif column.type == "number":
            candidates = [_number(text)]
        elif column.type == "boolean":
            candidates = [value for value in (True, False) if label(value) == text]
        elif column.type == "date":
            candidates = [_date(text)]
        found += [value for value in candidates if value is not None and label(value, missing_values) == text]
    return tuple(found)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
