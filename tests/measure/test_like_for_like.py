"""Like for like through whole audits: hand calculations, pandas, statsmodels, and the demonstration pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels.formula.api as smf
from price_audits import TWO_FACTORS, cell_rows, estimates, measured, price_audit, random_prices, setting, verdict_of
from small_audits import audited

from evenhand.measure import MEASURES
from evenhand.measure.beside import BESIDE
from evenhand.measure.like_for_like import like_for_like_measures
from evenhand.pipeline import groupings_of

CELLS = {("f", "N"): (60, 100.0), ("f", "S"): (40, 200.0), ("m", "N"): (30, 95.0), ("m", "S"): (70, 180.0)}
"""Women pay 5 more in the north and 20 more in the south; their mix is 60:40, the men's 30:70."""

BY_HAND = {
    # .6·5 + .4·20 = 11 above .6·95 + .4·180 = 129
    "like_for_like_gap": 11.0,
    "like_for_like_gap_percent": 1100 / 129,
    "like_for_like_gap_bp": 110_000 / 129,
    # 90:110 people: (90·5 + 110·20)/200 = 13.25 above .45·95 + .55·180 = 141.75
    "like_for_like_overall_gap": 13.25,
    "like_for_like_overall_gap_percent": 1325 / 141.75,
    "like_for_like_overall_gap_bp": 132_500 / 141.75,
    # 30:70: 15.5 above .3·95 + .7·180 = 154.5
    "like_for_like_reference_gap": 15.5,
    "like_for_like_reference_gap_percent": 1550 / 154.5,
    "like_for_like_reference_gap_bp": 155_000 / 154.5,
    # 60·30/90 = 20 and 40·70/110 = 280/11: (100 + 5600/11)/(500/11) = 13.4; (1900 + 50400/11)/(500/11) = 142.6
    "like_for_like_overlap_gap": 13.4,
    "like_for_like_overlap_gap_percent": 1340 / 142.6,
    "like_for_like_overlap_gap_bp": 134_000 / 142.6,
    # 11 for each of 100 women
    "overcharge_total": 1100.0,
}


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
def test_the_gap_by_hand_over_four_mixes_in_three_units(engine: str) -> None:
    by = measured(cell_rows(CELLS, around=8.0), *BY_HAND, engine=engine)
    for name, expected in BY_HAND.items():
        (finding,) = by[name]
        assert finding.estimate == pytest.approx(expected, rel=1e-12), name
        assert finding.contrast is not None
        interval = finding.contrast.interval(0.95)
        assert interval.low < expected < interval.high
        assert (finding.group, finding.reference, finding.n, finding.n_reference) == ("f", "m", 100, 100)
    (gap,) = by["like_for_like_gap"]
    assert (gap.value, gap.value_reference) == (140.0, 129.0)
    assert gap.counts["strata"] == gap.counts["strata compared"] == 2


def test_every_measure_of_the_family_is_worked_by_hand() -> None:
    named = {measure.name for measure in like_for_like_measures()}
    assert named == {*BY_HAND, "like_for_like_markup_gap", "like_for_like_markup_gap_bp"}


@pytest.mark.parametrize(("unit", "points"), [("percent", 100), ("fraction", 10_000)])
def test_basis_points_of_a_price_that_is_a_rate(unit: str, points: int) -> None:
    """5.25% against 5.00%, or .0525 against .0500, are 25 basis points and 5% more, whatever the rate is."""
    high, low = (525 / points, 500 / points)
    rows = cell_rows({("f", "N"): (40, high), ("m", "N"): (40, low)}, around=20 / points)
    columns = {"price_unit": unit, "resolution": 0.0001}
    by = measured(rows, "like_for_like_gap_bp", "like_for_like_gap_percent", columns=columns)
    assert by["like_for_like_gap_bp"][0].estimate == pytest.approx(25, rel=1e-12)
    assert by["like_for_like_gap_percent"][0].estimate == pytest.approx(5, rel=1e-12)


# The demonstration pair of metrics.md ------------------------------------------------------------------------------

HIDDEN = {("f", "N"): (400, 105.0), ("f", "S"): (300, 210.0), ("m", "N"): (350, 100.0), ("m", "S"): (350, 200.0)}
"""Women pay 5% more in either region, and buy where it is cheap: (400·105 + 300·210)/700 = 150 for both sexes."""

