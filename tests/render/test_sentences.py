"""Sentences say who, how much, against which limit, how many people, how sure, and never more than the rule allows."""

from __future__ import annotations

from typing import Any

import pytest
import render_documents as made

from evenhand.render import FORMATS
from evenhand.render.options import RenderOptions
from evenhand.render.sentences import (
    check_sentence,
    comparison_sentence,
    fill_sentences,
    run_reason_text,
    size_and_chance,
)


def sentence(comparison: dict[str, Any], metric: str = "selection_rate_ratio", **changes: Any) -> str:
    check = made.check("c", metric, comparison["status"], [comparison], **changes)
    return comparison_sentence(made.document([check], "fail", 1), check, comparison)


def test_a_fail_says_everything() -> None:
    said = sentence(
        made.comparison("sex", "female", "fail", 0.7296, (0.69, 0.7704), p=made.p_values(1e-9, 4e-4, 1, 4e-4))
    )
    assert said == (
        "sex = female is selected 0.73 times as often as male (27.6% against 37.8%; interval 0.69 to 0.77); the policy "
        "asks for at least 0.80; 8,214 people. The data show that the limit is broken (p = 0.0004)."
    )


def test_a_burden_is_called_one() -> None:
    check = made.check("c", "selection_rate_ratio", "fail", [], limit={"min": None, "max": 1.25})
    comparison = made.comparison("sex", "female", "fail", 1.4, (1.3, 1.5))
    document = made.document([check], "fail", 1)
    document["audit"]["polarity"] = "burden"
    assert "sex = female is selected (a burden) 1.40 times as often as male" in comparison_sentence(
        document, check, comparison
    )
    assert "at most 1.25" in comparison_sentence(document, check, comparison)


def test_a_difference_says_which_side_and_keeps_its_sign() -> None:
    said = sentence(
        made.comparison("sex", "female", "fail", -0.0712, (-0.093, -0.0501), value=0.61, value_reference=0.6812),
        "true_positive_rate_difference",
        limit={"min": -0.05, "max": 0.05},
    )
    assert said.startswith(
        "The true positive rate of sex = female is 0.071 below that of male (61.0% against 68.1%; "
        "difference \u22120.071; interval \u22120.093 to \u22120.0501); the policy asks for \u22120.05 to 0.05"
    )


def test_a_level_names_no_reference() -> None:
    comparison = made.comparison("sex", "female", "pass", 0.276, (0.266, 0.286), reference=None)
    assert sentence(comparison, "selection_rate", limit={"min": 0.2, "max": None}).startswith(
        "The selection rate of sex = female is 0.276 (interval 0.266 to 0.286); the policy asks for at least 0.20;"
    )


def test_a_count_over_everyone_leaves_no_room_for_chance() -> None:
    comparison = made.comparison("everyone", "everyone", "fail", 3, None, reference=None, groups={}, value=None)
    said = sentence(comparison, "consent_breaches", limit={"min": None, "max": 0})
    assert said.startswith("Consent breaches: 3; the policy asks for at most 0; 8,214 people.")
    assert "chance plays no part, and the limit is broken" in said
    check = made.check("c", "consent_breaches", "fail", [comparison], limit={"min": None, "max": 0})
    document = made.document([check], "fail", 1)
    assert check_sentence(document, check) == "The one comparison is outside the limit (at most 0): everyone at 3."
    assert run_reason_text(document) == "1 of 1 required check is outside the limits of the policy."


def test_an_unknown_metric_is_described_from_its_name() -> None:
    comparison = made.comparison("sex", "female", "pass", 0.93, None)
    said = sentence(comparison, "fairlearn:count_ratio", decide_by="point")
    assert said.startswith("`fairlearn:count` of sex = female is 0.93 times that of male")
    assert "chance was not considered" in said


