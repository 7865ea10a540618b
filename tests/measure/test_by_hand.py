"""Measures on tables small enough to work out by hand, the sum in the test; calibration against statsmodels."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels.api as sm
from small_audits import audit_of, cells_of, findings_of

from evenhand.measure import MEASURES
from evenhand.measure.base import Finding

NOTHING = {
    **{role: None for role in ("decision", "label", "score", "consent", "vulnerable", "stages", "campaign", "contacts")}
}
SEX = {"sex": {"reference": "m"}}


def found(
    rows: dict[str, list[Any]], roles: dict[str, Any], *measures: str, **changes: Any
) -> dict[str, list[Finding]]:
    """Findings of measures by name; `sex` is the only attribute, with reference m."""
    changes = {"protected": SEX, "population": {}, **changes}
    audit = audit_of(measures=measures, columns={**NOTHING, **roles}, **changes)
    return findings_of(audit, cells_of(audit, pa.table({name: pa.array(values) for name, values in rows.items()})))


def estimates(findings: list[Finding]) -> dict[str, float | None]:
    return {finding.group: finding.estimate for finding in findings}


def selection(cases: dict[str, tuple[int, int]]) -> dict[str, list[Any]]:
    """Rows of a published table: group -> (selected, people)."""
    rows: dict[str, list[Any]] = {"sex": [], "decided": []}
    for sex, (selected, people) in cases.items():
        rows["sex"] += [sex] * people
        rows["decided"] += [1] * selected + [0] * (people - selected)
    return rows


DECISION = {"decision": "decided"}


def test_odds_ratio() -> None:
    """3 of 10 against 6 of 10: (3/7)/(6/4) = 2/7."""
    by = found(selection({"f": (3, 10), "m": (6, 10)}), DECISION, "selection_odds_ratio")
    assert estimates(by["selection_odds_ratio"]) == {"f": pytest.approx(2 / 7, rel=1e-12)}


def test_two_standard_deviations_and_shortfall() -> None:
    """40 of 100 against 60 of 100: pooled .5, se √(.25·2/100) = .0707, z = −.2/.0707 = −2.828; 20 more at 60%."""
    by = found(selection({"f": (40, 100), "m": (60, 100)}), DECISION, "two_sd", "shortfall")
    assert estimates(by["two_sd"]) == {"f": pytest.approx(-2 * math.sqrt(2), rel=1e-12)}
    assert estimates(by["shortfall"]) == {"f": pytest.approx(20, rel=1e-12)}


def test_stage_rates_are_of_those_who_reached_the_stage_before() -> None:
    """Men: 3 of 4 eligible reached; women: 2 of 5. One not eligible, one of unknown reach: neither counts."""
    rows = {
        "sex": ["m"] * 4 + ["f"] * 7,
        "eligible": [True] * 4 + [True] * 6 + [False],
        "reached": [True, True, True, False] + [True, True, False, False, False, None, True],
    }
    by = found(rows, {"stages": ["eligible", "reached"]}, "stage_rate", "stage_rate_ratio", "stage_rate_difference")
    assert estimates(by["stage_rate"]) == {"f": 0.4, "m": 0.75}
    assert estimates(by["stage_rate_ratio"]) == {"f": pytest.approx(0.4 / 0.75)}
    assert estimates(by["stage_rate_difference"]) == {"f": pytest.approx(-0.35)}
    assert {finding.at["stage"] for finding in by["stage_rate"]} == {"reached"}


def test_three_stages_are_two_comparisons() -> None:
    """All four eligible, two scored, one sent: ½ and ½, each against a reference of 1."""
    rows = {
        "sex": ["m"] * 2 + ["f"] * 4,
        "eligible": [True] * 6,
        "scored": [True, True] + [True, True, False, False],
        "sent": [True, True] + [True, False, False, False],
    }
    by = found(rows, {"stages": ["eligible", "scored", "sent"]}, "stage_rate_ratio")
    assert [(f.at["stage"], f.estimate, f.n) for f in by["stage_rate_ratio"]] == [("scored", 0.5, 4), ("sent", 0.5, 2)]


def test_representation() -> None:
    """60%, 30% and 10% of the audited against .5, .45 and .05: ratios 1.2, 2/3 and 2; distance ½(.1 + .15 + .05) = .15."""
    rows = {"sex": ["m"] * 60 + ["f"] * 30 + ["x"] * 10 + [None] * 7, "decided": [1] * 107}
    population = {"sex": {"m": 0.5, "f": 0.45, "x": 0.05}}
    names = ("representation_ratio", "representation_distance", "missing_attribute_rate")
    by = found(rows, DECISION, *names, population=population)
    assert estimates(by["representation_ratio"]) == pytest.approx({"m": 1.2, "f": 2 / 3, "x": 2.0})
    assert [f.estimate for f in by["representation_distance"]] == [pytest.approx(0.15)]
    assert [(f.estimate, f.n) for f in by["missing_attribute_rate"]] == [(7 / 107, 107)]


def test_missing_labels_and_scores() -> None:
    """Of four women two have no label and three no usable score: NaN and infinity are as good as none."""
    nan, infinite = float("nan"), float("inf")
    rows = {
        "sex": ["m", "m", "f", "f", "f", "f"],
        "turned_out": ["yes", "no", "yes", None, "", "no"],
        "score": [0.1, 0.2, nan, infinite, None, 0.5],
    }
    roles = {"label": "turned_out", "score": "score"}
    by = found(rows, roles, "missing_label_rate", "missing_score_rate", "missing_label_rate_difference")
    assert estimates(by["missing_label_rate"]) == {"f": 0.5, "m": 0.0}
    assert estimates(by["missing_score_rate"]) == {"f": 0.75, "m": 0.0}
    assert estimates(by["missing_label_rate_difference"]) == {"f": 0.5}


def test_consent_breaches_count_everyone_and_a_missing_consent() -> None:
    """Selected: yes, no, nothing, no (of unknown sex) → 3 breaches; a refusal of one not selected is none."""
    rows = {"sex": ["m", "m", "f", None, "f"], "decided": [1, 1, 1, 1, 0], "consent": ["yes", "no", None, "no", "no"]}
    roles = {**DECISION, "consent": {"column": "consent", "given": ["yes"]}}
    (finding,) = found(rows, roles, "consent_breaches")["consent_breaches"]
    assert (finding.estimate, finding.n, finding.people) == (3.0, 4, 5)


def test_overtargeting_of_vulnerable_people() -> None:
    """3 of 4 vulnerable people selected, 1 of 4 others: three times as often. Unknown vulnerability is left out."""
    rows = {
        "sex": ["m"] * 9,
        "decided": [1, 1, 1, 0] + [1, 0, 0, 0] + [1],
        "vulnerable": [True] * 4 + [False] * 4 + [None],
    }
    (finding,) = found(rows, {**DECISION, "vulnerable": "vulnerable"}, "vulnerable_overtargeting_ratio")[
        "vulnerable_overtargeting_ratio"
    ]
    assert (finding.estimate, finding.value, finding.value_reference) == (3.0, 0.75, 0.25)


SCORES = {"sex": ["m", "m", "m", "f", "f"], "score": [0.9, 0.8, 0.7, 0.8, 0.1]}


@pytest.mark.parametrize("cut", ["2", "40%", "3"])
def test_places_go_to_the_highest_scores_and_ties_share_the_last(cut: str) -> None:
    """Two places (40% of five) end at .8, which two people have: .9, .8 and .8 are in; so they are with three."""
    by = found(SCORES, {"score": "score"}, f"selection_rate_at_top@{cut}")
    assert estimates(by[f"selection_rate_at_top@{cut}"]) == {"f": 0.5, "m": pytest.approx(2 / 3)}


def test_every_place_and_one_place() -> None:
    by = found(
        SCORES, {"score": "score"}, "selection_rate_at_top@100%", "selection_rate_at_top@1", "selection_rate_at_top@99"
    )
    assert estimates(by["selection_rate_at_top@100%"]) == {"f": 1.0, "m": 1.0}
    assert estimates(by["selection_rate_at_top@99"]) == {"f": 1.0, "m": 1.0}
    assert estimates(by["selection_rate_at_top@1"]) == {"f": 0.0, "m": pytest.approx(1 / 3)}


def test_above_the_median() -> None:
    """Median of .1 .7 .8 .8 .9 is .8: only .9 is above. Of .2 .4 .6 .8 the middle two add up to 1: .6 and .8 are above."""
    by = found(SCORES, {"score": "score"}, "score_above_median_rate")
    assert estimates(by["score_above_median_rate"]) == {"f": 0.0, "m": pytest.approx(1 / 3)}
    even = {"sex": ["m", "m", "f", "f"], "score": [0.2, 0.6, 0.4, 0.8]}
    by = found(even, {"score": "score"}, "score_above_median_rate")
    assert estimates(by["score_above_median_rate"]) == {"f": 0.5, "m": 0.5}


LABELLED = {"score": "score", "label": "turned_out"}


def test_expected_calibration_error() -> None:
    """Ten people at .8, six positive: .2. Ten at .35, three positive: .05. Together (10·.2 + 10·.05)/20 = .125."""
    rows = {
        "sex": ["m"] * 20,
        "score": [0.8] * 10 + [0.35] * 10,
        "turned_out": ["yes"] * 6 + ["no"] * 4 + ["yes"] * 3 + ["no"] * 7,
    }
    by = found(rows, LABELLED, "expected_calibration_error")
    assert estimates(by["expected_calibration_error"]) == {"m": pytest.approx(0.125)}


def test_brier_score_and_log_loss() -> None:
    """Score .8, one positive and one negative: (.04 + .64)/2 = .34 and −(log .8 + log .2)/2."""
    rows = {"sex": ["m", "m"], "score": [0.8, 0.8], "turned_out": ["yes", "no"]}
    by = found(rows, LABELLED, "brier", "log_loss")
    assert estimates(by["brier"]) == {"m": pytest.approx(0.34)}
    assert estimates(by["log_loss"]) == {"m": pytest.approx(-(math.log(0.8) + math.log(0.2)) / 2)}


def test_calibration_line_is_a_logistic_regression() -> None:
    """Oracle: statsmodels' Logit of the label on logit(score), coefficients and standard errors, two groups."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"sex": random.choice(["m", "f"], 1500), "score": np.round(random.uniform(0.02, 0.98, 1500), 3)}
    )
    logit = np.log(frame["score"] / (1 - frame["score"]))
    truth = random.random(1500) < 1 / (1 + np.exp(-(0.3 + 0.7 * logit)))
    frame["turned_out"] = np.where(truth, "yes", "no")
    names = ("calibration_slope", "calibration_intercept", "calibration_slope_difference")
    by = found({name: frame[name].tolist() for name in frame}, LABELLED, *names)
    fits = {
        sex: sm.Logit(truth[frame["sex"] == sex].astype(float), sm.add_constant(logit[frame["sex"] == sex])).fit(disp=0)
        for sex in ("m", "f")
    }
    for place, name in enumerate(("calibration_intercept", "calibration_slope")):
        for finding in by[name]:
            fit = fits[finding.group]
            low, high = fit.conf_int().iloc[place]
            assert finding.estimate == pytest.approx(fit.params.iloc[place], rel=1e-6)
            assert finding.contrast is not None
            interval = finding.contrast.interval(0.95)
            assert (interval.low, interval.high) == (pytest.approx(low, rel=1e-5), pytest.approx(high, rel=1e-5))
    slopes = {sex: fit.params.iloc[1] for sex, fit in fits.items()}
    assert estimates(by["calibration_slope_difference"]) == {"f": pytest.approx(slopes["f"] - slopes["m"], rel=1e-5)}


