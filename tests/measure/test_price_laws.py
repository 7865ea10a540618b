"""The laws of test_laws.py for every measure about prices or factors, and what prices add: other units, other money.

Where a measure is exempt, it is named here with the reason, and the test fails if it turns out not to need it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from finding_facts import VARIANTS, changed, copies, facts_of, replaced, same
from small_audits import (
    POPULATION,
    PRICE_CUT,
    PROTECTED,
    audited,
    cells_of,
    every_measure,
    findings_of,
    priced_audit,
    priced_rows,
)

from evenhand.measure import MEASURES
from evenhand.measure.base import Finding

MEASURED = every_measure(priced=True)
MONEY = ("price", "technical", "expected", "actual", "listed", "as_new")


def rows_for(variant: str, seed: int, size: int = 300) -> pa.Table:
    return priced_rows(seed, size, people=120 if "repeated" in variant else None)


def all_findings(rows: pa.Table, columns: Mapping[str, Any], **changes: Any) -> dict[str, list[Finding]]:
    audit = priced_audit(measures=MEASURED, columns=columns, small_groups={"min_in_stratum": 2}, **changes)
    return findings_of(audit, cells_of(audit, rows, engine="polars"))


@cache
def findings_of_variant(variant: str) -> dict[str, list[Finding]]:
    """Findings that several laws look at, of one draw of rows."""
    return all_findings(rows_for(variant, 11), VARIANTS[variant])


WEIGHTED_TOTAL = "overcharge_total"
"""A total over people grows with the people, and with the sum of the weights."""
OTHER_ROBUST = frozenset({"price_regression_gap", "price_regression_log_gap_percent"})
"""HC3 without weights and HC1 with them (methods §3): the leverage of weighted cells is not in the sums."""


@pytest.mark.parametrize("variant", ["plain rows", "repeated people with weights"])
def test_all_measures_in_one_pass_equal_each_alone(variant: str) -> None:
    rows, columns = rows_for(variant, 1, 150), VARIANTS[variant]
    united = facts_of(all_findings(rows, columns))
    for name in MEASURED[::4]:  # every fourth: a tally for each takes its time
        audit = priced_audit(measures=[name], columns=columns, small_groups={"min_in_stratum": 2})
        alone = facts_of(findings_of(audit, cells_of(audit, rows, engine="plain")))
        assert alone[name] == united[name], name


def test_a_count_is_repetition_bit_for_bit() -> None:
    rows = priced_rows(2)
    written_out = rows.take(np.repeat(np.arange(len(rows)), rows["people"].to_pylist()))
    counted = facts_of(all_findings(rows, {"count": "people"}))
    assert changed(counted, facts_of(all_findings(written_out, {}))) == set()


def test_weights_of_one_are_no_weights() -> None:
    rows = priced_rows(3)
    plain = facts_of(all_findings(rows, {}))
    weighted = facts_of(all_findings(replaced(rows, "weight", [1.0] * len(rows)), {"weight": "weight"}))
    told = ("estimate", "value", "value_reference", "n", "n_reference", "people", "undefined")
    interval = ("low", "high", "p_less", "p_greater", "parity")
    other = set()
    for name, by_group in plain.items():
        for key, expected in by_group.items():
            found = weighted[name][key]
            assert all(same(found[number], expected[number], 1e-10) for number in told), (name, key)
            if not all(same(found.get(number), expected.get(number), 1e-10) for number in interval):
                other.add(name)
    assert other == OTHER_ROBUST


@pytest.mark.parametrize(("variant", "factor"), [("weights", 3.0), ("repeated people with weights", 0.25)])
def test_scaling_every_weight_changes_nothing_but_totals(variant: str, factor: float) -> None:
    rows, columns = rows_for(variant, 4), VARIANTS[variant]
    scaled = replaced(rows, "weight", pc.multiply(rows["weight"], factor))
    before, after = facts_of(all_findings(rows, columns)), facts_of(all_findings(scaled, columns))
    assert changed(before, after, 1e-9) == {WEIGHTED_TOTAL}
    for key, total in before[WEIGHTED_TOTAL].items():
        if total["estimate"] is not None:
            assert same(after[WEIGHTED_TOTAL][key]["estimate"], factor * total["estimate"], 1e-9)


def test_more_of_the_same_rows_narrow_intervals_and_move_no_estimate() -> None:
    rows = priced_rows(5)
    once, twice = (facts_of(all_findings(copies(rows, times), {})) for times in (1, 2))
    narrowed = set()
    for name in MEASURED:
        times = 2 if name in (WEIGHTED_TOTAL, "price_walking_breaches") else 1
        for key, before in once[name].items():
            after = twice[name][key]
            if name not in BIASED and name not in STRATA_FILL and before["estimate"] is not None:
                assert same(after["estimate"], times * before["estimate"], 1e-9), (name, key)
                if "low" in before and "low" in after and times == 1 and before["n"] > 60:
                    assert after["high"] - after["low"] <= before["high"] - before["low"], (name, key)
                    narrowed.add(name)
    assert len(narrowed) > 60


BIASED = frozenset(
    {"proxy_strength", "proxy_strength_cramers_v", "proxy_strength_joint_auc"}
    | {name for name in MEASURED if name.startswith("standardized_mean_difference")}
)
"""Adjusted for how many people there are, by n − 1, or drawn: another number of people is another figure."""
STRATA_FILL = frozenset(
    name for name in MEASURED if "factors" in MEASURES[name].roles or "item" in MEASURES[name].roles
) | {"tenure_index"}
"""Strata with too few people are left out: with twice the people, more of them are there."""


@pytest.mark.parametrize("variant", ["plain rows", "repeated people"])
def test_relabelling_groups_moves_names_only(variant: str) -> None:
    rows, columns = rows_for(variant, 7), VARIANTS[variant]
    names = {"m": "b", "f": "z", "x": "a"}
    renamed = replaced(rows, "sex", [names.get(sex) for sex in rows["sex"].to_pylist()])
    protected = {**PROTECTED, "sex": {"reference": "b"}}
    population = {"sex": {names[sex]: share for sex, share in POPULATION["sex"].items()}}
    before = facts_of(all_findings(rows, columns))
    after = facts_of(all_findings(renamed, columns, protected=protected, population=population), names)
    assert changed(before, after, 1e-12) == set()


@pytest.mark.parametrize("variant", ["repeated people with weights"])
def test_row_order_changes_nothing(variant: str) -> None:
    rows, columns = rows_for(variant, 14), VARIANTS[variant]
    shuffled = rows.take(np.random.default_rng(1).permutation(len(rows)))
    assert changed(facts_of(all_findings(rows, columns)), facts_of(all_findings(shuffled, columns))) == set()


def test_row_order_leaves_the_results_document_as_it_is() -> None:
    rows = priced_rows(17, 200)
    shuffled = rows.take(np.random.default_rng(1).permutation(len(rows)))
    audit = priced_audit(measures=MEASURED, model={"name": "test", "version": "1", "kind": "pricing"})
    assert audited(audit, shuffled, seed=3).document == audited(audit, rows, seed=3).document


ABOUT_EVERYONE = frozenset(
    name
    for name in MEASURED
    if MEASURES[name].scope != "groups"
    or MEASURES[name].quantity.startswith(("discrimination_free", "proxy_", "score_rate"))
    or "_by_band" in name
) - {"score_rate@400.5", "score_rate@400.5_ratio", "score_rate@400.5_difference"} | {
    "conditional_demographic_disparity",
    "standardized_mean_difference_whole_sample",
}
"""Of the pooled prices, everyone's mix or all groups together: another group is another question."""