def test_a_functions_name_stays_as_it_is_written() -> None:
    comparison = made.comparison("sex", "female", "pass", 0.35, None, reference=None)
    said = sentence(comparison, "fairlearn:selection_rate", decide_by="point")
    assert said.startswith("`fairlearn:selection_rate` of sex = female is 0.35")
    check = made.check("c", "own_metrics:mean_prediction_ratio", "not_tested", [comparison], level="report")
    check.update(limit={"min": None, "max": None}, reason={"code": "no_limit", "text": ""})
    document = fill_sentences(made.document([check], "not_tested", 0))
    assert "`own_metrics:mean_prediction_ratio` is 0.35" in document["checks"][0]["sentence"]
    page = FORMATS["html"].render(document, RenderOptions())
    assert ">own_metrics:mean_prediction_ratio</th>" in page
    assert "Own_metrics" not in page


def test_a_function_of_all_groups_is_compared_with_no_reference() -> None:
    whole = {"groups": {}, "reference": None, "value_reference": None}
    comparison = made.comparison("sex", "all groups", "fail", 0.2, None, **whole)
    limit = {"min": None, "max": 0.1}
    said = sentence(comparison, "fairlearn:equalized_odds_difference", decide_by="point", limit=limit)
    assert said.startswith("`fairlearn:equalized_odds_difference` of sex (all groups) is 0.200")
    assert "reference" not in said


@pytest.mark.parametrize(
    ("estimate", "shown"), [(1.0, "1 person"), (0.9999, "1 person"), (-1.0, "−1 person"), (11.0, "11 people")]
)
def test_one_person_is_no_people(estimate: float, shown: str) -> None:
    limit = {"min": None, "max": 30.0}
    said = sentence(made.comparison("sex", "female", "pass", estimate, None), "shortfall", limit=limit)
    assert f"is {shown} " in said


def test_no_shortfall_is_no_minus_zero() -> None:
    comparison = made.comparison("sex", "female", "pass", -0.0, (-0.0, 2.0), value=-0.0)
    said = sentence(comparison, "shortfall", limit={"min": None, "max": 3.0})
    assert "is 0 people (0% against 37.8%; interval 0 to 2)" in said


def test_all_groups_together_need_people_in_all() -> None:
    open_ = made.comparison("sex", "all groups", "inconclusive", 0.1, (0.01, 0.2), n=212, needs_n=1873, groups={})
    said = sentence({**open_, "reference": None}, "audience_variance", limit={"min": None, "max": 0.1})
    assert "About 1,900 people in all would decide it" in said


def test_inconclusive_says_why_and_how_many_people_would_do() -> None:
    open_ = made.comparison("age", "75+", "inconclusive", 0.81, (0.7, 0.93), n=212, needs_n=1873)
    open_["reason"] = {"code": "not_enough_evidence", "text": "the interval includes the limit"}
    said = sentence(open_)
    assert "Not enough evidence: the interval includes the limit." in said
    assert "About 1,900 people in this group would decide it" in said


def test_outside_alone_but_not_after_holm_is_said() -> None:
    outside = made.comparison("age", "b", "inconclusive", 0.77, (0.7, 0.81), p=made.p_values(0.001, 0.02, 0.9, 0.06))
    other = made.comparison("age", "c", "pass", 1.0, (0.9, 1.1), p=made.p_values(0.9, 0.9, 0.001, 0.9))
    check = made.check("c", "selection_rate_ratio", "inconclusive", [outside, other])
    said = comparison_sentence(made.document([check], "inconclusive", 3), check, outside)
    assert "outside the limit alone, not after allowing for 2 comparisons" in said


def test_not_tested_says_why_and_claims_nothing() -> None:
    small = made.comparison("age", "75+", "not_tested", None, None, n=17, needs_n=390)
    small["reason"] = {"code": "too_few_people", "text": "the group has 17 people; the floor is 30"}
    said = sentence(small)
    assert said.startswith("age = 75+ could not be judged on the ratio of selection rates: the group has 17 people;")
    assert "About 390 people" in said
    assert "limit" not in said


@pytest.mark.parametrize(
    ("mode", "claims", "not_claims"),
    [
        ("assurance", "The data show that the limit is kept.", "no evidence"),
        ("confirmatory", "not evidence that it is kept", "data show"),
        ("point", "chance was not considered", "data show"),
        ("legal", "not statistically significant", "data show"),
    ],
)
def test_a_pass_claims_no_more_than_its_rule(mode: str, claims: str, not_claims: str) -> None:
    comparison = made.comparison("sex", "female", "pass", 0.95, (0.85, 1.05))
    said = sentence(comparison, decide_by=mode)
    assert claims in said
    assert not_claims not in said
    check = made.check("c", "selection_rate_ratio", "pass", [comparison], decide_by=mode)
    whole = check_sentence(made.document([check], "pass", 0), check)
    assert ("The data show that" in whole) == (mode == "assurance")


