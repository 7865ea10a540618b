"""What a measure is and what it answers: `Measure` (a question about cells) and `Finding` (its answer for one group).

A measure never sees rows and has no opinion: it reads cells and returns findings; the judge compares findings with
limits. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from evenhand.load.labels import MISSING
from evenhand.stats.contrast import Contrast
from evenhand.tally.cell_table import CellTable
from evenhand.tally.cells import PAIRS, Cells, table_name, value_table
from evenhand.tally.needs import Declared, Needs
from evenhand.tally.plan import WEIGHT_SCALE

Form = Literal["level", "ratio", "difference", "own"]
Unit = Literal["rate", "ratio", "difference", "count", "score", "z", "people", "money", "percent", "points", "number"]
GroupKey = tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A measure's answer for one group (a level) or one comparison (group against reference). No opinion.

    Counts are people (after `count`), in the denominator of the measure. `undefined` is a reason code of the contract
    (`no_denominator`, `reference_undefined`, `reference_absent`, `no_interval`, ...) when there is nothing to judge;
    a finding with an estimate but no interval has `contrast=None` and `undefined="no_interval"`.
    """

    measure: str
    attribute: str
    group: str
    groups: Mapping[str, str]
    reference: str | None
    n: int
    n_reference: int | None = None
    n_effective: float | None = None
    n_reference_effective: float | None = None
    estimate: float | None = None
    value: float | None = None
    value_reference: float | None = None
    contrast: Contrast | None = None
    undefined: str | None = None
    vacuous: bool = False
    people: int = 0
    """People of the group, whatever the denominator; coverage of untested groups is counted in these."""
    people_reference: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    """What it was computed from, by name: cases, total, reference_cases, reference_total, ..."""
    expected_cases: float | None = None
    """n_g · min(p₀, 1 − p₀) of a comparison of rates: below the floor a pass is withheld."""
    reference_rate: float | None = None
    """p₀, where `expected_cases` is about it; a fail is withheld too when it exceeds one half."""
    at: Mapping[str, Any] = field(default_factory=dict)
    run: str | None = None
    unseen: tuple[int, int] | None = None
    """(rows that an exact count could not look at, rows that it is about): too many of them withhold a pass."""
    withheld: str | None = None
    """Why the comparison may neither pass nor fail whatever its interval says: too little overlap between groups."""
    caveats: tuple[str, ...] = ()
    """What a reader should know before trusting the interval, as clauses; printed among the warnings."""
    few_units: bool = False
    """Rows of several people per group that come from fewer than 20 of them, or mostly from a few: flagged."""
    floors: bool = True
    """Whether the floors for small groups apply; exact counts over everyone have no denominator to be small."""


@dataclass(frozen=True)
class Grouping:
    """The groups of one attribute or intersection: its name, the keys it is made of, the reference label of each.

    >>> Grouping("sex × age_band", ("sex", "age_band"), ("male", "30-59")).label(("female", "18-29"))
    'female × 18-29'
    """

    name: str
    keys: tuple[str, ...]
    reference: GroupKey

    def label(self, key: GroupKey) -> str:
        return " × ".join(key)

    def named(self, key: GroupKey) -> dict[str, str]:
        return dict(zip(self.keys, key, strict=True))