def test_another_group_changes_no_finding_of_the_others() -> None:
    rows, columns = priced_rows(9), {}
    new = replaced(priced_rows(10, 150), "sex", ["new"] * 150)
    new = replaced(new, "age", pa.chunked_array([pa.nulls(150, pa.int64())]))
    new = replaced(new, "person", list(range(1000, 1150)))
    new = replaced(new, "price", pc.multiply(pc.fill_null(new["price"], 0.0), 3.0))
    before = facts_of(all_findings(rows, columns))
    after = facts_of(all_findings(pa.concat_tables([rows, new]), columns))
    kept = {name: {key: by[key] for key in before[name]} for name, by in after.items()}
    assert changed(before, kept, 1e-12) <= ABOUT_EVERYONE


NOT_SWAPPED = frozenset(
    name
    for name in MEASURED
    if name.startswith(("standardised_", "same_item_", "like_for_like_markup_", "proxy_strength"))
) | {
    "conditional_demographic_disparity",  # of the rejected people of both
    "decomposition",  # three-fold: endowments are the reference's
    "markup_gap_bp",  # of the reference's list price
    "overcharge_total",  # of the group's people
    "standardized_mean_difference_reference",
}
"""Over the group's mix, or in units of the reference: with the two exchanged that is another question."""
SWAPPED_WITH = {
    f"like_for_like_gap{unit}": f"like_for_like_reference_gap{unit}" for unit in ("", "_percent", "_bp")
} | {"wasserstein_more": "wasserstein_less"}
SWAPPED_WITH |= {other: name for name, other in SWAPPED_WITH.items()}
"""One over the group's mix is the other over the reference's."""
DISTANCES = {"wasserstein", "ks_distance"}


