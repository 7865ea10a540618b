"""Kitagawa and Oaxaca–Blinder from cells against statsmodels on rows, a published data set, and hand calculation."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.stats.oaxaca import OaxacaBlinder

from evenhand.stats.decomposition import (
    Coefficients,
    LinearMoments,
    kitagawa,
    oaxaca_blinder,
    oaxaca_blinder_three_fold,
    three_fold,
    two_fold,
)
from evenhand.stats.like_for_like import like_for_like
from evenhand.stats.moments import Moments

KINDS: dict[Coefficients, str] = {
    "pooled": "pooled",
    "neumark": "nuemark",  # statsmodels' spelling; the right one silently runs "pooled"
    "cotton": "cotton",
    "reimers": "reimers",
}
Cells = dict[tuple[str, ...], Moments]


def counts(n: int, mean: int) -> Moments:
    return Moments.of_counts(n, n * mean, n * mean**2)


GROUP = {("a",): counts(60, 100), ("b",): counts(40, 200)}
REFERENCE = {("a",): counts(30, 90), ("b",): counts(70, 180)}


def test_kitagawa_fixture() -> None:
    """metrics.md: shares .6/.4 v .3/.7, means 100/200 v 90/180: −13 = −28.5 (mix) + 15.5 (like for like)."""
    parts = kitagawa(GROUP, REFERENCE)
    assert parts is not None
    assert (parts.raw_gap, parts.mix, parts.like_for_like) == (-13, Fraction(-57, 2), Fraction(31, 2))
    assert (parts.no_counterpart, parts.coverage, parts.reference_coverage) == (0, 1, 1)


def test_strata_of_one_side_are_a_third_part() -> None:
    """20 more people of the group at 300 in a stratum of their own: 120·m̄ = 140·100 + 6,000, so the rest is 26 2/3."""
    parts = kitagawa({**GROUP, ("c",): counts(20, 300)}, REFERENCE)
    assert parts is not None
    assert (parts.mix, parts.like_for_like) == (Fraction(-57, 2), Fraction(31, 2))
    assert parts.no_counterpart == Fraction(80, 3)
    assert parts.raw_gap == Fraction(41, 3)
    assert parts.coverage == Fraction(5, 6)
    assert parts.reference_coverage == 1


def random_cells(draw: random.Random, strata: int, missing: float) -> dict[tuple[str, ...], Moments]:
    kept: Cells = {}
    for stratum in range(strata):
        if draw.random() >= missing:
            prices = [draw.randint(1, 400) for _ in range(draw.randint(1, 9))]
            kept[(str(stratum),)] = Moments.of_counts(len(prices), sum(prices), sum(p * p for p in prices))
    return kept


def test_parts_add_up_exactly() -> None:
    """Law, 1,000 random cases with missing strata and floors: the parts are the raw gap, in fractions."""
    draw, seen = random.Random(231), 0
    for _ in range(1000):
        ours, theirs = random_cells(draw, 6, 0.3), random_cells(draw, 6, 0.3)
        floor = draw.randint(1, 5)
        parts = kitagawa(ours, theirs, floor=floor)
        assert (parts is None) == (not ours or not theirs)
        if parts is None:
            continue
        means = [Fraction(sum(c.value for c in s.values())) / sum(c.n for c in s.values()) for s in (ours, theirs)]
        assert parts.raw_gap == means[0] - means[1] == parts.mix + parts.like_for_like + parts.no_counterpart
        one_sided = like_for_like(ours, theirs, floor=floor)
        assert parts.coverage == one_sided.coverage
        if one_sided.difference is not None:
            other = like_for_like(ours, theirs, standard="reference", floor=floor).difference
            assert other is not None
            assert parts.like_for_like == (one_sided.difference + other) / 2
            seen += 1
    assert seen > 500


def test_swapping_the_groups_negates_every_part() -> None:
    draw = random.Random(232)
    for _ in range(200):
        ours, theirs = random_cells(draw, 5, 0.2), random_cells(draw, 5, 0.2)
        here, there = kitagawa(ours, theirs), kitagawa(theirs, ours)
        if here and there:
            assert (here.mix, here.like_for_like, here.no_counterpart) == (
                -there.mix,
                -there.like_for_like,
                -there.no_counterpart,
            )


def test_kitagawa_of_nobody_is_nothing_and_of_strangers_has_no_counterpart() -> None:
    assert kitagawa({}, REFERENCE) is None
    parts = kitagawa({("a",): counts(5, 10)}, {("b",): counts(5, 7)})
    assert parts is not None
    assert (parts.raw_gap, parts.no_counterpart, parts.mix, parts.coverage) == (3, 3, 0, 0)
    with pytest.raises(ValueError, match="floor"):
        kitagawa(GROUP, REFERENCE, floor=0)


def test_reimers_over_the_strata_is_kitagawa() -> None:
    """Identity, 1,000 random cases: coefficients averaged over both groups with one dummy per stratum.

    Oracle of both: OaxacaBlinder(hasconst=False, swap=False) of type "reimers" on the rows.
    """
    draw = random.Random(233)
    for _ in range(1000):
        strata = draw.randint(2, 6)
        sides = [
            [(stratum, draw.randint(1, 400)) for stratum in range(strata) for _ in range(draw.randint(1, 9))]
            for _ in range(2)
        ]
        ours, theirs = (folded(np.array([[s] for s, _ in side]), np.array([p for _, p in side])) for side in sides)
        parts, twofold = kitagawa(ours, theirs), oaxaca_blinder(ours, theirs, ["s"], coefficients="reimers")
        assert parts is not None
        assert twofold is not None
        rows = np.array([(which, *row) for which, side in zip((0, 1), sides, strict=True) for row in side], dtype=float)
        dummies = np.column_stack([rows[:, 1] == stratum for stratum in range(1, strata)]).astype(float)
        oracle = OaxacaBlinder(
            rows[:, 2], np.column_stack([dummies, rows[:, 0]]), strata - 1, hasconst=False, swap=False
        )
        unexplained, explained, gap = oracle.two_fold(two_fold_type="reimers").params
        assert (float(parts.raw_gap), float(parts.mix), float(parts.like_for_like)) == pytest.approx(
            (gap, explained, unexplained), abs=1e-8
        )
        assert twofold.explained == pytest.approx(float(parts.mix), abs=1e-8)
        assert twofold.unexplained == pytest.approx(float(parts.like_for_like), abs=1e-8)
        assert twofold.explained_by["s"] == pytest.approx(float(parts.mix), abs=1e-8)


def test_three_fold_by_hand() -> None:
    """(.6 − .3)·90 + (.4 − .7)·180 = −27; .3·10 + .7·20 = 17; .3·10 − .3·20 = −3; together −13."""
    parts = oaxaca_blinder_three_fold(GROUP, REFERENCE, ["stratum"])
    assert parts is not None
    assert (parts.endowments, parts.coefficients, parts.interaction, parts.gap) == pytest.approx((-27, 17, -3, -13))


def moments_of(exog: NDArray[np.float64], endog: NDArray[np.float64]) -> LinearMoments:
    return LinearMoments(
        weight=len(endog), gram=exog.T @ exog, cross=exog.T @ endog, sums=exog.sum(axis=0), total=float(endog.sum())
    )


def card_spending() -> tuple[LinearMoments, LinearMoments]:
    data: Any = sm.datasets.ccard.load_pandas()
    exog, endog = data.exog, data.endog.to_numpy(float)
    rents = exog["OWNRENT"].to_numpy() == 0
    columns = sm.add_constant(exog.drop(columns="OWNRENT").to_numpy(float))
    return moments_of(columns[rents], endog[rents]), moments_of(columns[~rents], endog[~rents])


@pytest.mark.parametrize(
    ("kind", "explained", "unexplained"), [("pooled", 130.80954, 27.94091), ("neumark", 139.22577, 19.52467)]
)
def test_card_spending_by_ownership(kind: Coefficients, explained: float, unexplained: float) -> None:
    """Published for "pooled" in statsmodels' documentation (Greene's credit card data, owners − renters, gap 158.75044).

    "neumark": statsmodels' own tests have unexplained 19.52467 and explained 139.22577, in that order.
    """
    renters, owners = card_spending()
    parts, turned = two_fold(owners, renters, coefficients=kind), two_fold(renters, owners, coefficients=kind)
    assert (parts.gap, parts.explained, parts.unexplained) == pytest.approx(
        (158.75044, explained, unexplained), abs=1e-5
    )
    assert (turned.gap, turned.explained, turned.unexplained) == pytest.approx(
        (-158.75044, -explained, -unexplained), abs=1e-5
    )


def test_card_spending_three_fold() -> None:
    """Published in statsmodels' documentation: 321.74824 + 75.45371 − 238.45151 (owners − renters)."""
    renters, owners = card_spending()
    parts = three_fold(owners, renters)
    assert (parts.endowments, parts.coefficients, parts.interaction) == pytest.approx(
        (321.74824, 75.45371, -238.45151), abs=1e-5
    )


