"""A thousand random confusion tables against scikit-learn and fairlearn, and random scores against scikit-learn.

One frame holds all tables, each as a group of its own, so that one tally and one MetricFrame see them all. The known
differences between the libraries and the contract are asserted too: they are the only ones.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any
from unittest import mock

import fairlearn.metrics as fairlearn
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sklearn
import sklearn.metrics as sk
from small_audits import audit_of, cells_of, findings_of

from evenhand.measure.base import Finding

TABLES = 1_000
NO_ROLES = {"score": None, "consent": None, "vulnerable": None, "stages": None, "campaign": None, "contacts": None}
QUANTITIES = (
    "selection_rate",
    "base_rate",
    "true_positive_rate",
    "true_negative_rate",
    "false_positive_rate",
    "false_negative_rate",
    "positive_predictive_value",
    "negative_predictive_value",
    "false_discovery_rate",
    "false_omission_rate",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "mcc",
)


@cache
def random_tables() -> pd.DataFrame:
    """Groups g0, g1, ... of 1 to 40 people, base rates and selection rates from 0 to 1: many tables have empty margins."""
    random = np.random.default_rng(20260302)
    parts = []
    for i in range(TABLES):
        size = 60 if i == 0 else int(random.integers(1, 40))
        base, hit, false_alarm = (random.choice([0.0, 0.05, 0.3, 0.5, 0.8, 1.0]) if i else 0.5 for _ in range(3))
        truth = random.random(size) < base
        decided = np.where(truth, random.random(size) < hit, random.random(size) < false_alarm)
        parts.append(pd.DataFrame({"sex": f"g{i}", "turned_out": truth.astype(int), "decided": decided.astype(int)}))
    frame = pd.concat(parts, ignore_index=True)
    frame["weight"] = random.integers(1, 300, len(frame)) / 100
    return frame


@cache
def ours(*, weighted: bool) -> dict[str, dict[str, Finding]]:
    """Measure -> group -> finding, levels, ratios and differences to g0."""
    names = [q + form for q in QUANTITIES for form in ("", "_ratio", "_difference")]
    columns = {**NO_ROLES, "positive": ["1"], "weight": "weight" if weighted else None}
    audit = audit_of(measures=names, columns=columns, protected={"sex": {"reference": "g0"}})
    cells = cells_of(audit, random_tables(), engine="duckdb")
    with mock.patch("evenhand.measure.confusion.REPLICATES", 2_000):  # intervals are not looked at here
        found = findings_of(audit, cells)
    return {name: {finding.group: finding for finding in findings} for name, findings in found.items()}


SCIKIT = (
    "true_positive_rate",
    "true_negative_rate",
    "positive_predictive_value",
    "negative_predictive_value",
    "f1",
    "accuracy",
    "balanced_accuracy",
    "mcc",
)
FAIRLEARN: dict[str, Callable[..., Any]] = {
    "selection_rate": fairlearn.selection_rate,
    "true_positive_rate": fairlearn.true_positive_rate,
    "false_positive_rate": fairlearn.false_positive_rate,
}


def scikit(truth: Any, decided: Any, weights: Any) -> tuple[float, ...]:
    """SCIKIT's metrics of one table: recall and precision of both classes, F1, accuracy, balanced accuracy, MCC."""
    precision, recall, f1, _ = sk.precision_recall_fscore_support(
        truth, decided, labels=[0, 1], sample_weight=weights, zero_division=np.nan
    )
    others = (sk.accuracy_score, sk.balanced_accuracy_score, sk.matthews_corrcoef)
    rest = (metric(truth, decided, sample_weight=weights) for metric in others)
    return recall[1], recall[0], precision[1], precision[0], f1[1], *rest


COMPLEMENTS = {
    "false_positive_rate": "true_negative_rate",
    "false_negative_rate": "true_positive_rate",
    "false_discovery_rate": "positive_predictive_value",
    "false_omission_rate": "negative_predictive_value",
}