@pytest.mark.parametrize("variant", ["weights", "repeated people"])
def test_swapping_group_and_reference_inverts_ratios_and_negates_differences(variant: str) -> None:
    rows, columns = rows_for(variant, 8), VARIANTS[variant]
    forth = facts_of(all_findings(rows, columns))
    back = facts_of(all_findings(rows, columns, protected={**PROTECTED, "sex": {"reference": "f"}}))
    seen = set()
    for name in MEASURED:
        if MEASURES[name].form == "level" or MEASURES[name].scope != "groups" or name in NOT_SWAPPED:
            continue
        for key, group in forth[name].items():
            if key[:2] != ("sex", "f"):
                continue
            reference = back[SWAPPED_WITH.get(name, name)]["sex", "m", *key[2:]]
            if group["estimate"] is None or reference["estimate"] is None:
                continue
            assert same(turned(name, group["estimate"]), reference["estimate"], 1e-9), (name, key)
            assert group["undefined"] == reference["undefined"], (name, key)
            if "low" in group and "low" in reference and name not in DISTANCES:
                assert same(turned(name, group["low"]), reference["high"], 1e-7), (name, key)
                assert same(group["parity"], reference["parity"], 1e-7), (name, key)
            seen.add(name)
    assert len(seen) > (60 if variant != "repeated people" else 30)


def turned(name: str, value: float) -> float:
    """What a number becomes when group and reference change places; 10% more is 9.09% less."""
    if name in DISTANCES:
        return value
    if MEASURES[name].unit == "ratio":
        return math.inf if value == 0 else 1 / value
    if MEASURES[name].quantity in RELATIVE and name.endswith(("_percent", "_bp")):
        whole = 100 if name.endswith("_percent") else 10_000
        return whole * (1 / (1 + value / whole) - 1)
    return -value


RELATIVE = {"like_for_like_gap", "price_regression_log_gap_percent", "price_regression_gamma_gap_percent"}
"""Gaps that are percentages of the reference's price."""


# Prices ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["weights", "repeated people"])
def test_prices_in_another_currency_scale_money_and_nothing_else(variant: str) -> None:
    """Every amount times 4: figures in money times 4, with their intervals; ratios, percentages and rates as before."""
    rows, columns = rows_for(variant, 15), VARIANTS[variant]
    dearer = rows
    for name in MONEY:
        dearer = replaced(dearer, name, pc.multiply(dearer[name], 4.0))
    before, after = facts_of(all_findings(rows, columns)), facts_of(all_findings(dearer, columns))
    for name in MEASURED:
        if f"@{PRICE_CUT}" in name:
            continue  # a cut in the old currency
        times = 4.0 if MEASURES[name].unit == "money" else 1.0
        for key, found in before[name].items():
            for number in ("estimate", "low", "high"):
                if found.get(number) is not None:
                    assert same(after[name][key][number], times * found[number], 1e-9), (name, key, number)
            assert after[name][key]["undefined"] == found["undefined"]


