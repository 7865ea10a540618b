"""Mean and geometric prices and standardised differences: published fixtures, scipy, statsmodels, sums over rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
from scipy import stats
from small_audits import COLUMNS, audit_of, audited, cells_of, findings_of
from statsmodels.stats._delta_method import NonlinearDeltaCov

from evenhand.config.loader import Audit
from evenhand.measure.prices import APPROXIMATE

A, B = [100, 120, 130, 150, 200], [90, 100, 110, 115, 160, 125]
PRICING = {"name": "m", "version": "1", "kind": "pricing"}
SMD = (
    "standardized_mean_difference_pooled",
    "standardized_mean_difference_average",
    "standardized_mean_difference_reference",
    "standardized_mean_difference_whole_sample",
)
EVERY = [
    "mean_price",
    "mean_price_ratio",
    "mean_price_difference",
    "geometric_price",
    "geometric_price_ratio",
    "geometric_price_difference",
    *SMD,
    "missing_price_rate",
]


def priced(columns: Mapping[str, Any] | None = None, **changes: Any) -> Audit:
    """An audit of prices, of every measure here unless it has `measures` or `checks`."""
    return audit_of(
        measures=changes.pop("measures", EVERY),
        columns={**dict.fromkeys(COLUMNS), "price": "price", **(columns or {})},
        model=PRICING,
        polarity="burden",
        population={},
        protected={"sex": {"reference": "m"}},
        **changes,
    )


def document(
    rows: Mapping[str, Any], *, columns: Mapping[str, Any] | None = None, engine: str = "duckdb", **changes: Any
) -> dict[str, Any]:
    return audited(priced(columns, **changes), pa.table(dict(rows)), engine=engine).document


def reasons(rows: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> dict[tuple[str, str], str | None]:
    """(metric, group) -> why it has no interval."""
    audit = priced(columns)
    found = findings_of(audit, cells_of(audit, pa.table(dict(rows)), engine="duckdb"))
    return {(name, finding.group): finding.undefined for name, by in found.items() for finding in by}


def comparisons(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Metric -> group -> comparison."""
    return {check["metric"]: {c["group"]: c for c in check["comparisons"]} for check in found["checks"]}


def two_groups(ours: list[Any], theirs: list[Any]) -> dict[str, Any]:
    return {"price": [*ours, *theirs], "sex": ["f"] * len(ours) + ["m"] * len(theirs)}


def half_width(comparison: Mapping[str, Any]) -> float:
    return float(comparison["interval"]["high"] - comparison["interval"]["low"]) / 2


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_the_fixture_of_the_specification(engine: str) -> None:
    """metrics.md: ratio 1.2, gap 23.3333, Welch p .277936, log gap .171516, SMD .746910, .729404, .728165."""
    found = comparisons(document(two_groups(A, B), engine=engine))
    assert found["mean_price"]["f"]["estimate"] == 140
    assert found["mean_price_ratio"]["f"]["estimate"] == pytest.approx(1.2)
    gap = found["mean_price_difference"]["f"]
    assert gap["estimate"] == pytest.approx(70 / 3)
    assert gap["p"]["parity"] == pytest.approx(0.277936, abs=1e-6)
    assert math.log(found["geometric_price_ratio"]["f"]["estimate"]) == pytest.approx(0.171516, abs=1e-6)
    sizes = (0.746910, 0.729404, 70 / 3 / np.std(B, ddof=1), 0.728165)
    for name, size in zip(SMD, sizes, strict=True):
        assert found[name]["f"]["estimate"] == pytest.approx(size, abs=1e-6)
        assert found[name]["f"]["value"] == 140


