"""Published tables of selection: New York City's example, Berkeley, and the audience variance of a settlement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evenhand import audit

Compared = Callable[..., Mapping[str, Mapping[str, Any]]]
PUBLISHED = Path(__file__).resolve().parents[2] / "sample_data" / "published"


def estimates(folder: str, check: str) -> dict[str, float]:
    comparisons = audit(audit_file=PUBLISHED / folder / "evenhand.yaml").checks[check]["comparisons"]
    return {comparison["group"]: comparison["estimate"] for comparison in comparisons}


def test_new_york_by_race() -> None:
    """6 RCNY 5-301, example: impact ratios as the rule prints them, to two decimals."""
    printed = {
        "Hispanic or Latino": 0.97,
        "White": 1.00,
        "Black or African American": 0.84,
        "Native Hawaiian or Pacific Islander": 0.85,
        "Asian": 0.95,
        "American Indian or Alaska Native": 0.85,
        "Two or more races": 0.87,
    }
    assert estimates("nyc_ll144/race", "nyc-ll144/impact-ratio") == pytest.approx(printed, abs=0.005)


def test_new_york_by_sex() -> None:
    """The same: 555/1,181 over 667/1,390 is .979."""
    found = estimates("nyc_ll144/sex", "nyc-ll144/impact-ratio")
    assert found["male"] == 1
    assert found["female"] == pytest.approx((555 / 1181) / (667 / 1390), rel=1e-12)
    assert found["female"] == pytest.approx(0.979, abs=5e-4)


def test_new_york_unknown_and_small_categories() -> None:
    """250 applicants of unknown category are counted; 41 people (1.59% of 2,584) are left out with a reason."""
    result = audit(audit_file=PUBLISHED / "nyc_ll144" / "race" / "evenhand.yaml")
    unknown = result.checks["nyc-ll144/unknown-groups"]["comparisons"][0]
    assert unknown["estimate"] == pytest.approx(250 / (250 + 2584), rel=1e-12)
    sizes = {g["group"]: g["n"] for g in result.document["groups"]}
    assert sizes["(missing)"] == 250
    assert sizes["American Indian or Alaska Native"] / 2584 == pytest.approx(0.0159, abs=5e-5)
    judged = {c["group"]: c for c in result.checks["four-fifths-as-printed"]["comparisons"]}
    left_out = judged["American Indian or Alaska Native"]
    assert (left_out["status"], left_out["reason"]["code"], left_out["n"]) == ("not_tested", "excluded", 41)
    assert "2%" in left_out["reason"]["text"]


def test_scoring_rate_counts_people_above_the_median(compared: Compared) -> None:
    """6 RCNY 5-300, strictly above the median of all. By hand: 1 2 2 5 and 2 6 7 8 have median 3.5, so 1/4 and 3/4."""
    rows = [("a", s) for s in (1, 2, 2, 5)] + [("b", s) for s in (2, 6, 7, 8)]
    found = compared(
        rows,
        "b",
        {"metric": "score_above_median_rate", "level": "report"},
        names=("group", "score"),
        columns={"score": "score"},
    )
    assert {g: c["estimate"] for g, c in found.items()} == {"a": 0.25, "b": 0.75}


def test_berkeley_crude() -> None:
    """Bickel, Hammel & O'Connell 1975: .6818, Miettinen-Nurminen .628-.739 (score test of statsmodels, inverted)."""
    check = audit(audit_file=PUBLISHED / "berkeley_1973" / "evenhand.yaml").checks["admission-parity"]
    found = check["comparisons"][0]
    assert found["estimate"] == pytest.approx((557 / 1835) / (1198 / 2691), rel=1e-12)
    assert found["estimate"] == pytest.approx(0.6818, abs=5e-5)
    assert (found["interval"]["low"], found["interval"]["high"]) == pytest.approx((0.628, 0.739), abs=5e-4)
    assert check["status"] == "fail"


def test_audience_variance(compared: Compared) -> None:
    """DOJ v. Meta 2022, total variation: eligible mix .48/.52, delivered mix .63/.37: .15."""
    found = compared(
        [("women", 630, 4800 - 630), ("men", 370, 5200 - 370)],
        "men",
        {"metric": "audience_variance", "max": 0.1},
    )
    assert found["all groups"]["estimate"] == pytest.approx(0.15, abs=1e-12)
    assert found["all groups"]["status"] == "fail"


def test_shortfall(compared: Compared) -> None:
    """By hand: 30 of 100 against 80 of 200 (40%): 100 · (.40 − .30) = 10 people more at the reference's rate."""
    found = compared([("g", 30, 70), ("r", 80, 120)], "r", {"metric": "shortfall", "level": "report"})["g"]
    assert found["estimate"] == pytest.approx(10, abs=1e-9)
