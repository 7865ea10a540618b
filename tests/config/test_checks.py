"""Checks: the metric looked up, limits that can mean what they say, the way of deciding, roles, attributes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from evenhand.config.checks import roles_present
from evenhand.config.loader import Audit
from evenhand.errors import AuditFileError

RefusedAt = Callable[..., AuditFileError]
Load = Callable[..., Audit]
CHECK = "{id: parity, metric: selection_rate_ratio, min: 0.80}"
BURDEN = ("polarity: benefit", "polarity: burden")


def check(keys: str) -> tuple[str, str]:
    return (CHECK, f"{{id: parity, {keys}}}")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        # hostile.md: misspelt metric
        (
            "metric: §selection_rate_ration, min: .8",
            "no metric `selection_rate_ration` (did you mean 'selection_rate_ra",
        ),
        ("metric: §fairlern:mean_prediction, min: .8", "(did you mean 'fairlearn:mean_prediction'?)"),
        ("metric: §Selection_Rate_Ratio, min: .8", "(did you mean 'selection_rate_ratio'?)"),
        # hostile.md: threshold 80 for .8, reversed bounds; the ranges of the brief per unit
        (
            "metric: selection_rate_ratio, min: §80",
            "`min` of a ratio is above 0 and at most 1, found 80 (did you mean 0.80?",
        ),
        ("metric: selection_rate_ratio, min: §87.5", "found 87.5 (did you mean 0.875?)"),
        ("metric: selection_rate_ratio, min: §0", "above 0 and at most 1, found 0"),
        ("metric: selection_rate_ratio, min: §-0.8", "above 0 and at most 1, found -0.8"),
        ("metric: selection_rate_ratio, min: §1.25", "found 1.25 (did you mean `max: 1.25`?)"),
        ("metric: selection_rate_ratio, min: .8, max: §125", "from 1 to 10, found 125 (did you mean 1.25?)"),
        ("metric: selection_rate_ratio, min: .8, max: §0.9", "from 1 to 10, found 0.9 (did you mean `min: 0.9`?)"),
        ("metric: selection_rate_difference, min: §-5", "from -1 to 0, found -5 (did you mean -0.05?)"),
        ("metric: selection_rate_difference, min: §0.05", "found 0.05 (did you mean `max: 0.05`?)"),
        ("metric: selection_rate_difference, min: -0.05, max: §5", "from 0 to 1, found 5 (did you mean 0.05?)"),
        ("metric: selection_rate, min: §30", "from 0 to 1, found 30 (did you mean 0.30?)"),
        ("metric: selection_rate, min: §.9, max: .1", "`min` 0.9 is more than `max` 0.1"),
        ("metric: shortfall, min: §5, max: 1", "`min` 5 is more than `max` 1"),
        ("metric: positive_predictive_value_ratio, min: §8000", "above 0 and at most 1, found 8000"),
        ("metric: calibration_slope, min: §80", "`min` of a score is from -10 to 10, found 80 (did you mean 0.80?)"),
        # limits that say nothing
        ("metric: selection_rate, min: §0", "can never be broken"),
        ("metric: selection_rate, max: §1", "can never be broken"),
        ("metric: impact_ratio, max: §1.2, decide_by: point", "an impact ratio is at most 1; use `min`"),
        # the level
        ("metric: selection_rate_ratio, level: report, min: §.8", "a check of level report is never judged"),
        # the way of deciding
        ("metric: false_positive_rate_difference, max: .1, decide_by: §legal", "not by legal"),
        ("metric: §impact_ratio, min: .8", "decided by point or legal, not by assurance, which is the default"),
        ("metric: two_sd, min: -2, decide_by: §assurance", "decided by point or confirmatory, not by assurance"),
        ("metric: §wasserstein, max: 5", "`wasserstein` can be reported, not judged"),
        ("metric: §fairlearn:mean_prediction, min: .5", "decided by point, not by assurance"),
        ("metric: selection_rate_ratio, min: .8, bootstrap: §5000", "`bootstrap` is for metrics of other packages"),
        ("metric: fairlearn:mean_prediction, min: .5, bootstrap: §100", "at least 2000 replicates, found 100"),
        # roles
        ("metric: §consent_breaches, max: 0", "`consent_breaches` needs `columns.consent`"),
        ("metric: §auc, min: .6", "`auc` needs `columns.score`"),
        ("metric: §conditional_selection_ratio, min: .8", "needs `factors`"),
        ("metric: §representation_ratio, min: .8", "needs `population`"),
        ("metric: §selection_bounds, min: .8", "needs `probabilities` of an attribute in `protected`"),
        ("metric: §mean_price_ratio, max: 1.05", "`mean_price_ratio` needs `columns.price`"),
        ("metric: §price_walking, max: 0", "needs `columns.price` and `columns.equivalent_new_business_price`"),
        # attributes
        ("metric: selection_rate_ratio, min: .8, attributes: [sex, §gender]", "there is no attribute `gender`"),
        ("metric: selection_rate_ratio, min: .8, attributes: [§sexx]", "(did you mean 'sex'?)"),
        ("metric: selection_rate_ratio, min: .8, attributes: [§[sex, race]]", "there is no attribute `sex × race`"),
    ],
)
def test_mistakes_are_named_at_their_place(refused_at: RefusedAt, keys: str, message: str) -> None:
    refused_at(message, check(keys))


def test_a_limit_is_required(refused_at: RefusedAt) -> None:
    error = refused_at("a limit is required", (CHECK, "§{id: parity, metric: selection_rate_ratio}"))
    assert error.hint is not None
    assert "level: report" in error.hint


def test_a_metric_is_required(refused_at: RefusedAt) -> None:
    refused_at("`metric` is required", (CHECK, "§{id: parity, min: .8}"))


def test_empty_checks(refused_at: RefusedAt) -> None:
    # hostile.md: nothing evaluated is never a pass
    for written in ("§checks: []\n", "§checks:\n"):
        refused_at("nothing is checked", (f"checks:\n  - {CHECK}\n", written))


@pytest.mark.parametrize(
    ("polarity", "metric", "right", "wrong", "harm"),
    [
        # contract.md: `min` on selection_rate_ratio of a burden guards the wrong side; the rest is its mirror image.
        ("benefit", "selection_rate_ratio", "min: .8", "max: 1.25", "a ratio below 1, which only `min` limits"),
        ("burden", "selection_rate_ratio", "max: 1.25", "min: .8", "a ratio above 1, which only `max` limits"),
        ("benefit", "selection_rate_difference", "min: -.1", "max: .1", "a difference below 0, which only `min`"),
        ("burden", "selection_rate_difference", "max: .1", "min: -.1", "a difference above 0, which only `max`"),
        ("burden", "selection_odds_ratio", "max: 1.25", "min: .8", "a ratio above 1, which only `max` limits"),
        ("benefit", "two_sd", "decide_by: point, min: -2", "decide_by: point, max: 2", "below 0, which only `min`"),
    ],
)
def test_a_single_limit_must_guard_the_side_of_the_harm(
    refused_at: RefusedAt, load: Load, polarity: str, metric: str, right: str, wrong: str, harm: str
) -> None:
    towards = ("polarity: benefit", f"polarity: {polarity}")
    load(towards, check(f"metric: {metric}, {right}"))
    both = "decide_by: point, min: -2, max: 2" if metric == "two_sd" else ", ".join((right, wrong))
    load(towards, check(f"metric: {metric}, {both}"))
    before, limit = wrong.rsplit(": ", 1)
    error = refused_at("guards the wrong side", towards, check(f"metric: {metric}, {before}: §{limit}"))
    assert harm in str(error)


@pytest.mark.parametrize("polarity", ["benefit", "burden"])
@pytest.mark.parametrize(
    "keys",
    [
        "metric: impact_ratio, min: .8, decide_by: point",  # the favourable rate, whatever the polarity
        "metric: false_positive_rate_difference, max: .05",  # error rates have no polarity
        "metric: false_positive_rate_difference, min: -.05",
        "metric: selection_rate, min: .1",  # a floor for each group
        "metric: selection_rate, max: .5",
        "metric: shortfall, max: 5",  # counts the harm upwards
        "metric: shortfall, min: -5",
        "metric: selection_rate_ratio, min: 1, max: 1",
    ],
)
def test_limits_that_stand_for_either_polarity(load: Load, polarity: str, keys: str) -> None:
    load(("polarity: benefit", f"polarity: {polarity}"), check(keys))


def test_legal_counts_people_one_by_one(refused_at: RefusedAt, load: Load) -> None:
    legal = check("metric: selection_rate_ratio, min: .8, decide_by: §legal")
    refused_at("cannot be used with `columns.weight`", legal, ("selected: 1,", "selected: 1, weight: w,"))
    # A count column is repetition, not a weight (methods.md, "Weights").
    counted = load(("selected: 1,", "selected: 1, count: n,"), (legal[0], legal[1].replace("§", "")))
    assert counted.checks[0].decide_by == "legal"


def test_legal_cannot_count_probable_people(refused_at: RefusedAt, load: Load) -> None:
    probable = ("sex: {reference: male}", "sex: {probabilities: {female: p_f, male: p_m}, reference: male}")
    legal = "metric: selection_rate_ratio, min: .8, decide_by: §legal"
    refused_at("cannot be used with the probabilities of `sex`", probable, check(legal))
    refused_at("the probabilities of `sex`", probable, check(f"{legal}, attributes: [[sex, age_band]]"))
    other = check(f"{legal}, attributes: [age_band]".replace("§", ""))
    assert load(probable, other).checks[0].decide_by == "legal"


def test_roles_outside_columns_are_present_where_they_are_declared(load: Load) -> None:
    assert roles_present(load().file) == {"decision", "label"}, "no default of `columns` is a role"
    whole = load(
        ("selected: 1,", "selected: 1, price: fee, stages: [sent], consent: {column: c, given: 1},"),
        ("sex: {reference: male}", "sex: {probabilities: {female: p_f, male: p_m}, reference: male}"),
        ("rows.csv}", "rows.csv, key: id}"),
        ("polarity: benefit\n", "polarity: benefit\nfactors: {region: {why: tariff}}\npopulation: {sex: {male: 1}}\n"),
    )
    columns = {"decision", "label", "price", "stages", "consent"}
    assert roles_present(whole.file) == columns | {"factors", "population", "probabilities", "key"}


def test_defaults_and_resolution(load: Load) -> None:
    resolved = load().checks[0]
    assert (resolved.id, resolved.pack, resolved.metric) == ("parity", None, "selection_rate_ratio")
    assert (resolved.minimum, resolved.maximum) == (Decimal("0.80"), None)
    assert (resolved.level, resolved.decide_by, resolved.bootstrap) == ("error", "assurance", None)
    assert resolved.attributes == ("sex", "age_band", "sex × age_band"), "all protected and intersections"
    assert (resolved.file, resolved.line, resolved.column) == ("evenhand.yaml", 12, 5)
    assert resolved.missing_roles == ()


def test_aliases_are_resolved_and_kept(load: Load) -> None:
    resolved = load(check("metric: equal_opportunity_difference, min: -.1")).checks[0]
    assert resolved.metric == "true_positive_rate_difference"
    assert resolved.written == "equal_opportunity_difference"


@pytest.mark.parametrize("written", ["[sex, age_band]", "[age_band, sex]", "sex × age_band", "age_band x sex"])
def test_an_intersection_is_a_list_or_a_product(load: Load, written: str) -> None:
    resolved = load(check(f"metric: selection_rate_ratio, min: .8, attributes: [{written}]")).checks[0]
    assert resolved.attributes == ("sex × age_band",)


def test_an_intersection_that_is_not_declared_says_where_to(refusal: Callable[..., AuditFileError]) -> None:
    error = refusal(
        ("intersections: [[sex, age_band]]\n", ""),
        check("metric: selection_rate_ratio, min: .8, attributes: [[sex, age_band]]"),
    )
    assert error.hint is not None
    assert "add [sex, age_band] to `intersections`" in error.hint


@pytest.mark.parametrize("metric", ["fairlearn:mean_prediction", "sklearn:f1_score", "our.metrics:gap", "ours:gap"])
def test_metrics_of_other_packages(load: Load, metric: str) -> None:
    by_point = load(check(f"metric: '{metric}', max: 42, decide_by: point")).checks[0]
    assert (by_point.metric, by_point.decide_by, by_point.bootstrap) == (metric, "point", None)
    resampled = load(check(f"metric: '{metric}', max: 42, bootstrap: 2000")).checks[0]
    assert (resampled.decide_by, resampled.bootstrap) == ("assurance", 2000)


def test_what_is_only_reported_needs_no_limit(load: Load) -> None:
    for metric in ("wasserstein", "impact_ratio", "selection_rate_ratio"):
        assert load(check(f"metric: {metric}, level: report")).checks[0].minimum is None
