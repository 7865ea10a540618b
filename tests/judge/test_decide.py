"""The decision function, case by case. Counts and expected statuses are worked out from the contract's rules."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from evenhand.judge.checks import judge_check
from evenhand.judge.decide import decide
from evenhand.judge.rules import Floors, Rule
from evenhand.measure.base import Finding
from evenhand.stats.known import KnownValue
from evenhand.stats.score import ScoreDifference, ScoreRatio

SMALL_FLOORS = Floors(min_people=5, min_denominator=5, min_expected=5)
FOUR_FIFTHS = Rule(minimum=Fraction(4, 5), maximum=None, parity=1.0, floors=SMALL_FLOORS)


def comparison(cases: int, total: int, reference_cases: int, reference_total: int, **changes: object) -> Finding:
    """A selection rate ratio of a group to its reference, as the measures make it."""
    counts = {"cases": cases, "total": total, "reference_cases": reference_cases, "reference_total": reference_total}
    contrast = ScoreRatio(**counts)
    base = reference_cases / reference_total
    finding = Finding(
        measure="selection_rate_ratio",
        attribute="sex",
        group="female",
        groups={"sex": "female"},
        reference="male",
        n=total,
        n_reference=reference_total,
        estimate=contrast.estimate,
        value=cases / total,
        value_reference=base,
        contrast=contrast,
        people=total,
        people_reference=reference_total,
        counts=counts,
        expected_cases=total * min(base, 1 - base),
        reference_rate=base,
        vacuous=cases / total == base and base in (0.0, 1.0),
    )
    return dataclasses.replace(finding, **changes)  # type: ignore[arg-type]  # any field of it


def status(finding: Finding, rule: Rule = FOUR_FIFTHS) -> tuple[str, str]:
    verdict = decide([finding], rule)[0]
    return verdict.status, verdict.reason.code


# Floors ---------------------------------------------------------------------------------------------------------


def test_a_group_below_min_people_is_not_tested() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, floors=Floors())
    assert status(comparison(2, 29, 300, 1000), rule) == ("not_tested", "too_few_people")
    assert status(comparison(2, 30, 300, 1000), rule)[0] != "not_tested"


def test_a_small_reference_keeps_the_whole_attribute_out() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, floors=Floors())
    assert status(comparison(100, 1000, 2, 29), rule) == ("not_tested", "too_few_people")


def test_min_denominator_counts_the_denominator_not_the_group() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, floors=Floors())
    positives = comparison(10, 19, 300, 1000, people=500)
    assert status(positives, rule) == ("not_tested", "too_small_denominator")
    assert status(comparison(10, 20, 300, 1000, people=500), rule)[0] != "not_tested"


def test_the_effective_n_counts_when_people_repeat() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, floors=Floors())
    assert status(comparison(100, 1000, 300, 1000, n_effective=12.0), rule) == ("not_tested", "too_few_people")


def test_floors_never_ask_for_cases_nobody_of_five_thousand_fails() -> None:
    """contract.md, Floors: 0 of 5,000 selected is the strongest evidence there is and must fail."""
    assert status(comparison(0, 5000, 300, 5000), dataclasses.replace(FOUR_FIFTHS, floors=Floors()))[0] == "fail"


def test_few_expected_cases_withhold_a_pass_but_not_a_fail() -> None:
    rule = Rule(minimum=Fraction(1, 10), maximum=None, parity=1.0, floors=Floors())
    # 400 · .04 = 16 expected < 20; 40 of 400 is far above a tenth of .04.
    assert status(comparison(40, 400, 400, 10_000), rule) == ("inconclusive", "min_expected")
    # 4,000 · .004 = 16 expected; nobody selected against a limit of .8: the fail stands.
    strict = dataclasses.replace(rule, minimum=Fraction(4, 5))
    assert status(comparison(0, 4000, 400, 100_000), strict)[0] == "fail"


def test_few_expected_refusals_withhold_a_fail_too() -> None:
    """contract.md, Floors: below n_g·min(p₀, 1−p₀) a fail is withheld where p₀ > .5."""
    rule = dataclasses.replace(FOUR_FIFTHS, floors=Floors())
    assert status(comparison(60, 100, 990, 1000), rule) == ("inconclusive", "min_expected")
    assert status(comparison(60, 100, 700, 1000), rule)[0] in {"fail", "inconclusive"}


# Edges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["assurance", "confirmatory", "point", "legal"])
@pytest.mark.parametrize("cases", [0, 500])
def test_everyone_or_no_one_selected_is_inconclusive_in_every_mode(mode: str, cases: int) -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, decide_by=mode)
    assert status(comparison(cases, 500, cases, 500), rule) == ("inconclusive", "vacuous")


def test_a_reference_never_selected_gives_no_pass_but_a_ceiling_can_fail() -> None:
    assert status(comparison(150, 500, 0, 500))[0] == "inconclusive"
    ceiling = Rule(minimum=None, maximum=Fraction(5, 4), parity=1.0, floors=SMALL_FLOORS)
    assert status(comparison(150, 500, 0, 500), ceiling)[0] == "fail"


@pytest.mark.parametrize("mode", ["point", "legal", "assurance", "confirmatory"])
def test_an_exact_tie_never_fails(mode: str) -> None:
    """6/10 over 9/12 is exactly .8, and .7999… in floats."""
    rule = dataclasses.replace(FOUR_FIFTHS, decide_by=mode)
    assert status(comparison(6, 10, 9, 12), rule)[0] != "fail"
    large = comparison(6000, 10_000, 9000, 12_000)
    assert status(large, rule)[0] != "fail"


def test_a_quantity_that_does_not_exist_says_why_where_it_is_known() -> None:
    """Without a stratum in common it is not true that nobody of the group is in the data."""
    why = "no stratum has at least 5 people of both groups"
    changes = {"contrast": None, "estimate": None, "undefined": "no_denominator"}
    (said,) = decide([comparison(5, 100, 30, 100, withheld=why, **changes)], FOUR_FIFTHS)
    assert (said.status, said.reason.code, said.reason.text) == ("not_tested", "no_denominator", why)
    (plain,) = decide([comparison(5, 100, 30, 100, **changes)], FOUR_FIFTHS)
    assert plain.reason.text == "nobody of the group is in the denominator, so that the quantity does not exist"


def test_undefined_p_values_leave_the_family_before_holm() -> None:
    """multipletests([.01, nan, .02]) rejects all three; here the undefined one is no member of the family."""
    undefined = comparison(5, 100, 30, 100, contrast=None, estimate=None, undefined="no_denominator", n=0)
    clear = comparison(1500, 10_000, 3000, 10_000)
    near = comparison(206, 1000, 3000, 10_000)
    verdicts = decide([clear, undefined, near], FOUR_FIFTHS)
    assert [v.status for v in verdicts] == ["fail", "not_tested", "fail"]
    assert verdicts[1].p.fail is None
    assert verdicts[2].p.fail_adjusted == pytest.approx(verdicts[2].p.fail, rel=1e-12), "second of two, not of three"


def test_a_known_value_is_compared_exactly_and_a_tie_meets_the_limit() -> None:
    rule = Rule(minimum=None, maximum=Fraction(0))
    for breaches, expected in ((0, "pass"), (1, "fail")):
        known = KnownValue(estimate=float(breaches), exact=Fraction(breaches))
        finding = comparison(1, 100, 1, 100, contrast=known, estimate=float(breaches), floors=False, vacuous=False)
        assert status(finding, rule)[0] == expected


# Modes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [Fraction(1, 10), Fraction(8, 10), Fraction(3, 10)])
def test_an_estimate_without_counts_ties_with_the_float_of_its_limit(limit: Fraction) -> None:
    """A distance of 0.1 is the float nearest to 1/10, which is not 1/10."""
    for rule in (Rule(minimum=limit, maximum=None), Rule(minimum=None, maximum=limit)):
        rule = dataclasses.replace(rule, decide_by="point", floors=SMALL_FLOORS)
        plain = comparison(6, 10, 9, 12, contrast=None, undefined="no_interval", estimate=float(limit))
        assert status(plain, rule) == ("pass", "within_limit")
        beyond = float(limit) + (-1e-9 if rule.minimum is not None else 1e-9)
        assert status(dataclasses.replace(plain, estimate=beyond), rule) == ("fail", "outside_limit")


def test_confirmatory_passes_whatever_it_cannot_fail() -> None:
    """30/100 v 20/100: .667, but the data do not rule out .8 (contract case small-numbers: p_fail .234)."""
    small = comparison(20, 100, 30, 100)
    assert status(small)[0] == "inconclusive"
    assert status(small, dataclasses.replace(FOUR_FIFTHS, decide_by="confirmatory"))[0] == "pass"


def test_outside_alone_but_not_after_holm_says_so() -> None:
    """206/1000 v .3: p = .0198 alone, not below .05/19 · …; eighteen comparisons at parity stand beside it."""
    family = [comparison(300, 1000, 3000, 10_000) for _ in range(18)] + [comparison(206, 1000, 3000, 10_000)]
    assert decide(family, FOUR_FIFTHS)[-1].reason.code == "not_after_holm"


def test_legal_needs_significance_and_more_than_one_person() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, decide_by="legal")
    # UGESP Q&A 21: 50/50 v 7/10 is .70, Fisher p .0035, and undone by one person (8/10 v 49/50 = .816).
    assert status(comparison(7, 10, 50, 50), rule) == ("inconclusive", "undone_by_one")
    # 16/80 v 3/20 is .75 and not significant.
    assert status(comparison(3, 20, 16, 80), rule) == ("inconclusive", "not_significant")
    assert status(comparison(150, 1000, 300, 1000), rule) == ("fail", "outside_limit")
    # .9 of the reference's rate among 100,000 people: within four fifths, far from chance.
    assert status(comparison(27_000, 100_000, 30_000, 100_000), rule) == ("warn", "significant_within")
    assert status(comparison(30_000, 100_000, 30_000, 100_000), rule)[0] == "pass"


def test_legal_moves_one_person_the_other_way_for_a_ceiling() -> None:
    """A burden: 10 of 12 against 50 of 100 is 1.667; 9/12 against 51/100 is still 1.47."""
    rule = Rule(minimum=None, maximum=Fraction(5, 4), decide_by="legal", parity=1.0, floors=SMALL_FLOORS)
    assert status(comparison(90, 100, 500, 1000), rule)[0] == "fail"


# The deciding interval ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [(Fraction(4, 5), None), (None, Fraction(5, 4)), (Fraction(4, 5), Fraction(5, 4))])
def test_the_deciding_interval_excludes_the_limit_exactly_when_it_is_decided(
    limits: tuple[Fraction | None, Fraction | None],
) -> None:
    """Law of the contract, on a grid of 400 tables in families of four."""
    low, high = limits
    rule = Rule(minimum=low, maximum=high, parity=1.0, floors=Floors(1, 1, 0))
    tables = [comparison(cases, 200, 60, 200) for cases in range(1, 200)] + [
        comparison(cases, 2000, 3000, 10_000) for cases in range(300, 900, 3)
    ]
    decided = 0
    for start in range(0, len(tables) - 3, 4):
        for verdict in decide(tables[start : start + 4], rule):
            interval = verdict.decision_interval
            assert interval is not None
            outside = (low is not None and interval.high < low) or (high is not None and interval.low > high)
            inside = (low is None or interval.low > low) and (high is None or interval.high < high)
            assert outside == (verdict.status == "fail")
            assert inside == (verdict.status == "pass")
            decided += verdict.status in ("pass", "fail")
    assert decided > 100


def test_differences_are_decided_by_the_same_function() -> None:
    counts = {"cases": 300, "total": 1000, "reference_cases": 100, "reference_total": 1000}
    gap = comparison(300, 1000, 100, 1000, contrast=ScoreDifference(**counts), estimate=0.2)
    assert status(gap, Rule(minimum=None, maximum=Fraction(1, 10), parity=0.0))[0] == "fail"
    assert status(gap, Rule(minimum=Fraction(-1, 10), maximum=Fraction(3, 10), parity=0.0))[0] == "pass"


# Roll-up --------------------------------------------------------------------------------------------------------


def groups(*sizes_and_cases: tuple[int, int]) -> list[Finding]:
    return [
        comparison(cases, size, 3000, 10_000, group=f"g{i}", people=size)
        for i, (size, cases) in enumerate(sizes_and_cases)
    ]


def test_a_check_passes_only_if_enough_people_were_tested() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, floors=Floors())
    # 10,000 + 10,000 tested, 25 of 20,025 untested: .12%.
    few = judge_check([*groups((10_000, 3000), (25, 8))], rule)
    assert few.status == "pass"
    # Forty groups of 29: 1,160 of 21,160 people, 5.5%, above 5%.
    many = judge_check([*groups((10_000, 3000), *[(29, 9)] * 40)], rule)
    assert (many.status, many.reason.code) == ("inconclusive", "coverage")


def test_a_fail_at_level_warn_is_a_warning() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, level="warn")
    assert judge_check(groups((10_000, 1500)), rule).status == "warn"


def test_nothing_tested_is_never_a_pass() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, floors=Floors())
    assert judge_check(groups((10, 3)), rule).status == "not_tested"
    assert judge_check([], rule).status == "not_tested"


def test_an_excluded_group_is_not_tested_and_says_why() -> None:
    rule = dataclasses.replace(FOUR_FIFTHS, excluded={("sex", "g0"): "under 2%, see LEG-9"})
    verdict = judge_check(groups((10_000, 1500)), rule).comparisons[0]
    assert (verdict.status, verdict.reason.code) == ("not_tested", "excluded")
    assert "LEG-9" in verdict.reason.text


# People needed --------------------------------------------------------------------------------------------------


def test_people_needed_are_never_fewer_than_the_floors_ask_for() -> None:
    """At a reference rate of 50%, 161 people show a ratio of .8 (methods.md §1), but 2 · 200 are asked for here."""
    open_case = comparison(15, 40, 200, 400)
    assert decide([open_case], dataclasses.replace(FOUR_FIFTHS, floors=Floors()))[0].needs_n == 161
    strict = dataclasses.replace(FOUR_FIFTHS, floors=Floors(min_people=30, min_expected=200))
    assert decide([open_case], strict)[0].needs_n == 400
    crowd = dataclasses.replace(FOUR_FIFTHS, floors=Floors(min_people=300))
    assert decide([open_case], crowd)[0].needs_n == 300


def test_more_people_of_the_group_are_not_asked_for_where_they_would_not_help() -> None:
    small_reference = comparison(100, 1000, 2, 29)
    assert decide([small_reference], dataclasses.replace(FOUR_FIFTHS, floors=Floors()))[0].needs_n is None
    assert decide([comparison(500, 500, 500, 500)], FOUR_FIFTHS)[0].needs_n is None, "vacuous"
    assert decide([comparison(10, 200, 200, 200)], FOUR_FIFTHS)[0].needs_n is None, "everyone of the reference"
    left_out = dataclasses.replace(FOUR_FIFTHS, excluded={("sex", "female"): "see LEG-9"})
    assert decide([comparison(20, 100, 30, 100)], left_out)[0].needs_n is None


def test_legal_says_how_many_people_would_decide_too() -> None:
    """The same table and the same 161 people as under assurance."""
    rule = dataclasses.replace(FOUR_FIFTHS, floors=Floors(), decide_by="legal")
    verdict = decide([comparison(15, 40, 200, 400)], rule)[0]
    assert (verdict.status, verdict.needs_n) == ("inconclusive", 161)
