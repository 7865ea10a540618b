"""Distributions of prices against scipy and numpy: distances, quantile ratios, and shares above a cut."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from evenhand.measure import MEASURES
from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.roles import Sources
from evenhand.tally import coarsening

HEAD = """\
version: 1
model: {{name: m, version: 1, kind: pricing}}
purpose: p
columns: {{price: premium{columns}}}
protected: {{sex: {sex}}}
checks:
"""
METRICS = (
    "wasserstein",
    "wasserstein_more",
    "wasserstein_less",
    "ks_distance",
    "quantile_ratio_curve",
    "score_rate",
    "score_rate_ratio",
    "score_rate_difference",
    "score_rate@250",
    "score_rate@250_ratio",
    "score_rate@250_difference",
)
RNG = np.random.Generator(np.random.PCG64(7))
SEX = np.where(RNG.random(800) < 0.4, "f", "m")
PREMIUM = np.round(np.exp(RNG.normal(5.4, 0.5, 800)) * np.where(SEX == "f", 1.1, 1.0), 2)
WEIGHT = RNG.integers(1, 5, 800).astype(float)


def audited(
    tmp_path: Path,
    rows: Mapping[str, Any],
    *metrics: str,
    columns: str = "",
    sex: str = "{reference: m}",
    engine: str = "duckdb",
    limits: str = "level: report",
) -> dict[str, Any]:
    """The results document of an audit that reports these metrics, their names being the ids of the checks."""
    path = tmp_path / "evenhand.yaml"
    ids = [re.sub("[@_.]", "-", name) for name in metrics]
    checks = [f"  - {{id: {i}, metric: {name}, {limits}}}\n" for i, name in zip(ids, metrics, strict=True)]
    path.write_text(HEAD.format(columns=columns, sex=sex) + "".join(checks))
    return audit_rows(open_audit(path), Sources(pa.table(dict(rows))), Options(engine=engine, seed=3)).document


def found(document: Mapping[str, Any], metric: str) -> list[dict[str, Any]]:
    return next(check["comparisons"] for check in document["checks"] if check["metric"] == metric)


def only(document: Mapping[str, Any], metric: str) -> dict[str, Any]:
    (comparison,) = found(document, metric)
    return comparison


def beside(document: Mapping[str, Any], metric: str) -> dict[str, float]:
    check = next(check for check in document["checks"] if check["metric"] == metric)
    rows = document["evidence"][check["id"]]["table"]["rows"]
    return {row[1]: row[-1] for row in rows if row[2] == "beside, not judged"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return audited(tmp_path_factory.mktemp("plain"), {"sex": SEX, "premium": PREMIUM}, *METRICS)


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    rows = {"sex": SEX, "premium": PREMIUM, "w": WEIGHT}
    return audited(tmp_path_factory.mktemp("weighted"), rows, *METRICS, columns=", weight: w")


# Distances --------------------------------------------------------------------------------------------------------


def test_signed_burden_by_hand(tmp_path: Path) -> None:
    """metrics.md: prices 1 and 5 against 2 and 3: W 1.5, more 1.0, less −.5, gap .5."""
    document = audited(tmp_path, {"sex": ["f", "f", "m", "m"], "premium": [1.0, 5.0, 2.0, 3.0]}, *METRICS[:4])
    assert only(document, "wasserstein")["estimate"] == 1.5
    assert only(document, "wasserstein_more")["estimate"] == 1.0
    assert only(document, "wasserstein_less")["estimate"] == -0.5
    assert only(document, "wasserstein")["value"] - only(document, "wasserstein")["value_reference"] == 0.5


def test_kolmogorov_smirnov_fixture(tmp_path: Path) -> None:
    """metrics.md: .466667 for five prices against six."""
    ours, theirs = [100.0, 120.0, 130.0, 150.0, 200.0], [90.0, 100.0, 110.0, 115.0, 160.0, 125.0]
    rows = {"sex": ["f"] * 5 + ["m"] * 6, "premium": ours + theirs}
    assert only(audited(tmp_path, rows, "ks_distance"), "ks_distance")["estimate"] == pytest.approx(0.466667, abs=1e-6)


def test_distances_are_scipys(plain: dict[str, Any], weighted: dict[str, Any]) -> None:
    ours, theirs = PREMIUM[SEX == "f"], PREMIUM[SEX == "m"]
    expected = stats.wasserstein_distance(ours, theirs)
    assert only(plain, "wasserstein")["estimate"] == pytest.approx(expected, rel=1e-12)
    assert only(plain, "ks_distance")["estimate"] == pytest.approx(stats.ks_2samp(ours, theirs).statistic, rel=1e-12)
    more, less = (only(plain, f"wasserstein_{part}")["estimate"] for part in ("more", "less"))
    assert more + less == pytest.approx(ours.mean() - theirs.mean(), rel=1e-9)
    assert more - less == pytest.approx(expected, rel=1e-12)
    by_weight = stats.wasserstein_distance(ours, theirs, WEIGHT[SEX == "f"], WEIGHT[SEX == "m"])
    assert only(weighted, "wasserstein")["estimate"] == pytest.approx(by_weight, rel=1e-12)


def test_what_chance_alone_would_give_stands_beside_unweighted_distances(
    plain: dict[str, Any], weighted: dict[str, Any]
) -> None:
    """Oracle: prices shuffled over the groups with numpy and measured with scipy, 2,000 times."""
    random, prices, women = np.random.default_rng(5), PREMIUM.copy(), int((SEX == "f").sum())
    drawn = []
    for _ in range(2000):
        random.shuffle(prices)
        ours, theirs = np.sort(prices[:women]), np.sort(prices[women:])
        drawn.append(stats.wasserstein_distance(ours, theirs))
    shown = beside(plain, "wasserstein")
    assert shown["f: mean if price and group were unrelated"] == pytest.approx(np.mean(drawn), rel=0.05)
    assert shown["f: 95th percentile if price and group were unrelated"] == pytest.approx(
        np.quantile(drawn, 0.95), rel=0.08
    )
    observed = only(plain, "wasserstein")["estimate"]
    share = np.mean(np.array(drawn) >= observed)
    assert shown["f: p, share of 2,000 shuffles at least as far"] == pytest.approx(share, abs=0.05)
    less = beside(plain, "wasserstein_less")
    assert (
        less["f: 5th percentile if price and group were unrelated"]
        < less["f: mean if price and group were unrelated"]
        < 0
    )
    assert len(beside(plain, "ks_distance")) == len(beside(plain, "wasserstein_more")) == 3
    assert beside(weighted, "wasserstein") == {}


def test_distances_have_no_interval_and_are_decided_by_point_alone(tmp_path: Path, plain: dict[str, Any]) -> None:
    assert only(plain, "wasserstein")["interval"] is None
    assert MEASURES["wasserstein"].decide_by == MEASURES["ks_distance"].decide_by == ("point",)
    rows = {"sex": SEX, "premium": PREMIUM}
    judged = audited(tmp_path, rows, "wasserstein_more", limits="max: 1, decide_by: point")
    assert [check["status"] for check in judged["checks"]] == ["fail"]


def test_fine_prices_are_put_together_before_people_are_dealt_again(tmp_path: Path) -> None:
    """8,000 different prices: the null is of steps of .32, and close to the distances on the cent."""
    random = np.random.default_rng(1)
    rows = {"sex": ["f", "m"] * 4000, "premium": np.round(random.permutation(8000) / 100 + 100, 2)}
    shown = beside(audited(tmp_path, rows, "wasserstein"), "wasserstein")
    # Of n and m draws from a uniform of width 80 the mean distance is about .4 · 80 · √(1/n + 1/m) (Brownian bridge:
    # ∫E|B| = √(2/π) · ∫√(t(1−t)) dt = .7979 · π/8 = .3133).
    assert shown["f: mean if price and group were unrelated"] == pytest.approx(
        0.3133 * 80 * np.sqrt(2 / 4000), rel=0.05
    )


# Quantiles --------------------------------------------------------------------------------------------------------


def test_quantile_ratios_are_numpys(plain: dict[str, Any], weighted: dict[str, Any]) -> None:
    quantiles = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    for document, weights in ((plain, np.ones(800)), (weighted, WEIGHT)):
        rows = found(document, "quantile_ratio_curve")
        assert [row["at"]["quantile"] for row in rows] == list(quantiles)
        for row, q in zip(rows, quantiles, strict=True):
            ours, theirs = (
                np.quantile(PREMIUM[sex == SEX], q, method="inverted_cdf", weights=weights[sex == SEX])
                for sex in ("f", "m")
            )
            assert (row["value"], row["value_reference"]) == (pytest.approx(ours), pytest.approx(theirs))
            assert row["estimate"] == pytest.approx(ours / theirs, rel=1e-12)
            assert row["interval"]["low"] < row["estimate"] < row["interval"]["high"]


def test_the_interval_of_a_quantile_ratio_agrees_with_the_bootstrap(plain: dict[str, Any]) -> None:
    random = np.random.default_rng(2)
    median = found(plain, "quantile_ratio_curve")[2]
    ours, theirs = PREMIUM[SEX == "f"], PREMIUM[SEX == "m"]
    drawn = [
        np.median(random.choice(ours, len(ours))) / np.median(random.choice(theirs, len(theirs))) for _ in range(2000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert median["interval"]["low"] == pytest.approx(low, abs=0.02)
    assert median["interval"]["high"] == pytest.approx(high, abs=0.02)


def test_weights_count_as_their_effective_people(weighted: dict[str, Any]) -> None:
    row = found(weighted, "quantile_ratio_curve")[0]
    weights = WEIGHT[SEX == "f"]
    assert row["n_effective"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_every_quantile_of_every_group_is_one_comparison_of_the_check(tmp_path: Path) -> None:
    rows = {"sex": SEX, "premium": PREMIUM}
    document = audited(tmp_path, rows, "quantile_ratio_curve", limits="max: 1.5")
    (check,) = document["checks"]
    assert document["counts"]["comparisons"]["pass"] == len(check["comparisons"]) == 6
    adjusted = [c["p"]["fail_adjusted"] for c in check["comparisons"]]
    assert all(p is not None and p >= c["p"]["fail"] for p, c in zip(adjusted, check["comparisons"], strict=True))


def test_the_report_draws_the_quantile_curve_with_its_band(plain: dict[str, Any]) -> None:
    curve = plain["evidence"]["quantile-ratio-curve"]["curve"]
    assert [line["name"] for line in curve["series"]] == ["f", "f, 95% from", "f, 95% to"]
    rows = found(plain, "quantile_ratio_curve")
    assert curve["series"][0]["points"] == [[row["at"]["quantile"], row["estimate"]] for row in rows]
    assert curve["series"][2]["points"] == [[row["at"]["quantile"], row["interval"]["high"]] for row in rows]


def test_a_reference_quantile_of_nothing_has_no_ratio(tmp_path: Path) -> None:
    rows = {"sex": ["f"] * 40 + ["m"] * 40, "premium": [1.0] * 40 + [0.0] * 20 + [2.0] * 20}
    by_quantile = {
        c["at"]["quantile"]: c for c in found(audited(tmp_path, rows, "quantile_ratio_curve"), "quantile_ratio_curve")
    }
    assert by_quantile[0.5]["estimate"] is None
    assert by_quantile[0.75]["estimate"] == 0.5


# Shares above a cut -----------------------------------------------------------------------------------------------


def share(mask: Any, sex: str, weights: Any) -> float:
    return float(weights[mask & (sex == SEX)].sum() / weights[sex == SEX].sum())


def test_shares_above_the_median_and_above_a_price(plain: dict[str, Any], weighted: dict[str, Any]) -> None:
    for document, weights in ((plain, np.ones(800)), (weighted, WEIGHT)):
        middle = np.median(np.repeat(PREMIUM, weights.astype(int)))
        for metric, cut in (("score_rate", middle), ("score_rate@250", 250.0)):
            rates = {sex: share(cut < PREMIUM, sex, weights) for sex in ("f", "m")}
            levels = {c["group"]: c["estimate"] for c in found(document, metric)}
            assert levels == {sex: pytest.approx(rate, rel=1e-12) for sex, rate in rates.items()}
            ratio, gap = (only(document, f"{metric}_{form}") for form in ("ratio", "difference"))
            assert ratio["estimate"] == pytest.approx(rates["f"] / rates["m"], rel=1e-12)
            assert gap["estimate"] == pytest.approx(rates["f"] - rates["m"], rel=1e-9)
            assert ratio["interval"] is not None


def test_a_price_of_exactly_the_cut_is_not_above_it(tmp_path: Path) -> None:
    rows = {"sex": ["f", "f", "f", "m"], "premium": [0.05, 0.06, 0.04, 0.07]}
    levels = found(audited(tmp_path, rows, "score_rate@0.05"), "score_rate@0.05")
    assert {c["group"]: c["estimate"] for c in levels} == {"f": pytest.approx(1 / 3), "m": 1.0}


def test_only_prices_are_cuts_of_prices() -> None:
    for name in ("score_rate@500", "score_rate@0.05_ratio", "score_rate@12.5_difference"):
        assert MEASURES[name].name == name
    for name in ("score_rate@10%", "score_rate@05", "score_rate@1.50", "selection_rate_at_top@0.5", "score_rate@"):
        assert name not in MEASURES
    assert MEASURES["selection_rate_at_top@10%_ratio"].name == "selection_rate_at_top@10%_ratio"


def test_on_a_coarse_grid_only_whole_steps_above_the_cut_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices of 249.00 to 251.00 in steps of .10: those in the step 250.00 to 250.09 do not count, and it is said."""
    prices = np.round(np.arange(249, 251, 0.01), 2)
    rows = {"sex": ["f", "m"] * 100, "premium": prices}
    exact = audited(tmp_path, rows, "score_rate@250", "score_rate@249.99")
    monkeypatch.setattr(coarsening, "MAX_VALUE_CELLS", 50)
    coarse = audited(tmp_path, rows, "score_rate@250", "score_rate@249.99", "quantile_ratio_curve")
    assert sum(c["estimate"] for c in found(exact, "score_rate@250")) == pytest.approx(0.99)
    assert sum(c["estimate"] for c in found(coarse, "score_rate@250")) == pytest.approx(0.90)
    assert found(coarse, "score_rate@249.99") == found(exact, "score_rate@249.99")
    (said,) = [w["text"] for w in coarse["warnings"] if "steps of 0.1" in w["text"]]
    assert "one step above 250 do not count" in said
    assert found(coarse, "quantile_ratio_curve")[2]["value"] == pytest.approx(249.945)  # the middle of 249.90 to 249.99