def test_intervals_are_those_of_scipy() -> None:
    found = comparisons(document(two_groups(A, B)))
    welch = stats.ttest_ind(A, B, equal_var=False).confidence_interval(0.95)
    interval = found["mean_price_difference"]["f"]["interval"]
    assert (interval["low"], interval["high"]) == pytest.approx((welch.low, welch.high), rel=1e-9)
    own = stats.ttest_1samp(A, 0).confidence_interval(0.95)
    interval = found["mean_price"]["f"]["interval"]
    assert (interval["low"], interval["high"]) == pytest.approx((own.low, own.high), rel=1e-9)
    logs = stats.ttest_ind(np.log(A), np.log(B), equal_var=False).confidence_interval(0.95)
    interval = found["geometric_price_ratio"]["f"]["interval"]
    assert (interval["low"], interval["high"]) == pytest.approx((math.exp(logs.low), math.exp(logs.high)), rel=1e-9)


def test_the_difference_of_geometric_means_by_the_delta_method_of_statsmodels() -> None:
    """Oracles: scipy.stats.gmean for the means, statsmodels' NonlinearDeltaCov for the standard error; t as Welch's."""
    own = comparisons(document(two_groups(A, B)))["geometric_price_difference"]["f"]
    means = [float(stats.gmean(prices)) for prices in (A, B)]
    assert own["estimate"] == pytest.approx(means[0] - means[1], rel=1e-12)
    assert (own["value"], own["value_reference"]) == pytest.approx(tuple(means))
    variances = [float(stats.sem(np.log(prices))) ** 2 for prices in (A, B)]
    delta = NonlinearDeltaCov(lambda m: np.exp(m[:1]) - np.exp(m[1:]), np.log(means), np.diag(variances))
    parts = [mean**2 * variance for mean, variance in zip(means, variances, strict=True)]
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (len(A) - 1) + parts[1] ** 2 / (len(B) - 1))
    error = math.sqrt(float(delta.cov()[0, 0]))
    assert half_width(own) == pytest.approx(stats.t.ppf(0.975, freedom) * error, rel=1e-6)


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_prices_of_zero_and_below_are_noted_under_data(engine: str) -> None:
    """hostile.md: negative and zero prices are summed as they stand, and said; here two of each, whatever is asked."""
    rows = two_groups([-1.0, 0.0, 100.0, 120.0, None], [-250.5, 0.0, 110.0, 130.0, math.nan])
    found = document(rows, engine=engine, measures=["mean_price_ratio"])
    notes = {note["code"]: note for note in found["data"]["notes"] if note["code"].endswith("_price")}
    assert {code: note["rows"] for code, note in notes.items()} == {"negative_price": 2, "zero_price": 2}
    assert notes["negative_price"]["text"].startswith("rows whose `price` is negative: ")
    assert notes["zero_price"]["text"].startswith("rows whose `price` is zero: ")
    above = document(two_groups(A, B), engine=engine, measures=["mean_price_ratio"])
    assert not [note for note in above["data"]["notes"] if note["code"].endswith("_price")]


def test_the_alias_is_the_pooled_difference() -> None:
    found = document(two_groups(A, B), measures=["standardized_mean_difference"])
    assert [check["metric"] for check in found["checks"]] == ["standardized_mean_difference_pooled"]


def test_prices_that_are_missing_or_not_above_zero() -> None:
    """Mean of the four finite prices of women (100 + 121 + 0 − 21)/4 = 50; geometric √(100·121) = 110, two left out."""
    women = [100.0, 121.0, 0.0, -21.0, None, math.nan, math.inf]
    found = document(two_groups(women, [100.0, 110.0, 120.0]))
    by = comparisons(found)
    assert by["mean_price"]["f"]["estimate"] == 50
    assert by["mean_price"]["f"]["n"] == 4
    assert by["geometric_price"]["f"]["estimate"] == pytest.approx(110)
    assert by["geometric_price"]["f"]["n"] == 2
    assert by["missing_price_rate"]["f"]["estimate"] == pytest.approx(3 / 7)
    table = found["evidence"]["check-3"]["table"]
    assert "left_out" in str(table)
    assert by["geometric_price"]["m"]["estimate"] == pytest.approx(stats.gmean([100, 110, 120]))


