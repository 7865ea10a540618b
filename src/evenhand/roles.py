"""From the roles that an audit file declares to columns that are read and the definition that the tally works by.

Called by the pipeline only. May import: config, load, tally, errors.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenhand.config.attributes import declared_groups
from evenhand.config.loader import Audit
from evenhand.errors import DataError, near_name
from evenhand.load.joining import compare_keys_as
from evenhand.load.labels import label
from evenhand.load.sources import column_names, open_table
from evenhand.load.table import Column, Table, WantedColumn, WantedType
from evenhand.tally.definition import Attribute, Definition, Flag
from evenhand.tally.engines import Rows
from evenhand.tally.plan import Admission, Join


@dataclass(frozen=True)
class Sources:
    """Where the rows are: paths or frames."""

    predictions: Any
    attributes: Any = None
    key: str | None = None


@dataclass
class Wishes:
    """Columns asked for, by side, as roles are walked; then where each of them was read to."""

    audit: Audit
    sources: Sources
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wanted: dict[str, dict[str, WantedColumn]] = field(default_factory=lambda: {"p_": {}, "a_": {}})

    def ask(self, name: str, type: WantedType, place: tuple[str | int, ...]) -> tuple[str, str]:
        """Want a column; returns (side, key) under which it will be found. Errors if it is nowhere, or on both sides."""
        sides = [side for side, names in self.names.items() if name in names]
        key_of_join = self.sources.key
        if len(sides) == 2 and name != key_of_join:
            raise self.audit.error(
                place, f"column `{name}` stands in the predictions and in the attributes", "rename or drop one of them"
            )
        if not sides:
            raise self.missing(name, place)
        side, key = sides[0], f"{type}:{name}"
        self.wanted[side][key] = WantedColumn(name, type, key)
        return side, key

    def missing(self, name: str, place: tuple[str | int, ...]) -> Exception:
        described = " and ".join(f"`{described_source(s)}`" for s in (self.sources.predictions, self.sources.attributes) if s is not None)
        near = near_name(name, [n for names in self.names.values() for n in names])
        suggestion = f" (did you mean `{near}`?)" if near else ""
        if self.audit.document.has(place):
            return self.audit.error(place, f"{described} has no column `{name}`{suggestion}")
        return DataError(f"{described} has no column `{name}`{suggestion}")


def described_source(source: Any) -> str:
    """A source as messages name it: a file's name, or `data frame`."""
    return Path(source).name if isinstance(source, str | Path) else "data frame"


def read_rows(audit: Audit, sources: Sources, staging: Path, *, extra: Sequence[str] = ()) -> tuple[Rows, Definition]:
    """Open the sources, read the columns that roles name (and `extra`), and define what is to be tallied.

    Errors: AuditFileError for a column that no file has, at the line that names it; DataError from reading.
    """
    file, data = audit.file, audit.file.data
    reading = {"delimiter": data.delimiter, "encoding": data.encoding}
    wishes = Wishes(audit, sources)
    wishes.names["p_"] = column_names(sources.predictions, **reading)
    if sources.attributes is not None:
        wishes.names["a_"] = column_names(sources.attributes, **reading)
    asked = Asked(wishes)
    asked.roles()
    for name in extra:
        wishes.ask(name, "label", ())

    tables: dict[str, Table] = {}
    for side, source, what in (("p_", sources.predictions, "predictions"), ("a_", sources.attributes, "attributes")):
        if source is None:
            continue
        if not wishes.wanted[side]:
            first = wishes.names[side][0]
            wishes.wanted[side][f"raw:{first}"] = WantedColumn(first, "raw", f"raw:{first}")
        tables[side] = open_table(
            source,
            list(wishes.wanted[side].values()),
            missing_values=data.missing_values,
            staging=staging,
            what=what,
            **reading,
        )
        if not tables[side].rows:
            raise DataError(f"`{tables[side].described}` has no rows", hint="an audit needs at least one row")
    rows = Rows(tables["p_"], tables.get("a_"), asked.join(tables))
    return rows, asked.definition(tables)


