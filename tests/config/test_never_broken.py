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


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("score_rate@k", "score_rate@500"),
        ("score_rates@250_ratio", "score_rate@250_ratio"),
        ("score_rate@0.05_ratios", "score_rate@0.05_ratio"),
        ("score_rate@05", "score_rate@500"),
        ("score_rate@10%", "score_rate@500"),
        ("selection_rate_at_tops@20%", "selection_rate_at_top@20%"),
        ("selection_rate_at_top@0.5_ratio", "selection_rate_at_top@10%_ratio"),
        ("selection_rate_at_top", "selection_rate_at_top@10%"),
        ("selection_rate_ratios", "selection_rate_ratio"),
        ("sklear:f1", "sklearn:f1"),
        ("nothing@like@this", None),
    ],
)
def test_near_names_can_be_written_in_a_check(written: str, near: str | None) -> None:
    from evenhand.config.catalogue import Catalogue

    catalogue = Catalogue(MEASURES, {})
    assert catalogue.near(written) == near
    assert near is None or catalogue.resolve(near) == near


@pytest.mark.parametrize(
    "name",
    [
        *("vulnerable", "decision", "score", "stage:sent", "price", "tenure", "price_presence", "walking", "period"),
        *("factor:region", "attribute:sex", "consent"),
    ],
)
def test_an_attribute_may_not_be_called_like_a_role(name: str, tmp_path) -> None:
    from evenhand.errors import AuditFileError
    from evenhand.pipeline import open_audit

    file = tmp_path / "evenhand.yaml"
    file.write_text(
        "version: 1\nmodel: {name: m, version: 1, kind: targeting}\npurpose: p\npolarity: benefit\n"
        f"columns: {{decision: d, selected: 1}}\nprotected: {{'{name}': {{reference: a}}}}\n"
        "checks: [{id: c, metric: selection_rate, min: 0.1, why: w}]\n"
    )
    with pytest.raises(AuditFileError, match="name of a role") as caught:
        open_audit(file)
    assert str(caught.value).startswith(f"{file}:6:") or ":6:" in str(caught.value)
