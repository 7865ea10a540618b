"""Mixes: total variation by hand and at parity; chi-square against scipy."""

from __future__ import annotations

from fractions import Fraction

import pytest

from evenhand.stats.mixes import total_variation


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
