"""What a reader is told before trusting the page: warnings near the verdict, notes on the data."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from small_audits import audit_of, audited

from evenhand.render import FORMATS
from evenhand.render.options import RenderOptions

CHECKS = [{"id": "c", "metric": "selection_rate_ratio", "min": "0.8", "attributes": ["sex"]}]
ONLY = dict.fromkeys(("label", "positive", "score", "consent", "vulnerable", "stages", "campaign", "contacts"))


def document_of(predictions: dict[str, Any], attributes: dict[str, Any] | None = None, **changes: Any) -> Any:
    changes = {"intersections": [], "population": {}, "protected": {"sex": {"reference": "m"}}, **changes}
    columns = {**ONLY, **changes.pop("columns", {})}
    if attributes is not None:
        changes["data"] = {"key": "person"}
    audit = audit_of(checks=changes.pop("checks", CHECKS), columns=columns, **changes)
    people = pa.table(attributes) if attributes is not None else None
    return audited(audit, pa.table(predictions), people).document


def joined(unknown: int, without_sex: int = 0) -> Any:
    """A hundred decisions; of so many people the attributes know nothing, of so many no sex; 7 people without one."""
    known = 100 - unknown
    sex = ["" if i < without_sex else "mf"[i % 2] for i in range(known)]
    return document_of(
        {"person": [str(i) for i in range(100)], "decided": [str(i // 2 % 2) for i in range(100)]},
        {"person": [str(i) for i in range(known)] + [f"nobody{i}" for i in range(7)], "sex": [*sex, *"mfmfmfm"]},
    )


def codes(document: Any) -> list[str]:
    return [warning["code"] for warning in document["warnings"]]


def test_rows_without_a_person_are_a_warning_beyond_the_share_that_may_stay_untested() -> None:
    """The default of max_untested is 0.05 (contract.md): 5 of 100 are let through, 6 are not."""
    assert codes(joined(5)) == []
    document = joined(6)
    assert codes(document) == ["rows_unmatched"]
    text = document["warnings"][0]["text"]
    assert text.startswith("6 of 100 rows (6.0%) found no person in the attributes")
    terminal = FORMATS["text"].render(document, RenderOptions(report_path="report.html")).splitlines()
    (line,) = [i for i, shown in enumerate(terminal) if shown.startswith("NOTE  ")]
    assert text in terminal[line]
    assert terminal[line + 1].startswith("report  ")
    assert f"- NOTE: {text}" in FORMATS["md"].render(document, RenderOptions())
    page = FORMATS["html"].render(document, RenderOptions())
    assert text in page.split('<section id="verdict"')[1].split("</section>")[0]


def test_a_missing_attribute_is_a_warning_of_its_own() -> None:
    document = joined(0, without_sex=6)
    assert codes(document) == ["attribute_missing"]
    assert "`sex` is missing in 6 of 100 rows (6.0%)" in document["warnings"][0]["text"]
    assert codes(joined(0, without_sex=5)) == []
    assert codes(joined(10, without_sex=1)) == ["rows_unmatched", "attribute_missing"]


def test_rows_of_few_people_are_a_warning() -> None:
    """Nineteen women and forty men with ten rows each: cluster-robust intervals want twenty people or more."""
    people = [f"w{i}" for i in range(19)] + [f"m{i}" for i in range(40)]
    rows = [(person, i) for person in people for i in range(10)]
    document = document_of(
        {
            "person": [person for person, _ in rows],
            "sex": ["f" if person.startswith("w") else "m" for person, _ in rows],
            "decided": [str((i + len(person)) % 2) for person, i in rows],
        },
        columns={"unit": "person"},
    )
    (warning,) = [w for w in document["warnings"] if w["code"] == "few_units"]
    assert warning["text"] == (
        "the rows of sex = f come from fewer than 20 people, or mostly from a few; intervals are rough"
    )


def notes(document: Any) -> dict[str, dict[str, Any]]:
    return {note["code"]: note for note in document["data"]["notes"]}


def test_both_sides_of_the_join_are_counted() -> None:
    found = notes(joined(3))
    assert found["attribute_rows"]["rows"] == 104
    assert found["rows_unmatched"]["rows"] == 3
    assert found["attribute_rows_unmatched"]["rows"] == 7


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exclude": [{"attribute": "sex", "group": "femal", "why": "too few"}]}, "exclude_absent"),
        ({"population": {"sex": {"male": 0.5, "femal": 0.5}}}, "population_absent"),
    ],
)
def test_a_declared_group_that_never_occurs_is_noted_with_the_nearest(changes: dict[str, Any], code: str) -> None:
    rows = {"sex": ["male", "female"] * 20, "decided": ["1", "0", "0", "1"] * 10}
    protected = {"sex": {"reference": "male"}}
    document = document_of(rows, protected=protected, **changes)
    text = notes(document)[code]["text"]
    assert "`femal` of `sex`, which does not occur in the data (did you mean `female`?)" in text
    assert not {"exclude_absent", "population_absent"} & set(notes(document_of(rows, protected=protected)))


def test_a_declared_group_that_occurs_is_not_noted() -> None:
    rows = {"sex": ["male", "female"] * 20, "decided": ["1", "0", "0", "1"] * 10}
    document = document_of(
        rows,
        protected={"sex": {"reference": "male"}},
        exclude=[{"attribute": "sex", "group": "female", "why": "by law"}],
        population={"sex": {"male": 0.5, "female": 0.5}},
    )
    assert not {"exclude_absent", "population_absent"} & set(notes(document))