@dataclass(frozen=True)
class Setting:
    """Everything that measures read beside the grouping: the cells and what the audit file declares."""

    cells: Cells
    polarity: Literal["benefit", "burden"] = "benefit"
    stages: tuple[str, ...] = ()
    population: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seed: int = 0
    min_people: int = 0
    excluded: frozenset[tuple[str, str]] = frozenset()
    """(attribute, group) that the audit file leaves out."""
    min_in_stratum: int = 5
    min_overlap: float = 0.8
    price_unit: Literal["money", "percent", "fraction"] = "money"
    why: Mapping[str, str] = field(default_factory=dict)
    """Factor -> its written justification."""
    keep_missing: bool = False
    """Whether the group of missing values is one of the groups: it is shown, never judged."""
    cache: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def repeated(self) -> bool:
        """Whether people have several rows, so that intervals must come from the unit table."""
        return self.cells.unit is not None

    @property
    def no_interval(self) -> str:
        """The reason code of an estimate without an interval: people repeat, or it does not vary."""
        return "units_unclear" if self.repeated else "no_interval"

    @cached_property
    def shared(self) -> frozenset[str]:
        """Attributes whose groups are given as shares or counts per row: they have tables of their own."""
        declared = self.cells.header.definition["attributes"]
        return frozenset(name for name, attribute in declared.items() if attribute.get("shares"))

    def overlaps(self, grouping: Grouping, key: GroupKey) -> bool:
        """Whether rows of a group may be in the reference, too: where groups are shares of rows.

        Not between groups of an intersection that differ in a label that a column names: no row is in both.
        """
        if not self.shared.intersection(grouping.keys):
            return False
        declared = self.cells.header.definition["attributes"]
        return all(
            declared[name].get("reference") == base if name in self.shared else own == base
            for name, own, base in zip(grouping.keys, key, grouping.reference, strict=True)
        )

    def table_of(self, table: str, grouping: Grouping) -> str:
        """The name of the table that holds the groups of a grouping."""
        return table_name(table, next((key for key in grouping.keys if key in self.shared), None))

    def weighted(self, grouping: Grouping) -> bool:
        """Whether rows weigh differently: by a weight, or by their share of a group."""
        return self.cells.tables[self.table_of("main", grouping)].weighted

    def scale(self, amount: str) -> int:
        """Whole units in 1 of an amount: 100 for cents."""
        scale: int = self.cells.header.definition["amounts"][amount]["scale"]
        return scale

    def split(self, table: CellTable, name: str, grouping: Grouping) -> dict[GroupKey, CellTable]:
        """A table by group, groups with a missing part left out; computed once per table and grouping."""
        at = (name, grouping.keys)
        if at not in self.cache:
            others = [k for k in table.keys if k not in self.attribute_keys]
            by_group = table.marginal([*grouping.keys, *others]).by(*grouping.keys)
            shown = [key for key in by_group if self.keep_missing or MISSING not in key]
            shown.sort(key=lambda key: [self.rank(name, label) for name, label in zip(grouping.keys, key, strict=True)])
            self.cache[at] = {key: by_group[key] for key in shown}
        found: dict[GroupKey, CellTable] = self.cache[at]
        return found

    def rank(self, attribute: str, label: str) -> tuple[bool, int, str]:
        """Where a group stands among its attribute's: bands in their order, labels by name, missing last."""
        declared = self.cells.header.definition["attributes"].get(attribute) or {}
        bands = declared.get("band_labels") or []
        return label == MISSING, bands.index(label) if label in bands else 0, label

    @cached_property
    def attribute_keys(self) -> frozenset[str]:
        return frozenset(self.cells.header.definition["attributes"])

    def main(self, grouping: Grouping) -> dict[GroupKey, CellTable]:
        """The main cells by group."""
        name = self.table_of("main", grouping)
        return self.split(self.cells.tables[name], name, grouping)

    def values(self, distribution: str, grouping: Grouping) -> dict[GroupKey, CellTable]:
        """A distribution by group."""
        name = self.table_of(value_table(distribution), grouping)
        return self.split(self.cells.tables[name], name, grouping)

    def step(self, distribution: str, grouping: Grouping) -> int:
        """How many whole units a bin of a distribution spans."""
        return self.cells.header.steps[self.table_of(value_table(distribution), grouping)]

    def may_be_highest(self, grouping: Grouping, key: GroupKey, people: int) -> bool:
        """Whether a group may be the one that others are compared with when the data choose it."""
        return people >= self.min_people and (grouping.name, grouping.label(key)) not in self.excluded

    def units(self, grouping: Grouping) -> dict[GroupKey, CellTable]:
        """The unit table by group; empty where every person has one row."""
        name = self.table_of("unit", grouping)
        return self.split(self.cells.tables[name], name, grouping) if name in self.cells.tables else {}

    def unit_strata(self, grouping: Grouping) -> dict[GroupKey, CellTable]:
        """Sums of people by pairs of strata, by group; empty where people have one row, or pairs are too many to keep.

        Keys: the factors, and `other:…` for the second stratum; `stats.clustered_strata` says what they are for.
        """
        name = self.table_of(PAIRS, grouping)
        return self.split(self.cells.tables[name], name, grouping) if name in self.cells.tables else {}

    def people(self, grouping: Grouping) -> dict[GroupKey, int]:
        """People per group, in the order of the labels; a person with several rows counts once.

        Where groups are shares of rows, their people are the sum of the shares, rounded.
        """
        if any(key in self.shared for key in grouping.keys):
            return {
                key: (part.total("w") + WEIGHT_SCALE // 2) // WEIGHT_SCALE for key, part in self.main(grouping).items()
            }
        if self.repeated:
            return {key: part.total("units") for key, part in self.units(grouping).items()}
        return {key: part.total("n") for key, part in self.main(grouping).items()}


def asked(question: str, title: str, form: Form) -> str:
    """The question of a level, or how its ratio or difference asks it.

    >>> asked("?", "Brier score", "difference")
    "By how much does the group's Brier score differ from the reference's?"
    """
    if form == "ratio":
        return f"How many times the reference's {title} is the group's?"
    if form == "difference":
        return f"By how much does the group's {title} differ from the reference's?"
    return question


def always(needs: Needs) -> Callable[[Declared], Needs]:
    """Needs that do not depend on what the audit file declares."""
    return lambda declared: needs


SHARES = "groups are shares of rows, and the weighted estimate tends to understate differences"
"""Chen, Kallus, Mao, Svacha & Udell 2019, Fairness under unawareness."""

AMOUNTS = frozenset({"price", "actual_loss"})
"""Roles of which a measure has at least one where it is computed from amounts of money."""


def without_single_amounts(finding: Finding) -> Finding:
    """The finding, without its numbers where they are of one person: the mean of one price is that price."""
    own, base = finding.n == 1, finding.n_reference == 1
    if not (own or base):
        return finding
    return replace(
        finding,
        estimate=None,
        value=None if own else finding.value,
        value_reference=None if base else finding.value_reference,
        contrast=None,
        undefined="too_few_people",
    )


Answer = Callable[["Setting", Grouping], list[Finding]]


@dataclass(frozen=True)
class Measure:
    """One question, with everything that the docs, `explain`, the policy check and the report say about it.

    `name` is the metric as a check writes it. `title` is a noun phrase that fits "we compared the ___ of the groups"
    ("selection rate", "true positive rate"); `quantity_title` is the title of the underlying per-group quantity.
    `parity` is the value at which groups are treated alike, None for a level. `polar` measures turn round with
    `polarity` (selection rates); error rates do not.
    """

    name: str
    quantity: str
    form: Form
    unit: Unit
    title: str
    quantity_title: str
    question: str
    formula: str
    source: str
    caution: str
    edges: str
    roles: tuple[str, ...]
    needs: Callable[[Declared], Needs]
    """What it asks of the tally, given what the audit file declares."""
    answer: Answer = field(repr=False)
    parity: float | None = None
    polar: bool = False
    lowest: float | None = None
    """A value that it is never below (0 of a distance), so that a `min` there would mean nothing."""
    decide_by: tuple[str, ...] = ("assurance", "confirmatory", "point")
    scope: Literal["groups", "attribute", "everyone"] = "groups"
    """Whether it answers per group, once per attribute (audience variance), or once for everyone (consent breaches)."""

    @property
    def tells_amounts(self) -> bool:
        """Whether it is computed from what people pay or claim, so that for one person it would be their amount."""
        if self.unit == "count":
            return False
        return not AMOUNTS.isdisjoint(self.roles) and "rate" not in self.quantity.partition("@")[0].split("_")

    def findings(self, setting: Setting, grouping: Grouping) -> list[Finding]:
        """One finding per group (or comparison) of the grouping, in the order of the group labels."""
        findings = [without_single_amounts(f) if self.tells_amounts else f for f in self.answer(setting, grouping)]
        if not setting.shared.intersection(grouping.keys):
            return findings
        return [replace(finding, caveats=(*finding.caveats, SHARES)) for finding in findings]
