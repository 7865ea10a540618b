"""Conditional demographic disparity: Amazon's fixture, hand calculations, symmetries and a simulation of coverage."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from evenhand.stats.demographic_disparity import DecisionStratum, conditional_demographic_disparity
from evenhand.stats.student import StudentContrast


def stratum(group_accepted: Any, group_rejected: Any, accepted: Any, rejected: Any) -> DecisionStratum:
    return DecisionStratum(
        group_accepted=group_accepted, group_rejected=group_rejected, accepted=accepted, rejected=rejected
    )


# Counted from the 24 rows of `test_CDD` in aws/amazon-sagemaker-clarify (tests/unit/bias/metrics), facet "F".
CLARIFY = [stratum(0, 1, 4, 2), stratum(2, 4, 5, 7), stratum(1, 2, 4, 2)]


def present(strata: list[DecisionStratum]) -> StudentContrast:
    contrast, _ = conditional_demographic_disparity(strata)
    assert contrast is not None
    return contrast


def as_clarify(strata: list[DecisionStratum]) -> Fraction:
    """smclarify's rule as published: every stratum counts, and a share of nobody is 0."""
    total = Fraction(0)
    for s in strata:
        rejected = Fraction(s.group_rejected) / s.rejected if s.rejected else Fraction(0)
        accepted = Fraction(s.group_accepted) / s.accepted if s.accepted else Fraction(0)
        total += s.people * (rejected - accepted)
    return total / sum(s.people for s in strata)


def test_clarify_fixture() -> None:
    """smclarify: .3982142857 for F and its negative for M. (6·½ + 12·6/35 + 6·¾)/24 = 223/560; no stratum is left out."""
    contrast, left_out = conditional_demographic_disparity(CLARIFY)
    assert contrast is not None
    assert contrast.exact == Fraction(223, 560)
    assert contrast.estimate == pytest.approx(0.3982142857, abs=1e-10)
    assert left_out == 0
    others = [
        stratum(s.accepted - s.group_accepted, s.rejected - s.group_rejected, s.accepted, s.rejected) for s in CLARIFY
    ]
    assert present(others).exact == Fraction(-223, 560)
    assert as_clarify(CLARIFY) == Fraction(223, 560)


@pytest.mark.parametrize("accepted", [8, 1, 240])
def test_a_stratum_of_one_decision_is_left_out_where_clarify_counts_it(accepted: int) -> None:
    """Without the group in it, it counts 0 there: theirs = ours · (1 − share left out), exactly.

    With the group in it, smclarify moves further, by the whole accepted share: it counts P(g | rejected) as 0.
    """
    without, within = stratum(0, 0, accepted, 0), stratum(accepted, 0, accepted, 0)
    for extra in (without, within):
        contrast, left_out = conditional_demographic_disparity([*CLARIFY, extra])
        assert contrast == present(CLARIFY)
        assert left_out == Fraction(accepted, 24 + accepted)
    assert as_clarify([*CLARIFY, without]) == Fraction(223, 560) * (1 - left_out)
    assert as_clarify([*CLARIFY, within]) == Fraction(223, 560) * (1 - left_out) - left_out


def test_one_stratum_by_hand() -> None:
    """4/7 − 2/5 = 6/35; variance (4/7)(3/7)/7 + (2/5)(3/5)/5."""
    contrast = present([stratum(2, 4, 5, 7)])
    assert contrast.exact == Fraction(6, 35)
    assert contrast.standard_error**2 == pytest.approx(12 / 49 / 7 + 6 / 25 / 5)
    assert contrast.parity == 0
    assert contrast.compare(Fraction(6, 35)) == 0


def test_a_share_of_nought_keeps_a_variance() -> None:
    """0 of 4 accepted: p = .5/5 = .1 in the variance only; 1 of 2 rejected: .25/2."""
    contrast = present([stratum(0, 1, 4, 2)])
    assert contrast.exact == Fraction(1, 2)
    assert contrast.standard_error**2 == pytest.approx(0.1 * 0.9 / 4 + 0.25 / 2)


