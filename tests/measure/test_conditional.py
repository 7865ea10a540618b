"""Rates within strata against published numbers, statsmodels and pandas; what keeps them from deciding."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from evenhand.measure import MEASURES
from evenhand.measure.proportions import PROPORTIONS
from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.roles import Sources

BERKELEY = Path(__file__).parents[2] / "sample_data" / "published" / "berkeley_1973" / "rows.csv"
HEAD = """\
version: 1
model: {{name: m, version: 1, kind: {kind}}}
purpose: p
columns: {{{columns}}}
polarity: {polarity}
protected: {{sex: {{reference: male}}}}
factors: {{department: {{why: places are given out by department}}}}
{more}checks:
"""
ADMITTED = "decision: admitted, selected: yes"
SELECTION = (
    "conditional_selection_ratio",
    "standardised_selection_ratio",
    "standardised_selection_difference",
)
RATES = {
    "true_positive_rate": (
        "conditional_true_positive_rate_ratio",
        "standardised_true_positive_rate_ratio",
        "standardised_true_positive_rate_difference",
    ),
    "true_negative_rate": (
        "conditional_true_negative_rate_ratio",
        "standardised_true_negative_rate_ratio",
        "standardised_true_negative_rate_difference",
    ),
    "false_positive_rate": (
        "conditional_false_positive_rate_ratio",
        "standardised_false_positive_rate_ratio",
        "standardised_false_positive_rate_difference",
    ),
    "false_negative_rate": (
        "conditional_false_negative_rate_ratio",
        "standardised_false_negative_rate_ratio",
        "standardised_false_negative_rate_difference",
    ),
    "positive_predictive_value": (
        "conditional_positive_predictive_value_ratio",
        "standardised_positive_predictive_value_ratio",
        "standardised_positive_predictive_value_difference",
    ),
    "negative_predictive_value": (
        "conditional_negative_predictive_value_ratio",
        "standardised_negative_predictive_value_ratio",
        "standardised_negative_predictive_value_difference",
    ),
    "false_discovery_rate": (
        "conditional_false_discovery_rate_ratio",
        "standardised_false_discovery_rate_ratio",
        "standardised_false_discovery_rate_difference",
    ),
    "false_omission_rate": (
        "conditional_false_omission_rate_ratio",
        "standardised_false_omission_rate_ratio",
        "standardised_false_omission_rate_difference",
    ),
    "accuracy": ("conditional_accuracy_ratio", "standardised_accuracy_ratio", "standardised_accuracy_difference"),
    "base_rate": ("conditional_base_rate_ratio", "standardised_base_rate_ratio", "standardised_base_rate_difference"),
}
EXCEPTIONS = {
    "exception_rate": (
        "conditional_exception_rate_ratio",
        "standardised_exception_rate_ratio",
        "standardised_exception_rate_difference",
    ),
    "surcharge_rate": (
        "conditional_surcharge_rate_ratio",
        "standardised_surcharge_rate_ratio",
        "standardised_surcharge_rate_difference",
    ),
    "discount_rate": (
        "conditional_discount_rate_ratio",
        "standardised_discount_rate_ratio",
        "standardised_discount_rate_difference",
    ),
}


def audited(
    tmp_path: Path,
    rows: Any,
    *metrics: str,
    columns: str = ADMITTED,
    kind: str = "targeting",
    polarity: str = "benefit",
    more: str = "",
    limits: str = "level: report",
    engine: str = "duckdb",
) -> dict[str, Any]:
    """The results document; the ids of the checks are the names of the metrics."""
    path = tmp_path / "evenhand.yaml"
    checks = [f"  - {{id: {re.sub('[@_.]', '-', name)}, metric: {name}, {limits}}}\n" for name in metrics]
    head = HEAD.format(kind=kind, columns=columns, polarity=polarity, more=more)
    path.write_text(head + "".join(checks))
    table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
    return audit_rows(open_audit(path), Sources(table), Options(engine=engine, seed=3)).document


def only(document: Mapping[str, Any], metric: str) -> dict[str, Any]:
    (comparison,) = next(check["comparisons"] for check in document["checks"] if check["metric"] == metric)
    found: dict[str, Any] = comparison
    return found


def beside(document: Mapping[str, Any], metric: str) -> dict[str, float]:
    check = next(check for check in document["checks"] if check["metric"] == metric)
    rows = document["evidence"][check["id"]]["table"]["rows"]
    return {row[1].partition(": ")[2]: row[-1] for row in rows if row[2] == "beside, not judged"}


def by_department(*departments: tuple[int, int, int, int]) -> dict[str, list[str]]:
    """Rows from (women admitted, women, men admitted, men) of each department."""
    rows: dict[str, list[str]] = {"sex": [], "department": [], "admitted": []}
    for place, (women_in, women, men_in, men) in enumerate(departments):
        for sex, admitted, people in (("female", women_in, women), ("male", men_in, men)):
            rows["sex"] += [sex] * people
            rows["department"] += ["ABCDEF"[place]] * people
            rows["admitted"] += ["yes"] * admitted + ["no"] * (people - admitted)
    return rows


# Published --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_berkeley(tmp_path: Path, engine: str) -> None:
    """Bickel, Hammel & O'Connell 1975, numbers of methods.md: MH 1.0583 (.9704 to 1.1541), Breslow-Day 18.83, women
    over men in the men's mix 1.1594, crude ratio .6818."""
    rows = pd.read_csv(BERKELEY, comment="#")
    document = audited(
        tmp_path,
        pa.Table.from_pandas(rows, preserve_index=False),
        *SELECTION,
        columns=ADMITTED + ", count: applicants",
        engine=engine,
    )
    common = only(document, "conditional_selection_ratio")
    interval = common["interval"]
    assert (round(common["estimate"], 4), round(interval["low"], 4), round(interval["high"], 4)) == (
        1.0583,
        0.9704,
        1.1541,
    )
    figures = beside(document, "conditional_selection_ratio")
    assert round(figures["ratio without regard to the factors"], 4) == 0.6818
    assert round(figures["ratio standardised to the reference's mix"], 4) == 1.1594
    assert round(figures["Breslow–Day statistic (Tarone) of one odds ratio in all strata"], 2) == 18.83
    explained = figures["share of that gap which the factors explain, on the log scale"]
    assert explained == pytest.approx(1 - math.log(1.0583) / math.log(0.6818), abs=1e-3)
    assert figures["share of the group in strata with at least 5 people of both"] == 1.0
    own_mix = only(document, "standardised_selection_ratio")["estimate"]
    assert figures["ratio standardised to the group's mix"] == own_mix
    assert common["n"] == 1835
    counts = rows.pivot_table(index="department", columns=["sex", "admitted"], values="applicants", aggfunc="sum")
    women: Any = counts["female"]
    men: Any = counts["male"]
    weights = women.sum(axis=1) * men.sum(axis=1) / (women.sum(axis=1) + men.sum(axis=1))
    for side, shown in ((women, "value"), (men, "value_reference")):
        mean = (weights * side["yes"] / side.sum(axis=1)).sum() / weights.sum()
        assert common[shown] == pytest.approx(mean, rel=1e-12)
    assert common["value"] / common["value_reference"] == pytest.approx(common["estimate"], rel=1e-12)


