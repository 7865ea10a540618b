"""The discrimination-free price against its fixture, a calculation on arrays, and resampled rows."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from evenhand.stats.benchmark import discrimination_free
from evenhand.stats.moments import Moments


def counts(n: int, mean: int, spread: int = 0) -> Moments:
    """`n` people, half of them `spread` above and half below `mean`."""
    return Moments.of_counts(n, n * mean, n * (mean**2 + spread**2))


FIXTURE = {
    ("x", "a"): counts(300, 100, 10),
    ("x", "b"): counts(100, 140, 10),
    ("y", "a"): counts(100, 200, 10),
    ("y", "b"): counts(500, 260, 10),
}


def test_fixture() -> None:
    """metrics.md: n 300/100/100/500, μ 100/140/200/260: unaware 110/250, free 124/236; the groups' figures by hand."""
    found = discrimination_free(FIXTURE, reference="b")
    assert found is not None
    assert found.shares == {"a": Fraction(2, 5), "b": Fraction(3, 5)}
    assert found.unaware == {"x": 110, "y": 250}
    assert found.free == {"x": 124, "y": 236}
    assert found.coverage == 1
    a, b = found.groups["a"], found.groups["b"]
    assert (a.overcharge.value, a.proxy_effect.value) == (-27, -7)
    assert (b.overcharge.value, b.proxy_effect.value) == (Fraction(68, 3), Fraction(28, 3))
    assert (b.overcharge_difference, b.proxy_difference) == (None, None)
    assert a.overcharge_difference is not None
    assert a.overcharge_difference.value == Fraction(-149, 3)
    assert a.proxy_difference is not None
    assert a.proxy_difference.value == Fraction(-49, 3)
    # Group a: coefficients .75·(1 − .4), .75·(−.6), .25·.6, .25·(−.6) of cells with variances 100/(n − 1).
    variance = 0.45**2 * 100 * (1 / 299 + 1 / 99) + 0.15**2 * 100 * (1 / 99 + 1 / 499)
    assert a.overcharge.contrast is not None
    assert a.overcharge.contrast.standard_error == pytest.approx(math.sqrt(variance))
    assert a.overcharge.contrast.parity == 0
    assert a.overcharge.contrast.compare(Fraction(-27)) == 0


def random_table(generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    shape = (int(generator.integers(1, 6)), int(generator.integers(2, 5)))
    return generator.integers(2, 60, shape), generator.integers(50, 400, shape)


def as_cells(sizes: NDArray[np.int64], means: NDArray[np.int64]) -> dict[tuple[int, int], Moments]:
    return {
        (stratum, group): counts(int(n), int(means[stratum, group]), 7) for (stratum, group), n in np.ndenumerate(sizes)
    }


def figures(sizes: NDArray[np.int64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Overcharge and proxy effect of every group (2 × groups), for the last two axes strata × groups of `means`."""
    free = means @ (sizes.sum(axis=0) / sizes.sum())
    unaware = (means * sizes).sum(axis=-1) / sizes.sum(axis=1)
    own = sizes / sizes.sum(axis=0)
    over = (own * (means - free[..., None])).sum(axis=-2)
    return np.stack([over, (own * (unaware - free)[..., None]).sum(axis=-2)], axis=-2)


def test_figures_and_errors_equal_arrays() -> None:
    """1,000 random tables: values, and standard errors by the derivative of each cell's mean (the figures are linear)."""
    generator = np.random.default_rng(251)
    for _ in range(1000):
        sizes, means = random_table(generator)
        found = discrimination_free(as_cells(sizes, means), reference=0)
        assert found is not None
        values = figures(sizes, means.astype(float))
        cells = sizes.size
        slopes = figures(sizes, np.eye(cells).reshape(cells, *sizes.shape))
        variance = (49 / (sizes - 1)).ravel()
        for group in range(sizes.shape[1]):
            one = found.groups[group]
            for place, effect, difference in (
                (0, one.overcharge, one.overcharge_difference),
                (1, one.proxy_effect, one.proxy_difference),
            ):
                assert float(effect.value) == pytest.approx(values[place, group], abs=1e-9)
                error = math.sqrt((slopes[:, place, group] ** 2 * variance).sum())
                if effect.contrast is not None and error > 1e-9:
                    assert effect.contrast.standard_error == pytest.approx(error, abs=1e-9)
                if difference is not None and difference.contrast is not None:
                    gap = slopes[:, place, group] - slopes[:, place, 0]
                    assert float(difference.value) == pytest.approx(values[place, group] - values[place, 0], abs=1e-9)
                    assert difference.contrast.standard_error == pytest.approx(
                        math.sqrt((gap**2 * variance).sum()), abs=1e-9
                    )


def test_unaware_prices_average_to_the_prices() -> None:
    """Law: over everyone, unaware prices add up to what is paid, so overcharges and proxy effects have equal totals."""
    generator = np.random.default_rng(252)
    for _ in range(200):
        sizes, means = random_table(generator)
        found = discrimination_free(as_cells(sizes, means), reference=0)
        assert found is not None
        people = [int(n) for n in sizes.sum(axis=0)]
        totals = [
            sum(n * getattr(found.groups[group], name).value for group, n in enumerate(people))
            for name in ("overcharge", "proxy_effect")
        ]
        assert totals[0] == totals[1]


def test_a_price_without_groups_or_proxies_has_no_effect() -> None:
    """Same prices in a stratum: nobody is overcharged. Groups mixed alike: no proxy. Both exactly 0."""
    same = {key: counts(cell.n, 100 if key[0] == "x" else 200, 10) for key, cell in FIXTURE.items()}
    alike = {(s, g): counts(60 if g == "a" else 30, 100 if g == "a" else 130, 10) for s in "xy" for g in "ab"}
    for cells, name in ((same, "overcharge"), (same, "proxy_effect"), (alike, "proxy_effect")):
        found = discrimination_free(cells, reference="b")
        assert found is not None
        assert [getattr(one, name).value for one in found.groups.values()] == [0, 0]


def test_strata_without_a_group_are_left_out_and_counted() -> None:
    """50 more of group a where b has one person: no h* there; a is covered to 400/450, everyone to 1000/1051."""
    more = {**FIXTURE, ("z", "a"): counts(50, 500), ("z", "b"): counts(1, 500)}
    found = discrimination_free(more, reference="b")
    assert found is not None
    assert set(found.free) == {"x", "y"}
    assert found.coverage == Fraction(1000, 1051)
    assert found.groups["a"].coverage == Fraction(400, 450)
    assert found.shares["a"] == Fraction(450, 1051)
    lone = discrimination_free(more, reference="b", floor=1)
    assert lone is not None
    assert lone.coverage == 1
    assert lone.groups["a"].overcharge.contrast is None


def test_what_has_no_answer() -> None:
    assert discrimination_free({("x", "a"): counts(5, 1), ("y", "b"): counts(5, 1)}, reference="b") is None
    still = discrimination_free({(s, g): counts(50, 7) for s in "xy" for g in "ab"}, reference="b")
    assert still is not None
    assert still.groups["a"].overcharge.contrast is None
    with pytest.raises(ValueError, match="floor"):
        discrimination_free(FIXTURE, reference="b", floor=0)
    with pytest.raises(ValueError, match="reference"):
        discrimination_free(FIXTURE, reference="c")
