"""How an audit file builds on packs: their checks keep the id `pack/check`, and may only be made stricter.

Source: contract.md, "Extending". May import: config.attributes, config.nodes, config.packs, config.problems,
config.schema, errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evenhand.config.attributes import AttributeTable
from evenhand.config.nodes import Document, KeyPath
from evenhand.config.packs import Pack
from evenhand.config.problems import Problem
from evenhand.config.schema import AuditFile, CheckEntry, SmallGroups
from evenhand.errors import near_name

LEVELS = ("report", "warn", "error")
"""From lenient to strict."""

HIGHER_IS_STRICTER = frozenset(("min_overlap",))
"""Floors that withhold a pass; the others decide what is too small to judge, so that lower is stricter."""

STRICTER: dict[str, frozenset[str]] = {
    "assurance": frozenset(("point", "legal", "confirmatory")),
    "point": frozenset(("legal", "confirmatory")),
    "legal": frozenset(),
    "confirmatory": frozenset(),
}
"""What each way of deciding is stricter than; `legal` and `confirmatory` cannot be compared."""


@dataclass(frozen=True)
class Draft:
    """A check before its metric is looked up: its keys, where each of them stands, and what the report points to."""

    id: str
    pack: Pack | None
    entry: CheckEntry
    places: Mapping[str, tuple[Document, KeyPath]]
    home: tuple[Document, KeyPath]
    source: tuple[Document, KeyPath]
    """The line that a reader of this repository can look at; of a shipped pack the line that extends it."""

    def in_pack(self, key: str) -> bool:
        """Whether the key, as it stands now, was written in the pack."""
        return self.pack is not None and self.places[key][0] is self.pack.document

    def problem(self, key: str | None, message: str, hint: str | None = None) -> Problem:
        """A problem at one key of the check, or at the check."""
        document, path = self.places.get(key, self.home) if key is not None else self.home
        if self.pack is not None and document is self.pack.document:
            ours = f"the audit file may make it stricter as `{self.id}`"
            hint = f"{hint}; {ours}" if hint else ours
        return document.problem(path, message, hint=hint)


def own_draft(entry: CheckEntry, document: Document, path: KeyPath) -> Draft:
    """A check that the audit file itself defines."""
    return Draft(entry.id, None, entry, _places(entry, document, path), (document, path), (document, path))


def pack_drafts(pack: Pack, extended_at: tuple[Document, KeyPath] | None) -> dict[str, Draft]:
    """The checks of a pack by their id `pack/check`."""
    drafts = {}
    for i, entry in enumerate(pack.file.checks):
        here: tuple[Document, KeyPath] = (pack.document, ("checks", i))
        source = extended_at if extended_at is not None and pack.path is None else here
        name = f"{pack.info.id}/{entry.id}"
        drafts[name] = Draft(name, pack, entry, _places(entry, *here), here, source)
    return drafts


def _places(entry: CheckEntry, document: Document, path: KeyPath) -> dict[str, tuple[Document, KeyPath]]:
    return {key: (document, (*path, key)) for key in entry.model_fields_set}


def drafts_of(
    file: AuditFile, document: Document, packs: Sequence[tuple[Pack, tuple[Document, KeyPath] | None]]
) -> tuple[list[Draft], list[Problem]]:
    """Every check of the audit: those of the packs in their order, as the file overrides them, then the file's own."""
    drafts: dict[str, Draft] = {}
    for pack, extended_at in packs:
        drafts |= pack_drafts(pack, extended_at)
    table = AttributeTable.of(file)
    problems: list[Problem] = []
    for i, entry in enumerate(file.checks):
        path: KeyPath = ("checks", i)
        if "/" not in entry.id:
            drafts[entry.id] = own_draft(entry, document, path)
        elif entry.id in drafts:
            draft, looser = overridden(drafts[entry.id], entry, document, path, table)
            drafts[entry.id] = draft
            problems += looser
        else:
            near = near_name(entry.id, [name for name in drafts if "/" in name])
            suggestion = f" (did you mean '{near}'?)" if near else ""
            hint = "an id with / changes a check of a pack that `extends` names"
            message = f"no pack of this audit has the check `{entry.id}`{suggestion}"
            problems.append(document.problem((*path, "id"), message, hint=hint))
    return list(drafts.values()), problems