def test_strata_without_the_group_dilute_and_do_not_vary() -> None:
    """n-weighted: 12 people at 6/35 and 12 at 0: half the value, half the standard error."""
    one = present([stratum(2, 4, 5, 7)])
    for extra in (stratum(0, 0, 6, 6), stratum(6, 6, 6, 6)):
        both = present([stratum(2, 4, 5, 7), extra])
        assert both.exact == Fraction(3, 35)
        assert both.standard_error == pytest.approx(one.standard_error / 2)


def test_nothing_to_compare() -> None:
    assert conditional_demographic_disparity([]) == (None, 0)
    assert conditional_demographic_disparity([stratum(2, 0, 4, 0), stratum(0, 1, 0, 3)]) == (None, 1)
    assert conditional_demographic_disparity([stratum(0, 0, 5, 5), stratum(0, 0, 10, 0)]) == (None, Fraction(1, 2))


@pytest.mark.parametrize("wrong", [(6, 1, 5, 5), (1, 6, 5, 5), (-1, 1, 5, 5), (0, 0, -1, 5)])
def test_impossible_counts_are_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="stratum"):
        stratum(*wrong)


def random_strata(draw: random.Random) -> list[DecisionStratum]:
    sizes = [(draw.randint(2, 80), draw.randint(2, 80)) for _ in range(draw.randint(1, 6))]
    return [stratum(draw.randint(1, a), draw.randint(0, r - 1), a, r) for a, r in sizes]


def test_symmetries() -> None:
    """Order is nothing; exchanging accepted and rejected, or the group and all others, negates."""
    draw = random.Random(306)
    for _ in range(100):
        strata = random_strata(draw)
        here = present(strata)
        assert here.exact is not None
        assert present(strata[::-1]) == here
        decisions = [stratum(s.group_rejected, s.group_accepted, s.rejected, s.accepted) for s in strata]
        others = [
            stratum(s.accepted - s.group_accepted, s.rejected - s.group_rejected, s.accepted, s.rejected)
            for s in strata
        ]
        for there in (present(decisions), present(others)):
            assert there.exact == -here.exact
            assert there.standard_error == pytest.approx(here.standard_error, rel=1e-12)


def test_a_hundred_times_the_people_give_a_tenth_of_the_width() -> None:
    strata = [stratum(20, 31, 50, 70), stratum(11, 9, 40, 20)]
    hundred = [
        stratum(*(100 * n for n in (s.group_accepted, s.group_rejected, s.accepted, s.rejected))) for s in strata
    ]
    assert present(hundred).exact == present(strata).exact
    assert present(strata).standard_error / present(hundred).standard_error == pytest.approx(10, rel=1e-12)


def test_splitting_in_equal_halves_changes_nothing_and_merging_what_differs_does() -> None:
    """n_s is additive, and so is the variance over halves; strata of other shares merge into another value."""
    whole = present([stratum(20, 30, 50, 70)])
    halves = present([stratum(10, 15, 25, 35)] * 2)
    assert halves.exact == whole.exact
    assert halves.standard_error == pytest.approx(whole.standard_error, rel=1e-12)
    apart, together = present([stratum(20, 10, 40, 20), stratum(1, 8, 5, 40)]), present([stratum(21, 18, 45, 60)])
    assert apart.exact == 0
    assert together.exact == Fraction(18, 60) - Fraction(21, 45)


def test_the_standard_error_is_the_simulated_one() -> None:
    """Oracle: 20,000 draws of independent binomials per stratum and decision; standard deviation within 2%."""
    generator = np.random.default_rng(308)
    strata = [stratum(20, 30, 50, 70), stratum(11, 9, 40, 20)]
    drawn = np.zeros(20_000)
    for s in strata:
        rejected, accepted = int(s.rejected), int(s.accepted)
        rate, other = float(s.group_rejected) / rejected, float(s.group_accepted) / accepted
        gap = (
            generator.binomial(rejected, rate, 20_000) / rejected
            - generator.binomial(accepted, other, 20_000) / accepted
        )
        drawn += (rejected + accepted) / 180 * gap
    assert present(strata).standard_error == pytest.approx(float(drawn.std()), rel=0.02)
