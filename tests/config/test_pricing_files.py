"""Audit files about prices: what they must and may declare, factors, probabilities, and the polarity of their kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from evenhand.config.attributes import declared_groups
from evenhand.config.declarations import RESERVED_ATTRIBUTES
from evenhand.config.limits import limit_complaints
from evenhand.config.loader import Audit
from evenhand.config.role_table import ROLES
from evenhand.config.schema import CheckEntry, Columns
from evenhand.errors import AuditFileError
from evenhand.kinds import KINDS
from evenhand.measure import MEASURES as REAL

Load = Callable[..., Audit]
RefusedAt = Callable[..., AuditFileError]
Edits = tuple[tuple[str, str], ...]

COLUMNS = "columns: {decision: offered, selected: 1, label: bought, positive: yes}"
SEX = "sex: {reference: male}"
HERE = "polarity: benefit\n"
CHECK = "metric: selection_rate_ratio, min: 0.80"
PRICED: Edits = (
    ("kind: targeting", "kind: pricing"),
    (HERE, ""),
    (COLUMNS, "columns: {price: premium}"),
    (CHECK, "metric: mean_price_ratio, max: 1.05"),
)


def test_high_prices_are_a_burden_unless_the_file_says_otherwise(load: Load) -> None:
    # contract.md: "Targeting must state it; pricing defaults to `burden`".
    assert load(*PRICED).file.polarity == "burden"
    payout = (("kind: targeting", "kind: pricing"), *PRICED[2:3], (CHECK, "metric: mean_price_ratio, min: 0.95"))
    assert load(*payout).file.polarity == "benefit"
    unsaid = (PRICED[0], (HERE, "polarity:\n"), *PRICED[2:])
    assert load(*unsaid).file.polarity == "burden", "null is the same as leaving the key out"


def test_targeting_must_state_its_polarity(refused_at: RefusedAt) -> None:
    error = refused_at("polarity: a value is required, found nothing", (HERE, "polarity:§\n"))
    assert error.hint is not None
    assert "whether being selected, or a high price, is a benefit or a burden" in error.hint
    refused_at("polarity: this key is required", ("version: 1\n", "§version: 1\n"), (HERE, ""))


def test_the_polarity_of_the_kind_guards_the_side_too(refused_at: RefusedAt) -> None:
    wrong = (CHECK, "metric: mean_price_ratio, min: §0.95")
    refused_at("a high price is a burden, so the harm is a ratio above 1, which only `max`", *PRICED[:3], wrong)
    gap = (CHECK, "metric: like_for_like_gap_percent, min: §-5")
    factors = ("intersections", "factors: {region: {why: tariff}}\nintersections")
    refused_at("so the harm is a percentage above 0, which only `max` limits", *PRICED[:3], factors, gap)


@pytest.mark.parametrize(
    "columns", ["§columns: {channel: web}", "§columns: {decision: offered, selected: 1}", "§columns:"]
)
def test_a_pricing_audit_needs_a_price(refused_at: RefusedAt, columns: str) -> None:
    edits = (*PRICED[:2], (COLUMNS, columns))
    error = refused_at("columns: an audit of a pricing model needs `price`", *edits)
    assert error.hint is not None
    assert "column of what the person pays" in error.hint


def test_roles_of_any_kind_may_stand_in_any_file(load: Load) -> None:
    # A lender may audit approvals and prices in one file.
    columns = load((COLUMNS, COLUMNS[:-1] + ", price: rate, price_unit: percent, tenure: years}")).file.columns
    assert (columns.decision, columns.price, columns.price_unit, columns.tenure) == (
        "offered",
        "rate",
        "percent",
        "years",
    )
    both = load(*PRICED[:2], (COLUMNS, COLUMNS[:-1] + ", price: rate}"), PRICED[3])
    assert both.file.columns.decision == "offered"


@pytest.mark.parametrize(
    "columns",
    [
        "price: p, is_renewal: r",
        "price: p, equivalent_new_business_price: q",
        "price: p, item: i, time_bucket: week",
        "price: p, tenure: t, tenure_bands: [1, 3.5]",
    ],
)
def test_roles_that_stand_alone(load: Load, columns: str) -> None:
    load(*PRICED[:2], (COLUMNS, f"columns: {{{columns}}}"), PRICED[3])


def test_an_item_without_a_price_is_fine_in_a_targeting_file(load: Load) -> None:
    assert load((COLUMNS, COLUMNS[:-1] + ", item: offer_code}")).file.columns.item == "offer_code"


def test_prices_and_their_steps_are_decimals(load: Load) -> None:
    written = "columns: {price: p, resolution: '.5', walking_tolerance: 0.05, price_unit: fraction}"
    columns = load(*PRICED[:2], (COLUMNS, written), PRICED[3]).file.columns
    assert (columns.resolution, columns.walking_tolerance) == (Decimal("0.5"), Decimal("0.05"))
    whole = load(*PRICED[:2], (COLUMNS, "columns: {price: p, resolution: 1}"), PRICED[3]).file.columns
    assert whole.resolution == 1, "prices in whole yen"


PROBABLE = "sex: {probabilities: {female: p_f, male: p_m}, reference: male}"


def test_probabilities_declare_their_groups(load: Load) -> None:
    attribute = load((SEX, PROBABLE)).file.protected["sex"]
    assert attribute.probabilities == {"female": "p_f", "male": "p_m"}
    assert declared_groups(attribute) == ("female", "male")
    assert attribute.special_category is False


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (COLUMNS, COLUMNS[:-1] + ", §tenure_bands: [1, 3]}", "`tenure_bands` needs the column in `tenure`"),
        (COLUMNS, COLUMNS[:-1] + ", tenure: t, tenure_bands: §[3, 1]}", "columns.tenure_bands: edges must increase"),
        (SEX, PROBABLE.replace("reference: male", "reference: §men"), "there is no group `men`"),
        (SEX, PROBABLE.replace("{female: p_f, male: p_m}", "§{male: p_m}"), "at least two labels are needed"),
        (SEX, PROBABLE.replace("{female: p_f, male: p_m}", "§{}"), "at least two labels are needed"),
        (SEX, PROBABLE.replace("p_f", "p").replace("p_m", "§p"), "the column `p` is that of `female` already"),
        (SEX, PROBABLE.replace("female:", "§(missing):"), "`(missing)` is the label of missing values"),
        (SEX, PROBABLE[:-1] + ", §column: sex}", "either `probabilities` or `column`, not both"),
        (SEX, PROBABLE[:-1] + ", §values: {f: female}}", "either `probabilities` or `values`, not both"),
        (SEX, PROBABLE[:-1] + ", §bands: [1]}", "either `probabilities` or `bands`, not both"),
        (
            "intersections: [[sex, age_band]]",
            "  race: {probabilities: {a: p_a, b: p_b}, reference: a}\n"
            "  faith: {probabilities: {c: p_c, d: p_d}, reference: c}\n"
            "intersections: [[sex, race], §[age_band, race, faith]]",
            "`race` and `faith` are given by probabilities: at most one may be",
        ),
        (HERE, HERE + "factors: {tenure: {why: risk, §values: {1: new}, bands: [2]}}\n", "either `values` or `bands`"),
        (HERE, HERE + "factors: {tenure: {why: risk, values: §{9: (missing)}}}\n", "is the label of missing values"),
        (HERE, HERE + "factors: {region: {why: §''}}\n", "found an empty text"),
        (HERE, HERE + "factors: {region: §{column: r}}\n", "factors.region.why: this key is required"),
        (
            HERE,
            HERE + "factors: {§age: {why: claims fall with age}}\n",
            "the factor `age` is the column of the protected attribute `age_band`",
        ),
        (
            HERE,
            HERE + "factors: {maturity: {why: claims fall with age, column: §age}}\n",
            "the factor `maturity` is the column of the protected attribute `age_band`",
        ),
        (
            SEX,
            PROBABLE + "\nfactors: {name_score: {why: a tradition, column: §p_f}}",
            "the factor `name_score` is the column of the protected attribute `sex`",
        ),
        (COLUMNS, COLUMNS[:-1] + ", period: month}\nfactors: {§period: {why: inflation}}", "is a factor by `columns.p"),
    ],
)
def test_contradictions_are_named_at_their_place(refused_at: RefusedAt, old: str, new: str, message: str) -> None:
    if new.startswith(PROBABLE + "\n"):  # a section of its own, after the attributes
        age = "  age_band: {column: age, bands: [18, 30, 60, 75], reference: 30-59}\n"
        attribute, factors = new.split("\n")
        refused_at(message, (old, attribute), (age, f"{age}{factors}\n"))
    else:
        refused_at(message, (old, new))


def test_factors_may_map_values(load: Load) -> None:
    factor = load((HERE, HERE + "factors: {region: {why: tariff, values: {N: north, S: south}}}\n")).file.factors[
        "region"
    ]
    assert factor.values == {"N": "north", "S": "south"}


def test_the_digest_of_the_policy_covers_what_prices_are_asked(load: Load) -> None:
    digests = {
        load(*PRICED).sha256,
        load(*PRICED[:2], (COLUMNS, "columns: {price: premium, resolution: 0.1}"), PRICED[3]).sha256,
        load(*PRICED, (SEX, PROBABLE)).sha256,
        load(*PRICED, ("intersections", "small_groups: {min_overlap: .9}\nintersections")).sha256,
    }
    assert len(digests) == 4
    said = load(PRICED[0], (HERE, "polarity: burden\n"), *PRICED[2:])
    assert said.sha256 in digests, "saying what is so anyway asks nothing else"


# The table of roles ---------------------------------------------------------------------------------------------------


def test_every_role_of_the_table_is_a_key_of_columns() -> None:
    assert all(name == role.name for name, role in ROLES.items())
    assert set(ROLES) <= set(Columns.model_fields)
    plain = {
        name
        for name, field in Columns.model_fields.items()
        if field.annotation == Columns.model_fields["price"].annotation
    }
    assert set(ROLES) == plain, "every key that holds one column's name is a row of the table"


def test_amounts_are_numbers_and_kinds_exist() -> None:
    assert all(role.type == "number" for role in ROLES.values() if role.amount)
    assert [role.name for role in ROLES.values() if role.needed_by] == ["price"]
    assert {kind for role in ROLES.values() for kind in (*role.kinds, *role.needed_by)} == set(KINDS)


def test_no_attribute_may_have_the_name_of_a_role() -> None:
    assert set(ROLES) <= RESERVED_ATTRIBUTES


def test_no_column_key_is_both_known_and_reserved() -> None:
    assert not Columns.reserved & set(Columns.model_fields)


def test_the_kind_says_what_it_asks() -> None:
    kind = KINDS["pricing"]
    assert (kind.name, kind.title, kind.question) == ("pricing", "pricing model", "What does each person pay?")


# Limits in percent ------------------------------------------------------------------------------------------------

FACTORS = ("intersections", "factors: {region: {why: tariff}}\nintersections")


@pytest.mark.parametrize(
    ("limits", "meant"),
    [("max: §0.05", "5"), ("max: §.1", "10"), ("max: §0.199", "19.9"), ("min: §-0.05, max: 5", "-5")],
)
def test_a_share_is_no_limit_in_percent(refused_at: RefusedAt, limits: str, meant: str) -> None:
    # `max: 0.05` was meant as 5% and would have failed nearly everything.
    found = limits.partition("§")[2].partition(",")[0]
    message = f"a limit in percent is written as 5, found {Decimal(found)} (did you mean {meant}?)"
    gap = (CHECK, f"metric: like_for_like_gap_percent, {limits}")
    error = refused_at(message, *PRICED[:3], FACTORS, gap)
    assert (error.hint or "").startswith("limits finer than 0.2% go with `like_for_like_gap_bp`")


@pytest.mark.parametrize("limit", ["0", "0.2", "0.5", "5", "100"])
def test_other_limits_in_percent(load: Load, limit: str) -> None:
    gap = (CHECK, f"metric: like_for_like_gap_percent, max: {limit}")
    assert load(*PRICED[:3], FACTORS, gap).checks[0].maximum == Decimal(limit)


def test_the_finer_measure_that_the_hint_names_exists() -> None:
    for measure in REAL.values():
        if measure.unit != "percent":
            continue
        entry = CheckEntry.model_validate({"id": "x", "metric": measure.name, "max": "0.05"})
        complaints = [c for c in limit_complaints(entry, measure, "burden") if "in percent" in c.message]
        assert len(complaints) == 1, measure.name
        named = re.findall(r"`(\w+)`", complaints[0].hint or "")
        assert all(name in REAL for name in named), measure.name
        assert bool(named) == (measure.name.replace("_percent", "_bp") in REAL), measure.name


# Currency -----------------------------------------------------------------------------------------------------------

DATA = "data: {predictions: rows.csv}"


def test_one_currency_for_all_prices(load: Load, refused_at: RefusedAt) -> None:
    audit = load(*PRICED, (DATA, "data: {predictions: rows.csv, currency: EUR}"))
    assert audit.file.data.currency == "EUR"
    other = load(*PRICED, (DATA, "data: {predictions: rows.csv, currency: JPY}"))
    assert audit.sha256 != other.sha256, "a limit of 2 euro is another one than of 2 yen"
    column = (COLUMNS, "columns: {price: premium, currency: money}")
    both = (DATA, "data: {predictions: rows.csv, §currency: EUR}")
    error = refused_at("either `data.currency` or `columns.currency`, not both", *PRICED[:2], column, PRICED[3], both)
    assert error.hint is not None
