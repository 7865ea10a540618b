"""Laws that every measure of the table must obey; a new measure is under them the moment it is in the table.

Where a measure is exempt, it is named here with the reason, and the test fails if it turns out not to need it.
That cells do not depend on engine, row order, column order and unused columns is tested in tests/tally; findings are
functions of cells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from finding_facts import VARIANTS, changed, copies, facts_of, replaced, same
from small_audits import (
    CUTS,
    POPULATION,
    PROTECTED,
    audit_of,
    audited,
    cells_of,
    every_measure,
    findings_of,
    random_rows,
)

from evenhand.measure import MEASURES
from evenhand.measure.base import Finding

MEASURED = every_measure()
FORMS = ("", "_ratio", "_difference")


def with_forms(*quantities: str, forms: tuple[str, ...] = FORMS) -> frozenset[str]:
    """Names of these quantities in all their forms."""
    return frozenset(name + form for name in quantities for form in forms)


RECUT = with_forms("score_above_median_rate", *(f"selection_rate_at_top@{cut}" for cut in CUTS))
"""Cut at a place that everybody's scores decide."""
SCORED = with_forms("auc", "brier", "log_loss", "calibration_slope") | {
    "calibration_intercept",
    "calibration_intercept_difference",
}
DRAWN = with_forms("f1", "mcc") | {"audience_variance", "representation_distance"}
"""Intervals by random draws, whose seed holds the names of the groups or whose order is that of the groups."""
WITHOUT_INTERVAL = with_forms("expected_calibration_error") | {"impact_ratio", "consent_breaches"}
"""Never an interval: biased, chosen by the data, or an exact count."""


def rows_for(variant: str, seed: int, size: int = 400) -> pa.Table:
    return random_rows(seed, size, people=120 if "repeated" in variant else None)


def all_findings(rows: pa.Table, columns: Mapping[str, Any], **changes: Any) -> dict[str, list[Finding]]:
    audit = audit_of(measures=MEASURED, columns=columns, **changes)
    return findings_of(audit, cells_of(audit, rows))


# Rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["plain rows", "repeated people with weights"])
def test_all_measures_in_one_pass_equal_each_alone(variant: str) -> None:
    rows, columns = rows_for(variant, 1), VARIANTS[variant]
    united = facts_of(all_findings(rows, columns))
    for name in MEASURED:
        audit = audit_of(measures=[name], columns=columns)
        alone = facts_of(findings_of(audit, cells_of(audit, rows)))
        assert alone[name] == united[name], name


def test_a_count_is_repetition_bit_for_bit() -> None:
    rows = random_rows(2)
    counted = facts_of(all_findings(rows, {"count": "people"}))
    written_out = rows.take(np.repeat(np.arange(len(rows)), rows["people"].to_pylist()))
    assert changed(counted, facts_of(all_findings(written_out, {}))) == set()


def test_weights_of_one_are_no_weights() -> None:
    """Estimates always; and wherever weighted rows have an interval, it is that of unweighted rows."""
    rows = random_rows(3)
    plain = facts_of(all_findings(rows, {}))
    weighted = facts_of(all_findings(replaced(rows, "weight", [1.0] * len(rows)), {"weight": "weight"}))
    no_interval = set()
    for name, by_group in plain.items():
        for key, expected in by_group.items():
            found = weighted[name][key]
            for number in ("estimate", "value", "value_reference", "n", "n_reference", "people", "expected_cases"):
                assert same(found[number], expected[number], 1e-12), (name, key, number)
            if found["undefined"] == "no_interval" and expected["undefined"] is None:
                no_interval.add(name)
            else:
                for number in ("undefined", "low", "high", "p_less", "p_greater", "parity"):
                    assert same(found.get(number), expected.get(number), 1e-12), (name, key, number)
    # Documented under "edge cases": scores, replicates and mixes have no interval with weights.
    assert no_interval == SCORED | with_forms("f1", "mcc") | {"audience_variance", "representation_distance"}


@pytest.mark.parametrize("variant", ["weights", "repeated people with weights"])
@pytest.mark.parametrize("factor", [3.0, 0.25])
def test_scaling_every_weight_changes_nothing(variant: str, factor: float) -> None:
    rows = rows_for(variant, 4)
    scaled = replaced(rows, "weight", pc.multiply(rows["weight"], factor))
    columns = VARIANTS[variant]
    assert changed(facts_of(all_findings(rows, columns)), facts_of(all_findings(scaled, columns)), 1e-12) == set()


