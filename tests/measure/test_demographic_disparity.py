"""Conditional demographic disparity of real audits: Amazon's published fixture, weights by hand, what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.roles import Sources

NAME = "conditional_demographic_disparity"
AUDIT = """\
version: 1
model: {{name: m, version: 1, kind: targeting}}
purpose: p
columns: {{decision: accepted, selected: 1{columns}}}
polarity: {polarity}
protected: {{facet: {{reference: M}}}}
factors: {{stratum: {{why: agreed}}}}
small_groups: {{min_people: 1, min_denominator: 1, min_expected: 1}}
checks:
  - {{id: cdd, metric: conditional_demographic_disparity, {limits}}}
"""
CLARIFY = ((0, 1, 4, 2), (2, 4, 5, 7), (1, 2, 4, 2))
"""Per stratum: accepted and rejected of F, accepted and rejected of all; counted from `test_CDD` of
aws/amazon-sagemaker-clarify, tests/unit/bias/metrics."""


def rows_of(*strata: tuple[int, int, int, int], times: int = 1) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {"facet": [], "stratum": [], "accepted": []}
    for place, (ours_in, ours_out, all_in, all_out) in enumerate(strata):
        for facet, accepted, people in (
            ("F", 1, ours_in),
            ("F", 0, ours_out),
            ("M", 1, all_in - ours_in),
            ("M", 0, all_out - ours_out),
        ):
            rows["facet"] += [facet] * people * times
            rows["stratum"] += [str(place)] * people * times
            rows["accepted"] += [accepted] * people * times
    return rows


def audited(
    tmp_path: Path,
    rows: dict[str, list[Any]],
    *,
    columns: str = "",
    polarity: str = "benefit",
    limits: str = "level: report",
    engine: str = "duckdb",
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    path = tmp_path / "evenhand.yaml"
    path.write_text(AUDIT.format(columns=columns, polarity=polarity, limits=limits))
    document = audit_rows(open_audit(path), Sources(pa.table(rows)), Options(engine=engine)).document
    return document, {c["group"]: c for c in document["checks"][0]["comparisons"]}


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_clarify_fixture(tmp_path: Path, engine: str) -> None:
    """smclarify prints .3982142857 for F and its negative for M."""
    document, by = audited(tmp_path, rows_of(*CLARIFY), engine=engine)
    assert by["F"]["estimate"] == pytest.approx(0.3982142857, abs=1e-10)
    assert by["M"]["estimate"] == pytest.approx(-0.3982142857, abs=1e-10)
    assert by["F"]["interval"]["low"] < by["F"]["estimate"] < by["F"]["interval"]["high"]
    assert (by["F"]["value"], by["F"]["value_reference"]) == (pytest.approx(7 / 11), pytest.approx(3 / 13))
    assert [w for w in document["warnings"] if "left out" in w["text"]] == []


def test_the_refused_are_those_selected_where_selection_is_a_burden(tmp_path: Path) -> None:
    turned = rows_of(*CLARIFY)
    turned["accepted"] = [1 - accepted for accepted in turned["accepted"]]
    _, by = audited(tmp_path, turned, polarity="burden")
    assert by["F"]["estimate"] == pytest.approx(0.3982142857, abs=1e-10)


def test_a_stratum_of_one_decision_is_left_out_and_said(tmp_path: Path) -> None:
    """8 more accepted people in a stratum that refuses nobody: the same number; 8 of 32 people are left out."""
    document, by = audited(tmp_path, rows_of(*CLARIFY, (3, 0, 8, 0)))
    assert by["F"]["estimate"] == pytest.approx(0.3982142857, abs=1e-10)
    (said,) = [w["text"] for w in document["warnings"] if "left out" in w["text"]]
    assert "25% of all people are in strata where everyone or no one is selected" in said


def test_weights_move_shares_and_the_mix_of_strata(tmp_path: Path) -> None:
    """By hand: one stratum 1 of 2 accepted and 3 of 4 rejected by weight (DD ¼, weight 6), another DD 0, weight 2."""
    rows = {
        "facet": ["F", "M", "F", "M", "F", "M", "F", "M"],
        "stratum": ["0"] * 4 + ["1"] * 4,
        "accepted": [1, 1, 0, 0, 1, 1, 0, 0],
        "w": [1.0, 1.0, 3.0, 1.0, 0.5, 0.5, 0.5, 0.5],
    }
    _, by = audited(tmp_path, rows, columns=", weight: w")
    assert by["F"]["estimate"] == pytest.approx(0.25 * 6 / 8)
    assert by["F"]["interval"] is not None


def test_decided_by_the_interval(tmp_path: Path) -> None:
    _, by = audited(tmp_path, rows_of(*CLARIFY, times=40), limits="max: 0.1")
    assert (by["F"]["status"], by["M"]["status"]) == ("fail", "pass")


def test_everyone_accepted_is_vacuous(tmp_path: Path) -> None:
    document, _ = audited(tmp_path, rows_of((20, 0, 40, 0)), limits="max: 0.1")
    assert (document["checks"][0]["status"], document["checks"][0]["reason"]["code"]) == ("inconclusive", "vacuous")


def test_people_with_several_rows_have_an_estimate_and_no_interval(tmp_path: Path) -> None:
    rows = rows_of(*CLARIFY)
    rows["who"] = [i // 2 for i in range(len(rows["facet"]))]
    _, by = audited(tmp_path, rows, columns=", unit: who")
    assert by["F"]["estimate"] == pytest.approx(0.3982142857, abs=1e-10)
    assert by["F"]["interval"] is None