def factor_rows(generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Sex, two factors of three and two levels, price; every level occurs for both sexes."""
    size = int(generator.integers(60, 200))
    sex = generator.integers(0, 2, size)
    factors = np.column_stack([generator.integers(0, 3, size), generator.integers(0, 2, size)])
    seeds = np.array([(s, a, b) for s in (0, 1) for a in (0, 1, 2) for b in (0, 1)])
    sex, factors = np.append(sex, seeds[:, 0]), np.vstack([factors, seeds[:, 1:]])
    price = 50 + 20 * factors[:, 0] + 7 * sex * factors[:, 1] + generator.gamma(2, 10, len(sex))
    return sex, factors, price.round()


def folded(factors: NDArray[np.int64], price: NDArray[np.float64]) -> Cells:
    cells: Cells = {}
    for levels, paid in zip(factors, price, strict=True):
        key = tuple(f"level {level}" for level in levels)
        one = Moments.of_counts(1, int(paid), int(paid) ** 2)
        cells[key] = cells[key] + one if key in cells else one
    return cells


def test_every_kind_equals_statsmodels() -> None:
    """Oracle: OaxacaBlinder(hasconst=False, swap=False) on rows; 1,000 data sets, four kinds and the three-fold form."""
    generator = np.random.default_rng(234)
    for _ in range(1000):
        sex, factors, price = factor_rows(generator)
        dummies = np.column_stack([factors[:, 0] == 1, factors[:, 0] == 2, factors[:, 1] == 1]).astype(float)
        oracle = OaxacaBlinder(price, np.column_stack([dummies, 1 - sex]), 3, hasconst=False, swap=False)
        ours, theirs = (folded(factors[sex == which], price[sex == which]) for which in (1, 0))
        for kind, spelled in KINDS.items():
            parts = oaxaca_blinder(ours, theirs, ["region", "channel"], coefficients=kind)
            assert parts is not None
            unexplained, explained, gap = oracle.two_fold(two_fold_type=spelled).params
            assert (parts.gap, parts.explained, parts.unexplained) == pytest.approx(
                (gap, explained, unexplained), abs=1e-9
            )
            assert sum(part or 0 for part in parts.explained_by.values()) == pytest.approx(explained, abs=1e-9)
            assert (parts.explained or 0) + (parts.unexplained or 0) == pytest.approx(parts.gap, abs=1e-9)
        three = oaxaca_blinder_three_fold(ours, theirs, ["region", "channel"])
        assert three is not None
        assert (three.endowments, three.coefficients, three.interaction, three.gap) == pytest.approx(
            tuple(oracle.three_fold().params), abs=1e-9
        )


def test_explained_parts_do_not_depend_on_the_base_level() -> None:
    """Renaming levels moves another one into the base; the explained part of each factor stays."""
    generator = np.random.default_rng(235)
    turn = {"level 0": "z", "level 1": "y", "level 2": "x"}
    for _ in range(20):
        sex, factors, price = factor_rows(generator)
        ours, theirs = (folded(factors[sex == which], price[sex == which]) for which in (1, 0))
        renamed = [{tuple(turn[level] for level in key): cell for key, cell in side.items()} for side in (ours, theirs)]
        for kind in KINDS:
            here = oaxaca_blinder(ours, theirs, ["a", "b"], coefficients=kind)
            there = oaxaca_blinder(*renamed, ["a", "b"], coefficients=kind)
            assert here is not None
            assert there is not None
            assert here.explained_by == pytest.approx(dict(there.explained_by), abs=1e-9)


def test_weights_count_as_people() -> None:
    """Weights of 2 on everybody change nothing; a weight of 3 is three people of the same price."""
    weighted = Moments(n=1, weight=3, weight_squared=9, value=30, weight_squared_value=90, weight_squared_squares=900)
    parts = oaxaca_blinder({("a",): weighted, ("b",): counts(3, 20)}, REFERENCE, ["s"], coefficients="cotton")
    plain = oaxaca_blinder({("a",): counts(3, 10), ("b",): counts(3, 20)}, REFERENCE, ["s"], coefficients="cotton")
    assert parts == plain


def test_a_level_of_one_group_only_has_coefficients_in_one_group_only() -> None:
    """Separate fits cannot price a level they never saw; the pooled fits can, and add up."""
    ours = {**GROUP, ("c",): counts(20, 300)}
    for kind in ("cotton", "reimers"):
        parts = oaxaca_blinder(ours, REFERENCE, ["s"], coefficients=kind)
        assert parts is not None
        assert (parts.explained, parts.unexplained) == (None, None)
        assert "lacks" in (parts.reason or "")
    three = oaxaca_blinder_three_fold(ours, REFERENCE, ["s"])
    assert three is not None
    assert three.endowments is None
    assert three.reason
    for kind in ("pooled", "neumark"):
        parts = oaxaca_blinder(ours, REFERENCE, ["s"], coefficients=kind)
        assert parts is not None
        assert (parts.explained or 0) + (parts.unexplained or 0) == pytest.approx(parts.gap)


def test_factors_that_determine_each_other_share_one_explained_part() -> None:
    """Channel repeats region: the whole explained part is that of region alone, its split is not identified."""
    twice = [{(*key, *key): cell for key, cell in side.items()} for side in (GROUP, REFERENCE)]
    for kind in KINDS:
        once = oaxaca_blinder(GROUP, REFERENCE, ["region"], coefficients=kind)
        both = oaxaca_blinder(*twice, ["region", "channel"], coefficients=kind)
        assert once is not None
        assert both is not None
        assert both.explained == pytest.approx(once.explained)
        assert both.explained_by == {"region": None, "channel": None}


def test_factors_that_determine_the_group_leave_pooled_nothing_to_compare() -> None:
    parts = oaxaca_blinder({("a",): counts(5, 10)}, {("b",): counts(5, 7)}, ["s"])
    assert parts is not None
    assert (parts.explained, parts.reason) == (None, "the factors determine the group")


def test_nobody_and_unknown_names() -> None:
    assert oaxaca_blinder({}, REFERENCE, ["s"]) is None
    assert oaxaca_blinder_three_fold(GROUP, {}, ["s"]) is None
    with pytest.raises(ValueError, match="neumark"):
        oaxaca_blinder(GROUP, REFERENCE, ["s"], coefficients="nuemark")  # type: ignore[arg-type]  # refused
    with pytest.raises(ValueError, match="one level per factor"):
        oaxaca_blinder(GROUP, REFERENCE, ["s", "t"])
