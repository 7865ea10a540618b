"""Every pack that is shipped: it loads, says what it is, claims nothing, and follows its source (law.md, by hand)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from evenhand.config.loader import Audit
from evenhand.config.packs import Pack, find_pack, shipped_checks, shipped_names
from evenhand.measure import ALIASES, MEASURES

Load = Callable[..., Audit]
NAMES = shipped_names()
EVERYTHING = (
    (
        "selected: 1,",
        "selected: 1, score: score, stages: [eligible, sent],",
    ),
    (
        "polarity: benefit\n",
        "polarity: benefit\nfactors: {region: {why: licensed by region}}\npopulation: {sex: {male: .5, female: .5}}\n",
    ),
)


def pack(name: str) -> Pack:
    return find_pack(name, folder=Path(), inside=None, policies=None)


def test_the_packs_that_are_promised() -> None:
    assert set(NAMES) >= {"four-fifths", "nyc-ll144", "nydfs-cl7", "veritas-p80"}


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_says_what_it_is_and_claims_nothing(name: str) -> None:
    info = pack(name).info
    assert info.id == name
    assert re.fullmatch(r"\d{4}\.\d{2}", info.version)
    assert info.in_force_from
    assert "legal advice" in info.sentence
    assert info.sentence.rstrip().endswith((".", ")"))
    assert all(check.why for check in pack(name).file.checks)


@pytest.mark.parametrize("polarity", ["benefit", "burden"])
@pytest.mark.parametrize("name", NAMES)
def test_a_pack_works_with_the_real_measures_for_either_polarity(load: Load, name: str, polarity: str) -> None:
    extends = ("checks:\n  - {id: parity, metric: selection_rate_ratio, min: 0.80}\n", f"extends: [{name}]\n")
    towards = ("polarity: benefit\n", f"polarity: {polarity}\n")
    audit = load(*EVERYTHING, extends, towards, catalogue=MEASURES, aliases=ALIASES)
    assert len(audit.checks) == len(pack(name).file.checks)
    assert {check.missing_roles for check in audit.checks} == {()}


@pytest.mark.parametrize("name", NAMES)
def test_a_required_check_of_a_pack_needs_no_role_but_the_decision(load: Load, name: str) -> None:
    # A required check that is not tested would hold a release up for a column that the pack cannot know.
    extends = ("checks:\n  - {id: parity, metric: selection_rate_ratio, min: 0.80}\n", f"extends: [{name}]\n")
    audit = load(extends, (", label: bought, positive: yes", ""), catalogue=MEASURES, aliases=ALIASES)
    assert all(not check.missing_roles for check in audit.checks if check.level == "error")


def test_which_pack_checks_what() -> None:
    used = shipped_checks()
    assert set(used) == set(NAMES)
    assert {name for name, metrics in used.items() if "impact_ratio" in metrics} == set(NAMES)
    assert [name for name, metrics in used.items() if "shortfall" in metrics] == ["four-fifths"]


def test_rules_without_a_threshold_have_none() -> None:
    # law.md: LL144 "no pass threshold"; CL7 lists measures.
    for name in ("nyc-ll144", "nydfs-cl7"):
        assert {check.level for check in pack(name).file.checks} == {"report"}
        assert all(check.min is None and check.max is None for check in pack(name).file.checks)


@pytest.mark.parametrize(("name", "check_id"), [("four-fifths", "impact-ratio"), ("veritas-p80", "p-rule")])
def test_four_fifths_of_the_highest_rate(name: str, check_id: str) -> None:
    # 29 CFR 1607.4(D): 4/5 of the highest rate; Q&A 21: not when one person undoes it, hence decide_by legal.
    check = next(check for check in pack(name).file.checks if check.id == check_id)
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
