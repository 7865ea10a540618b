"""`evenhand init`: the file it writes loads, its guesses are the ones a person would make, and it leaks no values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenhand.config.column_words import words
from evenhand.config.loader import Audit
from evenhand.config.nodes import parse_document
from evenhand.config.role_table import ROLES
from evenhand.config.starter import starter
from evenhand.errors import AuditFileError
from evenhand.load.profile import ColumnProfile, Looks
from evenhand.measure import ALIASES, MEASURES

Load = Callable[..., Audit]
REAL = {"catalogue": MEASURES, "aliases": ALIASES}


def column(name: str, looks: Looks, labels: tuple[str, ...] = (), *, unique: bool = False) -> ColumnProfile:
    return ColumnProfile(name, looks, distinct=len(labels) or 50, unique=unique, missing=0, labels=labels)


def profiles(*columns: ColumnProfile) -> dict[str, ColumnProfile]:
    return {profile.name: profile for profile in columns}


def drafted(*columns: Any, **more: Any) -> str:
    return starter(*columns, **more).text


LOANS = profiles(
    column("customer_id", "integer"),
    column("Gender", "text", ("F", "M")),
    column("age", "integer"),
    column("Race", "text", ("a: b", "null", "White")),
    column("branch", "text", ("SECRET-1", "SECRET-2", "SECRET-3")),
    column("approved", "text", ("SECRET-NO", "Yes")),
    column("y_true", "boolean", ("false", "true")),
    column("risk_score", "number"),
)


def test_the_file_loads_as_it_stands(load: Load) -> None:
    audit = load(text=drafted(LOANS, "data/loans 2026.csv"), **REAL)
    columns = audit.file.columns
    assert (columns.decision, columns.selected) == ("approved", ("Yes",))
    assert (columns.label, columns.positive, columns.score) == ("y_true", ("true",), "risk_score")
    assert audit.file.data.key == "customer_id"
    assert audit.file.data.predictions == "data/loans 2026.csv"
    assert list(audit.file.protected) == ["Gender", "age", "Race"]
    assert audit.file.protected["Gender"].reference == "M"
    assert audit.file.protected["age"].reference == "30-59"
    assert audit.file.protected["Race"].reference == "White"
    assert audit.file.protected["Race"].special_category
    assert not audit.file.protected["Gender"].special_category, "law.md: sex and age are not GDPR Art. 9 categories"
    assert [check.id for check in audit.checks] == ["selection-parity", "equal-opportunity"]


def test_its_first_line_is_for_editors() -> None:
    assert drafted(LOANS, "a.csv").startswith("# yaml-language-server: $schema=")


def test_values_of_other_columns_stay_in_the_data() -> None:
    assert "SECRET" not in drafted(LOANS, "a.csv")


def test_a_burden_gets_an_upper_limit(load: Load) -> None:
    columns = profiles(column("sex", "text", ("m", "f")), column("fraud_flag", "integer", ("0", "1")))
    audit = load(text=drafted(columns, "a.csv"), **REAL)
    assert audit.file.polarity == "burden"
    assert (audit.checks[0].minimum, str(audit.checks[0].maximum)) == (None, "1.25")


def test_only_a_score(load: Load) -> None:
    columns = profiles(column("sex", "text", ("m", "f")), column("score", "number"))
    audit = load(text=drafted(columns, "a.csv"), **REAL)
    assert audit.checks[0].metric == "score_above_median_rate_ratio"


def test_what_cannot_be_guessed_is_asked_for_at_its_line(load: Load) -> None:
    text = drafted(profiles(column("x", "text")), "a.csv")
    with pytest.raises(AuditFileError, match=r"protected\.sex\.reference: a value is required"):
        load(text=text, **REAL)
    filled = text.replace("    reference:", "    reference: male")
    with pytest.raises(AuditFileError, match=r"needs `columns\.decision`"):
        load(text=filled, **REAL)
    filled = filled.replace("  decision:", "  decision: x\n  selected: 1")
    assert load(text=filled, **REAL).file.columns.decision == "x"


def test_attributes_in_a_file_of_their_own(load: Load) -> None:
    people = profiles(
        column("customer_id", "integer", unique=True), column("sex", "text", ("f", "m")), column("income", "number")
    )
    decisions = profiles(column("customer_id", "integer"), column("sent", "boolean", ("false", "true")))
    audit = load(text=drafted(decisions, "d.csv", attributes=people, attributes_path="p.csv", delimiter=";"), **REAL)
    data = audit.file.data
    assert (data.predictions, data.attributes, data.key, data.delimiter) == ("d.csv", "p.csv", "customer_id", ";")
    assert list(audit.file.protected) == ["sex"]


def test_without_an_id_the_key_is_a_shared_column_that_is_unique_among_the_people() -> None:
    people = profiles(column("town", "text"), column("ref", "text", unique=True), column("own", "text", unique=True))
    decisions = profiles(column("town", "text"), column("ref", "text"))
    assert ", key: ref}" in drafted(decisions, "d.csv", attributes=people, attributes_path="p.csv")


def test_an_id_of_something_else_is_not_a_person() -> None:
    assert ", key:" not in drafted(profiles(column("campaign_id", "integer")), "a.csv")
    assert ", key: id}" in drafted(profiles(column("id", "integer")), "a.csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AgeBand_2", ("age", "band", "2")),
        ("customerId", ("customer", "id")),
        ("wages", ("wages",)),
        ("", ()),
        # the columns of CASdatasets' fremotor1prem0304a and beMTPL97
        ("PremTot", ("premium", "total")),
        ("IDpol", ("id", "policy")),
        ("VehAge", ("vehicle", "age")),
        ("ageph", ("age", "holder")),
        ("MTPLPremium", ("mtpl", "premium")),
        ("ENBP", ("enbp",)),
    ],
)
def test_words_of_a_name(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected  # `wages` holds no `age`


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(label=st.text(min_size=1, max_size=12), path=st.text(min_size=1, max_size=12))
def test_any_label_and_path_come_back_as_they_were(label: str, path: str) -> None:
    columns = profiles(column("sex", "text", (label,)))
    tree = parse_document(drafted(columns, path), file="a.yaml").tree
    protected, data = tree["protected"], tree["data"]
    assert isinstance(protected, dict)
    assert isinstance(data, dict)
    assert protected["sex"] == {"reference": label}
    assert data["predictions"] == path


# Prices -----------------------------------------------------------------------------------------------------------------

INSURED = profiles(
    column("policy_holder_id", "integer", unique=True),
    column("gender", "text", ("F", "M")),
    column("age", "integer"),
    column("list_premium", "number"),
    column("annual_premium", "number"),
    column("risk_premium", "number"),
    column("expected_claims", "number"),
    column("claim_amount", "number"),
    column("ENBP", "number"),
    column("tenure_years", "integer"),
    column("renewed", "boolean", ("false", "true")),
    column("sales_channel", "text", ("SECRET-web", "broker")),
    column("currency", "text", ("EUR",)),
    column("product_code", "text", ("A", "B")),
    column("quote_id", "integer", unique=True),
    column("region", "text", ("SECRET-N", "SECRET-S")),
)


def test_prices_without_a_decision_make_a_pricing_file(load: Load, catalogue: Mapping[str, Any]) -> None:
    text = drafted(INSURED, "quotes.csv")
    audit = load(text=text, catalogue=catalogue)
    assert (audit.file.model.kind, audit.file.polarity) == ("pricing", "burden")
    columns = audit.file.columns
    assert {role: name for role in ROLES if (name := getattr(columns, role))} == {
        "price": "annual_premium",
        "technical_price": "risk_premium",
        "expected_loss": "expected_claims",
        "actual_loss": "claim_amount",
        "list_price": "list_premium",
        "equivalent_new_business_price": "ENBP",
        "is_renewal": "renewed",
        "tenure": "tenure_years",
        "item": "product_code",
        "channel": "sales_channel",
        "currency": "currency",
    }
    assert columns.tenure_bands == (1, 3, 5, 10)
    assert list(audit.file.protected) == ["gender", "age"]
    assert [(check.metric, check.level) for check in audit.checks] == [("mean_price_ratio", "report")]
    assert "SECRET" not in text


def test_its_commented_lines_load_when_they_are_used(load: Load, catalogue: Mapping[str, Any]) -> None:
    lines = drafted(INSURED, "quotes.csv").splitlines()
    used = [
        re.sub(r"^( *)# (?=factors:|  region:|- id: like|  metric: like|  max: 5|  why: )", r"\1", x) for x in lines
    ]
    text = "\n".join(used) + "\n"
    with pytest.raises(AuditFileError, match=r"factors\.region\.why: a value is required"):
        load(text=text, catalogue=catalogue)  # a reason is for people to give
    audit = load(text=text.replace("region: {why: }", "region: {why: filed}"), catalogue=catalogue)
    assert list(audit.file.factors) == ["region"]
    assert (audit.checks[1].metric, audit.checks[1].maximum) == ("like_for_like_gap_percent", 5)


@pytest.mark.parametrize(
    ("name", "unit"), [("interest_rate", "percent"), ("APR", "percent"), ("monthlyFee", "money"), ("fare", "money")]
)
def test_names_of_prices(load: Load, catalogue: Mapping[str, Any], name: str, unit: str) -> None:
    columns = profiles(column("sex", "text", ("f", "m")), column("amount", "number"), column(name, "number"))
    file = load(text=drafted(columns, "a.csv"), catalogue=catalogue).file
    assert (file.columns.price, file.columns.price_unit) == (name, unit)


def test_a_decision_comes_before_a_price(load: Load) -> None:
    columns = LOANS | profiles(column("interest_rate", "number"))
    assert load(text=drafted(columns, "a.csv"), **REAL).file.model.kind == "targeting"


@pytest.mark.parametrize("odd", [column("price_band", "text", ("low", "high")), column("charge_id", "integer")])
def test_what_is_no_number_or_an_id_is_no_price(odd: ColumnProfile) -> None:
    assert "kind: targeting" in drafted(profiles(column("sex", "text", ("f", "m")), odd), "a.csv")


FRENCH = profiles(
    column("IDpol", "text"),
    column("Year", "number", ("2003", "2004")),
    column("DrivAge", "number"),
    column("DrivGender", "text", ("M", "F")),
    column("MaritalStatus", "text", ("Single", "Married")),
    column("BonusMalus", "number"),
    column("VehAge", "number"),
    column("VehClass", "text", ("Cheap", "Dear")),
    column("PremFire", "number"),
    column("PremTheft", "number"),
    column("PremTot", "number"),
)
BELGIAN = profiles(
    column("id", "integer", unique=True),
    column("expo", "number"),
    column("claim", "integer", ("0", "1")),
    column("nclaims", "integer", ("0", "1", "2")),
    column("amount", "number"),
    column("average", "number"),
    column("coverage", "text", ("TPL", "TPL+")),
    column("ageph", "integer"),
    column("sex", "text", ("male", "female")),
    column("bm", "integer"),
    column("agec", "integer"),
    column("fuel", "text", ("gasoline", "diesel")),
    column("postcode", "integer"),
)
"""Names and types of two published data sets (CASdatasets), as the profile of the real files gives them."""


def test_columns_of_french_motor_premiums(load: Load, catalogue: Mapping[str, Any]) -> None:
    text = drafted(FRENCH, "fremotor.parquet")
    file = load(text=text, catalogue=catalogue).file
    assert (file.model.kind, file.columns.price, file.data.key) == ("pricing", "PremTot", "IDpol")
    assert list(file.protected) == ["DrivAge", "DrivGender", "MaritalStatus"], "the age of a vehicle is nobody's"
    assert "# intersections: [[DrivAge, DrivGender]]" in text
    assert re.findall(r"^#   (\w+): \{", text, re.M) == ["Year", "BonusMalus", "VehAge", "VehClass"]
    assert "#   VehAge: {bands: [], why: }" in text
    assert "four-fifths" not in text, "that pack is about who is selected"


def test_columns_of_belgian_motor_claims(load: Load, catalogue: Mapping[str, Any]) -> None:
    priced = BELGIAN | profiles(
        column("premium", "number"), column("expected", "number"), column("technical", "number")
    )
    text = drafted(priced, "bemtpl.parquet")
    columns = load(text=text, catalogue=catalogue).file.columns
    assert (columns.price, columns.actual_loss, columns.expected_loss, columns.technical_price) == (
        "premium",
        "amount",
        "expected",
        "technical",
    )
    assert columns.weight is None, "whether amounts are per year is for people to say"
    assert "  # weight: expo  # only where the prices AND losses above are per year" in text
    assert re.findall(r"^#   (\w+): \{", text, re.M) == ["coverage", "bm", "agec", "fuel"]
    assert "  ageph:\n    bands:" in text


def test_a_kind_that_was_asked_for_says_what_is_missing(refusal: Callable[..., AuditFileError]) -> None:
    assert "kind: targeting" in drafted(BELGIAN, "a.csv"), "claims cost something, but nothing is priced"
    found = starter(BELGIAN, "a.csv", kind="pricing")
    assert found.notes == ("no price column was found: write it at `price`",)
    assert "# no price column was found" in found.text
    assert "needs `price`" in str(refusal(text=found.text, **REAL))
    assert "kind: targeting" in drafted(INSURED, "a.csv", kind="targeting")
    lender = LOANS | profiles(column("interest_rate", "number"))
    assert "price: interest_rate" in drafted(lender, "a.csv", kind="pricing")


def test_the_price_by_its_own_name_and_the_price_of_the_whole() -> None:
    loans = profiles(column("buy_rate", "number"), column("rate", "number"))
    assert "  price: rate  # a guess\n" in drafted(loans, "a.csv")
    parts = profiles(column("fire_premium", "number"), column("total_premium", "number"))
    assert "  price: total_premium  # a guess\n" in drafted(parts, "a.csv")


@pytest.mark.parametrize(
    ("shared", "said"),
    [
        (("town",), "no key was found: `town` stands in both files, but repeats in the attributes"),
        (("street", "town"), "no key was found: `street` and `town` stand in both files, but repeat in"),
        ((), "no key was found: the two files share no column name"),
    ],
)
def test_why_a_shared_column_is_no_key(shared: tuple[str, ...], said: str) -> None:
    columns = [column(name, "text") for name in shared]
    people = profiles(column("ref", "text", unique=True), *columns)
    found = starter(profiles(column("sent", "text"), *columns), "d.csv", attributes=people, attributes_path="p.csv")
    assert found.notes[0].startswith(said)
    assert f"# {said}" in found.text
    assert ", key:" not in found.text


def test_combinations_are_of_attributes_that_there_are() -> None:
    assert "intersections" not in drafted(profiles(column("sex", "text", ("f", "m"))), "a.csv")
    assert "# intersections: [[Gender, age]]" in drafted(LOANS, "a.csv")