# Other libraries --------------------------------------------------------------------------------------------------

RNG = np.random.Generator(np.random.PCG64(12))
SIZE = 1500
FRAME = pd.DataFrame(
    {
        "sex": np.where(RNG.random(SIZE) < 0.4, "female", "male"),
        "department": RNG.choice(["A", "B", "C"], SIZE),
    }
)
FRAME["admitted"] = np.where(RNG.random(SIZE) < 0.3 + 0.15 * (FRAME["department"] == "A"), "yes", "no")
FRAME["finished"] = np.where(RNG.random(SIZE) < 0.5 + 0.2 * (FRAME["admitted"] == "yes"), "yes", "no")
FRAME["weight"] = RNG.integers(1, 4, SIZE).astype(float)


def cases_and_among(name: str) -> tuple[Any, Any]:
    """A rate by its definition in a textbook."""
    d, y = FRAME["admitted"] == "yes", FRAME["finished"] == "yes"
    everyone = pd.Series(True, index=FRAME.index)
    return {
        "selection_rate": (d, everyone),
        "true_positive_rate": (d & y, y),
        "true_negative_rate": (~d & ~y, ~y),
        "false_positive_rate": (d & ~y, ~y),
        "false_negative_rate": (~d & y, y),
        "positive_predictive_value": (d & y, d),
        "negative_predictive_value": (~d & ~y, ~d),
        "false_discovery_rate": (d & ~y, d),
        "false_omission_rate": (~d & y, ~d),
        "accuracy": (d == y, everyone),
        "base_rate": (y, everyone),
    }[name]