class Asked:
    """The roles of one audit file, each asked of `Wishes` and later found again in the tables."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.audit = wishes.audit
        self.found: dict[str, tuple[str, str]] = {}

    def roles(self) -> None:
        """Ask for every column that a role names."""
        file = self.audit.file
        columns = file.columns
        single: tuple[tuple[str, str | None, WantedType], ...] = (
            ("decision", columns.decision, "label"),
            ("label", columns.label, "label"),
            ("score", columns.score, "number"),
            ("count", columns.count, "integer"),
            ("weight", columns.weight, "number"),
            ("unit", columns.unit, "raw"),
            ("vulnerable", columns.vulnerable, "label"),
            ("campaign", columns.campaign, "label"),
            ("consent", columns.consent.column if columns.consent else None, "label"),
        )
        for role, name, type in single:
            if name is not None:
                place = ("columns", role, "column") if role == "consent" else ("columns", role)
                self.found[role] = self.wishes.ask(name, type, place)
        for i, stage in enumerate(columns.stages):
            self.found[f"stage:{stage}"] = self.wishes.ask(stage, "label", ("columns", "stages", i))
        for name, attribute in file.protected.items():
            place = ("protected", name, "column") if attribute.column else ("protected", name)
            type = "number" if attribute.bands else "label"
            self.found[f"protected:{name}"] = self.wishes.ask(attribute.column or name, type, place)
        for name in file.data.where:
            self.found[f"where:{name}"] = self.wishes.ask(name, "label", ("data", "where", name))
        self.keys()

    def keys(self) -> None:
        """Ask for the key on both sides."""
        sources, wanted, names = self.wishes.sources, self.wishes.wanted, self.wishes.names
        if sources.attributes is not None and sources.key is None:
            raise DataError(
                "predictions and attributes are two files, and no key joins them",
                hint="name the column in `data.key`, or give `--key`",
            )
        if sources.key is None or (sources.attributes is None and self.audit.file.columns.count):
            return
        for side in names:
            if sources.key not in names[side]:
                raise self.wishes.missing(sources.key, ("data", "key"))
            wanted[side][f"raw:{sources.key}"] = WantedColumn(sources.key, "raw", f"raw:{sources.key}")
        self.found["key"] = ("p_", f"raw:{sources.key}")
        self.found.setdefault("unit", self.found["key"])

    def join(self, tables: dict[str, Table]) -> Join | None:
        """How predictions and attributes meet."""
        if "a_" not in tables:
            return None
        left, right = (tables[side].columns[self.found["key"][1]] for side in ("p_", "a_"))
        return Join(f"p_{left.alias}", f"a_{right.alias}", compare_keys_as(left, right))

    def column(self, role: str, tables: dict[str, Table]) -> Column | None:
        if role not in self.found:
            return None
        side, key = self.found[role]
        return tables[side].columns[key]

    def alias(self, role: str, tables: dict[str, Table]) -> str | None:
        column = self.column(role, tables)
        return None if column is None else f"{self.found[role][0]}{column.alias}"

    def definition(self, tables: dict[str, Table]) -> Definition:
        """What the tally works by."""
        file = self.audit.file
        aliases = {role: alias for role in self.found if (alias := self.alias(role, tables)) is not None}
        described = {aliases[role]: tables[side].columns[key].name for role, (side, key) in self.found.items()}
        unit = None if file.columns.count else aliases.get("unit")
        conditions = []
        for name, texts in file.data.where.items():
            column = self.column(f"where:{name}", tables)
            assert column is not None
            conditions.append((aliases[f"where:{name}"], raw_candidates(column, texts, tables["p_"].missing_values)))
        return Definition(
            attributes=tuple(
                Attribute(
                    name=name,
                    column=aliases[f"protected:{name}"],
                    described=attribute.column or name,
                    values=attribute.values,
                    edges=attribute.bands,
                    band_labels=declared_groups(attribute) if attribute.bands else None,
                )
                for name, attribute in file.protected.items()
            ),
            flags=tuple(self.flags(aliases)),
            labels={"campaign": aliases["campaign"]} if "campaign" in aliases else {},
            score_column=aliases.get("score"),
            score_scale=round(1 / file.columns.score_resolution),
            count_column=aliases.get("count"),
            weight_column=aliases.get("weight"),
            unit_column=unit,
            unit_assumed=unit is None and "count" not in aliases,
            admission=Admission(tuple(conditions), (unit,) if unit else ()),
            missing_values=file.data.missing_values,
            described=described,
            where=file.data.where,
        )

    def flags(self, aliases: dict[str, str]) -> list[Flag]:
        """Yes/no columns with the texts that mean yes."""
        columns = self.audit.file.columns
        flags = []
        if columns.decision:
            flags.append(
                Flag(
                    "decision",
                    aliases["decision"],
                    columns.decision,
                    "decision",
                    ones=columns.selected,
                    zeros=columns.unselected or None,
                    zeros_key="unselected",
                )
            )
        if columns.label:
            flags.append(
                Flag(
                    "label",
                    aliases["label"],
                    columns.label,
                    "label",
                    ones=columns.positive,
                    zeros=columns.negative or None,
                    zeros_key="negative",
                )
            )
        if columns.consent:
            consent = columns.consent
            flags.append(
                Flag("consent", aliases["consent"], consent.column, "consent", ones=consent.given, rest_is_no=True)
            )
        if columns.vulnerable:
            flags.append(Flag("vulnerable", aliases["vulnerable"], columns.vulnerable, "vulnerable", boolean=True))
        for stage in columns.stages:
            flags.append(Flag(f"stage:{stage}", aliases[f"stage:{stage}"], stage, "stage", boolean=True))
        return flags


def raw_candidates(column: Column, texts: Sequence[str], missing_values: Sequence[str]) -> tuple[object, ...]:
    """The raw values of a column's type whose label is one of `texts`; the engine compares values, not text."""
    found: list[object] = []
    for text in texts:
        candidates: list[object] = [text]
        if column.type == "integer":
            candidates = [int(text)] if text.lstrip("-").isdecimal() else []
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
