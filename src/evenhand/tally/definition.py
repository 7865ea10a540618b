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

from evenhand.tally.plan import WEIGHT_SCALE, Admission, Amount, Bands, Derivation, Key, Membership, Raw

YES = ("true", "1", "yes")
NO = ("false", "0", "no")
"""How a Boolean flag (a stage, `vulnerable`) may be written; compared without case."""


@dataclass(frozen=True)
class Attribute:
    """A protected attribute or a factor: groups are labels of a column, its value map applied, or bands of a number.

    With `shares`, (label, column, described), every row belongs to every group, with the share or count in its column.
    """

    name: str
    column: str
    described: str
    values: Mapping[str, str] | None = None
    edges: tuple[Decimal, ...] | None = None
    band_labels: tuple[str, ...] | None = None
    shares: tuple[tuple[str, str, str], ...] | None = None
    reference: str | None = None
    """Of shares, the group that others are compared with: tables say how far each consists of the same rows."""

    @property
    def membership(self) -> Membership | None:
        """How rows are spread over the groups, where no column names the group of a row."""
        if self.shares is None:
            return None
        columns = {label: column for label, column, _ in self.shares}
        return Membership(tuple(columns.items()), columns[self.reference] if self.reference else None)

    @property
    def derive(self) -> Derivation:
        return Bands(tuple(float(edge) for edge in self.edges)) if self.edges else Raw()

    def canonical(self) -> dict[str, Any]:
        return {
            "column": self.described,
            "values": dict(self.values) if self.values else None,
            "bands": [str(edge) for edge in self.edges] if self.edges else None,
            "band_labels": list(self.band_labels) if self.band_labels else None,
            "shares": {label: described for label, _, described in self.shares} if self.shares else None,
            **({"reference": self.reference} if self.reference else {}),
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
class Distribution:
    """A table of how many rows have each value of a number: `bins` says which, beside the attributes and `keys`.

    `coarsened`: the step of the grid is the smallest power of ten at which the table has at most MAX_VALUE_CELLS rows;
    otherwise it is fixed. `amounts`: what is summed and multiplied in its cells, where measures ask for it.
    """

    name: str
    bins: Key
    finite: tuple[str, ...]
    keys: tuple[str, ...] = ()
    strata: bool = False
    coarsened: bool = False
    amounts: bool = False


@dataclass(frozen=True)
class Definition:
    """Everything the tally needs to know; `*_column` are columns of the joined frame (`p_c0`)."""

    attributes: tuple[Attribute, ...]
    flags: tuple[Flag, ...] = ()
    labels: tuple[Attribute, ...] = ()
    """Other keys that are kept as their labels: campaign, item, tenure, ..."""
    factors: tuple[Attribute, ...] = ()
    """Legitimate business reasons; their levels make the strata. Named `factor:…` in cells."""
    derived: Mapping[str, Key] = field(default_factory=dict)
    """Keys whose derived value is its label already: `score_presence`, `price_to_list`."""
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    count_column: str | None = None
    weight_column: str | None = None
    unit_column: str | None = None
    unit_assumed: bool = False
    admission: Admission = field(default_factory=Admission)
    missing_values: tuple[str, ...] = ()
    described: Mapping[str, str] = field(default_factory=dict)
    """Column of the joined frame -> the name people know."""
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    one_value: Mapping[str, str] = field(default_factory=dict)
    """Role -> column that must hold one value in all audited rows: sums over two currencies mean nothing."""
    max_cells: int = 1_000_000

    def name_of(self, column: str) -> str:
        return self.described.get(column, column)

    def described_key(self, key: Key) -> dict[str, Any]:
        """A derived key as people would name it: its columns and what is done with them."""
        parts = {name: value for name, value in vars(key.derive).items() if name != "other"}
        other = getattr(key.derive, "other", None)
        columns = [self.name_of(column) for column in (key.column, other) if column]
        return {"columns": columns, "derive": type(key.derive).__name__, **parts}

    @property
    def members(self) -> tuple[Attribute, ...]:
        """Attributes whose groups are given as shares or counts per row."""
        return tuple(attribute for attribute in self.attributes if attribute.shares)

    @property
    def labelled(self) -> tuple[Attribute, ...]:
        """Attributes whose groups a column names."""
        return tuple(attribute for attribute in self.attributes if not attribute.shares)

    def canonical(self) -> dict[str, Any]:
        """The definition as JSON-ready data: what must agree before cells may be merged or judged."""
        return {
            "attributes": {a.name: a.canonical() for a in self.attributes},
            "flags": {f.name: f.canonical() for f in self.flags},
            "labels": {a.name: a.canonical() for a in self.labels},
            "factors": {a.name: a.canonical() for a in self.factors},
            "derived": {name: self.described_key(key) for name, key in self.derived.items()},
            "amounts": {
                a.name: {"columns": [self.name_of(c) for c in a.columns], "scale": a.scale}
                for a in self.amounts.values()
            },
            "distributions": {
                d.name: {
                    "key": d.bins.name,
                    "bins": self.described_key(d.bins),
                    "keys": list(d.keys),
                    "strata": d.strata,
                    "coarsened": d.coarsened,
                    "amounts": d.amounts,
                }
                for d in self.distributions.values()
            },
            "count": self.name_of(self.count_column) if self.count_column else None,
            "weight": {"column": self.name_of(self.weight_column), "scale": WEIGHT_SCALE}
            if self.weight_column
            else None,
            "unit": self.name_of(self.unit_column) if self.unit_column else None,
            "where": {column: sorted(values) for column, values in self.where.items()},
            "missing_values": sorted(self.missing_values),
        }
