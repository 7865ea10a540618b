"""The table behind a check holds what it was computed from, and the figures beside it, which nobody judges."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from fairlearn.metrics import equalized_odds_difference
from small_audits import audit_of, audited

from evenhand.measure.beside import NOT_JUDGED
from evenhand.render import FORMATS
from evenhand.render.options import RenderOptions

# One row a person: (sex, decided, turned out) and how many people; ages are spread over two bands by turns.
PEOPLE = (
    ("m", "1", "yes", 9), ("m", "0", "yes", 1), ("m", "1", "no", 2), ("m", "0", "no", 8),
    ("f", "1", "yes", 6), ("f", "0", "yes", 4), ("f", "1", "no", 3), ("f", "0", "no", 7),
    ("x", "1", "yes", 7), ("x", "0", "yes", 3), ("x", "1", "no", 1), ("x", "0", "no", 9),
)  # fmt: skip


def rows() -> pa.Table:
    each = [(sex, decided, label) for sex, decided, label, n in PEOPLE for _ in range(n)]
    sex, decided, label = (list(column) for column in zip(*each, strict=True))
    size = len(each)
    return pa.table(
        {
            "sex": sex,
            "decided": decided,
            "turned_out": label,
            "age": [40 if i % 2 else 70 for i in range(size)],
            "score": [(i % 10) / 10 for i in range(size)],
            "eligible": ["yes"] * size,
            "reached": ["yes" if d == "1" else "no" for d in decided],
            "campaign": ["spring" if i % 2 else "autumn" for i in range(size)],
            "contacts": [i % 4 for i in range(size)],
            "consent": ["yes"] * size,
            "vulnerable": ["no"] * size,
        }
    )


def evidence(metric: str, **changes: Any) -> dict[str, Any]:
    changes = {"intersections": [], **changes}
    checks = [{"id": "c", "metric": metric, "level": "report", "attributes": ["sex"], **changes.pop("check", {})}]
    document = audited(audit_of(checks=checks, **changes), rows()).document
    page = FORMATS["html"].render(document, RenderOptions())
    found: dict[str, Any] = {**document["evidence"]["c"], "page": page}
    return found


def named(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(found["table"]["columns"], row, strict=True)) for row in found["table"]["rows"]]


@pytest.mark.parametrize("metric", ["equalized_odds_difference", "average_odds_difference"])
def test_gaps_of_two_rates_show_the_reference_too(metric: str) -> None:
    table = named(evidence(metric))
    assert table[0]["group"] == "m (reference)"
    assert [table[0][n] for n in ("true_positives", "positives", "false_positives", "negatives")] == [9, 10, 2, 10]
    assert {row["group"]: row["true_positives"] for row in table[1:3]} == {"f": 6, "x": 7}


def test_fairlearns_number_stands_beside_equalized_odds() -> None:
    """By hand: TPR .9, .6, .7 and FPR .2, .3, .1, so gaps .3 and .2; and by fairlearn itself."""
    data = rows().to_pydict()
    truth, decided = [int(v == "yes") for v in data["turned_out"]], [int(v) for v in data["decided"]]
    for metric, aggregated, by_hand in (
        ("equalized_odds_difference", "worst_case", 0.3),
        ("average_odds_difference", "mean", 0.25),
    ):
        theirs = equalized_odds_difference(truth, decided, sensitive_features=data["sex"], agg=aggregated)
        found = evidence(metric)
        (row,) = [r for r in named(found) if r["at"] == NOT_JUDGED]
        assert row["value"] == pytest.approx(theirs) == pytest.approx(by_hand)
        assert row["group"].endswith("as fairlearn computes it")
        assert row["group"] in found["page"]
        assert NOT_JUDGED in found["page"]


@pytest.mark.parametrize("metric", ["selection_rate_ratio", "selection_rate_difference"])
def test_ratio_to_the_highest_group_stands_beside_selection(metric: str) -> None:
    """Selected: m 11, f 9 and x 8 of 20 each."""
    beside = [row for row in named(evidence(metric, small_groups={"min_people": 5})) if row["at"] == NOT_JUDGED]
    assert {row["group"].partition(":")[0]: row["value"] for row in beside} == {
        "m": 1.0,
        "f": pytest.approx(9 / 11),
        "x": pytest.approx(8 / 11),
    }


def test_reach_by_group_and_share_of_campaigns_stand_beside_audience_variance() -> None:
    """All are eligible; reached are m 11, f 9 and x 8 of 20."""
    table = named(evidence("audience_variance"))
    campaigns = [row for row in table if row["at"].startswith("campaign")]
    assert sum(row["eligible"] for row in campaigns) == 60
    assert sum(row["delivered"] for row in campaigns) == 28
    beside = {row["group"]: row for row in table if row["at"] == NOT_JUDGED}
    assert beside["m: reach per eligible person"]["value"] == 0.55
    assert beside["m: reach per eligible person"]["eligible"] == 20
    assert beside["f: reach per eligible person"]["delivered"] == 9
    within = sum(row["value"] <= 0.1 for row in campaigns) / len(campaigns)
    assert beside["share of campaigns with a variance within 10%"]["value"] == within


def test_without_campaigns_there_is_no_share_of_them() -> None:
    table = named(evidence("audience_variance", columns={"campaign": None}))
    assert not [row for row in table if "campaigns" in row["group"]]
    assert [row["delivered"] for row in table if row["group"] == "all groups"] == [28]


def test_contacts_show_their_people_and_those_of_the_reference() -> None:
    table = named(evidence("contact_pressure_ratio"))
    assert {row["group"]: row["people"] for row in table} == {"m (reference)": 20, "f": 20, "x": 20}


def test_a_calibration_curve_has_every_attribute() -> None:
    one = evidence("brier")
    assert {line["name"] for line in one["curve"]["series"]} == {"m", "f", "x"}
    both = evidence("brier", check={"attributes": ["sex", "age"]})
    names = [line["name"] for line in both["curve"]["series"]]
    assert {"sex: m", "sex: f", "sex: x"} < set(names)
    assert any(name.startswith("age: ") for name in names)
    assert all(name in both["page"] for name in names)


def test_a_check_without_its_roles_has_an_empty_table() -> None:
    """A pack's check on labels, where the audit file declares none: nothing beside it either."""
    audit = audit_of(
        checks=[{"id": "own", "metric": "selection_rate", "level": "report"}],
        columns={"label": None},
        extends=["veritas-p80"],
    )
    document = audited(audit, rows()).document
    silent = [check["id"] for check in document["checks"] if check["reason"]["code"] == "roles_absent"]
    assert silent
    assert all(document["evidence"][name]["table"]["rows"] == [] for name in silent)