SHIFTED = {"mean_price", "mean_error", "mean_loss_error", "markup"}
"""Levels in money that a thousand more on every price lifts by a thousand."""
SHIFTED_GAPS = {
    "mean_price_difference",
    "mean_error_difference",
    "mean_loss_error_difference",
    "markup_gap",
    "wasserstein",
    "wasserstein_more",
    "wasserstein_less",
    "decomposition",
    "discrimination_free_overcharge",
    "discrimination_free_overcharge_gap",
    "like_for_like_gap",
    "like_for_like_overall_gap",
    "like_for_like_reference_gap",
    "like_for_like_overlap_gap",
    "like_for_like_markup_gap",
    "overcharge_total",
    "price_regression_gap",
    "same_item_gap",
    "ks_distance",
    "quantile_difference",
}
"""Gaps in money, which it leaves alone."""


@pytest.mark.parametrize("variant", ["weights", "repeated people"])
def test_a_thousand_more_for_everyone_shifts_levels_and_leaves_gaps_alone(variant: str) -> None:
    rows, columns = rows_for(variant, 16), VARIANTS[variant]
    dearer = replaced(rows, "price", pc.add(rows["price"], 1000.0))
    before, after = facts_of(all_findings(rows, columns)), facts_of(all_findings(dearer, columns))
    compared = 0
    for name in (SHIFTED | SHIFTED_GAPS) & set(MEASURED):
        for key, found in before[name].items():
            if found["estimate"] is None:
                continue
            expected = found["estimate"] + (1000.0 if name in SHIFTED else 0.0)
            assert same(after[name][key]["estimate"], expected, 1e-8), (name, key)
            compared += 1
    assert compared > 150


# Contrasts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_estimate_lies_inside_its_interval_and_tests_agree_with_it(variant: str) -> None:
    """Wider confidence nests; an interval excludes a limit exactly when the test rejects it, away from the bound."""
    seen = set()
    for name, findings in findings_of_variant(variant).items():
        for finding in findings:
            contrast = finding.contrast
            if contrast is None:
                continue
            assert finding.estimate == contrast.estimate
            inner = None
            for confidence in (0.8, 0.9, 0.95, 0.99):
                interval = contrast.interval(confidence)
                assert interval.low <= interval.high
                if finding.estimate is not None:
                    assert interval.low - 1e-12 <= finding.estimate <= interval.high + 1e-12, (name, finding.group)
                if inner is not None:
                    assert interval.low <= inner.low + 1e-12, (name, finding.group)
                    assert interval.high >= inner.high - 1e-12, (name, finding.group)
                inner = interval
            seen.add(name)
            for alpha in () if contrast.known else (0.01, 0.05, 0.2):
                upper, lower = contrast.upper(alpha), contrast.lower(alpha)
                for step in (-0.3, -1e-4, 1e-4, 0.3):
                    if math.isfinite(upper):
                        limit = upper + step * max(1.0, abs(upper))
                        assert (upper < limit) == (contrast.p_less(limit) < alpha), (name, finding.group, alpha, step)
                    if math.isfinite(lower):
                        limit = lower + step * max(1.0, abs(lower))
                        assert (lower > limit) == (contrast.p_greater(limit) < alpha), (name, finding.group, alpha)
    assert len(seen) > (50 if "repeated" in variant else 120)


@pytest.mark.parametrize("variant", VARIANTS)
def test_findings_are_well_formed(variant: str) -> None:
    for name, findings in findings_of_variant(variant).items():
        assert findings, name
        for finding in findings:
            assert finding.measure == name
            assert finding.n >= 0
            assert (finding.contrast is None) == (finding.undefined is not None), (name, finding.group)
            for number in (finding.value, finding.value_reference, finding.n_effective, finding.expected_cases):
                assert number is None or math.isfinite(number)
            if finding.estimate is not None:
                unbounded = finding.value_reference == 0 and finding.estimate == math.inf
                assert math.isfinite(finding.estimate) or unbounded, (name, finding.group)
            assert all(isinstance(count, int) for count in finding.counts.values()), (name, finding.counts)
