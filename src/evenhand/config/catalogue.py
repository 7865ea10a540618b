"""What the audit file needs to know of a measure, and how the name in `metric:` is looked up.

The catalogue itself (`evenhand.measure.MEASURES`) is passed in, so that reading a policy never imports the measures.
May import: errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from evenhand.errors import near_name

_EXTERNAL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*):[A-Za-z_][A-Za-z0-9_]*")
_DOORS = ("fairlearn", "sklearn")
_CUT = re.compile(r"@([^_]*)")
_EXAMPLE_CUTS = ("10%", "500")
"""A share of people and an amount: every measure with a cut-off in its name takes one of them."""


class MeasureLike(Protocol):
    """The part of a measure that a policy is checked against; see `evenhand.measure.base.Measure`."""

    @property
    def name(self) -> str: ...
    @property
    def form(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def parity(self) -> float | None: ...
    @property
    def polar(self) -> bool: ...
    @property
    def decide_by(self) -> tuple[str, ...]: ...
    @property
    def roles(self) -> tuple[str, ...]: ...
    @property
    def lowest(self) -> float | None: ...


@dataclass(frozen=True)
class Catalogue:
    """The measures by name, and the other names (aliases) that people know some of them by."""

    measures: Mapping[str, MeasureLike]
    aliases: Mapping[str, str]

    def resolve(self, written: str) -> str | None:
        """The name of the measure that `written` means: itself, its alias's, or an external metric's; None if unknown.

        Example: `equal_opportunity_difference` is `true_positive_rate_difference`; `fairlearn:mean_prediction` stays.
        """
        name = self.aliases.get(written, written)
        if "@k" in name:  # stands for every cut-off in the table; a check names one
            return None
        return name if name in self.measures or is_external(name) else None

    def near(self, written: str) -> str | None:
        """The known name most like `written`, if any is near; a cut-off stays where the measure takes it.

        Example: `score_rates@500` is near `score_rate@500`, and `score_rate@k` near `score_rate@500` too.
        """
        door, colon, function = written.partition(":")
        if colon:
            near = near_name(door, _DOORS)
            return f"{near}:{function}" if near else None
        cut = _CUT.search(written)
        near = near_name(_CUT.sub("@k", written), [*self.measures, *self.aliases])
        if near is None or "@k" not in near:
            return near
        cuts = [*([cut[1]] if cut else []), *_EXAMPLE_CUTS]
        names = [near.replace("@k", f"@{one}") for one in cuts]
        return next((name for name in names if self.resolve(name) is not None), None)


def is_external(metric: str) -> bool:
    """Whether the metric is a function of another package: `fairlearn:x`, `sklearn:x` or `your.module:function`.

    A module that is nearly `fairlearn` or `sklearn` is a misspelling, not somebody's module.
    """
    match = _EXTERNAL.fullmatch(metric)
    if match is None:
        return False
    return match[1] in _DOORS or near_name(match[1], _DOORS) is None
