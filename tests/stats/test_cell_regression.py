"""Regressions from cells against statsmodels on the rows that the cells were made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from evenhand.stats.cell_regression import CellRegression, Covariance, gamma_regression, least_squares
from evenhand.stats.moments import Moments

FACTORS = ("sex", "region", "channel")
BASE = {"sex": "male"}
COLUMNS = ("(intercept)", "sex=female", "region=N", "region=S", "channel=web")
Cells = dict[tuple[str, ...], Moments]
Rows = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], Cells]


def rows(generator: np.random.Generator, *, weighted: bool = False, logarithms: bool = False, size: int = 0) -> Rows:
    """Design matrix, price (or its logarithm), weight, and the cells of the same rows."""
    size = size or int(generator.integers(12, 120))
    sex, region, channel = (
        generator.integers(2, size=size),
        generator.integers(3, size=size),
        generator.integers(2, size=size),
    )
    seeds = np.array([(0, 0, 0), (1, 1, 0), (0, 2, 1), (1, 0, 1), (0, 1, 0), (1, 2, 0)])  # every level, twice or more
    sex, region, channel = (np.append(one, seeds[:, place]) for place, one in enumerate((sex, region, channel)))
    price = (40 + 12 * sex + 30 * (region == 2) + generator.gamma(2, 20, len(sex))).round()
    weight = generator.integers(1, 6, len(sex)) if weighted else np.ones(len(sex), dtype=int)
    design = np.column_stack([np.ones(len(sex)), sex, region == 1, region == 2, channel]).astype(float)
    value = np.log(price) if logarithms else price
    cells: Cells = {}
    for s, r, c, v, w in zip(sex, region, channel, value, weight, strict=True):
        exact, w = Fraction(float(v)), int(w)
        key = (("male", "female")[s], ("E", "N", "S")[r], ("shop", "web")[c])
        one = Moments(
            n=1,
            weight=w,
            weight_squared=w * w,
            value=w * exact,
            weight_squared_value=w * w * exact,
            weight_squared_squares=w * w * exact**2,
        )
        cells[key] = cells[key] + one if key in cells else one
    return design, value, weight.astype(float), cells


def check(found: CellRegression | None, params: Any, bse: Any, tolerance: float = 1e-9) -> None:
    assert found is not None
    assert found.standard_errors is not None
    assert tuple(found.coefficients) == COLUMNS
    assert list(found.coefficients.values()) == pytest.approx(list(params), rel=tolerance, abs=tolerance)
    assert list(found.standard_errors.values()) == pytest.approx(list(bse), rel=tolerance)


@pytest.mark.parametrize("logarithms", [False, True])
def test_least_squares_equals_statsmodels(logarithms: bool) -> None:
    """Oracle: OLS on rows; classical, HC1 and HC3; 1,000 random data sets in all for each of the three, to 1e-9.

    Data sets in which someone is alone in a column have no HC3 and count for the other two only.
    """
    generator = np.random.default_rng(241 + logarithms)
    with_hc3 = 0
    while with_hc3 < 500:
        design, value, _, cells = rows(generator, logarithms=logarithms)
        oracle = sm.OLS(value, design).fit()
        alone = (np.einsum("ij,jk,ik->i", design, np.linalg.pinv(design.T @ design), design) > 1 - 1e-8).any()
        with_hc3 += not alone
        for covariance, bse in (("classical", oracle.bse), ("HC1", oracle.HC1_se), ("HC3", oracle.HC3_se)):
            kind: Covariance = covariance  # type: ignore[assignment]  # a loop over literals is a loop over text
            found = least_squares(cells, FACTORS, base=BASE, covariance=kind, logarithms=logarithms)
            if covariance == "HC3" and alone:
                continue
            check(found, oracle.params, bse)
            assert found is not None
            assert found.scale == pytest.approx(oracle.scale)
            assert found.residual_degrees_of_freedom == oracle.df_resid
            contrast = found.contrast("sex=female")
            assert contrast is not None
            if covariance == "classical":
                assert contrast.p_parity() == pytest.approx(oracle.pvalues[1], rel=1e-7, abs=1e-14)
                low, high = oracle.conf_int()[1]
                turn: Callable[[float], float] = math.exp if logarithms else float
                interval = contrast.interval()
                assert (interval.low, interval.high) == pytest.approx((turn(low), turn(high)), rel=1e-8, abs=1e-8)


def test_weighted_least_squares_equals_statsmodels() -> None:
    """Oracle: WLS on rows with HC1, 1,000 random data sets."""
    generator = np.random.default_rng(243)
    for _ in range(1000):
        design, value, weight, cells = rows(generator, weighted=True)
        oracle = sm.WLS(value, design, weights=weight).fit()
        found = least_squares(cells, FACTORS, base=BASE)
        check(found, oracle.params, oracle.HC1_se)
        assert found is not None
        assert found.scale is None


def test_gamma_regression_equals_statsmodels() -> None:
    """Oracle: GLM Gamma with log link, Pearson scale; its "HC1" lacks n/(n − k), which is put in here. 50 data sets."""
    generator = np.random.default_rng(244)
    for _ in range(50):
        design, value, _, cells = rows(generator)
        model = sm.GLM(value, design, family=sm.families.Gamma(sm.families.links.Log()))
        classical = model.fit(tol=1e-14, maxiter=200, tol_criterion="params")
        robust = model.fit(tol=1e-14, maxiter=200, tol_criterion="params", cov_type="HC1")
        found = gamma_regression(cells, FACTORS, base=BASE, covariance="classical")
        check(found, classical.params, classical.bse, 1e-8)
        assert found is not None
        assert found.scale == pytest.approx(classical.scale)
        correction = math.sqrt(len(value) / (len(value) - design.shape[1]))
        check(gamma_regression(cells, FACTORS, base=BASE), robust.params, robust.bse * correction, 1e-8)
        contrast = found.contrast("sex=female")
        assert contrast is not None
        assert contrast.p_parity() == pytest.approx(classical.pvalues[1], rel=1e-6, abs=1e-14)
        assert contrast.estimate == pytest.approx(math.exp(classical.params[1]))


def test_weighted_gamma_regression_equals_statsmodels() -> None:
    """Oracle: GLM with var_weights for the coefficients; the sandwich by its formula on rows."""
    generator = np.random.default_rng(245)
    for _ in range(20):
        design, value, weight, cells = rows(generator, weighted=True)
        family = sm.families.Gamma(sm.families.links.Log())
        oracle = sm.GLM(value, design, family=family, var_weights=weight).fit(tol=1e-14, tol_criterion="params")
        fitted = oracle.fittedvalues
        bread = np.linalg.inv((design * (weight * value / fitted)[:, None]).T @ design)
        scores = design * (weight * (value / fitted - 1))[:, None]
        size, columns = design.shape
        bse = np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread) * size / (size - columns))
        check(gamma_regression(cells, FACTORS, base=BASE), oracle.params, bse, 1e-8)


def test_one_factor_by_hand() -> None:
    """Women pay 3 and 5, men 1 and 3: the coefficient 2; HC3 variance 2/1 + 2/1, so a standard error of 2."""
    cells = {("female",): Moments.of_counts(2, 8, 34), ("male",): Moments.of_counts(2, 4, 10)}
    found = least_squares(cells, ["sex"], base=BASE, covariance="HC3")
    assert found is not None
    contrast = found.contrast("sex=female")
    assert contrast is not None
    assert (contrast.estimate, contrast.standard_error) == pytest.approx((2, 2))
    assert (contrast.parity, contrast.degrees_of_freedom, contrast.scale) == (0, 2, "identity")
    assert found.coefficients == pytest.approx({"(intercept)": 2, "sex=female": 2})
    gamma = gamma_regression(cells, ["sex"], base=BASE)
    assert gamma is not None
    ratio = gamma.contrast("sex=female")
    assert ratio is not None
    assert (ratio.estimate, ratio.parity, ratio.scale) == (pytest.approx(2), 1, "log")
    with pytest.raises(KeyError):
        found.contrast("sex=male")


def test_a_group_that_a_factor_determines_is_not_identified() -> None:
    """All women live in N, all men in S or E: no number for women, one for S against E, which is identified."""
    cells = {
        ("female", "N"): Moments.of_counts(3, 30, 302),
        ("male", "S"): Moments.of_counts(3, 21, 149),
        ("male", "E"): Moments.of_counts(3, 15, 77),
    }
    for found in (least_squares(cells, FACTORS[:2], base=BASE), gamma_regression(cells, FACTORS[:2], base=BASE)):
        assert found is not None
        assert set(found.unidentified) == {"sex=female", "region=N"}
        assert found.contrast("sex=female") is None
        assert "sex=female" not in found.coefficients
        assert found.contrast("region=S") is not None
        assert found.residual_degrees_of_freedom == 6
    plain = least_squares(cells, FACTORS[:2], base=BASE)
    assert plain is not None
    assert plain.coefficients["region=S"] == pytest.approx(2)


def test_people_with_several_rows_give_the_cluster_robust_error() -> None:
    """Oracle: statsmodels cov_type="cluster" on the rows, G/(G − 1)·(N − 1)/(N − k) exchanged for u/(u − k)."""
    generator = np.random.default_rng(246)
    people = np.repeat(np.arange(60), generator.integers(1, 5, 60))
    sex, region = np.arange(60) % 2, generator.integers(2, size=60)
    price = (50 + 9 * sex[people] + generator.gamma(2, 10, 60)[people] + generator.gamma(2, 5, len(people))).round()
    design = np.column_stack([np.ones(len(people)), sex[people], region[people]]).astype(float)
    oracle = sm.OLS(price, design).fit(cov_type="cluster", cov_kwds={"groups": people, "use_correction": False})
    cells: Cells = {}
    for person in range(60):
        own = price[people == person]
        w, y, key = len(own), int(own.sum()), (("male", "female")[sex[person]], ("E", "N")[region[person]])
        one = Moments(
            n=1, weight=w, weight_squared=w * w, value=y, weight_squared_value=w * y, weight_squared_squares=y * y
        )
        cells[key] = cells[key] + one if key in cells else one
    found = least_squares(cells, FACTORS[:2], base=BASE)
    assert found is not None
    assert found.standard_errors is not None
    assert list(found.coefficients.values()) == pytest.approx(list(oracle.params))
    assert list(found.standard_errors.values()) == pytest.approx(list(oracle.bse * math.sqrt(60 / 57)))


def test_what_has_no_answer() -> None:
    alone = {("female",): Moments.of_counts(1, 5, 25), ("male",): Moments.of_counts(4, 8, 18)}
    found = least_squares(alone, ["sex"], base=BASE, covariance="HC3")
    assert found is not None
    assert found.standard_errors is None
    assert "HC3" in (found.reason or "")
    assert found.contrast("sex=female") is None
    assert least_squares({}, ["sex"]) is None
    assert gamma_regression({}, ["sex"]) is None
    two = {("female",): Moments.of_counts(1, 5, 25), ("male",): Moments.of_counts(1, 8, 64)}
    assert least_squares(two, ["sex"]) is None
    free = {("female",): Moments.of_counts(2, 0, 0), ("male",): Moments.of_counts(4, 8, 18)}
    assert gamma_regression(free, ["sex"]) is None


def test_list_prices_have_no_interval() -> None:
    """Prices that the factors give exactly: a coefficient without a standard error, not one of 1e-16."""
    cells = {
        (sex, region): Moments.of_counts(7, 7 * price, 7 * price**2)
        for sex, region, price in (("f", "N", 13), ("f", "S", 23), ("m", "N", 11), ("m", "S", 21))
    }
    found = least_squares(cells, FACTORS[:2], base={"sex": "m"})
    assert found is not None
    assert found.coefficients["sex=f"] == pytest.approx(2)
    assert found.contrast("sex=f") is None


def test_prices_near_a_thousand_million_keep_their_spread() -> None:
    """Squares summed around the cell's mean in fractions: s² = 1 in both cells (hostile.md: −167 in floats)."""
    large = [10**9 - 1, 10**9, 10**9 + 1]
    cell = Moments.of_counts(3, sum(large), sum(price * price for price in large))
    dearer = Moments.of_counts(3, sum(large) + 15, sum((price + 5) ** 2 for price in large))
    found = least_squares({("f",): dearer, ("m",): cell}, ["sex"], base={"sex": "m"}, covariance="classical")
    assert found is not None
    assert found.standard_errors is not None
    assert found.coefficients["sex=f"] == pytest.approx(5, abs=1e-6)
    assert found.standard_errors["sex=f"] == pytest.approx(math.sqrt(2 / 3))


def test_arguments_that_the_sums_cannot_serve_are_refused() -> None:
    weighted = Moments(n=2, weight=5, weight_squared=13, value=10, weight_squared_value=26, weight_squared_squares=60)
    cells = {("f",): weighted, ("m",): Moments.of_counts(4, 8, 18)}
    with pytest.raises(ValueError, match="HC1"):
        least_squares(cells, ["sex"], covariance="HC3")
    with pytest.raises(ValueError, match="HC1"):
        gamma_regression(cells, ["sex"], covariance="classical")
    clustered = replace(weighted, cluster_variance=Fraction(1), units=2)
    with pytest.raises(ValueError, match="cluster"):
        least_squares({("f",): clustered, ("m",): weighted}, ["sex"])
    with pytest.raises(ValueError, match="base level"):
        least_squares(cells, ["sex"], base={"sex": "x"})