MIX_ONLY = {("f", "N"): (200, 100.0), ("f", "S"): (500, 200.0), ("m", "N"): (500, 100.0), ("m", "S"): (200, 200.0)}
"""Everyone pays what their region costs; women live where it is dear."""


def raw_gap(rows: dict[str, list[Any]]) -> float:
    means = pd.DataFrame(rows).groupby("sex")["price"].mean()
    return float(means["f"] - means["m"])


def test_a_gap_that_the_mix_hides_fails() -> None:
    rows = cell_rows(HIDDEN, around=9.0)
    assert raw_gap(rows) == pytest.approx(0, abs=1e-12)
    checked = verdict_of(rows, {"metric": "like_for_like_gap_percent", "max": 2})
    assert checked["status"] == "fail"
    assert checked["comparisons"][0]["estimate"] == pytest.approx(5, rel=1e-12)


def test_a_raw_gap_that_is_all_mix_passes() -> None:
    rows = cell_rows(MIX_ONLY, around=9.0)
    assert raw_gap(rows) == pytest.approx(300 / 7)
    checked = verdict_of(rows, {"metric": "like_for_like_gap_percent", "max": 2})
    assert checked["status"] == "pass"
    assert checked["comparisons"][0]["estimate"] == pytest.approx(0, abs=1e-12)


# Overlap -----------------------------------------------------------------------------------------------------------

THIN = {("f", "N"): (61, 120.0), ("f", "S"): (39, 120.0), ("m", "N"): (60, 100.0), ("m", "W"): (40, 100.0)}


def test_too_little_overlap_withholds_the_verdict() -> None:
    """61 of 100 women live where men do; those pay 20 more, but the check cannot speak for the rest."""
    checked = verdict_of(cell_rows(THIN, around=3.0), {"metric": "like_for_like_gap", "max": 5})
    (comparison,) = checked["comparisons"]
    assert (checked["status"], comparison["status"]) == ("inconclusive", "inconclusive")
    assert comparison["reason"] == {
        "code": "withheld",
        "text": "only 61% of the group's people are in strata with at least 5 people of both groups; "
        "the audit file asks for 80%",
    }
    assert comparison["estimate"] == 20.0


@pytest.mark.parametrize(("overlap", "status"), [(0.61, "fail"), (0.62, "inconclusive")])
def test_the_audit_file_says_how_much_overlap_is_enough(overlap: float, status: str) -> None:
    small = {"min_overlap": overlap}
    check = {"metric": "like_for_like_gap", "max": 5}
    assert verdict_of(cell_rows(THIN, around=3.0), check, small_groups=small)["status"] == status


def test_thin_strata_are_left_out() -> None:
    """Four men in the south are too few for `min_in_stratum` 5, and enough for 4: then D = (60·5 + 40·20)/100."""
    rows = cell_rows({**CELLS, ("m", "S"): (4, 180.0)}, around=8.0)
    (left,) = measured(rows, "like_for_like_gap")["like_for_like_gap"]
    assert (left.estimate, left.n, left.n_reference) == (5.0, 60, 30)
    assert (left.counts["strata"], left.counts["strata compared"]) == (2, 1)
    (kept,) = measured(rows, "like_for_like_gap", small_groups={"min_in_stratum": 4})["like_for_like_gap"]
    assert kept.estimate == 11.0


def test_no_stratum_in_common_is_no_comparison() -> None:
    rows = cell_rows({("f", "N"): (30, 10.0), ("m", "S"): (30, 20.0)}, around=1.0)
    by = measured(rows, *BY_HAND)
    assert {findings[0].undefined for findings in by.values()} == {"no_denominator"}
    assert {findings[0].estimate for findings in by.values()} == {None}
    (comparison,) = verdict_of(rows, {"metric": "like_for_like_gap", "max": 5})["comparisons"]
    assert comparison["reason"] == {
        "code": "no_denominator",
        "text": "no stratum has at least 5 people of both groups",
    }


def test_less_than_one_percent_is_not_said_to_be_none() -> None:
    rows = cell_rows({("f", "N"): (5, 10.0), ("f", "S"): (995, 10.0), ("m", "N"): (30, 20.0)}, around=1.0)
    (finding,) = measured(rows, "like_for_like_gap")["like_for_like_gap"]
    assert finding.withheld is not None
    assert finding.withheld.startswith("less than 1% of the group's people are in strata with at least 5 people")


