"""Metrics of other packages and of the user: the values that the libraries give, judged like any other finding."""

from __future__ import annotations

import math
from typing import Any

import fairlearn.metrics as fairlearn
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from small_audits import audit_of, audited

from evenhand.errors import AuditFileError, DataError, EvenhandError, UsageError
from evenhand.tally.engines import ENGINES

NO_ROLES = {"consent": None, "vulnerable": None, "stages": None, "campaign": None, "contacts": None}
COLUMNS: dict[str, Any] = {**NO_ROLES, "positive": ["1"]}
SEX = {"sex": {"reference": "m"}}
FLOORS = {"small_groups": {"min_people": 5, "min_denominator": 5, "min_expected": 5}}


def rows(seed: int = 1, size: int = 600) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    score = np.round(random.random(size), 3)
    frame = pd.DataFrame({"sex": random.choice(["f", "m", "x"], size, p=[0.4, 0.5, 0.1]), "score": score})
    frame["turned_out"] = (random.random(size) < score).astype(int)
    frame["decided"] = (score + random.normal(0, 0.2, size) > 0.5).astype(int)
    frame["weight"] = random.integers(1, 300, size) / 100
    frame["people"] = random.integers(1, 4, size)
    frame["person"] = random.integers(0, 150, size)
    frame["sex"] = frame.groupby("person")["sex"].transform("first")
    return frame


def check(metric: str, **changes: Any) -> dict[str, Any]:
    return {"id": "external", "metric": metric, "min": 0.5, "decide_by": "point", **changes}


