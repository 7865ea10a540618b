"""Price regressions on the group and additive factors, from cells: least squares, of the logarithm, and Gamma.

May import: numpy, stats, tally.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from evenhand.measure.amounts import MOST_LEVELS, Stratum, factor_keys, side_of, too_many_levels
from evenhand.measure.answers import comparison_finding
from evenhand.measure.base import Answer, Finding, Grouping, GroupKey, Measure, Setting, Unit, always
from evenhand.measure.decompositions import sides_of_prices
from evenhand.measure.figures import Figure
from evenhand.measure.gaps_in_strata import Strata, as_people, strata_of
from evenhand.measure.like_for_like import NEEDS, PRICED
from evenhand.stats.cell_regression import CellRegression, Covariance, Model, gamma_regression, least_squares
from evenhand.stats.contrast import Contrast
from evenhand.stats.moments import Moments, together
from evenhand.stats.scaled import ScaledContrast
from evenhand.tally.cell_table import CellTable, in_order
from evenhand.tally.needs import Needs
from evenhand.tally.plan import join_limbs

GROUP = "group"
COEFFICIENT = "group=group"
"""The dummy of the protected group; the reference is the level without one."""

DISTRIBUTION = "price by stratum"
QUESTIONS: Mapping[Model, str] = {
    "ols": "least squares, in the price's own units?",
    "log-ols": "least squares of the logarithm of the price, in percent?",
    "gamma": "a Gamma regression of the mean price, in percent?",
}
ONE_ALONE = "one person alone determines a coefficient, so that the standard error is HC1 and not HC3"


def cells_by_group(setting: Setting, grouping: Grouping, model: Model) -> Mapping[GroupKey, Strata]:
    """Moments of the price, or of its logarithm, by group and stratum."""
    if model == "log-ols":
        return as_people(setting, grouping, log_moments(setting, grouping))
    return strata_of(setting, grouping, "price", PRICED)


def log_moments(setting: Setting, grouping: Grouping) -> dict[GroupKey, dict[Stratum, Moments]]:
    """Moments of log price by group and stratum, from the middle of each step of prices; only prices above 0."""
    at = ("log moments", grouping.keys)
    if at not in setting.cache:
        step, scale = setting.step(DISTRIBUTION, grouping), setting.scale("price")
        setting.cache[at] = {
            key: logs_by_stratum(table, factor_keys(setting), step, scale)
            for key, table in setting.values(DISTRIBUTION, grouping).items()
        }
    found: dict[GroupKey, dict[Stratum, Moments]] = setting.cache[at]
    return found


def logs_by_stratum(table: CellTable, factors: Sequence[str], step: int, scale: int) -> dict[Stratum, Moments]:
    """Moments of the logarithm from one group's prices; sums correctly rounded, so that no order of rows matters."""
    above = table.rows_where(table.keys["price"].codes * step + (step - 1) / 2 > 0)
    if not len(above):
        return {}
    columns = [above.keys[factor] for factor in factors]
    order, starts = in_order(columns, len(above))
    logs = np.log((above.keys["price"].codes[order] * step + (step - 1) / 2) / scale)
    exact: dict[str, Any] = {name: values[order].astype(object) for name, values in above.sums.items()}
    people = weights = squares = exact["n"]
    if above.weighted:
        weights, squares = exact["w"], join_limbs(exact["w2_hi"], exact["w2_mid"], exact["w2_lo"])
    weight, squared = weights.astype(np.float64), squares.astype(np.float64)
    terms = [(weight * logs).tolist(), (squared * logs).tolist(), (squared * logs**2).tolist()]
    totals = [np.add.reduceat(column, starts).tolist() for column in (people, weights, squares)]
    strata = zip(*(column.take(order[starts]).values() for column in columns), strict=True)
    ends = [*starts[1:].tolist(), len(above)]
    found = {}
    for stratum, first, last, n, w, w2 in zip(strata, starts.tolist(), ends, *totals, strict=True):
        value, cross, products = (Fraction(math.fsum(column[first:last])) for column in terms)
        found[stratum] = Moments(
            n=n,
            weight=w,
            weight_squared=w2,
            value=value,
            weight_squared_value=cross,
            weight_squared_squares=products,
        )
    return found


def fitted(
    setting: Setting, ours: Strata, theirs: Strata, model: Model, covariance: Covariance | None = None
) -> CellRegression | None:
    """The regression on one group and the reference; HC3 where there are no weights, HC1 where there are.

    Only these two: another group could change nothing but the factors' coefficients, and with them this answer.
    """
    if too_many_levels(ours, theirs):
        return None
    cells = {("group", *stratum): cell for stratum, cell in ours.items() if cell.weight}
    if not cells or not any(cell.weight for cell in theirs.values()):
        return None
    cells |= {("reference", *stratum): cell for stratum, cell in theirs.items() if cell.weight}
    names = (GROUP, *factor_keys(setting))
    base = {GROUP: "reference"}
    weighted = any(cell.weighted for cell in cells.values())
    if model == "gamma":
        return gamma_regression(cells, names, base=base, covariance="classical" if covariance == "classical" else "HC1")
    chosen: Covariance = covariance or ("HC1" if weighted else "HC3")
    return least_squares(cells, names, base=base, covariance=chosen, logarithms=model == "log-ols")


