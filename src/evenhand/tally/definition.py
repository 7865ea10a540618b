"""What the cells of an audit are about: which columns play which roles, already tied to columns of the joined frame.

The pipeline compiles it from the audit file; the tally turns it into passes. Its canonical form goes into the cells,
so that cells of different definitions are never added or judged by the wrong policy.

May import: errors, load (labels), tally.plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from evenhand.tally.plan import WEIGHT_SCALE, Admission, Bands, Derivation, Raw

YES = ("true", "1", "yes")
NO = ("false", "0", "no")
"""How a Boolean flag (a stage, `vulnerable`) may be written; compared without case."""


@dataclass(frozen=True)
class Attribute:
    """A protected attribute: groups are the labels of a column, its value map applied, or bands of a number."""

    name: str
    column: str
    described: str
    values: Mapping[str, str] | None = None
    edges: tuple[Decimal, ...] | None = None
    band_labels: tuple[str, ...] | None = None

    @property
    def derive(self) -> Derivation:
        return Bands(tuple(float(edge) for edge in self.edges)) if self.edges else Raw()

    def canonical(self) -> dict[str, Any]:
        return {
            "column": self.described,
            "values": dict(self.values) if self.values else None,
            "bands": [str(edge) for edge in self.edges] if self.edges else None,
            "band_labels": list(self.band_labels) if self.band_labels else None,
        }


@dataclass(frozen=True)
class Flag:
    """A column that says yes, no or nothing: a decision, a label, a consent, a stage. Its cells are 1, 0, (missing).

    `ones` are the texts that mean yes; `zeros` those that mean no, or None where every other text does, which is
    allowed only if there is one other, or if `rest_is_no` (a consent not given is refused, however it is spelt). With
    `boolean`, YES and NO are meant, whatever their case.
    """

    name: str
    column: str
    described: str
    role: str
    ones: tuple[str, ...] = ()
    zeros: tuple[str, ...] | None = None
    zeros_key: str = ""
    boolean: bool = False
    rest_is_no: bool = False

    def canonical(self) -> dict[str, Any]:
        return {
            "column": self.described,
            "ones": list(self.ones),
            "zeros": list(self.zeros) if self.zeros is not None else None,
        }


@dataclass(frozen=True)
class Definition:
    """Everything the tally needs to know; `*_column` are columns of the joined frame (`p_c0`)."""

    attributes: tuple[Attribute, ...]
    flags: tuple[Flag, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Other keys by name -> column, kept as their labels (campaign)."""
    score_column: str | None = None
    score_scale: int = 1000
    count_column: str | None = None
    weight_column: str | None = None
    unit_column: str | None = None
    unit_assumed: bool = False
    admission: Admission = field(default_factory=Admission)
    missing_values: tuple[str, ...] = ()
    described: Mapping[str, str] = field(default_factory=dict)
    """Column of the joined frame -> the name people know."""
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_cells: int = 1_000_000

    def name_of(self, column: str) -> str:
        return self.described.get(column, column)

    def canonical(self) -> dict[str, Any]:
        """The definition as JSON-ready data: what must agree before cells may be merged or judged."""
        return {
            "attributes": {a.name: a.canonical() for a in self.attributes},
            "flags": {f.name: f.canonical() for f in self.flags},
            "labels": {name: self.name_of(column) for name, column in self.labels.items()},
            "score": {"column": self.name_of(self.score_column), "scale": self.score_scale}
            if self.score_column
            else None,
            "count": self.name_of(self.count_column) if self.count_column else None,
            "weight": {"column": self.name_of(self.weight_column), "scale": WEIGHT_SCALE}
            if self.weight_column
            else None,
            "unit": self.name_of(self.unit_column) if self.unit_column else None,
            "where": {column: sorted(values) for column, values in self.where.items()},
            "missing_values": sorted(self.missing_values),
        }
