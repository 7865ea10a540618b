"""What measures ask of the tally, and how their wishes unite into one pass.

A measure names the flags it needs ("decision", "label", ...), whether it needs the score distribution ("values"), and,
for repeated people, which pairs of masks must be multiplied. Needs unite with `|`; results come back by name.

May import: tally.plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Conditions = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Mask:
    """A set of cells by the labels of their keys, e.g. decision 1 and label 1; keys not named may be anything.

    `alternatives` are conjunctions, of which one must hold.

    >>> Mask.of(label=("1",), decision=("1",)).name
    'decision=1&label=1'
    """

    alternatives: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]

    @classmethod
    def of(cls, conditions: Conditions | None = None, **more: tuple[str, ...]) -> Mask:
        """All of these conditions; none at all is everyone."""
        both = {**(conditions or {}), **more}
        return cls((tuple((key, tuple(sorted(both[key]))) for key in sorted(both)),))

    def __or__(self, other: Mask) -> Mask:
        """Cells in either; the two must not overlap."""
        return Mask(self.alternatives + other.alternatives)

    @property
    def name(self) -> str:
        return " or ".join(
            "&".join(f"{key}={'|'.join(values)}" for key, values in conjunction) or "all"
            for conjunction in self.alternatives
        )

    @property
    def keys(self) -> frozenset[str]:
        """The keys it looks at."""
        return frozenset(key for conjunction in self.alternatives for key, _ in conjunction)


@dataclass(frozen=True)
class Needs:
    """Flags to keep as keys, whether the score distribution is wanted, pairs of masks to multiply for units.

    A rate needs the pair of its cases and its denominator: their sums per person, squared and multiplied.
    """

    keys: frozenset[str] = frozenset()
    values: bool = False
    pairs: frozenset[tuple[Mask, Mask]] = frozenset()
    rows: bool = False
    """A function of the rows themselves (fairlearn, scikit-learn, the user's own)."""

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.keys | other.keys, self.values or other.values, self.pairs | other.pairs, self.rows or other.rows
        )
