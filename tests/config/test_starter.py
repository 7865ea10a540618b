"""`evenhand init`: the file it writes loads, its guesses are the ones a person would make, and it leaks no values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenhand.config.loader import Audit
from evenhand.config.nodes import parse_document
from evenhand.config.starter import starter, words
from evenhand.errors import AuditFileError
from evenhand.load.profile import ColumnProfile, Looks
from evenhand.measure import ALIASES, MEASURES

Load = Callable[..., Audit]
REAL = {"catalogue": MEASURES, "aliases": ALIASES}


def column(name: str, looks: Looks, labels: tuple[str, ...] = (), *, unique: bool = False) -> ColumnProfile:
    return ColumnProfile(name, looks, distinct=len(labels) or 50, unique=unique, missing=0, labels=labels)


def profiles(*columns: ColumnProfile) -> dict[str, ColumnProfile]:
    return {profile.name: profile for profile in columns}


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
    audit = load(text=starter(LOANS, "data/loans 2026.csv"), **REAL)
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
    assert starter(LOANS, "a.csv").startswith("# yaml-language-server: $schema=")


def test_values_of_other_columns_stay_in_the_data() -> None:
    assert "SECRET" not in starter(LOANS, "a.csv")


def test_a_burden_gets_an_upper_limit(load: Load) -> None:
    columns = profiles(column("sex", "text", ("m", "f")), column("fraud_flag", "integer", ("0", "1")))
    audit = load(text=starter(columns, "a.csv"), **REAL)
    assert audit.file.polarity == "burden"
    assert (audit.checks[0].minimum, str(audit.checks[0].maximum)) == (None, "1.25")


def test_only_a_score(load: Load) -> None:
    columns = profiles(column("sex", "text", ("m", "f")), column("score", "number"))
    audit = load(text=starter(columns, "a.csv"), **REAL)
    assert audit.checks[0].metric == "score_above_median_rate_ratio"


def test_what_cannot_be_guessed_is_asked_for_at_its_line(load: Load) -> None:
    text = starter(profiles(column("x", "text")), "a.csv")
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
    audit = load(text=starter(decisions, "d.csv", attributes=people, attributes_path="p.csv", delimiter=";"), **REAL)
    data = audit.file.data
    assert (data.predictions, data.attributes, data.key, data.delimiter) == ("d.csv", "p.csv", "customer_id", ";")
    assert list(audit.file.protected) == ["sex"]


def test_without_an_id_the_key_is_a_shared_column_that_is_unique_among_the_people() -> None:
    people = profiles(column("town", "text"), column("ref", "text", unique=True), column("own", "text", unique=True))
    decisions = profiles(column("town", "text"), column("ref", "text"))
    assert ", key: ref}" in starter(decisions, "d.csv", attributes=people, attributes_path="p.csv")


def test_an_id_of_something_else_is_not_a_person() -> None:
    assert ", key:" not in starter(profiles(column("campaign_id", "integer")), "a.csv")
    assert ", key: id}" in starter(profiles(column("id", "integer")), "a.csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("AgeBand_2", ("age", "band", "2")), ("customerId", ("customer", "id")), ("wages", ("wages",)), ("", ())],
)
def test_words_of_a_name(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected  # `wages` holds no `age`


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(label=st.text(min_size=1, max_size=12), path=st.text(min_size=1, max_size=12))
def test_any_label_and_path_come_back_as_they_were(label: str, path: str) -> None:
    columns = profiles(column("sex", "text", (label,)))
    tree = parse_document(starter(columns, path), file="a.yaml").tree
    protected, data = tree["protected"], tree["data"]
    assert isinstance(protected, dict)
    assert isinstance(data, dict)
    assert protected["sex"] == {"reference": label}
    assert data["predictions"] == path
