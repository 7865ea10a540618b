"""Worst first, and the table that says how each status looks."""

from __future__ import annotations

import random

import pytest
import render_documents as made

from evenhand.render.order import checks_worst_first, large_enough, worst, worst_first
from evenhand.render.status import STATUSES, look_of


def test_by_status_and_then_by_distance_to_the_limit() -> None:
    rows = [
        made.comparison("g", "passes narrowly", "pass", 0.81),
        made.comparison("g", "passes well", "pass", 1.0),
        made.comparison("g", "open", "inconclusive", 0.5),
        made.comparison("g", "fails", "fail", 0.75),
        made.comparison("g", "fails more", "fail", 0.6),
        made.comparison("g", "untested", "not_tested", None),
    ]
    random.Random(3).shuffle(rows)
    check = made.check("c", "selection_rate_ratio", "fail", rows)
    ordered = [c["group"] for c in worst_first(made.document([check], "fail", 1), check)]
    assert ordered == ["fails more", "fails", "open", "untested", "passes narrowly", "passes well"]


def test_ratios_are_compared_on_the_log_scale() -> None:
    """0.4 is half of 0.8; 2.4 is less than twice 1.25: by hand, ln(0.4/0.8) = -0.69 and ln(1.25/2.4) = -0.65."""
    rows = [made.comparison("g", "high", "fail", 2.4), made.comparison("g", "low", "fail", 0.4)]
    check = made.check("c", "selection_rate_ratio", "fail", rows, limit={"min": 0.8, "max": 1.25})
    assert [c["group"] for c in worst_first(made.document([check], "fail", 1), check)] == ["low", "high"]


@pytest.mark.parametrize(("polarity", "expected"), [("benefit", "low"), ("burden", "high")])
def test_without_a_limit_the_disadvantaged_group_is_the_worst(polarity: str, expected: str) -> None:
    rows = [made.comparison("g", "high", "not_tested", 0.4), made.comparison("g", "low", "not_tested", 0.2)]
    check = made.check("c", "selection_rate", "not_tested", rows, level="report", limit={"min": None, "max": None})
    document = made.document([check], "not_tested", 3)
    document["audit"]["polarity"] = polarity
    found = worst(document, check)
    assert found is not None
    assert found["group"] == expected


def test_three_people_do_not_lead_what_is_only_measured() -> None:
    rows = [made.comparison("g", "tiny", "not_tested", 0.0, n=3), made.comparison("g", "large", "not_tested", 0.4)]
    check = made.check("c", "selection_rate", "not_tested", rows, level="report", limit={"min": None, "max": None})
    document = made.document([check], "not_tested", 3)
    assert [c["group"] for c in large_enough(document, rows)] == ["large"]
    found = worst(document, check)
    assert found is not None
    assert found["group"] == "large"
    assert large_enough(document, rows[:1]) == rows[:1]


def test_checks_run_from_fail_to_measured() -> None:
    checks = [
        made.check("measured", "selection_rate", "not_tested", [], level="report",
                   reason={"code": "no_limit", "text": ""}),
        made.check("pass", "selection_rate_ratio", "pass", []),
        made.check("warn", "selection_rate_ratio", "warn", [], level="warn"),
        made.check("open", "selection_rate_ratio", "inconclusive", []),
        made.check("fail", "selection_rate_ratio", "fail", []),
    ]  # fmt: skip
    assert [c["id"] for c in checks_worst_first(made.document(checks, "fail", 1))] == [
        "fail", "open", "warn", "pass", "measured",
    ]  # fmt: skip
    assert look_of(checks[0]).word == "MEASURED"


# report.md, "Machine outputs": status, exit code, JUnit element, annotation.
OUTPUTS = [
    ("pass", 0, "none", None),
    ("warn", 0, "system-out", "warning"),
    ("fail", 1, "failure", "error"),
    ("inconclusive", 3, "error", "warning"),
    ("waived", 0, "skipped", "notice"),
    ("not_tested", 3, "skipped", None),
]


@pytest.mark.parametrize(("status", "exit_code", "junit", "annotation"), OUTPUTS)
def test_machine_outputs_of_each_status(status: str, exit_code: int, junit: str, annotation: str | None) -> None:
    look = STATUSES[status]
    assert (look.exit_code, look.junit, look.annotation) == (exit_code, junit, annotation)
    assert len(STATUSES) == len(OUTPUTS)
