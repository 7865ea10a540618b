"""Rates within strata: statsmodels on random tables, Berkeley as published, hand calculations, and laws of symmetry."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2
from statsmodels.stats.contingency_tables import StratifiedTable

from evenhand.stats.stratified_rates import (
    RateStratum,
    Standard,
    binomial_variance,
    breslow_day,
    cochran_mantel_haenszel,
    mantel_haenszel_difference,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_ratio,
    share_explained,
    standardised_difference,
    standardised_rates,
    standardised_ratio,
    sum_in_pairs,
)
from evenhand.stats.student import StudentContrast

MEN = ((512, 313), (353, 207), (120, 205), (138, 279), (53, 138), (22, 351))
WOMEN = ((89, 19), (17, 8), (202, 391), (131, 244), (94, 299), (24, 317))
COUNTS = ("cases", "total", "reference_cases", "reference_total")


def stratum(cases: Any, total: Any, reference_cases: Any, reference_total: Any) -> RateStratum:
    return RateStratum(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)


def berkeley() -> list[RateStratum]:
    """Admitted and rejected by department A to F, 1973 (Bickel, Hammel & O'Connell 1975): women against men."""
    return [stratum(ours[0], sum(ours), theirs[0], sum(theirs)) for ours, theirs in zip(WOMEN, MEN, strict=True)]


def swapped(strata: list[RateStratum]) -> list[RateStratum]:
    return [stratum(s.reference_cases, s.reference_total, s.cases, s.total) for s in strata]


def times(strata: list[RateStratum], factor: int | Fraction) -> list[RateStratum]:
    return [
        stratum(s.cases * factor, s.total * factor, s.reference_cases * factor, s.reference_total * factor)
        for s in strata
    ]


def interior(draw: random.Random, strata: int) -> list[RateStratum]:
    found = []
    for _ in range(strata):
        a, b, c, d = (draw.randint(1, draw.choice([9, 60, 900])) for _ in range(4))
        found.append(stratum(a, a + b, c, c + d))
    return found


def theirs(strata: list[RateStratum]) -> StratifiedTable:
    sides = [((s.cases, s.total), (s.reference_cases, s.reference_total)) for s in strata]
    return StratifiedTable([np.array([[x, n - x] for x, n in both], dtype=float) for both in sides])


def present(contrast: StudentContrast | None) -> StudentContrast:
    assert contrast is not None
    return contrast


def test_statsmodels_on_300_sets_of_tables() -> None:
    """Oracle: statsmodels 0.15 StratifiedTable, all counts above 0; its p-values are 1 − cdf, so scipy's sf is taken."""
    draw = random.Random(301)
    for _ in range(300):
        strata = interior(draw, draw.choice([2, 3, 8, 30]))
        oracle = theirs(strata)
        odds, ratio = present(mantel_haenszel_odds_ratio(strata)), present(mantel_haenszel_ratio(strata))
        assert odds.estimate == pytest.approx(float(oracle.oddsratio_pooled), rel=1e-9)
        assert odds.standard_error == pytest.approx(float(oracle.logodds_pooled_se), rel=1e-9)
        assert ratio.estimate == pytest.approx(float(oracle.riskratio_pooled), rel=1e-9)
        gap = abs(
            sum(s.cases - s.total * (s.cases + s.reference_cases) / (s.total + s.reference_total) for s in strata)
        )
        for corrected in (False, True):
            if corrected and gap < Fraction(1, 2):
                continue  # statsmodels squares a negative number here: the correction passes 0
            test = cochran_mantel_haenszel(strata, corrected=corrected)
            assert test is not None
            statistic = float(oracle.test_null_odds(correction=corrected).statistic)
            assert test == pytest.approx((statistic, float(chi2.sf(statistic, 1))), rel=1e-9, abs=1e-12)
        for tarone in (False, True):
            found = breslow_day(strata, tarone=tarone)
            assert found is not None
            statistic = float(oracle.test_equal_odds(adjust=tarone).statistic)
            assert found[0] == pytest.approx(statistic, rel=1e-9, abs=1e-9)
            assert found[1] == len(strata) - 1
            assert found[2] == pytest.approx(float(chi2.sf(statistic, len(strata) - 1)), rel=1e-6, abs=1e-12)


def test_berkeley_as_published() -> None:
    """methods.md: Mantel-Haenszel 1.0583 (.9704-1.1541); Breslow-Day 18.83, which both variants round to."""
    ratio = present(mantel_haenszel_ratio(berkeley()))
    interval = ratio.interval()
    assert (round(ratio.estimate or 0, 4), round(interval.low, 4), round(interval.high, 4)) == (1.0583, 0.9704, 1.1541)
    plain, adjusted = breslow_day(berkeley(), tarone=False), breslow_day(berkeley())
    assert plain is not None
    assert adjusted is not None
    assert plain[:2] == (pytest.approx(18.825514, abs=1e-6), 5)  # statsmodels test_equal_odds(adjust=False)
    assert adjusted[:2] == (pytest.approx(18.825501, abs=1e-6), 5)  # and adjust=True


@pytest.mark.parametrize("protected_men", [False, True])
def test_berkeley_standardised_to_the_male_mix(protected_men: bool) -> None:
    """methods.md: 1.1594 for women over men; the men's mix is the reference's, or the group's if men are the group."""
    strata = swapped(berkeley()) if protected_men else berkeley()
    found = present(standardised_ratio(strata, "group" if protected_men else "reference"))
    assert round(1 / found.estimate if protected_men and found.estimate else found.estimate or 0, 4) == 1.1594


def test_berkeley_by_hand_in_the_default_mix() -> None:
    """Σ(women's share of the department) · rate: women keep 557/1835, men take the women's departments."""
    rates = standardised_rates(berkeley())
    assert rates is not None
    group, reference, covered = rates
    assert group.exact == Fraction(557, 1835)
    assert reference.exact == sum(
        Fraction(sum(w), 1835) * Fraction(m[0], sum(m)) for w, m in zip(WOMEN, MEN, strict=True)
    )
    assert covered == 1
    assert present(standardised_ratio(berkeley())).exact_estimate() == group.exact / reference.exact


def test_overlap_weights_are_mantel_haenszels() -> None:
    """n₁·n₀/N are the weights of the Mantel-Haenszel difference and of both rates in its ratio: an identity."""
    ratio, difference = standardised_ratio(berkeley(), "overlap"), standardised_difference(berkeley(), "overlap")
    assert present(ratio).exact == present(mantel_haenszel_ratio(berkeley())).exact
    assert present(difference).exact == present(mantel_haenszel_difference(berkeley())).exact


def test_one_stratum_by_hand() -> None:
    """6/10 v 3/10: the docstrings' arithmetic, which is that of the ordinary unstratified formulas."""
    one = [stratum(6, 10, 3, 10)]
    ratio, difference = present(mantel_haenszel_ratio(one)), present(mantel_haenszel_difference(one))
    odds = present(mantel_haenszel_odds_ratio(one))
    assert (ratio.exact, difference.exact, odds.exact) == (2, Fraction(3, 10), Fraction(7, 2))
    assert ratio.standard_error**2 == pytest.approx(0.4 / 6 + 0.7 / 3)
    assert difference.standard_error**2 == pytest.approx(0.24 / 10 + 0.21 / 10)
    assert odds.standard_error**2 == pytest.approx(1 / 6 + 1 / 4 + 1 / 3 + 1 / 7)
    assert cochran_mantel_haenszel(one) == pytest.approx((19 / 11, float(chi2.sf(19 / 11, 1))))
    assert cochran_mantel_haenszel([stratum(3, 10, 3, 10)], corrected=True) == (0.0, 1.0)  # no correction past 0
    assert breslow_day(one) is None
    assert breslow_day(one * 2) == (pytest.approx(0, abs=1e-20), 1, pytest.approx(1))


def test_two_strata_by_hand() -> None:
    """2/4 v 1/4 and 3/6 v 1/2: ratio (2·4/8 + 3·2/8)/(1·4/8 + 1·6/8) = 1.75/1.25; weights 2 and 1.5, sum 3.5.

    Log variance: 3·16/64 − 2/8 = .5 and 4·12/64 − 3/8 = .375, over 1.75·1.25. Sato: P = (16 − 32)/64 = −.25 and
    (36 − 12 + 6·(2 − 6))/64 = 0; Q = (2·3 + 1·2)/16 = .5 and (3·1 + 1·3)/16 = .375; δ = .5/3.5 = 1/7.
    """
    strata = [stratum(2, 4, 1, 4), stratum(3, 6, 1, 2)]
    ratio, difference = present(mantel_haenszel_ratio(strata)), present(mantel_haenszel_difference(strata))
    assert ratio.exact == Fraction(7, 5)
    assert ratio.standard_error**2 == pytest.approx(0.875 / (1.75 * 1.25))
    assert difference.exact == Fraction(1, 7)
    assert difference.standard_error**2 == pytest.approx((0.875 - 0.25 / 7) / 3.5**2)


def test_standardisation_by_hand() -> None:
    """5/10, 2/10 v 8/20, 1/20: .35 v .225; variance ¼·(.25 + .16)/10 and ¼·(.24 + .0475)/20."""
    rates = standardised_rates([stratum(5, 10, 8, 20), stratum(2, 10, 1, 20)])
    assert rates is not None
    assert (rates[0].exact, rates[1].exact, rates[2]) == (Fraction(7, 20), Fraction(9, 40), 1)
    assert (rates[0].variance, rates[1].variance) == pytest.approx((0.25 * 0.041, 0.25 * 0.2875 / 20))


@pytest.mark.parametrize(
    ("standard", "group", "reference"),
    [
        ("group", Fraction(3, 4), Fraction(1, 2)),  # mix 30 : 10
        ("reference", Fraction(1, 2), Fraction(1, 3)),  # mix 20 : 40
        ("overall", Fraction(3, 5), Fraction(2, 5)),  # mix 50 : 50
        ("overlap", Fraction(33, 50), Fraction(11, 25)),  # mix 12 : 8
    ],
)
def test_each_named_standard(standard: Standard, group: Fraction, reference: Fraction) -> None:
    """Rates .9 and .3 against .6 and .2, weighted by each mix by hand; three to two in both strata, so in all mixes."""
    strata = [stratum(27, 30, 12, 20), stratum(3, 10, 8, 40)]
    rates = standardised_rates(strata, standard)
    assert rates is not None
    assert (rates[0].exact, rates[1].exact) == (group, reference)
    assert present(standardised_ratio(strata, standard)).compare(Fraction(3, 2)) == 0
    assert present(standardised_difference(strata, standard)).compare(group - reference) == 0


def test_strata_below_the_floor_are_left_out_and_their_share_is_told() -> None:
    """60 of the group's 100 stand in the stratum that compares; 40 have no or one counterpart."""
    strata = [stratum(30, 60, 20, 80), stratum(1, 30, 0, 0), stratum(1, 10, 1, 1)]
    rates = standardised_rates(strata)
    assert rates is not None
    assert (rates[0].exact, rates[1].exact, rates[2]) == (Fraction(1, 2), Fraction(1, 4), Fraction(3, 5))
    lower = standardised_rates(strata, floor=1)
    assert lower is not None
    assert lower[2] == Fraction(7, 10)
    assert standardised_rates(strata, floor=61) is None
    assert standardised_ratio(strata, floor=61) is None
    assert standardised_difference(strata, floor=61) is None
    assert standardised_rates([]) is None
    with pytest.raises(ValueError, match="floor"):
        standardised_rates(strata, floor=0)


def test_the_mix_of_weighted_rows_is_their_weight() -> None:
    """Effective sizes 10 and 10, weights 30 and 10: the mix is ¾ and ¼, the variance that of 10 people each."""
    strata = [
        RateStratum(cases=c, total=10, reference_cases=5, reference_total=10, weight=w, reference_weight=1)
        for c, w in ((4, 30), (8, 10))
    ]
    rates = standardised_rates(strata)
    assert rates is not None
    assert rates[0].exact == Fraction(1, 2)
    assert rates[0].variance == pytest.approx((9 * 0.24 + 0.16) / 160)


def test_nobody_of_three_is_no_certainty() -> None:
    """0 of 3: (.5/4)·(3.5/4)/3 for the variance, and the rate stays 0."""
    assert binomial_variance(Fraction(0), Fraction(3)) == pytest.approx(0.125 * 0.875 / 3)
    assert binomial_variance(Fraction(3), Fraction(3)) == pytest.approx(0.125 * 0.875 / 3)
    difference = present(standardised_difference([stratum(0, 3, 0, 3)]))
    assert difference.exact == 0
    assert difference.standard_error**2 == pytest.approx(2 * 0.125 * 0.875 / 3)
    assert standardised_ratio([stratum(0, 3, 1, 3)]) is None


def test_undefined_is_none() -> None:
    nobody, everybody = [stratum(0, 5, 2, 5)], [stratum(5, 5, 5, 5)]
    assert mantel_haenszel_ratio(nobody) is None
    assert mantel_haenszel_ratio([stratum(2, 5, 0, 5)]) is None
    assert mantel_haenszel_odds_ratio(nobody) is None
    assert mantel_haenszel_odds_ratio(everybody) is None
    assert present(mantel_haenszel_difference(nobody)).exact == Fraction(-2, 5)
    assert mantel_haenszel_ratio(everybody) is None
    assert mantel_haenszel_difference(everybody) is None
    assert mantel_haenszel_difference([stratum(1, 1, 0, 2)]) is None
    assert cochran_mantel_haenszel(everybody) is None
    assert breslow_day([*nobody, *nobody]) is None
    for function in (mantel_haenszel_ratio, mantel_haenszel_difference, mantel_haenszel_odds_ratio):
        assert function([]) is None
        assert function([stratum(3, 5, 0, 0)]) is None
    assert cochran_mantel_haenszel([stratum(3, 5, 0, 0)]) is None


def test_one_sided_and_uninformative_strata_change_nothing() -> None:
    extra = [stratum(3, 7, 0, 0), stratum(0, 0, 2, 2), stratum(0, 0, 0, 0)]
    for function in (mantel_haenszel_ratio, mantel_haenszel_difference, mantel_haenszel_odds_ratio):
        assert function([*berkeley(), *extra]) == function(berkeley())
    assert cochran_mantel_haenszel([*berkeley(), *extra]) == cochran_mantel_haenszel(berkeley())
    assert breslow_day([*berkeley(), *extra, stratum(4, 4, 5, 5), stratum(0, 4, 0, 5)]) == breslow_day(berkeley())


def exact_breslow_day(strata: list[RateStratum]) -> float:
    """The definition in fractions, with Tarone's correction: A is bisected until A·D − ψ·B·C is nought to 60 digits."""
    odds = present(mantel_haenszel_odds_ratio(strata)).exact
    assert odds is not None
    gaps, spreads = [], []
    for s in strata:
        cases, group, reference = Fraction(s.cases + s.reference_cases), Fraction(s.total), Fraction(s.reference_total)
        low, high = max(Fraction(0), cases - reference), min(group, cases)
        for _ in range(230):
            middle = (low + high) / 2
            if middle * (reference - cases + middle) > odds * (group - middle) * (cases - middle):
                high = middle
            else:
                low = middle
        gaps.append(s.cases - middle)
        corners = (middle, group - middle, cases - middle, reference - cases + middle)
        spreads.append(1 / sum(1 / corner for corner in corners))
    statistic = sum(gap**2 / spread for gap, spread in zip(gaps, spreads, strict=True))
    return float(statistic - sum(gaps) ** 2 / sum(spreads))


def test_breslow_day_against_its_definition_in_fractions() -> None:
    """Also where ψ is about 10^9 or its inverse: solved for as the rest of a margin, the rare corner is noise there."""
    draw = random.Random(307)
    extreme = [stratum(10**9 - 1, 10**9, 1, 10**9), stratum(9, 10, 1, 10), stratum(5, 10, 0, 10)]
    for strata in [*(interior(draw, 3) for _ in range(20)), extreme, swapped(extreme)]:
        found = breslow_day(strata)
        assert found is not None
        assert found[0] == pytest.approx(exact_breslow_day(strata), rel=1e-9, abs=1e-12)


CONTRASTS: dict[str, Callable[[list[RateStratum]], StudentContrast | None]] = {
    "ratio": mantel_haenszel_ratio,
    "difference": mantel_haenszel_difference,
    "odds_ratio": mantel_haenszel_odds_ratio,
    "standardised_ratio": lambda strata: standardised_ratio(strata, "overlap"),
    "standardised_difference": lambda strata: standardised_difference(strata, "overall"),
}


@pytest.mark.parametrize("name", CONTRASTS)
def test_order_of_strata_changes_nothing(name: str) -> None:
    draw = random.Random(302)
    for _ in range(30):
        strata = interior(draw, 7)
        assert CONTRASTS[name](strata[::-1]) == CONTRASTS[name](strata)


@pytest.mark.parametrize("name", CONTRASTS)
def test_swapping_groups_inverts_or_negates(name: str) -> None:
    draw = random.Random(303)
    for _ in range(100):
        strata = interior(draw, draw.randint(1, 6))
        here, there = present(CONTRASTS[name](strata)), present(CONTRASTS[name](swapped(strata)))
        assert here.exact is not None
        assert there.exact == (-here.exact if here.parity == 0 else 1 / here.exact)
        assert there.standard_error == pytest.approx(here.standard_error, rel=1e-12)


@pytest.mark.parametrize("name", CONTRASTS)
def test_a_hundred_times_the_people_give_a_tenth_of_the_width(name: str) -> None:
    one, hundred = (present(CONTRASTS[name](times(berkeley(), factor))) for factor in (1, 100))
    assert hundred.exact == one.exact
    assert one.standard_error / hundred.standard_error == pytest.approx(10, rel=1e-12)


@pytest.mark.parametrize("name", CONTRASTS)
def test_splitting_a_stratum_in_equal_halves_changes_nothing(name: str) -> None:
    """Weights n₁n₀/N and variances are additive over proportional parts; over parts that differ they are not."""
    strata = times(berkeley(), Fraction(1, 2))
    whole, split = present(CONTRASTS[name](berkeley())), present(CONTRASTS[name](strata + strata))
    assert split.exact == whole.exact
    assert split.standard_error == pytest.approx(whole.standard_error, rel=1e-12)
    merged = [stratum(*(sum(getattr(s, count) for s in berkeley()) for count in COUNTS))]
    assert present(CONTRASTS[name](merged)).exact != whole.exact


def test_merging_all_of_berkeley_gives_the_crude_ratio() -> None:
    """methods.md: crude .6818, the other side of 1 from 1.0583: the factors explain more than all of the gap."""
    crude = [stratum(*(sum(getattr(s, count) for s in berkeley()) for count in COUNTS))]
    raw, conditional = present(mantel_haenszel_ratio(crude)), present(mantel_haenszel_ratio(berkeley()))
    assert raw.exact == Fraction(557, 1835) / Fraction(1198, 2691)
    assert round(raw.estimate or 0, 4) == 0.6818
    explained = share_explained(raw.exact, conditional.exact or 0)
    assert explained is not None
    assert explained == pytest.approx(1 + math.log(1.0583074236) / -math.log(0.6818250), rel=1e-4)
    assert explained > 1


def test_splitting_changes_the_tests_that_count_strata() -> None:
    """N − 1 in Cochran-Mantel-Haenszel, and the degrees of freedom of Breslow-Day: a split is not a no-op there."""
    strata = times(berkeley(), Fraction(1, 2))
    assert cochran_mantel_haenszel(strata + strata) != pytest.approx(cochran_mantel_haenszel(berkeley()), rel=1e-6)
    assert (breslow_day(strata + strata) or (0, 0))[1] == 11


def test_fractions_stay_exact() -> None:
    """Effective counts 24/7 of rate ¾ against 5 of rate ½: the ratio is 3/2 whatever the effective sizes are."""
    found = present(mantel_haenszel_ratio([stratum(Fraction(18, 7), Fraction(24, 7), Fraction(5, 2), 5)]))
    assert found.compare(Fraction(3, 2)) == 0


def test_four_fifths_ties_exactly() -> None:
    """6/10 over 9/12 in two strata is 4/5, and .7999… in floats."""
    assert present(mantel_haenszel_ratio([stratum(6, 10, 9, 12), stratum(60, 100, 9, 12)])).compare(Fraction(4, 5)) == 0


def test_numpy_integers_do_not_overflow() -> None:
    big = np.int64(4 * 10**9)
    assert present(mantel_haenszel_ratio([stratum(big // 2, big, big // 4, big)])).exact == 2


@pytest.mark.parametrize(
    "wrong", [{"cases": 11}, {"cases": -1}, {"reference_cases": 7}, {"weight": 0}, {"weight": -2}, {"total": -1}]
)
def test_impossible_counts_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="stratum"):
        RateStratum(**{"cases": 5, "total": 10, "reference_cases": 3, "reference_total": 6, **wrong})


def test_share_explained_by_hand() -> None:
    """log .64 is twice log .8: half explained; the mirror image hides as much again; 1.25 is a full reversal."""
    known = [(0.64, 0.8, 0.5), (0.64, 0.64, 0.0), (0.64, 1.0, 1.0), (0.8, 0.64, -1.0), (0.8, 1.25, 2.0)]
    for raw, conditional, expected in known:
        assert share_explained(raw, conditional) == pytest.approx(expected)
    for raw, conditional in [(1.0, 0.9), (0.0, 0.9), (0.9, -0.1), (math.inf, 0.9), (0.9, math.nan)]:
        assert share_explained(raw, conditional) is None


def test_sum_in_pairs() -> None:
    draw = random.Random(305)
    for size in range(9):
        terms = [Fraction(draw.randint(-9, 9), draw.randint(1, 9)) for _ in range(size)]
        assert sum_in_pairs(terms) == sum(terms)
