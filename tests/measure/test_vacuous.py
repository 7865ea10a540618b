"""Everyone or no one selected: inconclusive, in every mode, for every measure of selection (contract, "vacuous")."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from evenhand.measure import MEASURES
from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.roles import Sources

AUDIT = """\
version: 1
model: {{name: m, version: 1, kind: targeting}}
purpose: p
columns: {{decision: offered, selected: 1, unselected: 0, count: people}}
polarity: benefit
protected: {{sex: {{reference: male}}}}
checks:
  - {{id: check, metric: {metric}, {limit}, decide_by: {way}, why: rule}}
"""
LIMITS = {
    "selection_rate_ratio": "min: 0.8",
    "selection_rate_difference": "min: -0.1",
    "selection_odds_ratio": "min: 0.8",
    "impact_ratio": "min: 0.8",
    "two_sd": "min: -2",
    "shortfall": "max: 10",
}


@pytest.mark.parametrize("decision", ["0", "1"])
@pytest.mark.parametrize("metric", LIMITS)
def test_nothing_to_compare_is_inconclusive(tmp_path: Path, metric: str, decision: str) -> None:
    path = tmp_path / "evenhand.yaml"
    rows = pa.table({"sex": ["male", "female"], "offered": [decision] * 2, "people": [500, 500]})
    for way in MEASURES[metric].decide_by:
        path.write_text(AUDIT.format(metric=metric, limit=LIMITS[metric], way=way))
        document = audit_rows(open_audit(path), Sources(rows), Options()).document
        found = {(c["status"], c["reason"]["code"]) for c in document["checks"][0]["comparisons"]}
        assert found == {("inconclusive", "vacuous")}, way
        assert document["exit_code"] == 3