def test_the_total_is_of_the_people_who_are_compared() -> None:
    """60·5 + 40·20 = 1,100 of 100 women; nothing is known of ten more in the west, where no man is."""
    rows = cell_rows({**CELLS, ("f", "W"): (10, 500.0)}, around=8.0)
    by = measured(rows, "overcharge_total", "like_for_like_gap")
    (total,) = by["overcharge_total"]
    assert total.estimate == pytest.approx(1100, rel=1e-12)
    assert (total.n, total.people) == (100, 110)
    assert total.contrast is not None
    interval, gap = (by[name][0].contrast.interval(0.9) for name in by)  # type: ignore[union-attr]  # both have one
    assert (interval.low, interval.high) == pytest.approx((100 * gap.low, 100 * gap.high))


def test_the_total_counts_people_and_adds_up_rows() -> None:
    """Everyone twice: the total doubles with the rows, the people do not."""
    rows = cell_rows(CELLS, around=8.0)
    twice = {name: values * 2 for name, values in rows.items()} | {"person": list(range(200)) * 2}
    (total,) = measured(twice, "overcharge_total", columns={"unit": "person"})["overcharge_total"]
    assert total.estimate == pytest.approx(2200, rel=1e-12)
    assert (total.n, total.n_reference, total.people) == (100, 100, 100)


def test_a_missing_level_is_a_stratum_of_its_own() -> None:
    rows = cell_rows(CELLS, around=8.0)
    rows["region"] = [None if region == "S" else region for region in rows["region"]]
    assert estimates(measured(rows, "like_for_like_gap")["like_for_like_gap"]) == {"f": 11.0}


def test_rows_without_a_price_are_left_out() -> None:
    rows = cell_rows(CELLS, around=8.0)
    for price in (None, float("nan"), float("inf")):
        rows["sex"].append("f")
        rows["region"].append("N")
        rows["price"].append(price)
    by = measured(rows, "like_for_like_gap", "overcharge_total")
    assert by["like_for_like_gap"][0].estimate == 11.0
    assert by["overcharge_total"][0].estimate == pytest.approx(1100)


# Weights, counts, shares, repeated people --------------------------------------------------------------------------

NAMES = ("like_for_like_gap", "like_for_like_overall_gap", "like_for_like_overlap_gap", "overcharge_total")


def standardised(frame: pd.DataFrame, standard: str) -> float:
    """The women's gap by pandas: weighted means by stratum, over the mix named."""
    weight = frame.groupby(["region", "tariff", "sex"])["weight"].sum().unstack()
    paid = (frame["price"] * frame["weight"]).groupby([frame["region"], frame["tariff"], frame["sex"]]).sum().unstack()
    gaps = paid["f"] / weight["f"] - paid["m"] / weight["m"]
    mixes = {
        "group": weight["f"],
        "overall": weight["f"] + weight["m"],
        "overlap": weight["f"] * weight["m"] / (weight["f"] + weight["m"]),
    }
    return float((gaps * mixes[standard]).sum() / mixes[standard].sum())


@pytest.mark.parametrize("weighted", [False, True])
def test_two_factors_against_pandas(weighted: bool) -> None:
    rows = random_prices(5)
    frame = pd.DataFrame(rows).assign(**({} if weighted else {"weight": 1.0}))
    columns = {"weight": "weight"} if weighted else {}
    by = measured(rows, *NAMES, columns=columns, factors=TWO_FACTORS)
    for standard, name in zip(("group", "overall", "overlap"), NAMES, strict=False):
        assert estimates(by[name])["f"] == pytest.approx(standardised(frame, standard), rel=1e-9)
    total = standardised(frame, "group") * frame.loc[frame["sex"] == "f", "weight"].sum()
    assert estimates(by["overcharge_total"])["f"] == pytest.approx(total, rel=1e-9)


def test_the_overlap_gap_is_the_coefficient_on_all_strata() -> None:
    """Oracle: statsmodels' least squares of the price on the group and dummies of every stratum, two groups."""
    rows = random_prices(6)
    frame = pd.DataFrame(rows)
    two = frame[frame["sex"] != "x"].assign(f=lambda rows: (rows["sex"] == "f").astype(float))
    fit = smf.ols("price ~ f + C(region):C(tariff)", two).fit()
    by = measured(rows, "like_for_like_overlap_gap", factors=TWO_FACTORS)
    assert estimates(by["like_for_like_overlap_gap"])["f"] == pytest.approx(fit.params["f"], rel=1e-9)


