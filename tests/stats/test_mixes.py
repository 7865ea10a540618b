"""Mixes: total variation by hand and at parity; chi-square against scipy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chisquare

from evenhand.stats.mixes import chi_square, total_variation, total_variation_null


def test_published_distance() -> None:
    """metrics.md: (.48, .52) against (.63, .37) is .15."""
    assert total_variation((48, 52), (63, 37)) == 0.15
    assert total_variation((48, 52), (0.63, 0.37)) == pytest.approx(0.15)


def test_bounds_of_the_distance() -> None:
    assert total_variation((5, 5), (50, 50)) == 0.0
    assert total_variation((5, 0), (0, 50)) == 1.0
    assert total_variation((1, 2, 3), (Fraction(1, 6), Fraction(1, 3), Fraction(1, 2))) == 0.0


@pytest.mark.parametrize(("counts", "reference"), [((1, 2), (1, 2, 3)), ((0, 0), (1, 2)), ((1, 2), (0, 0))])
def test_mixes_that_do_not_fit_are_refused(counts: tuple[int, ...], reference: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="same categories"):
        total_variation(counts, reference)


def test_distance_of_two_groups_at_parity_by_enumeration() -> None:
    """5 of 10 drawn from 5 + 5: the share of the first group is hypergeometric; |k − 2.5|/5 is .1, .3 or .5.

    P(.1) = 2·(10·10)/252, P(.3) = 2·(5·5)/252, P(.5) = 2/252: mean .1·.7937 + .3·.1984 + .5·.0079 = .1429.
    """
    null = total_variation_null((3, 2), (5, 5), replicates=20_000, seed=3)
    assert null.mean == pytest.approx((0.1 * 200 + 0.3 * 50 + 0.5 * 2) / 252, abs=0.003)
    assert null.percentile_95 == pytest.approx(0.3)
    assert null.p == 1.0
    extreme = total_variation_null((5, 0), (5, 5), replicates=20_000, seed=3)
    assert extreme.p == pytest.approx(2 / 252, abs=0.003)


def test_distance_is_biased_up_with_many_groups() -> None:
    """methods.md: six categories and about 100 people: above .10 in a third of audits at parity."""
    eligible = np.full(6, 100_000)
    null = total_variation_null((17, 17, 17, 17, 16, 16), eligible.tolist(), replicates=5000, seed=4)
    assert 0.08 < null.mean < 0.11
    assert null.percentile_95 > 0.12


def test_selecting_everybody_is_no_distance() -> None:
    null = total_variation_null((4, 6), (4, 6), replicates=100, seed=1)
    assert (null.mean, null.percentile_95, null.p) == (0.0, 0.0, 1.0)


def test_selected_who_are_not_eligible_are_refused() -> None:
    with pytest.raises(ValueError, match="eligible"):
        total_variation_null((5, 6), (4, 6), replicates=100, seed=1)


def test_chi_square_equals_scipy() -> None:
    """Oracle: scipy.stats.chisquare, 200 random samples."""
    generator = np.random.default_rng(141)
    for _ in range(200):
        counts, shares = generator.integers(0, 50, 5), generator.dirichlet(np.ones(5)) + 1e-3
        counts[0] += 1
        shares = shares / shares.sum()
        oracle = chisquare(counts, counts.sum() * shares)
        ours = chi_square(counts.tolist(), shares.tolist())
        assert ours.statistic == pytest.approx(float(oracle.statistic), rel=1e-10)
        assert ours.p == pytest.approx(float(oracle.pvalue), rel=1e-8, abs=1e-300)
        assert ours.degrees_of_freedom == 4


def test_chi_square_by_hand() -> None:
    result = chi_square((60, 40), (1, 1))
    assert (result.statistic, result.smallest_expected) == (4.0, 50.0)
    assert result.p == pytest.approx(0.0455, abs=1e-4)
    assert chi_square((7,), (1,)).p == 1.0
    with pytest.raises(ValueError, match="share"):
        chi_square((1, 2), (0, 1))