def test_nobody_above_the_cut_is_vacuous(tmp_path: Path) -> None:
    rows = {"sex": SEX, "premium": PREMIUM}
    document = audited(tmp_path, rows, "score_rate@99999_ratio", limits="max: 1.2")
    assert (document["checks"][0]["status"], document["checks"][0]["reason"]["code"]) == ("inconclusive", "vacuous")


# However rows come ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["polars", "plain"])
def test_every_engine_says_the_same(tmp_path: Path, engine: str, plain: dict[str, Any]) -> None:
    other = audited(tmp_path, {"sex": SEX, "premium": PREMIUM}, *METRICS, engine=engine)
    assert other["checks"] == plain["checks"]
    assert other["evidence"] == plain["evidence"]


def test_people_with_several_rows_have_estimates_and_no_interval(tmp_path: Path) -> None:
    people = np.repeat(np.arange(400), 2)
    sex = np.repeat(SEX[:400], 2)
    document = audited(tmp_path, {"sex": sex, "premium": PREMIUM, "who": people}, *METRICS, columns=", unit: who")
    for metric in METRICS:
        for row in found(document, metric):
            assert row["estimate"] is not None, metric
            assert row["interval"] is None, metric
    assert {row["n"] for row in found(document, "quantile_ratio_curve")} == {int((SEX[:400] == "f").sum())}
    assert beside(document, "wasserstein") == {}