@pytest.fixture(scope="module", params=["plain", "weighted"])
def random_audit(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, dict[str, Any]]:
    names = [*SELECTION, *(name for names in RATES.values() for name in names)]
    columns = f"{ADMITTED}, label: finished, positive: yes"
    columns += ", weight: weight" if request.param == "weighted" else ""
    rows = pa.Table.from_pandas(FRAME, preserve_index=False)
    weight = FRAME["weight"] if request.param == "weighted" else pd.Series(1.0, index=FRAME.index)
    return weight, audited(tmp_path_factory.mktemp("random"), rows, *names, columns=columns)


@pytest.mark.parametrize("rate", ["selection_rate", *RATES])
def test_rates_within_strata_are_those_of_statsmodels_and_pandas(
    random_audit: tuple[Any, dict[str, Any]], rate: str
) -> None:
    """Mantel-Haenszel: StratifiedTable.riskratio_pooled; standardisation: rates by stratum, women's mix, in pandas."""
    weight, document = random_audit
    plain = (weight == 1).all()
    cases, among = cases_and_among(rate)
    cells = FRAME.assign(w=weight * among, y=weight * (cases & among)).groupby(["department", "sex"])[["y", "w"]].sum()
    y, w = cells["y"].unstack(), cells["w"].unstack()
    by_stratum, mix = y / w, w["female"] / w["female"].sum()
    ours, theirs = ((by_stratum[sex] * mix).sum() for sex in ("female", "male"))
    common, ratio, gap = (only(document, name) for name in RATES.get(rate, SELECTION))
    assert ratio["estimate"] == pytest.approx(ours / theirs, rel=1e-9)
    assert gap["estimate"] == pytest.approx(ours - theirs, abs=1e-9)
    assert (ratio["value"], ratio["value_reference"]) == (pytest.approx(ours), pytest.approx(theirs))
    variance = sum(
        mix[s] ** 2 * by_stratum[sex][s] * (1 - by_stratum[sex][s]) / w[sex][s] for s in mix.index for sex in by_stratum
    )
    assert common["interval"] is not None
    if not plain:
        return
    half = (gap["interval"]["high"] - gap["interval"]["low"]) / 2
    assert half == pytest.approx(1.959964 * math.sqrt(variance), rel=1e-6)
    tables = [[[y[sex][s], w[sex][s] - y[sex][s]] for sex in ("female", "male")] for s in mix.index]
    oracle = StratifiedTable(tables)
    assert common["estimate"] == pytest.approx(oracle.riskratio_pooled, rel=1e-12)
    figures = beside(document, RATES.get(rate, SELECTION)[0])
    same, agree = oracle.test_null_odds(correction=False), oracle.test_equal_odds(adjust=True)
    assert figures["p of no difference in any stratum (Cochran–Mantel–Haenszel)"] == pytest.approx(same.pvalue)
    assert figures["its p"] == pytest.approx(agree.pvalue, rel=1e-6)


def test_every_rate_of_people_has_its_three_and_missing_data_have_none() -> None:
    stems = {p.name.replace("selection_rate", "selection") for p in PROPORTIONS if not p.name.startswith("missing")}
    assert {"selection", *RATES, *EXCEPTIONS} == stems
    for stem in stems:
        for name in (f"conditional_{stem}_ratio", f"standardised_{stem}_ratio", f"standardised_{stem}_difference"):
            assert "factors" in MEASURES[name].roles
    assert not [name for name in MEASURES if "missing" in name and name.startswith(("conditional", "standardised"))]