def test_counts_are_repetition() -> None:
    rows = random_prices(7, 300)
    repeated = {name: np.repeat(np.array(values), rows["people"]).tolist() for name, values in rows.items()}
    one = measured(rows, *NAMES, columns={"count": "people"}, factors=TWO_FACTORS)
    other = measured(repeated, *NAMES, factors=TWO_FACTORS)
    for name in NAMES:
        for a, b in zip(one[name], other[name], strict=True):
            assert (a.estimate, a.n, a.n_reference, a.contrast) == (b.estimate, b.n, b.n_reference, b.contrast)


def test_shares_of_0_and_1_are_groups() -> None:
    rows = random_prices(8)
    shares = {sex: f"is_{sex}" for sex in ("m", "f", "x")}
    rows |= {column: [float(one == sex) for one in rows["sex"]] for sex, column in shares.items()}
    spread = {"protected": {"sex": {"probabilities": shares, "reference": "m"}}}
    one = measured(rows, *NAMES, factors=TWO_FACTORS)
    other = measured(rows, *NAMES, factors=TWO_FACTORS, **spread)
    for name in NAMES:
        assert estimates(other[name]) == pytest.approx(estimates(one[name]), rel=1e-9)
        for a, b in zip(one[name], other[name], strict=True):
            assert (a.n, a.n_reference, a.people, a.counts) == (b.n, b.n_reference, b.people, b.counts)
            assert a.contrast is not None
            assert b.contrast is not None
            assert b.contrast.lower(0.05) == pytest.approx(a.contrast.lower(0.05), rel=1e-9)


def test_a_group_has_as_many_people_as_its_shares_add_up_to() -> None:
    """Forty rows, a quarter woman each: ten women, thirty men, who pay the same where they are the same rows."""
    rows = {"region": ["N"] * 40, "price": [float(i) for i in range(40)], "f": [0.25] * 40, "m": [0.75] * 40}
    spread = {"sex": {"probabilities": {"f": "f", "m": "m"}, "reference": "m"}}
    (gap,) = measured(rows, "like_for_like_gap", protected=spread)["like_for_like_gap"]
    assert (gap.estimate, gap.n, gap.n_reference) == (0.0, 10, 30)
    (total,) = measured({**rows, "price": [1.0] * 40}, "overcharge_total", protected=spread)["overcharge_total"]
    assert total.counts["people"] == 10
    high = {"min_in_stratum": 11}
    assert measured(rows, "like_for_like_gap", protected=spread, small_groups=high)["like_for_like_gap"][0].n == 0


def test_several_rows_per_person_make_intervals_of_people() -> None:
    """Estimates stay; people who repeat themselves in full are as many as they are, so the interval stays as well.

    Compared with one row per person: the same people three times over have the same means and per-person sums three
    times as large, which cancels (by hand); counts are of people, and rows in several strata are one person's.
    """
    rows = random_prices(9)
    size = len(rows["price"])
    once = {**rows, "person": list(range(size))}
    thrice = {name: values * 3 for name, values in once.items()}
    options: dict[str, Any] = {"factors": TWO_FACTORS, "small_groups": {"min_in_stratum": 2}}
    plain = measured(once, *NAMES, **options)
    by = measured(thrice, *NAMES, columns={"unit": "person"}, **options)
    for name in NAMES:
        if name == "overcharge_total":  # three times as many rows
            continue
        assert estimates(by[name]) == pytest.approx(estimates(plain[name]))
        for people, one in zip(by[name], plain[name], strict=True):
            assert (people.n, people.n_reference, people.undefined) == (one.n, one.n_reference, one.undefined)
            if one.contrast is not None and people.contrast is not None:
                narrow, wide = (finding.contrast.interval(0.95) for finding in (people, one))  # type: ignore[union-attr]  # both have one
                assert narrow.high - narrow.low == pytest.approx(wide.high - wide.low, rel=0.1)


def test_too_many_pairs_of_strata_leave_the_estimate_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenhand.tally.coarsening.MAX_PAIRS", 1)
    rows = random_prices(9)
    by = measured(rows, *NAMES, columns={"unit": "person"}, factors=TWO_FACTORS)
    plain = measured(rows, *NAMES, factors=TWO_FACTORS)
    for name in NAMES:
        assert {finding.undefined for finding in by[name]} == {"units_unclear"}
        assert estimates(by[name]) == pytest.approx(estimates(plain[name]))


