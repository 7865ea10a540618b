"""Design matrices with one row per cell: an intercept and additive dummies of each factor; what they can identify.

May import: numpy, the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

INTERCEPT = "(intercept)"
_SINGULAR = 1e-11  # of the largest eigenvalue: cells of 1 beside cells of a million stay well above it
_OUTSIDE = 1e-7


@dataclass(frozen=True, kw_only=True)
class CellDesign:
    """X, one row per cell, with column names such as `region=N` and each factor's columns.

    Nearly all of X is 0: `places` holds, for the intercept and each factor, in which column a cell has its 1; a base
    level, which has no column, is in one past the last.
    """

    columns: tuple[str, ...]
    places: NDArray[np.intp]
    blocks: Mapping[str, tuple[int, ...]]

    def gram(self, weights: Matrix) -> Matrix:
        """X'diag(weights)X. Example: two cells of one factor, weights 2 and 3: [[5, 3], [3, 3]]."""
        size = len(self.columns) + 1
        sums = np.zeros(size * size)
        for one, other in product(self.places, repeat=2):
            sums += np.bincount(one * size + other, weights, size * size)
        return sums.reshape(size, size)[:-1, :-1]

    def cross(self, values: Matrix) -> Matrix:
        """X'values. Example: two cells of one factor, values 2 and 3: [5, 3]."""
        size = len(self.columns) + 1
        sums = np.zeros(size)
        for one in self.places:
            sums += np.bincount(one, values, size)
        return sums[:-1]

    def predicted(self, coefficients: Matrix) -> Matrix:
        """X·coefficients, by cell. Example: coefficients 5 and −2: 5 at the base level, 3 at the other."""
        found: Matrix = np.append(coefficients, 0.0)[self.places].sum(axis=0)
        return found

    def quadratic(self, matrix: Matrix) -> Matrix:
        """x'·matrix·x for the row x of each cell: its leverage, where the matrix is (X'X)⁻¹."""
        padded = np.pad(matrix, (0, 1))
        sums = np.zeros(self.places.shape[1])
        for one, other in product(self.places, repeat=2):
            sums += padded[one, other]
        return sums

    def of_cells(self, cells: slice) -> CellDesign:
        """The same columns for some of the cells."""
        return CellDesign(columns=self.columns, places=self.places[:, cells], blocks=self.blocks)


def cell_design(
    levels: Sequence[tuple[str, ...]], factors: Sequence[str], *, base: Mapping[str, str] | None = None
) -> CellDesign:
    """Intercept, then for each factor a dummy per level that occurs but its base: `base[factor]`, or the first sorted.

    `levels` holds one level per factor for every cell. Raises ValueError where a cell has another number of levels
    than there are factors, a base level does not occur, or there is no cell.

    Example: cells (F, N), (M, N), (M, S) with base {"sex": "M"}: columns (intercept), sex=F, region=S.
    """
    if any(len(cell) != len(factors) for cell in levels):
        raise ValueError("every cell needs one level per factor")
    if not levels:
        raise ValueError("a design needs cells")
    columns, blocks, rows = [INTERCEPT], {}, [np.zeros(len(levels), dtype=np.intp)]
    for place, factor in enumerate(factors):
        occurring = sorted({cell[place] for cell in levels})
        left_out = (base or {}).get(factor, occurring[0])
        if left_out not in occurring:
            raise ValueError(f"the base level of `{factor}` does not occur")
        others = [level for level in occurring if level != left_out]
        blocks[factor] = tuple(range(len(columns), len(columns) + len(others)))
        columns += [f"{factor}={level}" for level in others]
        number = dict(zip(others, blocks[factor], strict=True))
        rows.append(np.array([number.get(cell[place], -1) for cell in levels], dtype=np.intp))
    places = np.stack(rows)
    return CellDesign(columns=tuple(columns), places=np.where(places < 0, len(columns), places), blocks=blocks)


@dataclass(frozen=True, kw_only=True)
class Inverse:
    """A Moore–Penrose inverse of X'X on columns scaled to length 1, and the space of what X identifies."""

    matrix: Matrix
    scale: Matrix
    directions: Matrix

    @property
    def rank(self) -> int:
        return int(self.directions.shape[1])

    def identifies(self, combination: Matrix) -> bool:
        """Whether `combination`'β is the same for every least-squares solution β: it lies in the rows' space."""
        scaled = combination * self.scale
        outside = scaled - self.directions @ (self.directions.T @ scaled)
        return bool(np.linalg.norm(outside) <= _OUTSIDE * np.linalg.norm(scaled))


def inverse_of(gram: Matrix) -> Inverse:
    """The inverse of X'X, generalised where columns depend on each other or are empty.

    Example: columns a, b and a + b: rank 2, and the coefficient of a alone is not identified.
    """
    length = np.sqrt(np.diag(gram))
    scale = 1 / np.where(length > 0, length, 1.0)
    values, vectors = np.linalg.eigh(gram * np.outer(scale, scale))
    kept = values > _SINGULAR * max(float(values[-1]), 0.0)
    directions = vectors[:, kept]
    scaled = (directions / values[kept]) @ directions.T
    return Inverse(matrix=scaled * np.outer(scale, scale), scale=scale, directions=directions)