def comparisons(
    metric: str, frame: pd.DataFrame, columns: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """Group -> its comparison in the results document."""
    options = {name: changes.pop(name) for name in ("engine", "seed") if name in changes}
    audit = audit_of(checks=[check(metric, **changes)], columns={**COLUMNS, **(columns or {})}, protected=SEX, **FLOORS)
    document = audited(audit, frame, **options).document
    return {comparison["group"]: comparison for comparison in document["checks"][0]["comparisons"]}


LEVELS = {
    "fairlearn:selection_rate": lambda g: fairlearn.selection_rate(g["turned_out"], g["decided"]),
    "fairlearn:mean_prediction": lambda g: g["decided"].mean(),
    "fairlearn:count": len,
    "sklearn:f1_score": lambda g: sk.f1_score(g["turned_out"], g["decided"]),
    "sklearn:cohen_kappa_score": lambda g: sk.cohen_kappa_score(g["turned_out"], g["decided"]),
    "sklearn:roc_auc_score": lambda g: sk.roc_auc_score(g["turned_out"], g["score"]),
    "sklearn:average_precision_score": lambda g: sk.average_precision_score(g["turned_out"], g["score"]),
    "sklearn:brier_score_loss": lambda g: sk.brier_score_loss(g["turned_out"], g["score"]),
    "sklearn:log_loss": lambda g: sk.log_loss(g["turned_out"], g["score"].clip(0, 1)),
    "own_metrics:hit_share": lambda g: (g["turned_out"] == g["decided"]).mean(),
    "own_metrics:mean_score": lambda g: g["score"].mean(),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("metric", LEVELS)
def test_levels_are_what_the_function_gives_on_the_rows_of_each_group(metric: str, engine: str) -> None:
    frame = rows()
    found = comparisons(metric, frame, engine=engine)
    assert list(found) == ["f", "m", "x"]
    for group, of_group in frame.groupby("sex"):
        assert found[str(group)]["estimate"] == pytest.approx(LEVELS[metric](of_group), rel=1e-12)
        assert found[str(group)]["n"] == len(of_group)
        assert found[str(group)]["reference"] is None


@pytest.mark.parametrize("metric", ["sklearn:f1_score", "own_metrics:mean_score", "sklearn:roc_auc_score"])
def test_suffixes_compare_with_the_reference(metric: str) -> None:
    """`_ratio` is group / reference, `_difference` group − reference; the reference itself is not a comparison."""
    frame = rows(2)
    values = {str(group): LEVELS[metric](of_group) for group, of_group in frame.groupby("sex")}
    ratios = comparisons(f"{metric}_ratio", frame)
    differences = comparisons(f"{metric}_difference", frame, min=-0.2)
    assert list(ratios) == list(differences) == ["f", "x"]
    for group in ("f", "x"):
        assert ratios[group]["estimate"] == pytest.approx(values[group] / values["m"], rel=1e-12)
        assert differences[group]["estimate"] == pytest.approx(values[group] - values["m"], rel=1e-12)
        assert ratios[group]["reference"] == "m"
        assert ratios[group]["value_reference"] == pytest.approx(values["m"], rel=1e-12)


@pytest.mark.parametrize(
    ("metric", "function"),
    [
        ("fairlearn:demographic_parity_ratio", fairlearn.demographic_parity_ratio),
        ("fairlearn:demographic_parity_difference", fairlearn.demographic_parity_difference),
        ("fairlearn:equalized_odds_difference", fairlearn.equalized_odds_difference),
        ("fairlearn:selection_rate_ratio", fairlearn.selection_rate_ratio),
        ("fairlearn:accuracy_score_group_min", fairlearn.accuracy_score_group_min),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_functions_that_compare_groups_themselves_answer_once(metric: str, function: Any, weighted: bool) -> None:
    frame = rows(3)
    extra = {"sample_weight": frame["weight"]} if weighted else {}
    expected = function(frame["turned_out"], frame["decided"], sensitive_features=frame["sex"], **extra)
    found = comparisons(metric, frame, {"weight": "weight"} if weighted else None)
    assert list(found) == ["all groups"]
    assert found["all groups"]["estimate"] == pytest.approx(expected, rel=1e-12)
    assert found["all groups"]["n"] == len(frame)


def test_functions_of_scores_get_scores_whatever_their_argument_is_called() -> None:
    """fairlearn's derived metrics call it y_pred; decisions in place of scores would give another number."""
    frame = rows(3)
    values = [LEVELS["sklearn:roc_auc_score"](of_group) for _, of_group in frame.groupby("sex")]
    found = comparisons("fairlearn:roc_auc_score_group_min", frame)
    assert found["all groups"]["estimate"] == pytest.approx(min(values), rel=1e-12)
    values = [LEVELS["sklearn:log_loss"](of_group) for _, of_group in frame.groupby("sex")]
    found = comparisons("fairlearn:log_loss_group_max", frame)
    assert found["all groups"]["estimate"] == pytest.approx(max(values), rel=1e-12)


def test_functions_that_compare_groups_get_their_labels() -> None:
    frame = rows(4)
    found = comparisons("own_metrics:largest_group", frame)
    assert found["all groups"]["estimate"] == pytest.approx(frame.loc[frame["sex"] == "m", "decided"].mean())


def test_functions_of_decisions_need_no_label_and_leave_nobody_out() -> None:
    """A row without a label counts in a selection rate, and no label column need be declared."""
    frame = rows(5).astype({"turned_out": "Int64"})
    frame.loc[frame.index % 3 == 0, "turned_out"] = pd.NA
    for columns in ({}, {"label": None}):
        found = comparisons("fairlearn:selection_rate", frame, columns)
        everyone = comparisons("fairlearn:demographic_parity_ratio", frame, columns)["all groups"]
        rates = frame.groupby("sex")["decided"].mean()
        assert {group: found[group]["n"] for group in found} == frame["sex"].value_counts().to_dict()
        assert {group: found[group]["estimate"] for group in found} == pytest.approx(rates.to_dict())
        assert everyone["estimate"] == pytest.approx(rates.min() / rates.max())
    known = frame.dropna(subset=["turned_out"])
    labelled = comparisons("own_metrics:hit_share", frame)
    assert {group: labelled[group]["n"] for group in labelled} == known["sex"].value_counts().to_dict()


# Weights, counts, people -------------------------------------------------------------------------------------------


def test_weights_are_handed_on() -> None:
    frame = rows(6)
    for metric, function in (("sklearn:f1_score", sk.f1_score), ("fairlearn:selection_rate", fairlearn.selection_rate)):
        found = comparisons(metric, frame, {"weight": "weight"})
        for group, of_group in frame.groupby("sex"):
            expected = function(of_group["turned_out"], of_group["decided"], sample_weight=of_group["weight"])
            assert found[str(group)]["estimate"] == pytest.approx(expected, rel=1e-12)


def test_a_function_without_weights_is_refused_where_rows_have_them() -> None:
    """Leaving the weights out without a word would answer another question."""
    with pytest.raises(DataError, match="`own_metrics:hit_share` takes no `sample_weight`"):
        comparisons("own_metrics:hit_share", rows(), {"weight": "weight"})
    assert comparisons("own_metrics:weighted_hit_share", rows(), {"weight": "weight"})


def test_counts_are_repetition() -> None:
    frame = rows(7)
    counted = comparisons("sklearn:f1_score", frame, {"count": "people"})
    repeated = comparisons("sklearn:f1_score", frame.loc[frame.index.repeat(frame["people"])])
    assert counted == repeated


def test_people_with_several_rows_count_once() -> None:
    frame = rows(8)
    found = comparisons("own_metrics:hit_share", frame, {"unit": "person"})
    assert {group: found[group]["n"] for group in found} == frame.groupby("sex")["person"].nunique().to_dict()


# The bootstrap ----------------------------------------------------------------------------------------------------


def test_the_bootstrap_of_a_mean_has_the_width_of_the_normal_interval() -> None:
    """Mean score of independent rows: percentile interval against mean ± 1.96·s/√n; over people, far wider."""
    frame = rows(9, 900)
    # Rows of a person: copies of one row each, so that 900 rows say what 150 people say.
    copied = frame.drop_duplicates("person")
    copied = copied.loc[copied.index.repeat(6)]
    plain = comparisons("own_metrics:mean_score", frame, bootstrap=2000, decide_by="assurance")
    clustered = comparisons("own_metrics:mean_score", copied, {"unit": "person"}, bootstrap=2000, decide_by="assurance")
    people = copied.drop_duplicates("person")
    for found, sample in ((plain, frame), (clustered, people)):
        for group, of_group in sample.groupby("sex"):
            interval = found[str(group)]["interval"]
            width = 2 * 1.96 * of_group["score"].std() / math.sqrt(len(of_group))
            assert interval["high"] - interval["low"] == pytest.approx(width, rel=0.12 if len(of_group) > 40 else 0.3)
            assert interval["method"] == "percentile bootstrap"


def test_the_bootstrap_depends_on_rows_and_seed_alone() -> None:
    """Not on the order of the rows, the engine, its threads, nor on other groups in the file."""
    frame = rows(10, 300)
    expected = comparisons("own_metrics:hit_share_ratio", frame, bootstrap=2000, decide_by="assurance", seed=5)
    shuffled = frame.sample(frac=1, random_state=1)
    for engine in ENGINES:
        assert (
            comparisons(
                "own_metrics:hit_share_ratio", shuffled, bootstrap=2000, decide_by="assurance", seed=5, engine=engine
            )
            == expected
        )
    fewer = comparisons(
        "own_metrics:hit_share_ratio", frame[frame["sex"] != "x"], bootstrap=2000, decide_by="assurance", seed=5
    )
    assert fewer["f"]["interval"] == expected["f"]["interval"]
    other = comparisons("own_metrics:hit_share_ratio", frame, bootstrap=2000, decide_by="assurance", seed=6)
    assert other["f"]["interval"] != expected["f"]["interval"]


def test_the_same_judge_decides() -> None:
    """A plain failure and a plain pass by `point`, and by `assurance` from resampled rows."""
    frame = pd.DataFrame(
        {
            "sex": ["m"] * 300 + ["f"] * 300,
            "decided": [1] * 150 + [0] * 150 + [1] * 60 + [0] * 240,
            "turned_out": [1, 0] * 300,
        }
    )
    for metric in ("own_metrics:hit_share", "fairlearn:selection_rate"):
        for decide in ({"decide_by": "point"}, {"decide_by": "assurance", "bootstrap": 2000}):
            low = comparisons(metric, frame, {"score": None}, min=0.4, **decide)
            assert low["m"]["status"] == "pass"
            expected = "fail" if metric == "fairlearn:selection_rate" else "pass"  # .2 against .4; half of them right
            assert low["f"]["status"] == expected


def test_a_statistic_that_never_varies_has_no_interval() -> None:
    """Everyone selected: every resample has the rate 1, which is no evidence of anything."""
    frame = rows(11).assign(decided=1)
    found = comparisons("fairlearn:selection_rate", frame, bootstrap=2000, decide_by="assurance")
    assert {group: (c["status"], c["reason"]["code"]) for group, c in found.items()} == dict.fromkeys(
        ("f", "m", "x"), ("not_tested", "no_interval")
    )


def test_a_group_without_a_value_is_undefined() -> None:
    """One class only: scikit-learn's AUC is NaN there; None from a user's function is the same."""
    frame = rows(12)
    frame.loc[frame["sex"] == "x", "turned_out"] = 1
    found = comparisons("sklearn:roc_auc_score", frame)
    assert (found["x"]["estimate"], found["x"]["status"], found["x"]["reason"]["code"]) == (
        None,
        "not_tested",
        "no_denominator",
    )
    assert found["f"]["estimate"] is not None
    assert {c["reason"]["code"] for c in comparisons("own_metrics:nothing", frame).values()} == {"no_denominator"}


# What goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("sklearn:f1_scor", "`sklearn` has no function `f1_scor` (did you mean `f1_score`?)"),
        ("no_such_module:metric", "module `no_such_module` cannot be imported"),
        ("broken_metrics:metric", "module `broken_metrics` cannot be imported (RuntimeError)"),
        ("own_metrics:NOT_A_FUNCTION", "has no function `NOT_A_FUNCTION`"),
        ("own_metrics:careless", "metric `own_metrics:careless` failed with ValueError on these rows"),
        ("own_metrics:several", "metric `own_metrics:several` does not return a single number"),
        ("own_metrics:words", "metric `own_metrics:words` does not return a single number"),
        ("sklearn:confusion_matrix", "metric `sklearn:confusion_matrix` does not return a single number"),
        ("sklearn:fbeta_score", "metric `sklearn:fbeta_score` failed with TypeError on these rows"),
    ],
)
def test_errors_are_one_sentence_without_values(metric: str, message: str) -> None:
    with pytest.raises(EvenhandError) as caught:
        comparisons(metric, rows())
    assert isinstance(caught.value, (UsageError, DataError, AuditFileError))
    assert caught.value.exit_code == 2
    assert message in str(caught.value)
    assert "CANARY" not in f"{caught.value}{caught.value.hint}"
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("metric", "missing", "role"),
    [
        ("sklearn:f1_score", {"label": None}, "label"),
        ("sklearn:roc_auc_score", {"score": None}, "score"),
        ("fairlearn:selection_rate", {"decision": None}, "decision"),
    ],
)
def test_a_missing_role_points_at_the_check(metric: str, missing: dict[str, None], role: str) -> None:
    with pytest.raises(AuditFileError, match=rf"check `external`.*`{metric}` needs `columns.{role}`"):
        comparisons(metric, rows(), missing)


def test_groups_with_missing_attributes_are_left_out() -> None:
    frame = rows(13)
    frame.loc[frame.index % 5 == 0, "sex"] = None
    found = comparisons("own_metrics:hit_share", frame)
    assert list(found) == ["f", "m", "x"]
    assert {group: found[group]["n"] for group in found} == frame["sex"].value_counts().to_dict()


def test_intersections_and_bands_are_groups_too() -> None:
    frame = rows(14).assign(age=lambda rows: (rows["score"] * 1000 % 60 + 15).round())
    audit = audit_of(
        checks=[check("own_metrics:hit_share", attributes=["sex × age"])], columns=COLUMNS, population={}, **FLOORS
    )
    found = {c["group"]: c for c in audited(audit, frame).document["checks"][0]["comparisons"]}
    band = pd.cut(frame["age"], [-np.inf, 30, 60, np.inf], right=False, labels=["<30", "30-59", "60+"])
    for (sex, age), of_group in frame.groupby(["sex", band], observed=True):
        right = (of_group["turned_out"] == of_group["decided"]).mean()
        assert found[f"{sex} × {age}"]["estimate"] == pytest.approx(right)
        assert found[f"{sex} × {age}"]["groups"] == {"sex": sex, "age": age}


def test_the_report_says_that_rows_were_used() -> None:
    audit = audit_of(checks=[check("own_metrics:hit_share")], columns=COLUMNS, protected=SEX, **FLOORS)
    document = audited(audit, rows()).document
    assert "metrics_on_rows" in [warning["code"] for warning in document["warnings"]]
