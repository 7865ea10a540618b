"""COMPAS row by row: ProPublica's published rates, on all 7,214 people and on the usual filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

Audited = Callable[[Any, str], Mapping[str, Any]]


def values(document: Mapping[str, Any], check: str, attribute: str) -> dict[str, float]:
    comparisons = next(c for c in document["checks"] if c["id"] == check)["comparisons"]
    return {c["group"]: c["value"] for c in comparisons if c["attribute"] == attribute}


@pytest.fixture(scope="module")
def rows(data: Path) -> Path:
    return data / "compas" / "compas_two_years_min.csv"


def test_published_rates_of_everyone(audited: Audited, rows: Path) -> None:
    """FPR .4485 and .2345, FNR .2799 and .4772: Larson, Mattu, Kirchner & Angwin 2016."""
    document = audited(rows, "compas.yaml")
    assert document["people"] == 7_214
    assert document["exit_code"] == 1
    false_alarms, misses = (values(document, check, "race") for check in ("false-alarm-rates", "miss-rates"))
    for group, alarm, miss in (("African-American", 0.4485, 0.2799), ("Caucasian", 0.2345, 0.4772)):
        assert false_alarms[group] == pytest.approx(alarm, abs=5e-5)
        assert misses[group] == pytest.approx(miss, abs=5e-5)


def test_published_rates_of_the_usual_filter(audited: Audited, rows: Path) -> None:
    """ProPublica's own filter leaves 6,172 people, FPR .4234 and .2201: quote the filter with the rate."""
    everyone = pd.read_csv(rows)
    kept = everyone[
        everyone["days_b_screening_arrest"].between(-30, 30)
        & (everyone["is_recid"] != -1)
        & (everyone["c_charge_degree"] != "O")
    ]
    document = audited(kept, "compas.yaml")
    assert document["people"] == 6_172
    found = values(document, "false-alarm-rates", "race")
    assert (found["African-American"], found["Caucasian"]) == pytest.approx((0.4234, 0.2201), abs=5e-5)


def test_area_under_the_curve_by_sex(audited: Audited, rows: Path) -> None:
    """scikit-learn's roc_auc_score on the rows of each sex."""
    everyone = pd.read_csv(rows)
    by_sex = {sex: roc_auc_score(part["two_year_recid"], part["decile_score"]) for sex, part in everyone.groupby("sex")}
    document = audited(rows, "compas.yaml")
    women = next(c for c in document["checks"] if c["id"] == "ranking")["comparisons"][0]
    assert women["group"] == "Female"
    assert women["value"] == pytest.approx(by_sex["Female"], abs=1e-12)
    assert women["value_reference"] == pytest.approx(by_sex["Male"], abs=1e-12)


def test_groups_add_up_and_the_smallest_are_not_judged(audited: Audited, rows: Path) -> None:
    document = audited(rows, "compas.yaml")
    for attribute in ("race", "sex", "age_band", "race × sex"):
        assert sum(g["n"] for g in document["groups"] if g["attribute"] == attribute) == 7_214
    flags = next(c for c in document["checks"] if c["id"] == "flags")["comparisons"]
    untested = {c["group"] for c in flags if c["status"] == "not_tested"}
    assert untested >= {"Native American", "Native American × Female", "Asian × Female"}
