"""Actual over expected, loss ratios, tenths of the prices and errors of prices, against sums over the rows with numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from small_audits import COLUMNS, audit_of, cells_of, findings_of

from evenhand.measure import MEASURES
from evenhand.measure.base import Finding
from evenhand.measure.claims_by_band import tenth_of_bins
from evenhand.stats.student import StudentContrast
from evenhand.tally.cell_table import CellTable, KeyColumn

QUOTIENTS = {"actual_to_expected": "expected_loss", "actual_to_technical": "technical_price", "loss_ratio": "price"}
FORMS = ("", "_ratio", "_difference")
ERRORS = {
    "mean_error": "technical_price",
    "mean_absolute_error": "technical_price",
    "root_mean_squared_error": "technical_price",
    "mean_loss_error": "actual_loss",
    "mean_absolute_loss_error": "actual_loss",
    "root_mean_squared_loss_error": "actual_loss",
}
EVERY = [
    *(quotient + form for quotient in QUOTIENTS for form in FORMS),
    "actual_to_expected_by_band",
    "actual_to_expected_by_band_ratio",
    "actual_to_technical_by_band",
    "actual_to_technical_by_band_ratio",
    *(error + form for error in ERRORS for form in FORMS if error + form in MEASURES),
]
MONEY = ("price", "technical_price", "expected_loss", "actual_loss")
Found = dict[str, dict[tuple[Any, ...], Finding]]


def found_in(
    rows: Mapping[str, Any], columns: Mapping[str, Any] | None = None, *, engine: str = "duckdb", measures: Any = EVERY
) -> Found:
    """Metric -> (group, *at) -> finding."""
    audit = audit_of(
        measures=measures,
        columns={**dict.fromkeys(COLUMNS), **{name: name for name in MONEY}, **(columns or {})},
        model={"name": "m", "version": "1", "kind": "pricing"},
        polarity="burden",
        population={},
        protected={"sex": {"reference": "m"}},
    )
    by = findings_of(audit, cells_of(audit, pa.table(dict(rows)), engine=engine))
    return {name: {(f.group, *f.at.values()): f for f in findings} for name, findings in by.items()}


@cache
def policies() -> dict[str, Any]:
    """1,500 policies of 400 people: a fifth with a loss; prices and amounts in cents; some amounts unknown."""
    random = np.random.default_rng(5)
    size = 1500
    person = random.integers(0, 400, size)
    risk = np.exp(random.normal(0, 0.4, size))
    rows: dict[str, Any] = {
        "person": person,
        "sex": np.where(person % 2 == 0, "m", "f"),
        "weight": random.integers(10, 300, size) / 100,
        "price": np.round(130 * risk * np.exp(random.normal(0, 0.2, size)), 2),
        "technical_price": np.round(120 * risk, 2),
        "expected_loss": np.round(100 * risk, 2),
        "actual_loss": np.where(random.random(size) < 0.2, np.round(random.gamma(1, 500, size) * risk, 2), 0.0),
    }
    for name in ("expected_loss", "actual_loss", "price"):
        rows[name] = np.where(random.random(size) < 0.03, np.nan, rows[name])
    return rows


def of(sex: str, *amounts: str) -> dict[str, np.ndarray[Any, Any]]:
    """The rows of one sex in which all these amounts are known."""
    rows = policies()
    kept = (rows["sex"] == sex) & np.all([np.isfinite(rows[name]) for name in amounts], axis=0)
    return {name: np.asarray(values)[kept] for name, values in rows.items()}


def summed(values: np.ndarray[Any, Any], person: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.array([values[person == one].sum() for one in np.unique(person)])


def quotient(sex: str, expected: str, variant: str) -> tuple[float, float, int]:
    """(ΣA/ΣE, n/(n−1)·Σ(A − ρE)²/(ΣE)², n) over policies, weighted policies or people."""
    rows = of(sex, "actual_loss", expected)
    w = rows["weight"] if "weight" in variant else np.ones(len(rows["weight"]))
    a, e = w * rows["actual_loss"], w * rows[expected]
    if "person" in variant:
        a, e = summed(a, rows["person"]), summed(e, rows["person"])
    rho, n = a.sum() / e.sum(), len(a)
    return rho, n / (n - 1) * float(((a - rho * e) ** 2).sum()) / e.sum() ** 2, n


VARIANTS = {
    "rows": {},
    "weight": {"weight": "weight"},
    "person": {"unit": "person"},
    "person and weight": {"unit": "person", "weight": "weight"},
}


def student(finding: Finding) -> StudentContrast:
    assert isinstance(finding.contrast, StudentContrast)
    return finding.contrast


@cache
def everything(variant: str) -> Found:
    return found_in(policies(), VARIANTS[variant])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", QUOTIENTS)
def test_quotients_have_the_linearised_variance_by_policy_or_person(name: str, variant: str) -> None:
    found = everything(variant)
    sides = {sex: quotient(sex, QUOTIENTS[name], variant) for sex in ("f", "m")}
    for sex, (rho, variance, n) in sides.items():
        own = found[name][sex,]
        assert own.estimate == pytest.approx(rho, rel=1e-9)
        assert own.n == n
        assert student(own).standard_error == pytest.approx(math.sqrt(variance) / rho, rel=1e-9), "on the log"
        assert student(own).degrees_of_freedom == n - 1
    (ours, v, _), (theirs, v0, _) = sides["f"], sides["m"]
    ratio, gap = found[f"{name}_ratio"]["f",], found[f"{name}_difference"]["f",]
    assert ratio.estimate == pytest.approx(ours / theirs, rel=1e-9)
    assert student(ratio).standard_error ** 2 == pytest.approx(v / ours**2 + v0 / theirs**2, rel=1e-9)
    assert gap.estimate == pytest.approx(ours - theirs, rel=1e-9)
    assert student(gap).standard_error ** 2 == pytest.approx(v + v0, rel=1e-9)


@pytest.mark.parametrize("engine", ["polars", "plain"])
def test_every_engine_finds_the_same(engine: str) -> None:
    for name, by in found_in(policies(), VARIANTS["person and weight"], engine=engine).items():
        for key, finding in by.items():
            assert finding == everything("person and weight")[name][key], (name, key)


def test_by_hand() -> None:
    """Losses 1 and 3 for 2 and 4 expected: 2/3 with variance 1/81 (the example of `amount_estimate`)."""
    rows = {"sex": ["m", "m", "f", "f"], "actual_loss": [1.0, 3.0, 0.0, 0.0], "expected_loss": [2.0, 4.0, 5.0, 5.0]}
    rows |= {"price": [4.0] * 4, "technical_price": [3.0] * 4}
    found = found_in(rows)
    own = found["actual_to_expected"]["m",]
    assert own.estimate == pytest.approx(2 / 3)
    assert student(own).standard_error == pytest.approx(1 / 6)
    assert found["loss_ratio"]["m",].estimate == 0.5
    no_loss = found["actual_to_expected"]["f",]
    assert (no_loss.estimate, no_loss.undefined) == (0.0, "no_interval")
    assert found["actual_to_expected_ratio"]["f",].undefined == "no_interval"
    nothing_expected = found_in(rows | {"expected_loss": [2.0, 4.0, 0.0, 0.0]})["actual_to_expected"]["f",]
    assert (nothing_expected.estimate, nothing_expected.undefined) == (None, "no_denominator")


# Tenths of the prices --------------------------------------------------------------------------------------------


def tenths(variant: str) -> dict[str, np.ndarray[Any, Any]]:
    """The rows with both amounts and their tenth: the share of the weight of all cheaper ones, in tenths."""
    rows = policies()
    kept = np.all([np.isfinite(rows[name]) for name in ("price", "actual_loss", "expected_loss")], axis=0)
    rows = {name: np.asarray(values)[kept] for name, values in rows.items()}
    w = np.round(rows["weight"] * 100) if variant == "weight" else np.ones(kept.sum())
    cheaper = np.array([w[rows["price"] < price].sum() for price in rows["price"]])
    return rows | {"tenth": np.floor(10 * cheaper / w.sum()).astype(int), "w": w}


@pytest.mark.parametrize("variant", ["rows", "weight"])
def test_tenths_of_the_prices_are_those_of_everybody_together(variant: str) -> None:
    rows, found = tenths(variant), everything(variant)
    assert len(found["actual_to_expected_by_band"]) == 20
    assert sum(f.n for f in found["actual_to_expected_by_band"].values()) == len(rows["w"])
    for tenth, name in ((0, "1st tenth"), (1, "2nd tenth"), (9, "10th tenth")):
        side = {}
        for sex in ("f", "m"):
            kept = (rows["sex"] == sex) & (rows["tenth"] == tenth)
            a, e = (rows["w"][kept] * rows[amount][kept] for amount in ("actual_loss", "expected_loss"))
            rho = a.sum() / e.sum()
            variance = len(a) / (len(a) - 1) * float(((a - rho * e) ** 2).sum()) / e.sum() ** 2
            own = found["actual_to_expected_by_band"][sex, name]
            assert own.n == kept.sum()
            assert own.estimate == pytest.approx(rho, rel=1e-9)
            assert student(own).standard_error == pytest.approx(math.sqrt(variance) / rho, rel=1e-9)
            side[sex] = rho
        ratio = found["actual_to_expected_by_band_ratio"]["f", name]
        assert ratio.estimate == pytest.approx(side["f"] / side["m"], rel=1e-9)
        assert dict(ratio.at) == {"band": name}


def test_one_price_is_in_one_tenth() -> None:
    """Prices 1 to 20 once each: two in every tenth; five people at one price are one tenth."""
    rows = {"sex": ["f", "m"] * 10, "price": [float(p) for p in range(1, 21)]}
    rows |= {name: [1.0, 2.0] * 10 for name in ("technical_price", "expected_loss", "actual_loss")}
    by_band = found_in(rows)["actual_to_expected_by_band"]
    assert {f.n for f in by_band.values()} == {1}
    assert len(by_band) == 20
    found = found_in({name: values[:5] for name, values in rows.items()} | {"price": [7.0] * 5})
    assert {key: f.n for key, f in found["actual_to_expected_by_band"].items()} == {
        ("f", "1st tenth"): 3,
        ("m", "1st tenth"): 2,
    }


def test_bands_of_people_with_several_rows_have_no_interval() -> None:
    for name in ("actual_to_expected_by_band", "actual_to_expected_by_band_ratio"):
        for finding in everything("person")[name].values():
            assert finding.estimate is not None
            assert (finding.contrast, finding.undefined) == (None, "units_unclear")


def test_a_person_without_the_other_amount_is_in_no_band() -> None:
    """Its loss must not be divided by nothing: 10 of 10 at 3, and the loss of 1,000 without an expectation is nowhere."""
    rows = {"sex": ["m"] * 11, "price": [5.0] * 11, "technical_price": [1.0] * 11}
    rows |= {"actual_loss": [30.0] * 10 + [1000.0], "expected_loss": [10.0] * 10 + [None]}
    found = found_in(rows)["actual_to_expected_by_band"]
    assert [f.estimate for f in found.values()] == [3.0]


def test_tenths_of_bins_without_any_weight() -> None:
    empty = CellTable({"price": KeyColumn(np.array([3, 5]))}, {"n": np.array([1, 1]), "w": np.array([0, 0])})
    assert tenth_of_bins(empty) == {3: 0, 5: 0}


# Errors of prices ------------------------------------------------------------------------------------------------


def mean_and_variance(x: np.ndarray[Any, Any], w: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """m = Σwx/Σw, Var = Σw²(x − m)²/(Σw)² · n_eff/(n_eff − 1), n_eff − 1."""
    mean, effective = float(w @ x / w.sum()), float(w.sum() ** 2 / (w @ w))
    return mean, float(w**2 @ (x - mean) ** 2) / w.sum() ** 2 * effective / (effective - 1), effective - 1


SUMMARY: dict[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    "mean": lambda gap: gap,
    "mean_absolute": np.abs,
    "root_mean_squared": np.square,
}


def error(sex: str, name: str, variant: str) -> tuple[float, float, float]:
    """An error over the rows, its variance and degrees of freedom."""
    rows = of(sex, "price", ERRORS[name])
    kind = name.removesuffix("_error").removesuffix("_loss")
    w = rows["weight"] if "weight" in variant else np.ones(len(rows["weight"]))
    x = SUMMARY[kind](rows["price"] - rows[ERRORS[name]])
    if "person" in variant:
        sums, sizes = summed(w * x, rows["person"]), summed(w, rows["person"])
        mean, units = sums.sum() / sizes.sum(), len(sizes)
        spread = float(((sums - mean * sizes) ** 2).sum()) / sizes.sum() ** 2
        return mean, spread * units / (units - 1), units - 1
    mean, variance, freedom = mean_and_variance(x, w)
    return (
        (math.sqrt(mean), variance / (4 * mean), freedom) if kind == "root_mean_squared" else (mean, variance, freedom)
    )


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ERRORS)
def test_errors_and_their_variances_are_those_over_the_rows(name: str, variant: str) -> None:
    found = everything(variant)
    if name.startswith("root") and "person" in variant:
        for finding in found[name].values():
            assert finding.undefined == "units_unclear"
            assert finding.estimate is not None
        return
    sides = {sex: error(sex, name, variant) for sex in ("f", "m")}
    for sex, (value, variance, freedom) in sides.items():
        own = found[name][sex,]
        assert own.estimate == pytest.approx(value, rel=1e-9)
        assert student(own).standard_error ** 2 == pytest.approx(variance, rel=1e-9)
        assert student(own).degrees_of_freedom == pytest.approx(freedom, rel=1e-9)
    (ours, v, _), (theirs, v0, _) = sides["f"], sides["m"]
    gap = found[f"{name}_difference"]["f",]
    assert gap.estimate == pytest.approx(ours - theirs, rel=1e-6)
    assert student(gap).standard_error ** 2 == pytest.approx(v + v0, rel=1e-9)
    assert (f"{name}_ratio" in found) == (not name.startswith("mean_error") and not name.startswith("mean_loss"))
    if f"{name}_ratio" in found:
        ratio = found[f"{name}_ratio"]["f",]
        assert ratio.estimate == pytest.approx(ours / theirs, rel=1e-9)
        assert student(ratio).standard_error ** 2 == pytest.approx(v / ours**2 + v0 / theirs**2, rel=1e-9)


def test_errors_by_hand() -> None:
    """Prices 11 and 17 for 10 and 10: errors 1 and 7: mean 4, mean absolute 4, root mean square √25 = 5 (s.e. 2.4)."""
    rows = {"sex": ["m", "m"], "price": [11.0, 17.0], "technical_price": [10.0, 10.0]}
    rows |= {"actual_loss": [12.0, 10.0], "expected_loss": [1.0, 1.0]}
    found = found_in(rows)
    assert found["mean_error"]["m",].estimate == 4
    assert found["root_mean_squared_error"]["m",].estimate == 5
    assert student(found["root_mean_squared_error"]["m",]).standard_error == pytest.approx(2.4)
    assert found["mean_loss_error"]["m",].estimate == 3
    assert found["mean_absolute_loss_error"]["m",].estimate == 4
    interval = student(found["mean_error"]["m",]).interval(0.9)
    t = stats.t.ppf(0.95, 1)
    assert (interval.low, interval.high) == pytest.approx((4 - 3 * t, 4 + 3 * t))


def test_no_error_has_no_interval() -> None:
    rows = {"sex": ["m", "m", "f"], **{name: [10.0, 20.0, 30.0] for name in MONEY}}
    found = found_in(rows)
    for name in ("mean_error", "mean_absolute_error", "root_mean_squared_error"):
        assert (found[name]["m",].estimate, found[name]["m",].undefined) == (0.0, "no_interval")
