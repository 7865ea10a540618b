"""The attributes that checks may name: protected ones, and intersections, called `sex × age_band`.

May import: config.bands, config.schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evenhand.config.bands import band_labels
from evenhand.config.schema import AuditFile, Protected

JOINER = " × "
MISSING = "(missing)"


def combined(parts: tuple[str, ...] | list[str]) -> str:
    """The name of an intersection, of its attributes or of its groups: `female × 18-29`."""
    return JOINER.join(parts)


def declared_groups(attribute: Protected) -> tuple[str, ...] | None:
    """The group labels that the file alone fixes: of bands, values or probabilities; None where the data name them."""
    if attribute.probabilities is not None:
        return tuple(attribute.probabilities)
    if attribute.bands is not None:
        return band_labels(attribute.bands)
    if attribute.values is not None:
        return tuple(dict.fromkeys(attribute.values.values()))
    return None


@dataclass(frozen=True)
class AttributeTable:
    """Every attribute of an audit: `members["sex × age_band"]` is ("sex", "age_band"), `members["sex"]` is ("sex",)."""

    members: Mapping[str, tuple[str, ...]]
    references: Mapping[str, str]
    """The reference group of each; of an intersection the combination of the single references."""

    @classmethod
    def of(cls, file: AuditFile) -> AttributeTable:
        members = {name: (name,) for name in file.protected} | {combined(i): i for i in file.intersections}
        references = {
            name: combined([file.protected[part].reference for part in parts if part in file.protected])
            for name, parts in members.items()
        }
        return cls(members, references)

    @property
    def names(self) -> tuple[str, ...]:
        """Single attributes first, then intersections, in the order of the file."""
        return tuple(self.members)

    def resolve(self, written: str) -> str | None:
        """The attribute that a check means; `age_band x sex` finds `sex × age_band`. None if it is not declared."""
        if written in self.members:
            return written
        parts = frozenset(re.split(r" [×x] ", written))
        if len(parts) < 2:
            return None
        return next((name for name, members in self.members.items() if frozenset(members) == parts), None)