def regression_gap(name: str, model: Model) -> Answer:
    """Findings of the group's coefficient: in money, or 100·(exp b − 1) where the model is one of logarithms."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        cells = cells_by_group(setting, grouping, model)
        if model == "log-ols":  # the mean of logarithms is no price; what is compared is the geometric mean
            logs = {key: side_of(setting, grouping, key, together(strata.values())) for key, strata in cells.items()}
            sides = {
                key: replace(side, value=None if side.value is None else math.exp(side.value))
                for key, side in logs.items()
            }
        else:
            sides = sides_of_prices(setting, grouping)
        findings = []
        for key, ours in cells.items():
            if key == grouping.reference:
                continue
            contrast, estimate, caveats = coefficient(setting, ours, cells.get(grouping.reference, {}), model)
            side = replace(sides[key], caveats=(*sides[key].caveats, *caveats))
            finding = comparison_finding(
                name,
                grouping,
                key,
                side,
                sides.get(grouping.reference),
                None if setting.repeated else contrast,
                estimate=estimate,
                no_interval=setting.no_interval,
            )
            if finding.undefined == "reference_undefined" and finding.value_reference is not None:
                finding = replace(finding, undefined="no_denominator")
            findings.append(finding)
        return findings

    return answer


def coefficient(
    setting: Setting, ours: Strata, theirs: Strata, model: Model
) -> tuple[Contrast | None, float | None, tuple[str, ...]]:
    """The group's coefficient as a contrast, as a number, and what a reader should know of it."""
    if too_many_levels(ours, theirs):
        return None, None, (f"the factors have more than {MOST_LEVELS} levels, for which no model is fitted",)
    fit = fitted(setting, ours, theirs, model)
    caveats: tuple[str, ...] = ()
    if fit is None or COEFFICIENT in fit.unidentified:
        return None, None, () if fit is None else ("the factors determine the group, so that it has no coefficient",)
    if fit.standard_errors is None:
        again = fitted(setting, ours, theirs, model, "HC1")
        assert again is not None  # the same regression with another covariance
        fit, caveats = again, (ONE_ALONE,)
    inner, number = fit.contrast(COEFFICIENT), fit.coefficients[COEFFICIENT]
    if model == "ols":
        return inner, number, caveats
    contrast = None if inner is None else ScaledContrast(inner=inner, factor=100, origin=1)
    return contrast, 100 * math.expm1(number), caveats


def standard_errors(setting: Setting, grouping: Grouping) -> list[Figure]:
    """The standard error of the group's coefficient by each covariance that these rows allow."""
    cells = strata_of(setting, grouping, "price", PRICED)
    theirs = cells.get(grouping.reference, {})
    found = []
    for key, ours in cells.items():
        if key == grouping.reference or setting.repeated:
            continue
        weighted = any(cell.weighted for cell in (*ours.values(), *theirs.values()))
        names: tuple[Covariance, ...] = ("HC1",) if weighted else ("classical", "HC1", "HC3")
        for covariance in names:
            fit = fitted(setting, ours, theirs, "ols", covariance) if ours and theirs else None
            errors = fit.standard_errors if fit is not None else None
            label = f"{grouping.label(key)}: standard error, {covariance}"
            found.append(Figure(label, (errors or {}).get(COEFFICIENT)))
    return found


def regression_measures() -> list[Measure]:
    """Least squares in money, and the two models whose coefficient is a percentage."""
    rows: tuple[tuple[str, Model, Unit, str, str, str, Needs], ...] = (
        (
            "price_regression_gap",
            "ols",
            "money",
            "coefficient of the group in a regression of the price",
            "β of the group in price = α + β·group + Σ additive dummies of the factors, by least squares",
            "MacKinnon & White 1985 (HC3; HC1 with weights); fair-lending practice of bank regulators",
            NEEDS,
        ),
        (
            "price_regression_log_gap_percent",
            "log-ols",
            "percent",
            "percentage gap in a regression of the log price",
            "100·(exp β − 1), β of the group in log price = α + β·group + Σ additive dummies of the factors",
            "Halvorsen & Palmquist 1980 (exp β − 1); HC3 of MacKinnon & White 1985, HC1 with weights",
            Needs(values=frozenset({DISTRIBUTION}), strata=True),
        ),
        (
            "price_regression_gamma_gap_percent",
            "gamma",
            "percent",
            "percentage gap in a Gamma regression of the price",
            "100·(exp β − 1), β of the group in log E(price) = α + β·group + Σ dummies of the factors, Gamma variance",
            "McCullagh & Nelder 1989, Generalized Linear Models, ch. 8; HC1 (sandwich) standard error",
            NEEDS,
        ),
    )
    return [
        Measure(
            name=name,
            quantity=name,
            form="own",
            unit=unit,
            title=title,
            quantity_title="geometric mean price" if model == "log-ols" else "mean price",
            question="How much more does the group pay, holding the factors constant by " + QUESTIONS[model],
            formula=formula,
            source=source,
            caution=(
                "Additive controls assume that every factor adds the same (or the same percentage) for everyone: where "
                "that is wrong, this differs from like_for_like_gap, which assumes nothing. A factor that stands in "
                "for the group takes its gap over."
            ),
            edges=(
                "Fitted on the group and the reference alone, so that other groups change nothing. Missing levels are "
                "levels of their own. Factors that determine the group, or have more than "
                f"{MOST_LEVELS} levels: undefined. "
                + {
                    "ols": "Where one person alone determines a coefficient, HC3 does not exist and HC1 is used.",
                    "log-ols": "Prices of 0 or less are left out; prices are taken in the middle of their step, which "
                    "is the resolution unless there are very many. HC1 where HC3 does not exist.",
                    "gamma": "Undefined where a stratum's mean price is not above 0.",
                }[model]
                + " People with several rows: no interval."
            ),
            roles=("price", "factors"),
            needs=always(needs),
            answer=regression_gap(name, model),
            parity=0.0,
            polar=True,
        )
        for name, model, unit, title, formula, source, needs in rows
    ]