def test_groups_given_as_shares_count_as_weights(tmp_path: Path, plain: dict[str, Any]) -> None:
    """Shares of 0 and 1 are labels: the same estimates."""
    rows = {"premium": PREMIUM, "p_f": (SEX == "f").astype(float), "p_m": (SEX == "m").astype(float)}
    document = audited(tmp_path, rows, *METRICS, sex="{probabilities: {f: p_f, m: p_m}, reference: m}")
    for metric in METRICS:
        expected = {(c["group"], str(c["at"])): c["estimate"] for c in found(plain, metric)}
        estimates = {(c["group"], str(c["at"])): c["estimate"] for c in found(document, metric)}
        assert estimates == {key: pytest.approx(value, rel=1e-9) for key, value in expected.items()}, metric


def test_prices_that_are_not_known_are_left_out(tmp_path: Path, plain: dict[str, Any]) -> None:
    rows = {"sex": [*SEX, "f", "m"], "premium": [*PREMIUM, None, float("nan")]}
    document = audited(tmp_path, rows, "wasserstein", "score_rate", "quantile_ratio_curve")
    for metric in ("wasserstein", "score_rate", "quantile_ratio_curve"):
        assert [c["estimate"] for c in found(document, metric)] == [c["estimate"] for c in found(plain, metric)]
