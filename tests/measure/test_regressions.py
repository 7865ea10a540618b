"""Price regressions through whole audits, against statsmodels on the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels.api as sm
from price_audits import TWO_FACTORS, cell_rows, estimates, grouping_of, measured, price_audit, random_prices, setting

from evenhand import audit
from evenhand.measure.beside import BESIDE

NAMES = ("price_regression_gap", "price_regression_log_gap_percent", "price_regression_gamma_gap_percent")
T95 = 0.95


def two_groups(rows: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = pd.DataFrame(rows)
    frame = frame[frame["sex"] != "x"]
    design = pd.get_dummies(frame[["region", "tariff"]], drop_first=True, dtype=float)
    design["f"] = (frame["sex"] == "f").astype(float)
    return frame, sm.add_constant(design)


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_least_squares_with_hc3(engine: str) -> None:
    """Oracle: OLS(…).fit(cov_type="HC3", use_t=True): coefficient and 95% interval."""
    rows = random_prices(31)
    frame, design = two_groups(rows)
    fit = sm.OLS(frame["price"], design).fit(cov_type="HC3", use_t=True)
    finding = next(f for f in measured(rows, NAMES[0], factors=TWO_FACTORS, engine=engine)[NAMES[0]] if f.group == "f")
    assert finding.contrast is not None
    assert finding.contrast.method == "least squares, HC3 standard error"
    interval = finding.contrast.interval(T95)
    low, high = fit.conf_int().loc["f"]
    assert (finding.estimate, interval.low, interval.high) == pytest.approx((fit.params["f"], low, high), rel=1e-9)
    assert finding.value == pytest.approx(frame.loc[frame["sex"] == "f", "price"].mean())


def test_least_squares_with_weights() -> None:
    """Oracle: WLS(…).fit(cov_type="HC1", use_t=True)."""
    rows = random_prices(32)
    frame, design = two_groups(rows)
    fit = sm.WLS(frame["price"], design, weights=frame["weight"]).fit(cov_type="HC1", use_t=True)
    by = measured(rows, NAMES[0], columns={"weight": "weight"}, factors=TWO_FACTORS)
    finding = next(f for f in by[NAMES[0]] if f.group == "f")
    assert finding.contrast is not None
    interval = finding.contrast.interval(T95)
    low, high = fit.conf_int().loc["f"]
    assert (finding.estimate, interval.low, interval.high) == pytest.approx((fit.params["f"], low, high), rel=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_of_the_logarithm(weighted: bool) -> None:
    """Oracle: the same on log prices, 100·(exp − 1) of coefficient and bounds; the grid is the cent, so it is exact."""
    rows = random_prices(33)
    frame, design = two_groups(rows)
    logs = np.log(frame["price"])
    fit = (
        sm.WLS(logs, design, weights=frame["weight"]).fit(cov_type="HC1", use_t=True)
        if weighted
        else sm.OLS(logs, design).fit(cov_type="HC3", use_t=True)
    )
    columns = {"weight": "weight"} if weighted else {}
    finding = next(
        f for f in measured(rows, NAMES[1], columns=columns, factors=TWO_FACTORS)[NAMES[1]] if f.group == "f"
    )
    assert finding.contrast is not None
    interval = finding.contrast.interval(T95)
    expected = 100 * np.expm1([fit.params["f"], *fit.conf_int().loc["f"]])
    assert (finding.estimate, interval.low, interval.high) == pytest.approx(tuple(expected), rel=1e-8)


def test_gamma_regression() -> None:
    """Oracle: GLM(Gamma, log link); its "HC1" lacks n/(n − k), which is put in here; by the normal."""
    rows = random_prices(34)
    frame, design = two_groups(rows)
    model = sm.GLM(frame["price"], design, family=sm.families.Gamma(sm.families.links.Log()))
    fit = model.fit(cov_type="HC1", tol=1e-13)
    finding = next(f for f in measured(rows, NAMES[2], factors=TWO_FACTORS)[NAMES[2]] if f.group == "f")
    assert finding.estimate == pytest.approx(100 * np.expm1(fit.params["f"]), rel=1e-7)
    assert finding.contrast is not None
    error = fit.bse["f"] * (len(frame) / (len(frame) - design.shape[1])) ** 0.5
    low, high = 100 * np.expm1(fit.params["f"] + np.array([-1.959964, 1.959964]) * error)
    interval = finding.contrast.interval(T95)
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-6)


def test_by_hand_and_another_number_than_like_for_like() -> None:
    """Everywhere 10 more for women: 10 by either. Additive controls cannot follow 5 here and 20 there."""
    same = {("f", "N"): (60, 110.0), ("f", "S"): (40, 190.0), ("m", "N"): (30, 100.0), ("m", "S"): (70, 180.0)}
    names = ("price_regression_gap", "like_for_like_gap", "like_for_like_overlap_gap")
    by = measured(cell_rows(same, around=8.0), *names)
    assert [by[name][0].estimate for name in names] == pytest.approx([10, 10, 10])


def test_a_tenth_more_in_both_models_of_logarithms() -> None:
    """110 and 220 against 100 and 200, no spread within cells but ± 10%: both models say 10%."""
    rows: dict[str, list[Any]] = {"sex": [], "region": [], "price": []}
    for sex, region, mean in (("f", "N", 110), ("f", "S", 220), ("m", "N", 100), ("m", "S", 200)):
        for i in range(20):
            rows["sex"].append(sex)
            rows["region"].append(region)
            rows["price"].append(mean * (1.1 if i % 2 else 0.9))
    by = measured(rows, *NAMES[1:])
    assert [by[name][0].estimate for name in NAMES[1:]] == pytest.approx([10, 10], rel=1e-9)


def test_prices_of_zero_have_no_logarithm() -> None:
    rows = cell_rows({("f", "N"): (40, 100.0), ("m", "N"): (40, 80.0)}, around=8.0)
    for name, value in (("sex", "f"), ("region", "N"), ("price", 0.0)):
        rows[name].append(value)
    finding = measured(rows, NAMES[1])[NAMES[1]][0]
    assert (finding.n, finding.people) == (40, 41)


def test_one_person_alone_in_a_level() -> None:
    """Their leverage is 1: HC3 divides by 0. HC1 is used, and said."""
    cells = {("f", "N"): (40, 100.0), ("m", "N"): (40, 80.0), ("m", "W"): (1, 500.0)}
    finding = measured(cell_rows(cells, around=8.0), NAMES[0])[NAMES[0]][0]
    assert finding.contrast is not None
    assert "HC1" in finding.contrast.method
    assert finding.caveats == (
        "one person alone determines a coefficient, so that the standard error is HC1 and not HC3",
    )


def test_factors_that_determine_the_group() -> None:
    rows = cell_rows({("f", "N"): (40, 100.0), ("m", "S"): (40, 80.0)}, around=8.0)
    for findings in measured(rows, *NAMES).values():
        (finding,) = findings
        assert (finding.estimate, finding.contrast, finding.undefined) == (None, None, "no_denominator")
        assert "the factors determine the group" in finding.caveats[0]


def test_several_rows_per_person_have_no_interval() -> None:
    rows = random_prices(35)
    by = measured(rows, *NAMES, columns={"unit": "person"}, factors=TWO_FACTORS)
    plain = measured(rows, *NAMES, factors=TWO_FACTORS)
    for name in NAMES:
        assert {finding.undefined for finding in by[name]} == {"units_unclear"}
        assert estimates(by[name]) == pytest.approx(estimates(plain[name]))


def test_another_group_changes_nothing() -> None:
    rows = random_prices(36)
    kept = [i for i, sex in enumerate(rows["sex"]) if sex != "x"]
    fewer = {name: [values[i] for i in kept] for name, values in rows.items()}
    one, other = (measured(some, *NAMES, factors=TWO_FACTORS) for some in (rows, fewer))
    for name in NAMES:
        assert estimates(one[name])["f"] == pytest.approx(estimates(other[name])["f"], rel=1e-12)


def test_three_standard_errors_stand_beside_it() -> None:
    """Oracle: the standard errors of statsmodels."""
    rows = random_prices(37)
    frame, design = two_groups(rows)
    audit = price_audit("price_regression_gap", factors=TWO_FACTORS)
    figures = BESIDE["price_regression_gap"](setting(audit, rows), grouping_of(audit))
    shown = {figure.label: figure.value for figure in figures}
    fit = sm.OLS(frame["price"], design).fit()
    expected = {"classical": fit.bse["f"], "HC1": fit.HC1_se["f"], "HC3": fit.HC3_se["f"]}
    for name, error in expected.items():
        assert shown[f"f: standard error, {name}"] == pytest.approx(error, rel=1e-9)
    assert any(label.startswith("tariff: proxy strength of sex") for label in shown)


@pytest.mark.parametrize("role", ["weight", "count"])
@pytest.mark.parametrize("empty", ["f", "m"])
def test_a_side_without_any_weight_has_no_coefficient(role: str, empty: str, tmp_path: Path) -> None:
    """Everybody of one group weighs 0: nothing to compare, and no internal error."""
    sexes = ["f", "m"] * 40
    rows = {"sex": sexes, "region": ["N", "N", "S", "S"] * 20, "price": [100.0 + i % 7 for i in range(80)]}
    rows["w"] = [0 if sex == empty else 1 for sex in sexes]
    document = reported(tmp_path, rows, f", {role}: w")
    assert [c["estimate"] for check in document["checks"] for c in check["comparisons"]] == [None] * 3


def test_no_model_is_fitted_for_more_levels_than_a_reader_could_read(tmp_path: Path) -> None:
    """600 regions would take a matrix of 600 columns per group; the gap like for like needs none."""
    rows = {
        "sex": ["f", "m"] * 600,
        "region": [f"r{i // 2}" for i in range(1200)],
        "price": [float(i) for i in range(1200)],
    }
    document = reported(tmp_path, rows, "")
    assert [c["estimate"] for check in document["checks"] for c in check["comparisons"]] == [None] * 3
    assert any("more than 500 levels" in warning["text"] for warning in document["warnings"])


def reported(folder: Path, rows: dict[str, Any], more: str) -> Any:
    checks = "".join(f"  - {{id: c{i}, metric: {name}, level: report}}\n" for i, name in enumerate(NAMES))
    file = folder / "evenhand.yaml"
    file.write_text(
        "version: 1\nmodel: {name: m, version: 1, kind: pricing}\npurpose: p\n"
        f"columns: {{price: price{more}}}\nprotected: {{sex: {{reference: m}}}}\n"
        f"factors: {{region: {{why: costs differ}}}}\nchecks:\n{checks}",
        encoding="utf-8",
    )
    return audit(pa.table(rows), file).document
