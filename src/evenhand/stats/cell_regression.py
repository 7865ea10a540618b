"""Regression of a price on group and factors from cells: least squares, on logarithms, and the Gamma model.

Every person of a cell has the same regressors, so that the sums of a cell hold all that the coefficients and their
classical and robust covariances need. May import: numpy, stats.cell_design, stats.moments, stats.student.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenhand.stats.cell_design import CellDesign, Inverse, Matrix, cell_design, inverse_of
from evenhand.stats.moments import Moments
from evenhand.stats.student import StudentContrast

Covariance = Literal["classical", "HC1", "HC3"]
Model = Literal["ols", "log-ols", "gamma"]

_STEPS = 100
_SETTLED = 1e-12


@dataclass(frozen=True, kw_only=True)
class CellRegression:
    """Coefficients by name ((intercept), `sex=female`, `region=N`), their standard errors, and what is not identified.

    A name is in `unidentified` with the reason where other columns determine its own, and then in neither mapping.
    `standard_errors` is None where this covariance does not exist for the data, and `reason` says why. `scale` is
    s² of least squares (unweighted), Pearson's of the Gamma model, and None with weights. Coefficients of the models
    "log-ols" and "gamma" are differences of logarithms.
    """

    model: Model
    covariance: Covariance
    coefficients: Mapping[str, float]
    standard_errors: Mapping[str, float] | None
    unidentified: Mapping[str, str]
    reason: str | None
    people: int
    residual_degrees_of_freedom: int
    scale: float | None

    def contrast(self, name: str) -> StudentContrast | None:
        """The coefficient against 0, or its exponential against 1 where the model is one of logarithms.

        t with n − k degrees of freedom for least squares, the normal for the Gamma model. None where the coefficient
        is not identified or has no standard error. Raises KeyError for a name that is no column.
        Example: a log coefficient of .05 ± .01: the ratio 1.0513 with a standard error of .01 on the log scale.
        """
        if name in self.unidentified:
            return None
        coefficient = self.coefficients[name]
        error = None if self.standard_errors is None else self.standard_errors[name]
        if error is None or not (math.isfinite(error) and error > 0):
            return None
        logs = self.model != "ols"
        return StudentContrast(
            estimate=math.exp(coefficient) if logs else coefficient,
            standard_error=error,
            degrees_of_freedom=math.inf if self.model == "gamma" else self.residual_degrees_of_freedom,
            scale="log" if logs else "identity",
            parity=1.0 if logs else 0.0,
            method=f"{_NAMES[self.model]}, {self.covariance} standard error",
        )


_NAMES: dict[Model, str] = {
    "ols": "least squares",
    "log-ols": "least squares of the logarithm",
    "gamma": "Gamma regression with log link",
}


def least_squares(
    cells: Mapping[tuple[str, ...], Moments],
    factors: Sequence[str],
    *,
    base: Mapping[str, str] | None = None,
    covariance: Covariance = "HC1",
    logarithms: bool = False,
) -> CellRegression | None:
    """β = (X'WX)⁻¹X'Wp of the price on an intercept and additive dummies of `factors`, the group among them.

    Cells are keyed by one level per factor; `base` names the level that has no dummy (the reference group), the first
    sorted one where it is silent. With `logarithms` the cells hold Σlog p and Σ(log p)².
    Covariances, with e² summed over each cell (exactly, around its mean): "classical" s²(X'X)⁻¹ with
    s² = Σe²/(n − k); "HC1" n/(n − k)·(X'WX)⁻¹X'diag(w²e²)X(X'WX)⁻¹; "HC3" with e²/(1 − h)² (MacKinnon & White 1985,
    Journal of Econometrics 29, 305-325). Weights allow HC1 only; their sums hold no Σwp². Where the cells hold sums
    of people with several rows (see `Moments`), HC1 is the cluster-robust covariance, if each person is in one cell.
    None where there are no more people than identified coefficients. Raises ValueError for weights with another
    covariance, and for cells with a `cluster_variance`, which a regression cannot use.

    Example: one factor, sex: the coefficient is the difference of means, HC3 gives Σs²/(n − 1) of either sex, that is
    women at 3 and 5, men at 1 and 3: 2 ± √(2/1 + 2/1) = 2.
    """
    data = _prepare(cells, factors, base)
    if data is None:
        return None
    if data.weighted and covariance != "HC1":
        raise ValueError("with weights only the covariance `HC1` follows from the sums of cells")
    inverse = inverse_of(data.design.gram(data.weight))
    freedom = data.people - inverse.rank
    if freedom <= 0:
        return None
    fit = _solve(inverse, data, data.mean)
    off = _left(data.mean, data.design.predicted(fit))
    squares = data.squares + 2 * off * data.product + off**2 * data.weight_squared
    reason = None
    if covariance == "classical":
        matrix = inverse.matrix * squares.sum() / freedom
    elif covariance == "HC1":
        matrix = _sandwich(inverse.matrix, data.design, squares) * data.people / freedom
    else:
        leverage = data.design.quadratic(inverse.matrix)
        if (leverage > 1 - 1e-9).any():
            matrix, reason = None, "a person alone determines a coefficient, and HC3 does not exist"
        else:
            matrix = _sandwich(inverse.matrix, data.design, squares / (1 - leverage) ** 2)
    return _result(
        data,
        inverse,
        fit,
        matrix,
        model="log-ols" if logarithms else "ols",
        covariance=covariance,
        reason=reason,
        scale=None if data.weighted else float(squares.sum() / freedom),
    )


def gamma_regression(
    cells: Mapping[tuple[str, ...], Moments],
    factors: Sequence[str],
    *,
    base: Mapping[str, str] | None = None,
    covariance: Literal["classical", "HC1"] = "HC1",
) -> CellRegression | None:
    """log E(p) = x'β by the Gamma quasi-likelihood, Σ w·x(p − μ)/μ = 0, iterated on the means of the cells.

    "classical": φ(X'X)⁻¹ with Pearson's φ = Σ((p − μ)/μ)²/(n − k); "HC1": n/(n − k) times the sandwich with the
    observed information X'diag(w·p/μ)X. Keys, `base`, weights and errors as for `least_squares`. None where there are
    no more people than coefficients, a cell's mean is not above 0, or the iteration does not settle.
    Source: McCullagh & Nelder 1989, Generalized Linear Models, ch. 8.

    Example: one factor, sex, means 12 and 10: the coefficient is log 1.2.
    """
    data = _prepare(cells, factors, base)
    if data is None:
        return None
    if data.weighted and covariance != "HC1":
        raise ValueError("with weights only the covariance `HC1` follows from the sums of cells")
    # The variance is μ² and the link's derivative 1/μ: the working weight is that of the cell, in every step.
    expected = inverse_of(data.design.gram(data.weight))
    freedom = data.people - expected.rank
    if freedom <= 0 or (data.mean <= 0).any():
        return None
    fit = _solve(expected, data, np.log(data.mean))
    for _ in range(_STEPS):
        predicted = np.exp(data.design.predicted(fit))
        step = _solve(expected, data, (data.mean - predicted) / predicted)
        largest = float(np.abs(data.design.predicted(step)).max())
        fit = fit + (step if largest <= 1 else step / largest)  # a longer step could overflow the exponential
        if largest < _SETTLED:
            break
    else:
        return None
    predicted = np.exp(data.design.predicted(fit))
    off = _left(data.mean, predicted)
    squares = (data.squares + 2 * off * data.product + off**2 * data.weight_squared) / predicted**2
    scale = None if data.weighted else float(squares.sum() / freedom)
    if covariance == "HC1":
        observed = inverse_of(data.design.gram(data.weight * data.mean / predicted))
        matrix = _sandwich(observed.matrix, data.design, squares) * data.people / freedom
    else:
        matrix = expected.matrix * squares.sum() / freedom
    return _result(data, expected, fit, matrix, model="gamma", covariance=covariance, reason=None, scale=scale)


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """Columns of floats, one element a cell: squares Σw²(p − m)² and products Σw²(p − m) around the cell's mean m."""

    columns: tuple[str, ...]
    design: CellDesign
    people: int
    weighted: bool
    weight: Matrix
    weight_squared: Matrix
    mean: Matrix
    squares: Matrix
    product: Matrix


def _prepare(
    cells: Mapping[tuple[str, ...], Moments], factors: Sequence[str], base: Mapping[str, str] | None
) -> _Cells | None:
    kept = {key: cell for key, cell in cells.items() if cell.weight}
    if not kept:
        return None
    if any(cell.cluster_variance is not None for cell in kept.values()):
        raise ValueError(
            "a regression needs the sums over people, and cannot use the cluster-robust variance of a mean"
        )
    design = cell_design(list(kept), factors, base=base)
    moments = list(kept.values())
    return _Cells(
        columns=design.columns,
        design=design,
        people=sum(cell.n for cell in moments),
        weighted=any(cell.weighted for cell in moments),
        weight=np.array([float(cell.weight) for cell in moments]),
        weight_squared=np.array([float(cell.weight_squared) for cell in moments]),
        mean=np.array([float(cell.mean or 0) for cell in moments]),
        squares=np.array([cell.spread for cell in moments]),
        product=np.array([cell.lean * cell.weight for cell in moments]),
    )


def _solve(inverse: Inverse, data: _Cells, values: Matrix) -> Matrix:
    """Weighted least squares of the cells' `values`, refined once: X'X alone would square the loss of digits."""
    fit = inverse.matrix @ data.design.cross(data.weight * values)
    return fit + inverse.matrix @ data.design.cross(data.weight * (values - data.design.predicted(fit)))


def _left(mean: Matrix, predicted: Matrix) -> Matrix:
    """What the fit leaves of the cells' means; a rest of rounding is none, or list prices would get an interval."""
    off = mean - predicted
    return np.where(np.abs(off) <= 1e-12 * np.abs(mean).max(), 0.0, off)


def _sandwich(bread: Matrix, design: CellDesign, filling: Matrix) -> Matrix:
    both: Matrix = bread @ design.gram(filling) @ bread
    return both


def _result(
    data: _Cells,
    inverse: Inverse,
    fit: Matrix,
    matrix: Matrix | None,
    *,
    model: Model,
    covariance: Covariance,
    reason: str | None,
    scale: float | None,
) -> CellRegression:
    unit = np.eye(len(data.columns))
    known = [name for place, name in enumerate(data.columns) if inverse.identifies(unit[place])]
    places = {name: data.columns.index(name) for name in known}
    return CellRegression(
        model=model,
        covariance=covariance,
        coefficients={name: float(fit[place]) for name, place in places.items()},
        standard_errors=None
        if matrix is None
        else {name: math.sqrt(max(0.0, float(matrix[place, place]))) for name, place in places.items()},
        unidentified={name: "other columns determine this one" for name in data.columns if name not in places},
        reason=reason,
        people=data.people,
        residual_degrees_of_freedom=data.people - inverse.rank,
        scale=scale,
    )