# Mark-ups ----------------------------------------------------------------------------------------------------------


def marked_up() -> dict[str, list[Any]]:
    """List prices 100 in the north, 200 in the south; women pay 6 and 10 above them, men 2 above both, ± 1."""
    rows: dict[str, list[Any]] = {"sex": [], "region": [], "price": [], "list_price": []}
    for sex, region, people, markup in (("f", "N", 30, 6), ("f", "S", 10, 10), ("m", "N", 20, 2), ("m", "S", 20, 2)):
        for i in range(people):
            rows["sex"].append(sex)
            rows["region"].append(region)
            rows["list_price"].append(100.0 if region == "N" else 200.0)
            rows["price"].append(rows["list_price"][-1] + markup + (1 if i % 2 else -1))
    return rows


def test_markups_by_hand() -> None:
    """(30·4 + 10·8)/40 = 5 more above a list price that is (30·100 + 10·200)/40 = 125 on average: 400 basis points.

    The list prices vary only between strata, so that the interval is that of the mark-ups.
    """
    names = ("like_for_like_markup_gap", "like_for_like_markup_gap_bp")
    by = measured(marked_up(), *names, columns={"list_price": "list_price"})
    gap, points = by[names[0]][0], by[names[1]][0]
    assert (gap.estimate, gap.value, gap.value_reference) == (5.0, 7.0, 2.0)
    assert points.estimate == pytest.approx(400, rel=1e-12)
    assert gap.contrast is not None
    assert points.contrast is not None
    low, high = gap.contrast.lower(0.05), gap.contrast.upper(0.05)
    assert (points.contrast.lower(0.05), points.contrast.upper(0.05)) == pytest.approx((80 * low, 80 * high))


def test_markups_with_weights_against_pandas() -> None:
    rows = random_prices(10)
    frame = pd.DataFrame(rows).assign(price=lambda rows: rows["price"] - rows["list_price"])
    columns = {"weight": "weight", "list_price": "list_price"}
    by = measured(rows, "like_for_like_markup_gap", columns=columns, factors=TWO_FACTORS)
    assert estimates(by["like_for_like_markup_gap"])["f"] == pytest.approx(standardised(frame, "group"), rel=1e-9)


# What stands beside ------------------------------------------------------------------------------------------------


def test_each_factor_stands_beside_the_gap_with_its_reason() -> None:
    """60:40 against 30:70: η² = (60·70 − 40·30)²/(100·100·90·110), adjusted 1 − (1 − η²)·199/198; as proxy_strength."""
    audit = price_audit("like_for_like_gap")
    made = setting(audit, cell_rows(CELLS, around=8.0))
    (figure,) = BESIDE["like_for_like_gap"](made, groupings_of(audit)["sex"])
    assert figure.label == "region: proxy strength of sex (adjusted η², largest: f) — why: claims differ by region"
    eta = (60 * 70 - 40 * 30) ** 2 / (100 * 100 * 90 * 110)
    assert figure.value == pytest.approx(1 - (1 - eta) * 199 / 198, rel=1e-12)
    assert figure.value == measured(cell_rows(CELLS, around=8.0), "proxy_strength")["proxy_strength"][0].estimate


def test_a_high_price_is_the_harm() -> None:
    """A lower limit alone would guard the wrong side: the measures turn with the polarity."""
    assert all(measure.polar and measure.parity == 0.0 for measure in like_for_like_measures())
    assert MEASURES["like_for_like_gap_bp"].unit == "points"


def test_the_evidence_shows_the_reference_in_each_groups_mix() -> None:
    """Women's mix .6/.4 gives men 129, the third sex's 1/0 gives them 95: one row would be wrong for one of them."""
    audit = price_audit("like_for_like_gap")
    rows = cell_rows({**CELLS, ("x", "N"): (20, 99.0)}, around=8.0)
    document = audited(audit, pa.table(rows)).document
    table = document["evidence"]["check-0"]["table"]
    value = table["columns"].index("value")
    shown = {row[1]: row[value] for row in table["rows"]}
    assert (shown["m (reference of f)"], shown["m (reference of x)"]) == (129.0, 95.0)
    assert any(label.startswith("region: proxy strength of sex") for label in shown)
    assert "m (reference)" not in shown