@cache
def theirs(*, weighted: bool) -> dict[str, dict[str, float]]:
    """Metrics of both libraries, `sklearn:…` called on each group, `fairlearn:…` through one MetricFrame; by group."""
    frame = random_tables()
    if weighted:
        frame = frame[frame["sex"].isin([f"g{i}" for i in range(100)])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = fairlearn.MetricFrame(
            metrics=FAIRLEARN,
            y_true=frame["turned_out"],
            y_pred=frame["decided"],
            sensitive_features=frame["sex"],
            sample_params={name: {"sample_weight": frame["weight"]} for name in FAIRLEARN} if weighted else None,
        ).by_group
        by_name: dict[str, dict[str, float]] = {f"fairlearn:{name}": dict(found[name]) for name in FAIRLEARN}
        for group, rows in frame.groupby("sex"):
            weights = rows["weight"].to_numpy() if weighted else None
            values = scikit(rows["turned_out"].to_numpy(), rows["decided"].to_numpy(), weights)
            for name, value in zip(SCIKIT, values, strict=True):
                by_name.setdefault(f"sklearn:{name}", {})[str(group)] = float(value)
    return by_name


def margins(group: str) -> tuple[int, int, int, int]:
    """(positives, negatives, selected, not selected) of a table, counted by pandas."""
    return _by_group()[group]


@cache
def _by_group() -> dict[str, tuple[int, int, int, int]]:
    counted = random_tables().groupby("sex")[["turned_out", "decided"]].agg(["sum", "size"])
    return {
        str(group): (int(p), int(n - p), int(s), int(n - s))
        for group, p, n, s in zip(
            counted.index,
            counted["turned_out", "sum"],
            counted["turned_out", "size"],
            counted["decided", "sum"],
            strict=True,
        )
    }


def undefined_here(quantity: str, group: str) -> bool:
    """Whether the contract calls the quantity undefined: it divides by an empty margin."""
    positives, negatives, selected, left = margins(group)
    return {
        "true_positive_rate": positives == 0,
        "false_negative_rate": positives == 0,
        "true_negative_rate": negatives == 0,
        "false_positive_rate": negatives == 0,
        "positive_predictive_value": selected == 0,
        "false_discovery_rate": selected == 0,
        "negative_predictive_value": left == 0,
        "false_omission_rate": left == 0,
        "balanced_accuracy": positives == 0 or negatives == 0,
        "f1": positives == 0 and selected == 0,
        "mcc": 0 in (positives, negatives, selected, left),
    }.get(quantity, False)


# What the libraries return where the contract says "undefined" (0/0 is undefined, never 0); NaN if not named here.
# fairlearn: a group without positives has a TPR and an FNR of 0, and likewise without negatives. scikit-learn: a
# correlation of 0 where a margin is empty, and the mean over the classes that occur for balanced accuracy.
ZERO_INSTEAD = {"sklearn:mcc", *(f"fairlearn:{name}" for name in FAIRLEARN)}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", [*(f"sklearn:{q}" for q in SCIKIT), *(f"fairlearn:{q}" for q in FAIRLEARN)])
def test_levels_equal_the_library(name: str, weighted: bool) -> None:
    quantity = name.partition(":")[2]
    column = theirs(weighted=weighted)[name]
    assert len(column) == (100 if weighted else TABLES)
    undefined = 0
    for group, expected in column.items():
        finding = ours(weighted=weighted)[quantity][group]
        if undefined_here(quantity, group):
            assert finding.estimate is None
            assert finding.undefined == "no_denominator"
            undefined += 1
            if name == "sklearn:balanced_accuracy":
                present = "true_positive_rate" if margins(group)[0] else "true_negative_rate"
                assert expected == pytest.approx(ours(weighted=weighted)[present][group].estimate)
            else:
                assert expected == 0.0 if name in ZERO_INSTEAD else math.isnan(expected)
        else:
            assert finding.estimate == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert undefined > 3 or quantity in ("selection_rate", "accuracy")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "other"), COMPLEMENTS.items())
