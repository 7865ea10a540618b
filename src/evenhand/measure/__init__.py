"""The table of measures. The CLI, `explain`, the policy check, the docs and the law tests walk it.

How to add a measure:
1. A rate that is a share of people: add a row to `PROPORTIONS` in proportions.py. Done.
2. Anything else: write a function Setting × Grouping -> findings in the file of its family (or a new one), and a
   `Measure` that says what it is; add the family's function to `FAMILIES` below.
3. Give it an expected value from a published source in tests/measure; the law tests find it by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from evenhand.measure.audience import audience_measures
from evenhand.measure.base import Finding, Grouping, Measure, Setting
from evenhand.measure.confusion import confusion_measures
from evenhand.measure.contacts import contact_measures
from evenhand.measure.disparity import disparity_measures
from evenhand.measure.odds import odds_measures
from evenhand.measure.proportions import proportion_measures
from evenhand.measure.scores import score_measures
from evenhand.measure.selection_recut import median_measures, top_measures
from evenhand.measure.vulnerability import vulnerability_measures

FAMILIES = (
    proportion_measures,
    disparity_measures,
    odds_measures,
    confusion_measures,
    score_measures,
    median_measures,
    lambda: top_measures("k"),
    audience_measures,
    vulnerability_measures,
    contact_measures,
)

CUT = re.compile(r"@((?:[1-9]\d?|100)%|[1-9]\d*)(?=_|$)")

ALIASES: Mapping[str, str] = {
    "demographic_parity_ratio": "selection_rate_ratio",
    "demographic_parity_difference": "selection_rate_difference",
    "statistical_parity_difference": "selection_rate_difference",
    "disparate_impact": "selection_rate_ratio",
    "equal_opportunity_difference": "true_positive_rate_difference",
    "predictive_parity_difference": "positive_predictive_value_difference",
}
"""Other names in use -> ours; resolved, and printed."""


class MeasureTable(Mapping[str, Measure]):
    """The measures by name. A name with `@k` stands for every cut-off: looking up `…@10%` finds its own measure.

    >>> MEASURES["selection_rate_at_top@10%_ratio"].title
    'ratio of the share among the top 10%'
    """

    def __init__(self) -> None:
        self._named = {measure.name: measure for family in FAMILIES for measure in family()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __getitem__(self, name: str) -> Measure:
        cut = CUT.search(name)
        if cut is None:
            return self._named[name]
        if name.replace(cut.group(0), "@k", 1) not in self._named:
            raise KeyError(name)
        return next(measure for measure in top_measures(cut.group(1)) if measure.name == name)


MEASURES = MeasureTable()

__all__ = ["ALIASES", "MEASURES", "Finding", "Grouping", "Measure", "Setting"]
