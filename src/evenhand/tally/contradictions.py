"""What one part of stored cells says against another: the sums that the tally checks of fresh cells, checked again.

May import: load.labels, tally.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evenhand.load.labels import MISSING
from evenhand.tally.cell_table import CellTable
from evenhand.tally.cells import PAIRS, VALUE, Cells
from evenhand.tally.plan import REFERENCE, WEIGHT, in_reference, join_limbs, other_key, product_columns
from evenhand.tally.soundness import ROW_COUNTS

FLAG_LABELS = frozenset({"1", "0", MISSING})
DERIVED_LABELS: Mapping[str, frozenset[str]] = {
    "Presence": frozenset({"finite", "missing", "not finite"}),
    "Sign": frozenset({"negative", "zero", "positive", MISSING}),
    "Beyond": frozenset({"above", "equal", "below", MISSING}),
}


def contradictions(cells: Cells) -> Iterator[str]:
    """What one part of the cells says against another, as clauses; none where they are sound."""
    yield from impossible_labels(cells)
    yield from wrong_counts(cells)
    for name, table in cells.tables.items():
        kind, _, member = name.partition("@")
        main = cells.tables[f"main@{member}" if member else "main"]
        if kind.startswith(VALUE):
            yield from wrong_distribution(cells, kind.removeprefix(VALUE), table, main)
        elif kind == "unit":
            yield from wrong_units(table, main)
        elif kind == PAIRS and len(table):
            yield from wrong_pairs(table, cells.tables[f"unit@{member}" if member else "unit"])
        elif member and wrong_overlaps(table, member, cells.header.definition):
            yield f"the groups of `{member}` have more in common with their reference than there is of them"
        elif member and table.total("rows") > cells.main.total("rows") * len(table.keys[member].labels or ()):
            yield f"it has more rows in the groups of `{member}` than there are"


def impossible_labels(cells: Cells) -> Iterator[str]:
    """Keys with a label that their definition rules out."""
    definition = cells.header.definition
    known = dict.fromkeys(definition["flags"], FLAG_LABELS)
    for name, key in definition["derived"].items():
        known[name] = DERIVED_LABELS.get(key["derive"], frozenset())
    for part in ("attributes", "labels", "factors"):
        for name, attribute in definition[part].items():
            if attribute.get("band_labels") is not None:
                known[name] = frozenset([*attribute["band_labels"], MISSING])
            if attribute.get("shares"):
                known[name] = frozenset(attribute["shares"])
    known |= {other_key(name): known[name] for name in definition["factors"] if name in known}
    for table in cells.tables.values():
        for key, column in table.keys.items():
            if key in known and column.labels is not None and not known[key].issuperset(column.labels):
                yield f"the key `{key}` has a label that it cannot have"


def wrong_counts(cells: Cells) -> Iterator[str]:
    """Rows and people that differ from what the header counts."""
    main, definition, counts = cells.main, cells.header.definition, cells.header.counts
    if not 0 < main.total("rows") == counts["rows_audited"]:
        yield "its cells do not add up to the rows audited"
    if main.total("n") != counts["people"]:
        yield "its cells do not add up to the people counted"
    of_rows = [table for table in cells.tables.values() if "rows" in table.sums]
    if definition["count"] is None and any((table.sums["rows"] != table.sums["n"]).any() for table in of_rows):
        yield "it has other people than rows, and no `count`"
    if sum(counts[name] for name in ROW_COUNTS) != counts["rows_read"]:
        yield "its counts of rows do not add up to the rows read"
    if definition["unit"] is None and cells.unit is not None:
        yield "it has sums per person, and no `unit`"
    if definition["unit"] is not None:
        if "units" not in counts:
            yield "its counts are incomplete"
        elif (counts["units"] < counts["rows_audited"]) != (cells.unit is not None):
            yield "its count of people contradicts how many rows a person has"


def wrong_distribution(cells: Cells, name: str, table: CellTable, main: CellTable) -> Iterator[str]:
    """A distribution that does not hold the rows whose number is finite, or steps finer than they may be."""
    definition = cells.header.definition
    distribution = definition["distributions"][name]
    if not distribution["coarsened"] and cells.header.steps[VALUE + name] != 1:
        yield f"the distribution of {name} has another step than its definition says"
    presence = presence_of(definition, distribution)
    counted = presence in main.keys
    finite = main.select({presence: ["finite"]}) if counted else main
    for sum_ in {"rows", "n", "w"} & set(table.sums):
        spare = finite.total(sum_) - table.total(sum_)
        if spare < 0 or (counted and spare):
            yield f"its {name} distribution does not add up to its rows with a {name}"


def presence_of(definition: Mapping[str, Any], distribution: Mapping[str, Any]) -> str:
    """The key that says where the one column of a distribution is finite; empty where there are several columns."""
    columns = distribution["bins"]["columns"]
    derived = definition["derived"].items()
    found = (name for name, key in derived if key["derive"] == "Presence" and key["columns"] == columns)
    return next(found, "") if len(columns) == 1 else ""


def wrong_overlaps(table: CellTable, member: str, definition: Mapping[str, Any]) -> bool:
    """Whether what groups share with the reference differs from the squares where a group is the reference itself.

    Or breaks the inequality of Cauchy and Schwarz with both, where it is another.
    """
    base = definition["attributes"][member].get("reference")
    groups = {label: part.totals() for (label,), part in table.marginal([member]).by(member).items()}
    if base is None or base not in groups:
        return False
    found = groups[base]
    amounts = [name for name in definition["amounts"] if product_columns(name, in_reference(name))[0] in found]
    return any(
        whole(own, both) ** 2 > whole(own, square) * whole(found, square)
        or (label == base and whole(own, both) != whole(own, square))
        for label, own in groups.items()
        for square, both in [
            ("w2_", f"{WEIGHT}*{REFERENCE}#"),
            *((f"{name}*{name}#", f"{name}*{in_reference(name)}#") for name in amounts),
        ]
    )


def wrong_units(table: CellTable, main: CellTable) -> Iterator[str]:
    """Sums per person that are not those of the rows."""
    if table.total("units") > main.total("rows"):
        yield "it counts more people than rows"
    if "all" in table.sums and table.total("all") != main.total("w" if main.weighted else "n"):
        yield "its sums per person do not add up to those of its rows"


def wrong_pairs(table: CellTable, unit: CellTable) -> Iterator[str]:
    """Pairs of strata whose sums are not those of the people: over all pairs they are the products of their sums."""
    pairs, people = table.totals(), unit.totals()
    shared = [name for name in pairs.keys() & people.keys() if "#" not in name and name != "units"]
    highs = [name for name in pairs.keys() & people.keys() if name.endswith("#hi")]
    stems = [name.removesuffix("hi") for name in highs]
    if any(pairs[name] != people[name] for name in shared) or any(
        whole(pairs, stem) != whole(people, stem) for stem in stems if stem + "lo" in people and stem + "mid" in people
    ):
        yield "its sums by pairs of strata do not add up to those of its people"


def whole(sums: Mapping[str, int], stem: str) -> int:
    return join_limbs(sums.get(f"{stem}hi", 0), sums.get(f"{stem}mid", 0), sums.get(f"{stem}lo", 0))