def overridden(
    base: Draft, entry: CheckEntry, document: Document, path: KeyPath, table: AttributeTable
) -> tuple[Draft, list[Problem]]:
    """The pack's check with the keys that the audit file sets, and the keys that would make it looser.

    Example: over a pack's `min: 0.80`, `min: 0.90` stands and `min: 0.70` is a problem that names 0.80 and its line.
    """
    problems = []
    for key, theirs in _looser(base.entry, entry, table):
        there, place = base.places.get(key, base.home)
        line, _ = there.position(place)
        message = f"`{key}` is less strict than `{base.id}`, which says {theirs} ({there.file}:{line})"
        hint = "a pack's check may be made stricter, not looser; leave the pack out, or write an own check"
        problems.append(document.problem((*path, key), message, hint=hint))
    values = {key: getattr(base.entry, key) for key in base.entry.model_fields_set}
    values |= {key: getattr(entry, key) for key in entry.model_fields_set}
    merged = CheckEntry.model_construct(_fields_set=set(values), **values)
    places = {**base.places, **_places(entry, document, path)}
    return Draft(base.id, base.pack, merged, places, (document, path), (document, path)), problems


def _looser(base: CheckEntry, entry: CheckEntry, table: AttributeTable) -> Iterator[tuple[str, str]]:
    """(key, the pack's value) for each key that `entry` sets less strictly than `base`."""
    if entry.metric is not None and entry.metric != base.metric:
        yield "metric", f"`{base.metric}`"
    if entry.min is not None and base.min is not None and entry.min < base.min:
        yield "min", str(base.min)
    if entry.max is not None and base.max is not None and entry.max > base.max:
        yield "max", str(base.max)
    level = base.level or "error"
    if entry.level is not None and LEVELS.index(entry.level) < LEVELS.index(level):
        yield "level", level
    if entry.decide_by is not None and level != "report":
        decide_by = base.decide_by or "assurance"
        if entry.decide_by != decide_by and decide_by not in STRICTER[entry.decide_by]:
            yield "decide_by", decide_by
    if entry.attributes is not None:
        theirs = table.names if base.attributes is None else base.attributes
        mine = {table.resolve(name) for name in entry.attributes}
        if not {table.resolve(name) for name in theirs} <= mine:
            yield "attributes", "all attributes" if base.attributes is None else ", ".join(base.attributes)
    if entry.bootstrap is not None and base.bootstrap is not None and entry.bootstrap < base.bootstrap:
        yield "bootstrap", str(base.bootstrap)


def small_groups_of(file: AuditFile, document: Document, packs: Sequence[Pack]) -> tuple[SmallGroups, list[Problem]]:
    """The floors of the audit: the file's, else the strictest of the packs', else the defaults.

    A floor decides which groups are too small to judge, so lower is stricter: the file may lower it, not raise it.
    Of the floors in `HIGHER_IS_STRICTER` the opposite holds.
    """
    floors = SmallGroups().model_dump()
    problems = []
    for key in SmallGroups.model_fields:
        setting = [
            (getattr(pack.file.small_groups, key), pack.document)
            for pack in packs
            if pack.file.small_groups is not None and key in pack.file.small_groups.model_fields_set
        ]
        if setting:
            strictest = max if key in HIGHER_IS_STRICTER else min
            floors[key], where = strictest(setting, key=lambda pair: pair[0])
        if key not in file.small_groups.model_fields_set:
            continue
        mine = getattr(file.small_groups, key)
        looser = mine < floors[key] if key in HIGHER_IS_STRICTER else mine > floors[key]
        if setting and looser:
            line, _ = where.position(("small_groups", key))
            message = f"{mine} is less strict than the pack says: {floors[key]} ({where.file}:{line})"
            hint = "a lower floor judges more groups; a pack's floor may be lowered, not raised"
            if key in HIGHER_IS_STRICTER:
                hint = "a higher share asks for more overlap; a pack's may be raised, not lowered"
            problems.append(document.problem(("small_groups", key), message, hint=hint))
        floors[key] = mine
    return SmallGroups.model_construct(**floors), problems


def tolerance_problems(file: AuditFile, document: Document, packs: Sequence[Pack]) -> Iterator[Problem]:
    """A tolerance above what a pack allows would let breaches through that the pack counts."""
    mine = file.columns.walking_tolerance
    for pack in packs:
        theirs = pack.file.walking_tolerance
        if theirs is not None and mine > theirs:
            line, _ = pack.document.position(("walking_tolerance",))
            message = f"{mine} is less strict than the pack says: {theirs} ({pack.document.file}:{line})"
            hint = "a pack's tolerance may be lowered, not raised; leave the pack out, or write an own check"
            yield document.problem(("columns", "walking_tolerance"), message, hint=hint)
