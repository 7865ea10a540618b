"""Proxy strength: η² against OLS, Cramér's V against scipy, mutual information against scikit-learn, joint AUC on rows."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats.contingency import association
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures
from statsmodels.regression.linear_model import OLS

from evenhand.stats.association import cramers_v, eta_squared, joint_auc, mutual_information


def random_sides(draw: random.Random) -> tuple[list[int], list[int]]:
    size = draw.randint(2, 8)
    group, others = ([draw.choice([0, draw.randint(0, 12)]) for _ in range(size)] for _ in range(2))
    group[0] += 1
    others[-1] += 1
    return group, others


def test_eta_squared_is_r_squared() -> None:
    """Oracle: statsmodels OLS of the 0/1 indicator on the dummies of every level, rows expanded: 1,000 tables."""
    draw = random.Random(341)
    for _ in range(1000):
        group, others = random_sides(draw)
        found = eta_squared(group, others)
        assert found is not None
        level = np.repeat(np.arange(len(group)), np.add(group, others))
        member = np.concatenate([np.repeat([1.0, 0.0], pair) for pair in zip(group, others, strict=True)])
        dummies = (level[:, None] == np.unique(level)).astype(float)
        fit = OLS(member, dummies, hasconst=True).fit()
        assert float(found.plain) == pytest.approx(float(fit.rsquared), abs=1e-10)
        if found.adjusted is not None:
            assert float(found.adjusted) == pytest.approx(float(fit.rsquared_adj), abs=1e-9)


def test_eta_squared_by_hand() -> None:
    """Shares 3/4 and 1/4 of 4 people each: ¼, adjusted 1/8; an empty level changes nothing."""
    found = eta_squared([3, 1, 0], [1, 3, 0])
    assert found is not None
    assert (found.plain, found.adjusted) == (Fraction(1, 4), Fraction(1, 8))
    alone = eta_squared([1, 0], [0, 1])
    assert alone is not None
    assert (alone.plain, alone.adjusted) == (1, None)
    assert eta_squared([0, 0], [1, 2]) is None
    assert eta_squared([1, 2], [0, 0]) is None


def test_cramers_v_equals_scipy() -> None:
    """Oracle: scipy.stats.contingency.association(method="cramer"), 300 tables; transposing changes nothing."""
    generator = np.random.default_rng(342)
    for _ in range(300):
        table = generator.integers(1, 20, (generator.integers(2, 7), generator.integers(2, 5)))
        found, turned = cramers_v(table.tolist()), cramers_v(table.T.tolist())
        assert found is not None
        assert turned is not None
        assert found.plain == pytest.approx(float(association(table, method="cramer")), rel=1e-10)
        assert turned.corrected == pytest.approx(found.corrected, abs=1e-12)


def test_corrected_v_by_hand() -> None:
    """[[3, 1], [1, 3]]: φ² = ¼ − 1/7 = 3/28 over r̃ − 1 = 6/7: √(1/8)."""
    found = cramers_v([[3, 1], [1, 3]])
    assert found is not None
    assert (found.plain, found.corrected) == pytest.approx((0.5, math.sqrt(1 / 8)))
    assert cramers_v([[3, 0], [1, 0]]) is None
    assert cramers_v([[1, 0], [0, 1]]) is None  # n = 2: r̃ is 1


def test_mutual_information_equals_sklearn() -> None:
    """Oracle: sklearn.metrics.mutual_info_score(contingency=…), nats, 300 tables with empty cells."""
    generator = np.random.default_rng(343)
    for _ in range(300):
        table = generator.integers(0, 9, (generator.integers(2, 7), generator.integers(2, 5)))
        table[0, 0] += 1
        found = mutual_information(table.tolist())
        assert found is not None
        assert found.plain == pytest.approx(float(mutual_info_score(None, None, contingency=table)), abs=1e-12)


def test_corrected_information_by_hand() -> None:
    """[[2, 0], [0, 2]]: log 2 + (2 + 2 − 2 − 1)/8; a full 2 × 2 loses 1/2n."""
    found, full = mutual_information([[2, 0], [0, 2]]), mutual_information([[3, 1], [1, 3]])
    assert found is not None
    assert full is not None
    assert (found.plain, found.corrected) == pytest.approx((math.log(2), math.log(2) + 1 / 8))
    assert full.plain - full.corrected == pytest.approx(1 / 16)
    assert mutual_information([[0, 0]]) is None
    assert mutual_information([]) is None


def test_corrections_take_out_the_bias_at_independence() -> None:
    """By simulation: 2,000 independent 8 × 2 tables of 100 people: plain means of 7/99, 7/200; corrected about 0."""
    generator = np.random.default_rng(344)
    plain, adjusted, information, corrected = [], [], [], []
    for table in generator.multinomial(100, np.full(16, 1 / 16), 2000).reshape(-1, 8, 2):
        eta, mutual = eta_squared(table[:, 0].tolist(), table[:, 1].tolist()), mutual_information(table.tolist())
        assert eta is not None
        assert eta.adjusted is not None
        assert mutual is not None
        plain.append(float(eta.plain))
        adjusted.append(float(eta.adjusted))
        information.append(mutual.plain)
        corrected.append(mutual.corrected)
    assert np.mean(plain) == pytest.approx(7 / 99, rel=0.05)
    assert abs(np.mean(adjusted)) < 0.003
    assert np.mean(information) > 0.03
    assert abs(np.mean(corrected)) < 0.004


def cells(generator: np.random.Generator, *, linked: float) -> tuple[list[tuple[str, ...]], list[int], list[int]]:
    """Three factors of 3, 4 and 2 levels; the group is likelier where the first two agree, by `linked`."""
    levels = [(f"a{i}", f"b{j}", f"c{k}") for i in range(3) for j in range(4) for k in range(2)]
    people = generator.integers(20, 120, len(levels))
    odds = np.array([0.4 + linked * ((i == j) - (i == 0) * 0.5) for i in range(3) for j in range(4) for _ in range(2)])
    group = generator.binomial(people, odds)
    return levels, group.tolist(), (people - group).tolist()


def test_joint_area_at_independence() -> None:
    """The mean over 12 tables without any link is .5; the plug-in area of the same cells would be above it."""
    generator = np.random.default_rng(345)
    found = [joint_auc(*cells(generator, linked=0.0), seed=seed) for seed in range(12)]
    areas = [area.area for area in found if area is not None]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.02)


def test_joint_area_equals_rows() -> None:
    """Oracle: scikit-learn's cross_val_score of one-hot levels and their products on the expanded rows.

    The folds are other draws, so that they agree within noise: .01 at 1,700 people, averaged over five shuffles.
    """
    levels, group, others = cells(np.random.default_rng(346), linked=0.35)
    rows = [
        (cell, label)
        for cell, *pair in zip(levels, group, others, strict=True)
        for label, n in zip((1, 0), pair, strict=True)
        for _ in range(n)
    ]
    model = make_pipeline(
        OneHotEncoder(), PolynomialFeatures(degree=2, interaction_only=True), LogisticRegression(max_iter=2000)
    )
    factors, member = np.array([cell for cell, _ in rows]), np.array([label for _, label in rows])
    theirs = [
        cross_val_score(model, factors, member, scoring="roc_auc", cv=StratifiedKFold(5, shuffle=True, random_state=s))
        for s in range(3)
    ]
    ours = [joint_auc(levels, group, others, seed=seed) for seed in range(5)]
    assert np.mean([area.area for area in ours if area is not None]) == pytest.approx(float(np.mean(theirs)), abs=0.01)
    assert float(np.mean(theirs)) > 0.6


def test_joint_area_sees_two_harmless_factors_together() -> None:
    """Exclusive or: neither factor alone says anything (η² = 0), both together say nearly all."""
    levels = [("x", "p"), ("x", "q"), ("y", "p"), ("y", "q")]
    alone = eta_squared([95 + 5, 5 + 95], [5 + 95, 95 + 5])
    assert alone is not None
    assert alone.plain == 0
    found = joint_auc(levels, [95, 5, 5, 95], [5, 95, 95, 5], seed=1)
    assert found is not None
    assert found.area == pytest.approx(0.95, abs=0.03)
    assert len(found.folds) == 5


def test_joint_area_of_the_group_itself_and_of_a_constant() -> None:
    certain = joint_auc([("f",), ("m",)], [50, 0], [0, 60], seed=1)
    constant = joint_auc([("x",)], [50], [60], seed=1)
    assert certain is not None
    assert constant is not None
    assert (certain.area, constant.area) == (1.0, 0.5)


def test_joint_area_repeats_and_does_not_hang_on_the_size_of_counts() -> None:
    levels, group, others = cells(np.random.default_rng(347), linked=0.3)
    assert joint_auc(levels, group, others, seed=3) == joint_auc(levels, group, others, seed=3)
    large = joint_auc(levels, [10_000 * n for n in group], [10_000 * n for n in others], seed=3)
    small = joint_auc(levels, group, others, seed=3)
    assert large is not None
    assert small is not None
    assert large.area == pytest.approx(small.area, abs=0.06)
    assert max(large.folds) - min(large.folds) < 0.002


def test_too_few_people_for_the_folds() -> None:
    assert joint_auc([("x",), ("y",)], [4, 0], [50, 50], seed=1) is None
