"""What must fit together in an audit file: roles, references, groups, intersections, shares, ids."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evenhand.config.loader import Audit
from evenhand.errors import AuditFileError

RefusedAt = Callable[..., AuditFileError]
Load = Callable[..., Audit]
SEX = "sex: {reference: male}"
AGE = "age_band: {column: age, bands: [18, 30, 60, 75], reference: 30-59}"
COLUMNS = "columns: {decision: offered, selected: 1, label: bought, positive: yes}"
HERE = "polarity: benefit\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (COLUMNS, "columns: {§decision: offered, label: bought, positive: yes}", "`decision` needs `selected`"),
        (COLUMNS, "columns: {decision: offered, selected: 1, §label: bought}", "`label` needs `positive`"),
        (COLUMNS, "columns: {§selected: 1, label: bought, positive: yes}", "`selected` needs the column in `decision`"),
        (
            COLUMNS,
            "columns: {decision: offered, selected: 1, §positive: yes}",
            "`positive` needs the column in `label`",
        ),
        ("selected: 1,", "selected: [1, 2], unselected: §[0, 2],", "`2` stands in `selected` too"),
        ("selected: 1,", "selected: 1, count: n, weight: §n,", "cannot be count and weight"),
        ("selected: 1,", "selected: 1, stages: §[a, b, a],", "the stage `a` occurs twice"),
        (SEX, "sex: {reference: male, §values: {M: male}, bands: [1]}", "either `values` or `bands`"),
        (
            SEX,
            "sex: {values: {M: male, F: female}, reference: §females}",
            "no group `females` (did you mean 'female'?)",
        ),
        (SEX, "sex: {reference: §(missing)}", "missing values cannot be the reference"),
        (SEX, "sex: {values: {§'': (missing), M: male}, reference: male}", "found an empty text"),
        (SEX, "sex: {values: §{x: (missing), M: male}, reference: male}", "`(missing)` is the label of missing values"),
        (SEX, "§sex × age: {reference: male}\n  sex: {reference: male}", "cannot hold ×"),
        (AGE, "age_band: {column: age, bands: §[30, 18], reference: 18-29}", "edges must increase"),
        (AGE, "age_band: {column: age, bands: [18, 30, 60, 75], reference: §30-60}", "(did you mean '30-59'?)"),
        ("[[sex, age_band]]", "[[sex, §age]]", "`age` is not in `protected`"),
        ("[[sex, age_band]]", "[§[sex, sex]]", "an attribute occurs twice"),
        ("[[sex, age_band]]", "[[sex, age_band], §[age_band, sex]]", "the same intersection is listed already"),
        (HERE, HERE + "factors: {§sex: {why: tradition}}\n", "`sex` is the name of a protected attribute already"),
        (HERE, HERE + "factors: {tenure: {why: risk, bands: §[2, 2]}}\n", "edges must increase"),
        (HERE, HERE + "exclude: [{attribute: §race, group: AIAN, why: few}]\n", "there is no attribute `race`"),
        (HERE, HERE + "exclude: [{attribute: age_band, group: §under 18, why: few}]\n", "there is no group `under 18`"),
        (HERE, HERE + "exclude: [{attribute: sex, group: §male, why: few}]\n", "the reference cannot be excluded"),
        (
            HERE,
            HERE + "exclude: [{attribute: [sex, age_band], group: §female, why: x}]\n",
            "no group of `sex × age_band`",
        ),
        (HERE, HERE + "exclude: [{attribute: [sex, age_band], group: §f × 18-30, why: x}]\n", "no group `18-30`"),
        (HERE, HERE + "population: {§gender: {f: 1}}\n", "`gender` is not in `protected`"),
        (HERE, HERE + "population: {sex: §{f: .5, m: .4}}\n", "add up to 1, found 0.9"),
        (HERE, HERE + "population: {age_band: {<18: .5, §18-30: .5}}\n", "no group `18-30` (did you mean '18-29'?)"),
        ("id: parity", "id: §Parity", "an id is made of a-z, 0-9 and -, found `Parity`"),
        ("id: parity", "id: §a/b/c", "an id is made of"),
        ("id: parity", "id: §-a", "an id is made of"),
        ("checks:\n", "checks:\n  - {id: parity, metric: selection_rate, min: 0.1}\n", None),
    ],
)
def test_contradictions_are_named_at_their_place(
    refused_at: RefusedAt, refusal: Callable[..., AuditFileError], old: str, new: str, message: str | None
) -> None:
    if message is None:
        assert "checks.1.id: the id `parity` is used by check 0 already" in str(refusal((old, new)))
    else:
        refused_at(message, (old, new))


def test_exclusions_name_the_attribute_as_it_is_called(load: Load) -> None:
    audit = load((HERE, HERE + "exclude: [{attribute: age_band x sex, group: female × 18-29, why: few}]\n"))
    assert [(e.attribute, e.group) for e in audit.exclusions] == [("sex × age_band", "female × 18-29")]


def test_shares_may_miss_one_by_a_millionth(load: Load) -> None:
    load((HERE, HERE + "population: {sex: {a: 0.333333, b: 0.333333, c: 0.333333}}\n"))


def test_undeclared_groups_are_left_to_the_data(load: Load) -> None:
    load((HERE, HERE + "exclude: [{attribute: sex, group: other, why: few}]\npopulation: {sex: {male: .5, f: .5}}\n"))


def test_mapped_values_may_share_a_label(load: Load) -> None:
    audit = load((SEX, "sex: {values: {m: male, M: male, f: female}, reference: male}"))
    assert audit.attributes.references["sex"] == "male"


def test_several_contradictions_are_told_together(refusal: Callable[..., AuditFileError]) -> None:
    error = refusal(
        (SEX, "sex: {reference: (missing)}"), ("[[sex, age_band]]", "[[sex, age]]"), ("id: parity", "id: P")
    )
    assert error.hint is not None
    assert error.hint.count("also ") == 2
