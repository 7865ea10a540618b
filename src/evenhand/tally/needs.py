"""What measures ask of the tally, and how their wishes unite into one pass.

A measure names the flags it needs ("decision", "label", ...), whether it needs the score distribution ("values"), and,
for repeated people, which pairs of masks must be multiplied. Needs unite with `|`; results come back by name.

May import: tally.plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OF = " · "
"""Between a mask and its amount in the name of a sum."""

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
class Sum:
    """An amount, added up over the rows of a mask; a mask by itself adds 1 for each of its rows.

    >>> Sum(Mask.of(price_presence=("finite",)), "price").name
    'price_presence=finite · price'
    """

    mask: Mask
    amount: str

    @property
    def name(self) -> str:
        return f"{self.mask.name}{OF}{self.amount}"

    @property
    def keys(self) -> frozenset[str]:
        """The keys that its mask looks at."""
        return self.mask.keys


Term = Mask | Sum
"""What one person's rows are summed over."""


@dataclass(frozen=True)
class Needs:
    """Flags to keep as keys, distributions, amounts to sum and multiply, pairs to multiply per person.

    A rate needs the pair of its cases and its denominator: their sums per person, squared and multiplied. A ratio of
    amounts needs them as `products` per row, and as a pair of sums where people have several rows.
    """

    keys: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    """Distributions, by the name that the definition gives them: `score`, `price`, ..."""
    pairs: frozenset[tuple[Term, Term]] = frozenset()
    products: frozenset[tuple[str, str]] = frozenset()
    """Amounts whose products are summed over rows; (price, price) is the sum of squares, and holds the total too."""
    strata: bool = False
    """Whether the factors are wanted as keys."""

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.keys | other.keys,
            self.values | other.values,
            self.pairs | other.pairs,
            self.products | other.products,
            self.strata or other.strata,
        )


@dataclass(frozen=True)
class Declared:
    """What of the audit file decides which sums a measure needs."""

    stages: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
