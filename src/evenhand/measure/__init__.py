"""The table of measures. The CLI, `explain`, the policy check, the docs and the law tests walk it.

How to add a measure:
1. A rate that is a share of people: add a row to `PROPORTIONS` in proportions.py. Done.
2. Anything else: write a function Setting × Grouping -> findings in the file of its family (or a new one), and a
   `Measure` that says what it is; add the family's function to `FAMILIES` below.
3. A quantity with a cut-off in its name (`…@500`): a line in `CUT_FAMILIES`.
4. Give it an expected value from a published source in tests/measure; the law tests find it by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from evenhand.measure.audience import audience_measures
from evenhand.measure.base import Finding, Grouping, Measure, Setting
from evenhand.measure.claims import claims_measures
from evenhand.measure.claims_by_band import claims_by_band_measures
from evenhand.measure.conditional import conditional_measures
from evenhand.measure.confusion import confusion_measures
from evenhand.measure.contacts import contact_measures
from evenhand.measure.decompositions import decomposition_measures
from evenhand.measure.demographic_disparity import demographic_disparity_measures
from evenhand.measure.discrimination_free import benchmark_measures
from evenhand.measure.disparity import disparity_measures
from evenhand.measure.errors_of_prices import error_measures
from evenhand.measure.like_for_like import like_for_like_measures
from evenhand.measure.list_prices import list_price_measures
from evenhand.measure.odds import odds_measures
from evenhand.measure.price_curves import price_curve_measures
from evenhand.measure.price_distances import price_distance_measures
from evenhand.measure.price_rates import above_cut_measures, price_rate_measures
from evenhand.measure.prices import price_measures
from evenhand.measure.proportions import proportion_measures
from evenhand.measure.proxies import proxy_measures
from evenhand.measure.regressions import regression_measures
from evenhand.measure.renewal_excess import renewal_excess_measures
from evenhand.measure.renewals import renewal_measures
from evenhand.measure.same_item import same_item_measures
from evenhand.measure.scores import score_measures
from evenhand.measure.selection_recut import median_measures, top_measures
from evenhand.measure.tenures import tenure_measures
from evenhand.measure.vulnerability import vulnerability_measures

FAMILIES = (
    proportion_measures,
    disparity_measures,
    odds_measures,
    confusion_measures,
    score_measures,
    median_measures,
    audience_measures,
    vulnerability_measures,
    contact_measures,
    price_measures,
    claims_measures,
    claims_by_band_measures,
    error_measures,
    list_price_measures,
    renewal_measures,
    renewal_excess_measures,
    tenure_measures,
    conditional_measures,
    demographic_disparity_measures,
    price_curve_measures,
    price_distance_measures,
    price_rate_measures,
    decomposition_measures,
    benchmark_measures,
    like_for_like_measures,
    proxy_measures,
    regression_measures,
    same_item_measures,
)


class CutFamily(NamedTuple):
    """Measures whose name holds a cut-off, and how a cut-off may be written: each in one way only."""

    measures: Callable[[str], list[Measure]]
    cut: re.Pattern[str]


PLACES = re.compile(r"(?:[1-9]\d?|100)%|[1-9]\d*")
PRICE = re.compile(r"(?:0|[1-9]\d*)(?:\.\d*[1-9])?")
CUT_FAMILIES = (CutFamily(top_measures, PLACES), CutFamily(above_cut_measures, PRICE))
CUT = re.compile(r"@([^_]+)(?=_|$)")

ALIASES: Mapping[str, str] = {
    "demographic_parity_ratio": "selection_rate_ratio",
    "demographic_parity_difference": "selection_rate_difference",
    "statistical_parity_difference": "selection_rate_difference",
    "disparate_impact": "selection_rate_ratio",
    "equal_opportunity_difference": "true_positive_rate_difference",
    "predictive_parity_difference": "positive_predictive_value_difference",
    "standardized_mean_difference": "standardized_mean_difference_pooled",
}
"""Other names in use -> ours; resolved, and printed."""


class MeasureTable(Mapping[str, Measure]):
    """The measures by name. A name with `@k` stands for every cut-off: looking up `…@10%` finds its own measure.

    >>> MEASURES["selection_rate_at_top@10%_ratio"].title
    'ratio of the share among the top 10%'
    """

    def __init__(self) -> None:
        listed = [*(family() for family in FAMILIES), *(family.measures("k") for family in CUT_FAMILIES)]
        self._named = {measure.name: measure for measures in listed for measure in measures}

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __getitem__(self, name: str) -> Measure:
        cut = CUT.search(name)
        if cut is None or name in self._named:
            return self._named[name]
        for family in CUT_FAMILIES:
            if family.cut.fullmatch(cut.group(1)):
                for measure in family.measures(cut.group(1)):
                    if measure.name == name:
                        return measure
        raise KeyError(name)


MEASURES = MeasureTable()

__all__ = ["ALIASES", "MEASURES", "Finding", "Grouping", "Measure", "Setting"]