def test_audience_variance_by_campaign() -> None:
    """Eligible half women in both; spring reaches 1 woman of 4 (¼ against ½: distance ¼), autumn 2 of 4 (0)."""
    rows = {
        "sex": ["m", "f"] * 8,
        "campaign": ["spring"] * 8 + ["autumn"] * 8,
        "eligible": [True] * 16,
        "reached": [True, True, True, False, True, False, False, False] + [True, True, True, True] + [False] * 4,
    }
    by = found(
        rows,
        {"decision": "reached", "selected": ["true"], "stages": ["eligible", "reached"], "campaign": "campaign"},
        "audience_variance",
    )
    assert {f.at["campaign"]: f.estimate for f in by["audience_variance"]} == {
        "autumn": 0.0,
        "spring": pytest.approx(0.25),
    }


def test_every_quantity_has_an_expected_value_somewhere() -> None:
    """A measure without a worked example would only be held by the laws, which a wrong formula may obey."""
    tests = Path(__file__).parents[1]
    files = [f for f in (*tests.glob("measure/test_*.py"), *tests.glob("worked/*.py")) if f.name != "test_laws.py"]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    names = {measure.quantity.replace("@k", "@") for measure in MEASURES.values()}
    names |= {name.replace("@k", "@") for name, measure in MEASURES.items() if measure.form == "own"}
    assert {name for name in names if name not in text} == set()
