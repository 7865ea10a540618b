"""Every pack that is shipped: it loads, says what it is, claims nothing, and follows its source (law.md, by hand)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from evenhand.config.loader import Audit
from evenhand.config.packs import Pack, find_pack, shipped_checks, shipped_names
from evenhand.config.schema import CheckEntry
from evenhand.errors import AuditFileError
from evenhand.measure import ALIASES, MEASURES

Load = Callable[..., Audit]
NAMES = shipped_names()
ABOUT_PRICES = {"fca-gipp", "fca-consumer-duty", "credit-pricing-bp", "ny-gbl-349a"}
ABOUT_BOTH = {"co-life-draft-2023", "ecoa-practice", "nydfs-cl7"}
ABOUT_SELECTION = {"four-fifths", "nyc-ll144", "veritas-p80"}
CHECKS = "checks:\n  - {id: parity, metric: selection_rate_ratio, min: 0.80}\n"
PRICE_ROLES = (
    "price: apr, list_price: buy_rate, expected_loss: expected, actual_loss: lost, is_renewal: renewed, tenure: years, "
    "equivalent_new_business_price: new_rate, item: article, time_bucket: hour"
)
EVERYTHING = (
    (
        "selected: 1,",
        f"selected: 1, score: score, stages: [eligible, sent], {PRICE_ROLES},",
    ),
    (
        "polarity: benefit\n",
        "polarity: benefit\nfactors: {region: {why: licensed by region}}\npopulation: {sex: {male: .5, female: .5}}\n",
    ),
)


def pack(name: str) -> Pack:
    return find_pack(name, folder=Path(), inside=None, policies=None)


def check_of(name: str, check_id: str) -> CheckEntry:
    return next(check for check in pack(name).file.checks if check.id == check_id)


def test_the_packs_that_are_promised() -> None:
    assert set(NAMES) == ABOUT_SELECTION | ABOUT_PRICES | ABOUT_BOTH


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_says_what_it_is_and_claims_nothing(name: str) -> None:
    info = pack(name).info
    assert info.id == name
    assert re.fullmatch(r"\d{4}\.\d{2}", info.version)
    assert "nothing here is legal advice" in info.sentence or "not legal advice" in info.sentence
    assert info.sentence.rstrip().endswith((".", ")"))
    assert all(check.why for check in pack(name).file.checks)


@pytest.mark.parametrize(
    ("name", "polarity"),
    [(name, polarity) for name in NAMES for polarity in ("benefit", "burden")],
)
def test_a_pack_works_with_the_real_measures_for_either_polarity(load: Load, name: str, polarity: str) -> None:
    extends = (CHECKS, f"extends: [{name}]\n")
    towards = ("polarity: benefit\n", f"polarity: {polarity}\n")
    audit = load(*EVERYTHING, extends, towards, catalogue=MEASURES, aliases=ALIASES)
    assert len(audit.checks) == len(pack(name).file.checks)
    assert {check.missing_roles for check in audit.checks} == {()}


def test_a_price_is_a_burden_in_a_lenders_file_that_calls_a_loan_a_benefit(load: Load) -> None:
    wrong = "checks:\n  - {id: apr, metric: mean_price_ratio, min: 0.9, why: agreed}\n"
    with pytest.raises(AuditFileError, match="guards the wrong side: a high price is a burden"):
        load(*EVERYTHING, (CHECKS, wrong), catalogue=MEASURES, aliases=ALIASES)


def test_a_tolerance_above_the_packs_is_refused_at_its_line(load: Load) -> None:
    tolerant = (EVERYTHING[0][0], EVERYTHING[0][1] + " walking_tolerance: 0.02,")
    with pytest.raises(AuditFileError, match=r"columns.walking_tolerance: 0.02 is less strict than the pack says: 0"):
        load(tolerant, EVERYTHING[1], (CHECKS, "extends: [fca-gipp]\n"), catalogue=MEASURES, aliases=ALIASES)


@pytest.mark.parametrize("name", sorted(ABOUT_SELECTION | ABOUT_BOTH))
def test_a_required_check_of_a_pack_needs_no_role_but_the_decision(load: Load, name: str) -> None:
    # A required check that is not tested would hold a release up for a column that the pack cannot know.
    audit = load(
        (CHECKS, f"extends: [{name}]\n"),
        (", label: bought, positive: yes", ""),
        catalogue=MEASURES,
        aliases=ALIASES,
    )
    assert all(not check.missing_roles for check in audit.checks if check.level == "error")


def test_the_one_required_check_about_prices_is_about_what_the_law_is_about(load: Load) -> None:
    # law.md: the renewal price against the equivalent new-business price; without that column nothing can be shown.
    required = {(name, check.id) for name in ABOUT_PRICES for check in pack(name).file.checks if check.level == "error"}
    assert required == {("fca-gipp", "renewals-above-new-business")}
    priced = ("columns: {decision: offered, selected: 1, label: bought, positive: yes}", "columns: {price: premium}")
    audit = load(
        priced,
        ("kind: targeting", "kind: pricing"),
        ("polarity: benefit\n", ""),
        (CHECKS, "extends: [fca-gipp]\n"),
        catalogue=MEASURES,
        aliases=ALIASES,
    )
    assert audit.checks[0].missing_roles == ("equivalent_new_business_price",)


def test_which_pack_checks_what() -> None:
    used = shipped_checks()
    assert set(used) == set(NAMES)
    assert {name for name, metrics in used.items() if "impact_ratio" in metrics} == {
        *ABOUT_SELECTION,
        "ecoa-practice",
        "nydfs-cl7",
    }
    assert [name for name, metrics in used.items() if "shortfall" in metrics] == ["four-fifths"]
    assert [name for name, metrics in used.items() if "price_walking_breaches" in metrics] == ["fca-gipp"]


def test_rules_without_a_threshold_have_none() -> None:
    # law.md: LL144 "no pass threshold"; CL7 lists measures; Consumer Duty "no number"; NY 349-a gives none.
    for name in ("nyc-ll144", "nydfs-cl7", "fca-consumer-duty", "ny-gbl-349a"):
        assert {check.level for check in pack(name).file.checks} == {"report"}
        assert all(check.min is None and check.max is None for check in pack(name).file.checks)


Limits = tuple[str, str | None, str | None, str, str | None]


@pytest.mark.parametrize(
    ("name", "check_id", "limits"),
    [
        # ICOBS 6B: "zero breaches, not an average".
        ("fca-gipp", "renewals-above-new-business", ("price_walking_breaches", None, "0", "error", None)),
        # Ally 2013: "10 bp monitoring limit", on the mark-up after controls.
        ("credit-pricing-bp", "markup-gap", ("like_for_like_markup_gap_bp", None, "10", "warn", None)),
        ("credit-pricing-bp", "rate-gap", ("like_for_like_gap_bp", None, "10", "warn", None)),
        # Colorado's draft: "p < .05 and ≥ 5 points of approval, or ≥ 5% of premium".
        ("co-life-draft-2023", "approval-gap", ("selection_rate_difference", "-0.05", "0.05", "warn", "legal")),
        (
            "co-life-draft-2023",
            "approval-gap-alike",
            ("standardised_selection_difference", "-0.05", "0.05", "warn", "point"),
        ),
        ("co-life-draft-2023", "premium-gap-alike", ("like_for_like_gap_percent", "-5", "5", "warn", "point")),
        # Practice: "AIR .80/.90, SMD .30 with p < .05 in industry use".
        ("ecoa-practice", "adverse-impact-ratio", ("impact_ratio", "0.80", None, "error", "legal")),
        ("ecoa-practice", "adverse-impact-watch", ("impact_ratio", "0.90", None, "warn", "legal")),
        (
            "ecoa-practice",
            "standardized-difference",
            ("standardized_mean_difference_whole_sample", "-0.30", "0.30", "warn", "point"),
        ),
    ],
)
def test_limits_are_those_of_the_source(name: str, check_id: str, limits: Limits) -> None:
    check = check_of(name, check_id)
    low, high = (None if side is None else Decimal(side) for side in limits[1:3])
    assert (check.metric, check.min, check.max, check.level, check.decide_by) == (limits[0], low, high, *limits[3:])


def test_no_other_check_about_prices_has_a_limit() -> None:
    limited = {
        (name, check.id)
        for name in ABOUT_PRICES | ABOUT_BOTH
        for check in pack(name).file.checks
        if check.min is not None or check.max is not None
    }
    assert len(limited) == 9, "each stands in the test of limits"


def test_beginnings_are_no_more_precise_than_their_source() -> None:
    # law.md: a year for Ally, no beginning for ECOA practice and the Consumer Duty, and a draft never began.
    began = {name: pack(name).info.in_force_from for name in NAMES}
    unknown = ("ecoa-practice", "fca-consumer-duty", "co-life-draft-2023")
    assert {name for name, day in began.items() if day is None} == set(unknown)
    assert began["credit-pricing-bp"] == "2013"
    assert (began["fca-gipp"], began["ny-gbl-349a"]) == ("2022-01-01", "2025-11-10")


def test_every_measure_that_the_circular_letter_lists() -> None:
    # law.md: "adverse impact ratio, odds ratio, marginal effects, SMD, Z and T tests, drivers of disparity".
    assert {check.metric for check in pack("nydfs-cl7").file.checks} >= {
        "impact_ratio",
        "selection_odds_ratio",
        "selection_rate_difference",
        "standardized_mean_difference_whole_sample",
        "two_sd",
        "mean_price_difference",
        "conditional_selection_ratio",
    }


def test_sentences_say_what_changed_lately() -> None:
    # law.md, status November 2026.
    for name, said in (
        ("ecoa-practice", "removed from Regulation B with effect from 21 July 2026"),
        ("co-life-draft-2023", "was never adopted"),
        ("credit-pricing-bp", "29, 20 and 22 basis points"),
        ("fca-gipp", "every single renewal"),
        ("fca-consumer-duty", "no threshold"),
        ("ny-gbl-349a", "personal data"),
    ):
        assert said in pack(name).info.sentence, name


@pytest.mark.parametrize(("name", "check_id"), [("four-fifths", "impact-ratio"), ("veritas-p80", "p-rule")])
def test_four_fifths_of_the_highest_rate(name: str, check_id: str) -> None:
    # 29 CFR 1607.4(D): 4/5 of the highest rate; Q&A 21: not when one person undoes it, hence decide_by legal.
    check = check_of(name, check_id)
    assert (check.metric, check.min, check.max) == ("impact_ratio", Decimal("0.8"), None)
    assert (check.level, check.decide_by) == ("error", "legal")


def test_four_fifths_may_be_made_stricter(load: Load) -> None:
    own = "{id: parity, metric: selection_rate_ratio, min: 0.80}"
    extends = ("polarity: benefit\n", "polarity: benefit\nextends: [four-fifths]\n")
    stricter = (own, "{id: four-fifths/impact-ratio, min: 0.90, decide_by: point}")
    audit = load(extends, stricter, catalogue=MEASURES, aliases=ALIASES)
    assert (audit.checks[0].minimum, audit.checks[0].decide_by) == (Decimal("0.90"), "point")


def test_the_folder_says_how_to_add_one() -> None:
    from importlib.resources import files

    text = (files("evenhand.config") / "packs" / "README.md").read_text(encoding="utf-8")
    assert "How to add a pack" in text