# What keeps it from deciding --------------------------------------------------------------------------------------


def test_like_for_like_parity_passes_where_the_raw_ratio_fails(tmp_path: Path) -> None:
    """Half of everyone is admitted in A, a tenth in B, and women apply to B: raw .18/.42 = .4286, like for like 1."""
    rows = by_department((500, 1000, 2000, 4000), (400, 4000, 100, 1000))
    limits = "min: 0.8, level: error"
    document = audited(tmp_path, rows, "selection_rate_ratio", *SELECTION[:2], limits=limits)
    assert [check["status"] for check in document["checks"]] == ["fail", "pass", "pass"]
    assert only(document, "conditional_selection_ratio")["estimate"] == 1.0
    assert beside(document, "conditional_selection_ratio")["ratio without regard to the factors"] == pytest.approx(
        (900 / 5000) / (2100 / 5000)
    )


def test_too_little_overlap_withholds_a_standardised_rate_and_not_the_common_ratio(tmp_path: Path) -> None:
    """60 of 100 women are in a department of women only: 40% of them can be compared."""
    rows = by_department((20, 40, 100, 200), (30, 60, 0, 0))
    document = audited(tmp_path, rows, "standardised_selection_difference", limits="min: -0.9")
    (check,) = document["checks"]
    assert check["status"] == "inconclusive"
    (comparison,) = check["comparisons"]
    assert comparison["reason"]["code"] == "withheld"
    assert "only 40% of the group's people are in strata with at least 5 people" in comparison["reason"]["text"]
    assert "asks for 80%" in comparison["reason"]["text"]
    document = audited(tmp_path, rows, "conditional_selection_ratio", limits="min: 0.5")
    assert document["checks"][0]["status"] == "pass"
    figures = beside(document, "conditional_selection_ratio")
    assert figures["share of the group in strata with at least 5 people of both"] == 0.4


def test_a_group_of_which_nobody_is_a_case_can_fail(tmp_path: Path) -> None:
    """Nobody of 600 is the strongest evidence there is. One department: the score test of the plain ratio."""
    rows = by_department((0, 300, 150, 300), (0, 300, 60, 300))
    judged = audited(tmp_path, rows, "conditional_selection_ratio", limits="min: 0.8")
    assert judged["checks"][0]["status"] == "fail"
    common = only(judged, "conditional_selection_ratio")
    assert (common["estimate"], common["interval"]["low"]) == (0.0, 0.0)
    assert common["interval"]["high"] < 0.05
    gap = only(audited(tmp_path, rows, *SELECTION), "standardised_selection_difference")
    assert gap["estimate"] == pytest.approx(-0.35)
    assert gap["interval"]["high"] < -0.25
    judged = audited(tmp_path, rows, "standardised_selection_difference", limits="min: -0.1")
    assert judged["checks"][0]["status"] == "fail"
    alone = audited(tmp_path, by_department((0, 300, 150, 300)), *SELECTION[:1], "selection_rate_ratio")
    same = [only(alone, name)["interval"] for name in ("conditional_selection_ratio", "selection_rate_ratio")]
    assert same[0]["high"] == pytest.approx(same[1]["high"], rel=1e-9)


def test_a_reference_of_which_nobody_is_a_case_is_unbounded_and_can_fail(tmp_path: Path) -> None:
    rows = by_department((150, 300, 0, 300), (60, 300, 0, 300))
    judged = audited(tmp_path, rows, "conditional_selection_ratio", polarity="burden", limits="max: 1.25")
    assert judged["checks"][0]["status"] == "fail"
    common = only(judged, "conditional_selection_ratio")
    assert (common["interval"]["high"], common["interval"]["unbounded"]) == (None, True)
    assert common["interval"]["low"] > 20
    passed = audited(tmp_path, rows, "conditional_selection_ratio", limits="min: 0.8")
    assert passed["checks"][0]["status"] == "inconclusive", "an estimate without an end does not pass"