@pytest.mark.parametrize(
    ("estimate", "p", "expected"),
    [
        (0.7, 0.001, ("beyond the limit", True)),
        (0.7, 0.2, ("beyond the limit", False)),
        (0.9, 0.001, ("within the limit", True)),
        (0.9, 0.2, ("within the limit", False)),
        (0.6 / 0.75, 0.2, ("within the limit", False)),  # an exact tie meets the limit
        (None, None, (None, None)),
    ],
)
def test_size_and_chance_are_two_questions(estimate: float | None, p: float | None, expected: tuple[Any, Any]) -> None:
    comparison = made.comparison("sex", "female", "pass", estimate, None, p=made.p_values(p, None, None, None))
    check = made.check("c", "selection_rate_ratio", "pass", [comparison])
    assert size_and_chance(check, comparison, 1.0) == expected


def test_small_but_real_is_said_of_a_pass() -> None:
    comparison = made.comparison("sex", "female", "pass", 0.95, (0.91, 0.99), p=made.p_values(0.003, 1, 1e-6, 1))
    assert "small but real: chance alone would seldom make it (p = 0.0030)" in sentence(comparison)


def test_a_passing_check_says_how_many_groups_and_people_it_is_silent_about() -> None:
    tested = made.comparison("tribe", "A", "pass", 0.99, (0.95, 1.03))
    small = made.comparison("tribe", "B", "not_tested", None, None, n=3)
    check = made.check("c", "selection_rate_ratio", "pass", [tested, small])
    document = made.document([check], "pass", 0)
    document["groups"] = [made.group("tribe", "B", 41, 0.001, None)]
    assert check_sentence(document, check).endswith("1 group was not tested: 41 people by tribe.")


def test_waived_and_warning_checks_never_read_as_passed() -> None:
    fail = made.comparison("sex", "female", "fail", 0.7, (0.66, 0.74))
    for status, words in (("waived", "A waiver"), ("warn", "The policy warns here and does not fail.")):
        check = made.check("c", "selection_rate_ratio", status, [fail])
        said = check_sentence(made.document([check], status, 0), check)
        assert "outside the limit" in said
        assert words in said


@pytest.mark.parametrize(
    ("verdict", "statuses", "text"),
    [
        (
            "fail",
            ["fail", "pass"],
            "1 of 2 required checks is outside the limits of the policy, and the data rule out chance.",
        ),
        (
            "inconclusive",
            ["inconclusive", "pass"],
            "No required check failed, but 1 of 2 required checks could not be decided",
        ),
        ("not_tested", ["not_tested"], "Nothing that the policy requires could be tested"),
        ("pass", ["pass", "pass"], "The data show that all 2 required checks keep the limits of the policy."),
    ],
)  # fmt: skip
def test_run_sentence(verdict: str, statuses: list[str], text: str) -> None:
    checks = [made.check(f"c{i}", "selection_rate_ratio", s, []) for i, s in enumerate(statuses)]
    assert run_reason_text(made.document(checks, verdict, 0)).startswith(text)


def test_run_sentence_does_not_call_chance_ruled_out_where_it_was_not_considered() -> None:
    check = made.check("c", "selection_rate_ratio", "fail", [], decide_by="point")
    assert "chance" not in run_reason_text(made.document([check], "fail", 1))
    check = made.check("c", "selection_rate_ratio", "pass", [], decide_by="confirmatory")
    assert "not that the data show it to be kept" in run_reason_text(made.document([check], "pass", 0))


def test_fill_sentences_fills_everything_and_changes_nothing_else() -> None:
    before = made.every_state()
    after = fill_sentences(before)
    assert before == made.every_state()
    for check in after["checks"]:
        assert check["sentence"]
        for comparison in check["comparisons"]:
            assert comparison["sentence"].endswith(".")
    assert after["reason"]["text"]
    assert fill_sentences(after) == after