def test_complements_add_up_to_one(name: str, other: str, weighted: bool) -> None:
    """FPR = 1 − TNR, FNR = 1 − TPR, FDR = 1 − PPV, FOR = 1 − NPV; the others are held against libraries above."""
    found = ours(weighted=weighted)
    for group, finding in found[name].items():
        complement = found[other][group].estimate
        assert (finding.estimate is None) == (complement is None)
        if finding.estimate is not None and complement is not None:
            assert finding.estimate == pytest.approx(1 - complement, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_base_rates_equal_weighted_means(weighted: bool) -> None:
    """Oracle: numpy's average of the labels."""
    for group, rows in random_tables().groupby("sex"):
        expected = np.average(rows["turned_out"], weights=rows["weight"] if weighted else None)
        assert ours(weighted=weighted)["base_rate"][str(group)].estimate == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_ratios_and_differences_are_of_the_levels(quantity: str, weighted: bool) -> None:
    """g / reference and g − reference, never turned round; undefined where either level is, or the reference is 0."""
    found = ours(weighted=weighted)
    base = found[quantity]["g0"].estimate
    assert base is not None
    assert len(found[f"{quantity}_ratio"]) == TABLES - 1
    for group, level in found[quantity].items():
        if group == "g0":
            continue
        ratio, difference = found[f"{quantity}_ratio"][group], found[f"{quantity}_difference"][group]
        if level.estimate is None:
            assert ratio.estimate is None
            assert difference.estimate is None
        else:
            if base > 0:
                assert ratio.estimate == pytest.approx(level.estimate / base, abs=1e-12)
            else:  # a ratio to a correlation below 0 would turn good and bad round
                assert ratio.undefined == "reference_undefined"
            assert difference.estimate == pytest.approx(level.estimate - base, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_counts_are_those_of_the_confusion_matrix(weighted: bool) -> None:
    """Whole people even where they are weighted: n is the people in the denominator."""
    for group, (positives, negatives, selected, left) in _by_group().items():
        found = {name: by[group].n for name, by in ours(weighted=weighted).items() if group in by}
        assert found["selection_rate"] == found["accuracy"] == positives + negatives
        assert (found["true_positive_rate"], found["true_negative_rate"]) == (positives, negatives)
        assert (found["positive_predictive_value"], found["negative_predictive_value"]) == (selected, left)


# Differences between all groups ------------------------------------------------------------------------------------


def test_gaps_to_a_fixed_reference_bound_fairlearns_all_pairs() -> None:
    """fairlearn's equalized odds difference is max − min over all groups; ours compares each with the reference.

    With two groups they are the same number; with more ours, taken over the groups, is at most theirs.
    """
    frame = random_tables()
    audit = audit_of(
        measures=["equalized_odds_difference", "average_odds_difference"],
        columns={**NO_ROLES, "positive": ["1"]},
        protected={"sex": {"reference": "g0"}},
    )
    usable = [g for g, (p, n, _, _) in _by_group().items() if p and n and g != "g0"][:40]
    for group in usable:
        two = frame[frame["sex"].isin(["g0", group])]
        found = findings_of(audit, cells_of(audit, two))
        truth, decided, sex = two["turned_out"], two["decided"], two["sex"]
        expected = fairlearn.equalized_odds_difference(truth, decided, sensitive_features=sex)
        assert found["equalized_odds_difference"][0].estimate == pytest.approx(expected, abs=1e-12)
        mean = fairlearn.equalized_odds_difference(truth, decided, sensitive_features=sex, agg="mean")
        assert abs(found["average_odds_difference"][0].estimate or 0) <= mean + 1e-12
    several = frame[frame["sex"].isin(["g0", *usable])]
    found = findings_of(audit, cells_of(audit, several))
    largest = max(f.estimate for f in found["equalized_odds_difference"] if f.estimate is not None)
    assert largest <= fairlearn.equalized_odds_difference(
        several["turned_out"], several["decided"], sensitive_features=several["sex"]
    )


# Scores --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_score_measures_equal_scikit_learn(weighted: bool) -> None:
    """AUC, Brier score and log loss of 200 groups with scores on the grid of .001; ends of the grid at a quarter step."""
    random = np.random.default_rng(5)
    size = 8_000
    score = np.round(random.beta(0.5, 0.5, size), 3)
    truth = (random.random(size) < score * 0.8 + 0.1).astype(int)
    frame = pd.DataFrame({"sex": [f"g{i % 200}" for i in range(size)], "score": score, "turned_out": truth})
    frame["weight"] = random.integers(1, 300, size) / 100
    names = ["auc", "brier", "log_loss"]
    columns = {
        **NO_ROLES,
        "decision": None,
        "score": "score",
        "positive": ["1"],
        "weight": "weight" if weighted else None,
    }
    audit = audit_of(measures=names, columns=columns, protected={"sex": {"reference": "g0"}})
    found = {
        name: {finding.group: finding for finding in findings}
        for name, findings in findings_of(audit, cells_of(audit, frame, engine="duckdb")).items()
    }
    for group, rows in frame.groupby("sex"):
        weights = rows["weight"] if weighted else None
        inner = rows["score"].clip(0.00025, 0.99975)
        expected = {
            "auc": sk.roc_auc_score(rows["turned_out"], rows["score"], sample_weight=weights),
            "brier": sk.brier_score_loss(rows["turned_out"], rows["score"], sample_weight=weights),
            "log_loss": sk.log_loss(rows["turned_out"], inner, sample_weight=weights),
        }
        for name, value in expected.items():
            assert found[name][str(group)].estimate == pytest.approx(value, rel=1e-12), (name, group)


def test_a_group_of_one_class_has_no_auc_where_scikit_learn_has_nan() -> None:
    frame = pa.table(
        {
            "sex": ["g0"] * 4 + ["g1"] * 3,
            "score": [0.1, 0.4, 0.6, 0.9, 0.2, 0.3, 0.4],
            "turned_out": [0, 1, 0, 1, 1, 1, 1],
        }
    )
    columns = {**NO_ROLES, "decision": None, "score": "score", "positive": ["1"]}
    audit = audit_of(measures=["auc", "auc_ratio"], columns=columns, protected={"sex": {"reference": "g0"}})
    found = findings_of(audit, cells_of(audit, frame))
    assert [finding.estimate for finding in found["auc"]] == [0.75, None]
    assert found["auc_ratio"][0].undefined == "no_denominator"
    with pytest.warns(sklearn.exceptions.UndefinedMetricWarning):
        assert math.isnan(sk.roc_auc_score([1, 1, 1], [0.2, 0.3, 0.4]))
