"""Limits that no data could break are refused, since a pass under them would mean nothing."""

from __future__ import annotations

import pytest

from evenhand.config.limits import limit_complaints
from evenhand.config.schema import CheckEntry
from evenhand.measure import MEASURES


@pytest.mark.parametrize("metric", ["equalized_odds_difference", "audience_variance", "representation_distance"])
def test_a_floor_under_a_distance_is_refused(metric: str) -> None:
    entry = CheckEntry.model_validate({"id": "x", "metric": metric, "min": "-0.1"})
    complaints = list(limit_complaints(entry, MEASURES[metric], "benefit"))
    assert [c.key for c in complaints] == ["min"]
    assert "`max`" in complaints[0].message


def test_a_cut_off_must_be_a_number() -> None:
    from evenhand.config.catalogue import Catalogue

    catalogue = Catalogue(MEASURES, {})
    assert catalogue.resolve("selection_rate_at_top@k_ratio") is None
    assert catalogue.near("selection_rate_at_top@k_ratio") == "selection_rate_at_top@10%_ratio"
    assert catalogue.resolve("selection_rate_at_top@10%_ratio") == "selection_rate_at_top@10%_ratio"
