"""What a measure is and what it answers: `Measure` (a question about cells) and `Finding` (its answer for one group).

A measure never sees rows and has no opinion: it reads cells and returns findings; the judge compares findings with
limits. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from evenhand.load.labels import MISSING
from evenhand.stats.contrast import Contrast
from evenhand.tally.cells import Cells, CellTable
from evenhand.tally.needs import Needs

Form = Literal["level", "ratio", "difference", "own"]
Unit = Literal["rate", "ratio", "difference", "count", "score", "z", "people"]
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
    keep_missing: bool = False
    """Whether the group of missing values is one of the groups: it is shown, never judged."""
    cache: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def repeated(self) -> bool:
        """Whether people have several rows, so that intervals must come from the unit table."""
        return self.cells.unit is not None

    @property
    def weighted(self) -> bool:
        return self.cells.weighted

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
        return self.split(self.cells.main, "main", grouping)

    def may_be_highest(self, grouping: Grouping, key: GroupKey, people: int) -> bool:
        """Whether a group may be the one that others are compared with when the data choose it."""
        return people >= self.min_people and (grouping.name, grouping.label(key)) not in self.excluded

    def units(self, grouping: Grouping) -> dict[GroupKey, CellTable]:
        """The unit table by group; empty where every person has one row."""
        return self.split(self.cells.unit, "unit", grouping) if self.cells.unit is not None else {}

    def people(self, grouping: Grouping) -> dict[GroupKey, int]:
        """People per group, in the order of the labels; a person with several rows counts once."""
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


def always(needs: Needs) -> Callable[[tuple[str, ...]], Needs]:
    """Needs that do not depend on the stages declared."""
    return lambda stages: needs


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
    needs: Callable[[tuple[str, ...]], Needs]
    """What it asks of the tally, given the stages that the audit file declares."""
    answer: Answer = field(repr=False)
    parity: float | None = None
    polar: bool = False
    lowest: float | None = None
    """A value that it is never below (0 of a distance), so that a `min` there would mean nothing."""
    decide_by: tuple[str, ...] = ("assurance", "confirmatory", "point")
    scope: Literal["groups", "attribute", "everyone"] = "groups"
    """Whether it answers per group, once per attribute (audience variance), or once for everyone (consent breaches)."""

    def findings(self, setting: Setting, grouping: Grouping) -> list[Finding]:
        """One finding per group (or comparison) of the grouping, in the order of the group labels."""
        return self.answer(setting, grouping)