def test_a_group_without_prices_and_prices_that_do_not_vary() -> None:
    rows = two_groups([None, None], [100.0, 100.0, 100.0])
    found, why = comparisons(document(rows)), reasons(rows)
    for name in ("mean_price", "geometric_price", "mean_price_ratio", "standardized_mean_difference_pooled"):
        assert found[name]["f"]["estimate"] is None
        assert why[name, "f"] == "no_denominator"
    assert found["mean_price"]["m"]["estimate"] == 100
    assert why["mean_price", "m"] == why["geometric_price", "m"] == "no_interval"


def random_prices(seed: int, size: int) -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng(seed)
    sex = random.choice(["f", "m"], size)
    return {
        "sex": sex,
        "price": np.round(np.exp(random.normal(np.where(sex == "f", 4.1, 4.0), 0.5)), 2),
        "weight": random.integers(1, 300, size) / 100,
        "person": random.integers(0, size // 4, size) * 2 + (sex == "f"),
    }


def test_weighted_means_are_those_of_the_linearised_variance() -> None:
    """m = Σwp/Σw, Var = Σw²(p − m)²/(Σw)² · n_eff/(n_eff − 1): methods.md, over the rows with numpy."""
    rows = random_prices(1, 500)
    found = comparisons(document(rows, columns={"weight": "weight"}))
    estimate, variance, freedom = {}, {}, {}
    for sex in ("f", "m"):
        w, p = (rows[name][rows["sex"] == sex] for name in ("weight", "price"))
        mean, effective = (w @ p) / w.sum(), w.sum() ** 2 / (w @ w)
        estimate[sex] = mean
        variance[sex] = (w**2 @ (p - mean) ** 2) / w.sum() ** 2 * effective / (effective - 1)
        freedom[sex] = effective - 1
        assert found["mean_price"][sex]["estimate"] == pytest.approx(mean, rel=1e-12)
        assert found["mean_price"][sex]["n_effective"] == pytest.approx(effective)
        t = stats.t.ppf(0.975, effective - 1)
        assert half_width(found["mean_price"][sex]) == pytest.approx(t * math.sqrt(variance[sex]), rel=1e-9)
    total = variance["f"] + variance["m"]
    df = total**2 / sum(variance[sex] ** 2 / freedom[sex] for sex in ("f", "m"))
    gap = found["mean_price_difference"]["f"]
    assert gap["estimate"] == pytest.approx(estimate["f"] - estimate["m"], rel=1e-9)
    assert half_width(gap) == pytest.approx(stats.t.ppf(0.975, df) * math.sqrt(total), rel=1e-9)
    logs = {
        sex: np.average(np.log(rows["price"][rows["sex"] == sex]), weights=rows["weight"][rows["sex"] == sex])
        for sex in ("f", "m")
    }
    assert math.log(found["geometric_price_ratio"]["f"]["estimate"]) == pytest.approx(logs["f"] - logs["m"], rel=1e-9)


def test_people_with_several_rows_have_the_variance_of_a_clustered_regression() -> None:
    """statsmodels' OLS on a constant, clustered by person, times u/(u − 1); measures of the distribution have none."""
    rows = random_prices(2, 600)
    found = comparisons(document(rows, columns={"unit": "person"}))
    for sex in ("f", "m"):
        p, person = (rows[name][rows["sex"] == sex] for name in ("price", "person"))
        fit = sm.OLS(p, np.ones(len(p))).fit(cov_type="cluster", cov_kwds={"groups": person, "use_correction": False})
        own, units = found["mean_price"][sex], len(set(person))
        assert own["estimate"] == pytest.approx(fit.params[0], rel=1e-12)
        assert own["n"] == units
        t = stats.t.ppf(0.975, units - 1)
        variance = float(np.asarray(fit.cov_params())[0, 0]) * units / (units - 1)
        assert half_width(own) == pytest.approx(t * math.sqrt(variance), rel=1e-9)
    why = reasons(rows, {"unit": "person"})
    for name in ("geometric_price_ratio", "standardized_mean_difference_pooled"):
        assert found[name]["f"]["estimate"] is not None
        assert found[name]["f"]["interval"] is None
        assert why[name, "f"] == "units_unclear"
    assert why["mean_price", "f"] is None


def test_few_people_with_skewed_prices_are_called_approximate() -> None:
    """One in ten of forty people pays 11 times as much: skewness 2.67, so 178 people would be enough (Cochran)."""
    skewed = [100.0] * 36 + [1100.0] * 4
    assert 25 * stats.skew(skewed) ** 2 == pytest.approx(177.8, abs=0.1)
    texts = [w["text"] for w in document(two_groups(skewed, A), measures=["mean_price_ratio"])["warnings"]]
    assert any(APPROXIMATE in text for text in texts)
    many = [100.0, 110.0] * 200
    texts = [w["text"] for w in document(two_groups(many, many), measures=["mean_price_ratio"])["warnings"]]
    assert not any(APPROXIMATE in text for text in texts)


def test_a_limit_on_the_wrong_side_of_a_burden_is_refused() -> None:
    from evenhand.errors import AuditFileError

    for metric, limit in (("mean_price_ratio", {"min": 0.9}), ("mean_price_difference", {"min": -5})):
        with pytest.raises(AuditFileError, match="wrong side"):
            document(two_groups(A, B), checks=[{"id": "x", "metric": metric, **limit, "why": "agreed"}])


def test_a_coarsened_grid_stands_at_the_middle_of_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """1.00 and 1.03 share the step 1.00 … 1.09, whose middle is 1.045; means of the cells stay exact."""
    monkeypatch.setattr("evenhand.tally.coarsening.MAX_VALUE_CELLS", 4)
    women, men = [1.00, 1.03, 1.27, 2.00], [1.0, 1.0]
    found = comparisons(document(two_groups(women, men)))
    middles = [1.045, 1.045, 1.245, 2.045]
    assert found["geometric_price"]["f"]["estimate"] == pytest.approx(stats.gmean(middles), rel=1e-12)
    assert found["standardized_mean_difference_pooled"]["f"]["value"] == pytest.approx(np.mean(middles))
    assert found["mean_price"]["f"]["estimate"] == pytest.approx(1.325)


@pytest.mark.parametrize("engine", ["duckdb", "plain"])
def test_groups_that_are_shares_of_each_row(engine: str) -> None:
    """Estimated membership: every sum is Σp·(…), its variance Σp²(y − μ)²/(Σp)² · n_eff/(n_eff − 1)."""
    random = np.random.default_rng(3)
    share = random.integers(0, 101, 300) / 100
    price = random.integers(5_000, 15_000, 300) / 100
    audit = audit_of(
        measures=EVERY,
        columns={**dict.fromkeys(COLUMNS), "price": "price"},
        model=PRICING,
        polarity="burden",
        population={},
        protected={"sex": {"probabilities": {"f": "p_f", "m": "p_m"}, "reference": "m"}},
    )
    rows = pa.table({"price": price, "p_f": share, "p_m": np.round(1 - share, 2)})
    found = comparisons(audited(audit, rows, engine=engine).document)
    for sex, w in (("f", share), ("m", np.round(1 - share, 2))):
        mean, effective = float(w @ price / w.sum()), float(w.sum() ** 2 / (w @ w))
        variance = float(w**2 @ (price - mean) ** 2) / w.sum() ** 2 * effective / (effective - 1)
        own = found["mean_price"][sex]
        assert own["estimate"] == pytest.approx(mean, rel=1e-9)
        assert half_width(own) == pytest.approx(stats.t.ppf(0.975, effective - 1) * math.sqrt(variance), rel=1e-9)
        logs = np.exp(np.average(np.log(price), weights=w))
        assert found["geometric_price"][sex]["estimate"] == pytest.approx(logs, rel=1e-9)