@pytest.mark.parametrize("variant", ["plain rows", "weights", "counts"])
def test_more_of_the_same_rows_narrows_intervals_and_moves_no_estimate(variant: str) -> None:
    rows, columns = rows_for(variant, 5), VARIANTS[variant]
    once, thrice = (facts_of(all_findings(copies(rows, times), columns)) for times in (1, 3))
    # Counts of people grow; 7 places among three times as many people are another question.
    counted = {"consent_breaches", "shortfall", "two_sd"} | with_forms("selection_rate_at_top@7")
    narrowed = set()
    for name in set(MEASURED) - counted:
        for key, before in once[name].items():
            after = thrice[name][key]
            for number in ("estimate", "value", "value_reference"):
                assert same(after[number], before[number], 1e-12), (name, key, number)
            assert after["n"] == 3 * before["n"]
            if "low" in before and name not in WITHOUT_INTERVAL and (before["n"] > 60 or name not in DRAWN):
                assert after["high"] - after["low"] < before["high"] - before["low"] or before["high"] == math.inf, (
                    name,
                    key,
                )
                narrowed.add(name)
    if variant == "plain rows":
        assert narrowed == set(MEASURED) - counted - WITHOUT_INTERVAL
    for key, before in once["shortfall"].items():
        assert same(thrice["shortfall"][key]["estimate"], 3 * before["estimate"], 1e-12)
    for key, before in once["two_sd"].items():
        assert same(thrice["two_sd"][key]["estimate"], math.sqrt(3) * before["estimate"], 1e-12)


def test_repeating_the_rows_of_every_person_tells_nothing_new() -> None:
    """With a unit, copies change nothing where the design effect is above 1; it is never let below, so from two on."""
    rows, columns = rows_for("repeated people", 6), {"unit": "person"}
    twice, six_times = (facts_of(all_findings(copies(rows, times), columns)) for times in (2, 6))
    people = {
        "n",
        "people",
        "n_reference",
        "people_reference",
        "n_effective",
        "low",
        "high",
        "estimate",
        "p_less",
        "parity",
    }
    counts_rows = RECUT | SCORED | with_forms("f1", "mcc", "contact_pressure", "expected_calibration_error")
    compared = 0
    for name in set(MEASURED) - counts_rows:
        for key, before in twice[name].items():
            if "low" not in before or name == "consent_breaches" or before["n"] < 30:
                continue
            after = six_times[name][key]
            for number in people & before.keys():
                assert same(after[number], before[number], 1e-9), (name, key, number)
            compared += 1
    assert compared > 100


# Groups ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_relabelling_groups_moves_names_only(variant: str) -> None:
    """Other names, in another order of the alphabet; draws whose seed or order comes from names differ as draws do."""
    rows, columns = rows_for(variant, 7), VARIANTS[variant]
    names = {"m": "b", "f": "z", "x": "a"}
    renamed = replaced(rows, "sex", [names.get(sex) for sex in rows["sex"].to_pylist()])
    protected = {**PROTECTED, "sex": {"reference": "b"}}
    population = {"sex": {names[sex]: share for sex, share in POPULATION["sex"].items()}}
    before = facts_of(all_findings(rows, columns))
    after = facts_of(all_findings(renamed, columns, protected=protected, population=population), names)
    assert changed(before, after) <= DRAWN
    for name in DRAWN:
        for key, expected in before[name].items():
            assert after[name][key]["estimate"] == expected["estimate"]
            if expected["n"] > 100:
                assert same(after[name][key].get("high"), expected.get("high"), 0.1), (name, key)


@pytest.mark.parametrize("variant", ["plain rows", "weights", "repeated people"])
def test_swapping_group_and_reference_inverts_ratios_and_negates_differences(variant: str) -> None:
    rows, columns = rows_for(variant, 8), VARIANTS[variant]
    forth = facts_of(all_findings(rows, columns))
    back = facts_of(all_findings(rows, columns, protected={**PROTECTED, "sex": {"reference": "f"}}))
    for name in MEASURED:
        measure = MEASURES[name]
        if measure.form == "level" or measure.scope != "groups" or name in ("impact_ratio", "representation_ratio"):
            continue  # no fixed reference
        compared = [(key, key[2:]) for key in forth[name] if key[:2] == ("sex", "f")]
        assert compared, name
        for key, at in compared:
            assert_swapped(name, forth[name][key], back[name]["sex", "m", *at])


def turned(name: str, value: float, group: dict[str, Any], reference: dict[str, Any]) -> float:
    """What a number becomes when group and reference change places."""
    if MEASURES[name].unit == "ratio":
        return math.inf if value == 0 else 1 / value
    if name == "shortfall":  # of another number of people, in the other direction
        return -value * float(reference["n"] / group["n"])
    return -value


def assert_swapped(name: str, group: dict[str, Any], reference: dict[str, Any]) -> None:
    """`reference` is what was found when group and reference had changed places."""
    loose = 0.1 if name in DRAWN else 1e-8
    if name == "equalized_odds_difference":  # the larger of two sizes has no direction
        for number in ("estimate", "low", "high"):
            assert same(group[number], reference[number], loose), name
        return
    if group["estimate"] is None or reference["estimate"] is None:  # of a reference that is 0
        return
    assert same(turned(name, group["estimate"], group, reference), reference["estimate"], 1e-9), name
    assert group["undefined"] == reference["undefined"], name
    # The numbers of an interval that reaches 0 or below have no reciprocals: a score such as MCC can be negative.
    reaches_zero = "low" in group and min(group["low"], reference["low"]) <= 0
    if "low" in group and not (name == "mcc_ratio" and reaches_zero):
        assert same(turned(name, group["low"], group, reference), reference["high"], loose), name
        assert same(turned(name, group["high"], group, reference), reference["low"], loose), name
        assert same(group["parity"], reference["parity"], loose), name