def test_few_people_without_a_case_say_how_many_would_decide(tmp_path: Path) -> None:
    rows = by_department((0, 20, 15, 200), (0, 20, 10, 200))
    judged = audited(tmp_path, rows, "conditional_selection_ratio", limits="min: 0.8")
    common = only(judged, "conditional_selection_ratio")
    assert common["status"] == "inconclusive"
    assert common["needs_n"] > 1000


def test_everyone_selected_is_vacuous(tmp_path: Path) -> None:
    rows = by_department((50, 50, 50, 50), (60, 60, 60, 60))
    document = audited(tmp_path, rows, *SELECTION[:2], limits="min: 0.8")
    assert {(c["status"], c["reason"]["code"]) for c in document["checks"]} == {("inconclusive", "vacuous")}


def test_few_expected_cases_withhold_a_pass_as_for_the_plain_ratio(tmp_path: Path) -> None:
    """100 women at the men's rate of 2%: 2 expected cases, below the floor of 20."""
    rows = by_department((4, 100, 200, 10_000))
    document = audited(tmp_path, rows, "conditional_selection_ratio", limits="min: 0.5")
    (comparison,) = document["checks"][0]["comparisons"]
    assert (comparison["status"], comparison["reason"]["code"]) == ("inconclusive", "min_expected")


def test_people_with_several_rows_have_estimates_and_no_interval(tmp_path: Path) -> None:
    rows = by_department((20, 80, 40, 80), (30, 60, 30, 60))
    rows["who"] = [str(i // 2) for i in range(len(rows["sex"]))]
    document = audited(tmp_path, rows, *SELECTION, columns=ADMITTED + ", unit: who")
    plain = audited(tmp_path, by_department((20, 80, 40, 80), (30, 60, 30, 60)), *SELECTION)
    for name in SELECTION:
        assert only(document, name)["interval"] is None
        assert only(document, name)["estimate"] == only(plain, name)["estimate"]
    assert "its p" not in beside(document, "conditional_selection_ratio")


def test_a_missing_factor_is_a_stratum_of_its_own(tmp_path: Path) -> None:
    rows: dict[str, Any] = by_department((20, 80, 40, 80), (30, 60, 30, 60))
    named = only(audited(tmp_path, rows, SELECTION[0]), SELECTION[0])
    rows["department"] = [None if d == "B" else d for d in rows["department"]]
    assert only(audited(tmp_path, rows, SELECTION[0]), SELECTION[0])["estimate"] == named["estimate"]


@pytest.mark.parametrize("rate", EXCEPTIONS)
def test_exceptions_from_the_list_price_are_rates_too(tmp_path: Path, rate: str) -> None:
    """Women pay another price in 20 of 80 and 30 of 60, men in 10 of 80 and 15 of 60: twice as often in both strata.

    In the women's mix: (80·.25 + 60·.5)/140 − (80·.125 + 60·.25)/140 = 25/140.
    """
    rows = by_department((20, 80, 10, 80), (30, 60, 15, 60))
    other = 99.0 if rate == "discount_rate" else 101.0
    prices = [other if admitted == "yes" else 100.0 for admitted in rows["admitted"]]
    table = {"sex": rows["sex"], "department": rows["department"], "price": prices, "listed": [100.0] * len(prices)}
    columns, kind = "price: price, list_price: listed", "pricing"
    document = audited(tmp_path, table, *EXCEPTIONS[rate], columns=columns, kind=kind, polarity="burden")
    found = [only(document, name)["estimate"] for name in EXCEPTIONS[rate]]
    assert found == pytest.approx([2.0, 2.0, 25 / 140])


def test_without_a_common_stratum_there_is_no_rate_to_show(tmp_path: Path) -> None:
    """Women apply to one department, men to the other."""
    rows = by_department((20, 40, 0, 0), (0, 0, 20, 40))
    ratios = SELECTION[:2]
    document = audited(tmp_path, rows, *ratios, limits="min: 0.8")
    for name in ratios:
        comparison = only(document, name)
        assert (comparison["value"], comparison["value_reference"], comparison["estimate"]) == (None, None, None)
        assert comparison["reason"]["code"] == "no_denominator"
        assert re.fullmatch("no stratum has (at least 5 )?people of both groups", comparison["reason"]["text"])
