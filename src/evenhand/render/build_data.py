"""The sections "Data" and "Provenance": what was read, what was left out, who is in the data, what fixes this page.

May import: render's own words and numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from evenhand.render import numbers
from evenhand.render.json_v1 import dumps
from evenhand.render.labels import capitalized, display_label, isolated, one_line
from evenhand.render.metric_words import words_of
from evenhand.render.order import fewest
from evenhand.render.page import Cell, Column, Data, Fact, Table
from evenhand.render.price_figures import about_prices


def data_section(document: Mapping[str, Any]) -> Data:
    """Rows, exclusions, missing values, groups by attribute, roles, notes."""
    rows = document["rows"]
    facts = [
        Fact("Rows read", numbers.count(rows["read"])),
        Fact("Rows audited", numbers.count(rows["audited"])),
        Fact("Rows excluded", numbers.count(rows["read"] - rows["audited"])),
        Fact("People", numbers.count(document["people"])),
    ]
    if not any(missing["rows"] for missing in document["data"]["missing"]):
        facts.append(Fact("Missing values", "none"))
    tables = [_excluded(document), _missing(document), *_groups(document), _roles(document)]
    notes = tuple(_note(note) for note in document["data"]["notes"])
    return Data(tuple(facts), tuple(t for t in tables if t is not None), notes)


def provenance(document: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What fixes this page: digests of the results and the policy, the version, the seed."""
    digest = hashlib.sha256(dumps(document).encode("utf-8")).hexdigest()
    facts = [
        Fact("Results (SHA-256 of results.json)", digest),
        Fact("Policy (SHA-256)", one_line(document["policy"]["sha256"])),
        Fact("Made by", one_line(f"{document['tool']['name']} {document['tool']['version']}")),
        Fact("Schema", document["schema"]),
    ]
    if document["seed"] is not None:
        facts.append(Fact("Seed", one_line(str(document["seed"]))))
    return tuple(facts)


def _note(note: Mapping[str, Any]) -> str:
    text = one_line(note["text"])
    rows = note.get("rows")
    return f"{text} ({numbers.counted(rows, 'row', 'rows')})" if rows else text


def _excluded(document: Mapping[str, Any]) -> Table | None:
    excluded = document["rows"]["excluded"]
    if not excluded:
        return None
    columns = (Column("Reason"), Column("Rows", numeric=True))
    rows = tuple((Cell(one_line(e["reason"])), Cell(numbers.count(e["rows"]))) for e in excluded)
    return Table("Rows left out", columns, rows)


def _missing(document: Mapping[str, Any]) -> Table | None:
    missing = [m for m in document["data"]["missing"] if m["rows"]]
    if not missing:
        return None
    columns = (Column("What"), Column("Rows", numeric=True), Column("Share", numeric=True))
    rows = tuple(
        (Cell(display_label(m["attribute"])), Cell(numbers.count(m["rows"])), Cell(numbers.percent(m["share"])))
        for m in missing
    )
    return Table("Missing values", columns, rows)


def _groups(document: Mapping[str, Any]) -> list[Table]:
    """One table an attribute, with its groups in the order of the document and each measure in its unit."""
    by_attribute: dict[str, list[Mapping[str, Any]]] = {}
    for group in document["groups"]:
        by_attribute.setdefault(group["attribute"], []).append(group)
    tables = []
    for attribute, groups in by_attribute.items():
        measures = list(dict.fromkeys(name for group in groups for name in group["measures"]))
        columns = [Column("Group"), Column("People", numeric=True), Column("Share", numeric=True)]
        columns += [Column(capitalized(one_line(words_of(document, name).title)), numeric=True) for name in measures]
        rows: list[tuple[Cell, ...]] = []
        for group in groups:
            if measures and about_prices(document) and group["n"] < fewest(document):
                small = f"{numbers.counted(group['n'], 'person', 'people')}: too few to say"
                rows.append((_name(group), Cell(small, quiet=True, span=len(columns) - 1)))
                continue
            cells = [
                _name(group),
                Cell(numbers.count(group["n"])),
                Cell(numbers.percent(group["share"])),
            ]
            cells += [Cell(_measured(document, name, group["measures"].get(name))) for name in measures]
            rows.append(tuple(cells))
        tables.append(Table(f"Groups by {display_label(attribute)}", tuple(columns), tuple(rows)))
    return tables


def _name(group: Mapping[str, Any]) -> Cell:
    return Cell(isolated(display_label(group["group"])))


def _measured(document: Mapping[str, Any], name: str, measured: Mapping[str, Any] | None) -> str:
    """`27.6% (26.4% to 28.8%)`."""
    if measured is None or measured["value"] is None:
        return numbers.NONE
    unit = words_of(document, name).unit
    text = numbers.quantity(measured["value"], unit)
    bounds = measured["interval"]
    if bounds is None or bounds["low"] is None or bounds["high"] is None:
        return text
    if unit != "rate":
        return f"{text} ({numbers.interval(bounds, unit)})"
    return f"{text} ({numbers.quantity(bounds['low'], unit)} to {numbers.quantity(bounds['high'], unit)})"


def _roles(document: Mapping[str, Any]) -> Table | None:
    used = {role: column for role, column in document["roles"].items() if column}
    if not used:
        return None
    rows = []
    for role, column in used.items():
        names = [column] if isinstance(column, str) else column
        rows.append((Cell(display_label(role)), Cell(", ".join(isolated(display_label(n)) for n in names))))
    return Table("Columns and what they are for", (Column("Role"), Column("Column")), tuple(rows))