def test_another_group_changes_no_finding_of_the_others() -> None:
    """But for what is a question about everyone: the best group, the pooled median, places, mixes and missing values."""
    about_everyone = RECUT | {
        "impact_ratio",
        "audience_variance",
        "representation_ratio",
        "representation_distance",
        "missing_attribute_rate",
        "consent_breaches",
        "vulnerable_overtargeting_ratio",
    }
    rows = random_rows(9)
    new = replaced(random_rows(10, 150), "sex", ["new"] * 150)
    new = replaced(new, "age", pa.chunked_array([pa.nulls(150, pa.int64())]))
    new = replaced(replaced(new, "decided", [1] * 150), "score", [0.999] * 150)
    new = replaced(new, "person", list(range(1000, 1150)))
    both = pa.concat_tables([rows, new])
    for columns in ({}, {"weight": "weight"}):
        before = facts_of(all_findings(rows, columns))
        after = facts_of(all_findings(both, columns))
        kept = {name: {key: by[key] for key in before[name]} for name, by in after.items()}
        assert all("new" in str(key) for name in after for key in after[name].keys() - before[name].keys())
        assert changed(before, kept) == about_everyone


# Contrasts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_estimate_lies_inside_its_interval_and_wider_confidence_nests(variant: str) -> None:
    seen = set()
    for name, findings in all_findings(rows_for(variant, 11), VARIANTS[variant]).items():
        for finding in findings:
            contrast = finding.contrast
            if contrast is None:
                continue
            assert finding.estimate == contrast.estimate
            inner = None
            for confidence in (0.8, 0.9, 0.95, 0.99):
                interval = contrast.interval(confidence)
                assert interval.low <= interval.high
                if finding.estimate is not None and (confidence >= 0.95 or name not in DRAWN):
                    assert interval.low - 1e-12 <= finding.estimate <= interval.high + 1e-12, (name, finding.group)
                if inner is not None:
                    assert interval.low <= inner.low + 1e-12, (name, finding.group)
                    assert interval.high >= inner.high - 1e-12, (name, finding.group)
                inner = interval
            seen.add(name)
    assert len(seen) > 40


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_interval_excludes_a_limit_exactly_when_the_test_rejects_it(variant: str) -> None:
    """upper(α) < limit ⇔ p_less(limit) < α, and lower(α) > limit ⇔ p_greater(limit) < α, away from the bound itself."""
    for name, findings in all_findings(rows_for(variant, 12), VARIANTS[variant]).items():
        for finding in findings:
            contrast = finding.contrast
            if contrast is None or contrast.known:
                continue
            for alpha in (0.01, 0.05, 0.2):
                upper, lower = contrast.upper(alpha), contrast.lower(alpha)
                for step in (-0.3, 0.3) if name in DRAWN else (-0.3, -1e-4, 1e-4, 0.3):
                    if math.isfinite(upper):
                        limit = upper + step * max(1.0, abs(upper))
                        assert (upper < limit) == (contrast.p_less(limit) < alpha), (name, finding.group, alpha, step)
                    if math.isfinite(lower):
                        limit = lower + step * max(1.0, abs(lower))
                        assert (lower > limit) == (contrast.p_greater(limit) < alpha), (
                            name,
                            finding.group,
                            alpha,
                            step,
                        )


@pytest.mark.parametrize("variant", VARIANTS)
def test_findings_are_well_formed(variant: str) -> None:
    """n within the people, a reason wherever there is no contrast, no number that is not finite but an unbounded ratio."""
    for name, findings in all_findings(rows_for(variant, 13), VARIANTS[variant]).items():
        assert findings, name
        for finding in findings:
            assert finding.measure == name
            assert finding.n >= 0
            assert (finding.contrast is None) == (finding.undefined is not None), (name, finding.group)
            for number in (finding.value, finding.value_reference, finding.n_effective, finding.expected_cases):
                assert number is None or math.isfinite(number)
            if finding.estimate is not None:
                assert math.isfinite(finding.estimate) or (
                    finding.value_reference == 0 and finding.estimate == math.inf
                )
            assert all(isinstance(count, int) for count in finding.counts.values())


def test_row_order_leaves_the_results_document_as_it_is() -> None:
    """Down to the bytes of bootstraps, whose seed is made of cells and policy."""
    rows = random_rows(14)
    shuffled = rows.take(np.random.default_rng(1).permutation(len(rows)))
    audit = audit_of(measures=MEASURED)
    assert audited(audit, shuffled, seed=3).document == audited(audit, rows, seed=3).document
