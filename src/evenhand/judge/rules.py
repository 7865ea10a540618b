"""What the judge is told: one rule per check, and the floors for small groups. Exact numbers, no files.

May import: nothing of evenhand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

ALPHA = 0.05
"""The one level of every test; limits differ between policies, the meaning of evidence does not."""

DecideBy = Literal["assurance", "confirmatory", "legal", "point"]
Level = Literal["error", "warn", "report"]


@dataclass(frozen=True)
class Floors:
    """Sizes below which nothing is decided; see `small_groups` in the contract."""

    min_people: int = 30
    min_denominator: int = 20
    min_expected: int = 20
    max_untested: Fraction = Fraction(1, 20)


@dataclass(frozen=True)
class Rule:
    """One check as the judge sees it. Limits are fractions from text: 0.8 is 4/5, never 0.8000000000000000444."""

    minimum: Fraction | None
    maximum: Fraction | None
    level: Level = "error"
    decide_by: DecideBy = "assurance"
    parity: float | None = None
    floors: Floors = field(default_factory=Floors)
    excluded: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(attribute, group) -> why the audit file leaves it out."""
    alpha: float = ALPHA

    @property
    def low(self) -> float | None:
        return None if self.minimum is None else float(self.minimum)

    @property
    def high(self) -> float | None:
        return None if self.maximum is None else float(self.maximum)
