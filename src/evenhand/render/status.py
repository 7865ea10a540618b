"""The one table that says how each status looks in every output: word, mark, exit code, JUnit, annotation, Markdown.

May import: nothing of evenhand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

JUnitElement = Literal["none", "system-out", "failure", "error", "skipped"]
AnnotationLevel = Literal["error", "warning", "notice"]


@dataclass(frozen=True)
class StatusLook:
    """One status in every output. State is always word + mark + colour, never colour alone."""

    status: str
    word: str
    """As a reader sees it beside a check: `FAIL`."""
    outcome: str
    """As it opens the last line of the terminal: `FAILED`."""
    counted: str
    """As it is counted: `2 fail`."""
    mark: str
    css: str
    """Class of the component styles; also the name of the chart mark."""
    severity: int
    """0 is the worst; lists are sorted by it."""
    exit_code: int
    """Of a run with this verdict (`--fail-on inconclusive`)."""
    junit: JUnitElement
    annotation: AnnotationLevel | None
    markdown: str


STATUSES: Mapping[str, StatusLook] = {
    look.status: look
    for look in (
        StatusLook("fail", "FAIL", "FAILED", "fail", "✖", "fail", 0, 1, "failure", "error", "❌"),
        StatusLook(
            "inconclusive",
            "INCONCLUSIVE",
            "INCONCLUSIVE",
            "inconclusive",
            "?",
            "inconclusive",
            1,
            3,
            "error",
            "warning",
            "❓",
        ),
        StatusLook("warn", "WARN", "PASSED WITH WARNINGS", "warn", "▲", "warn", 2, 0, "system-out", "warning", "⚠"),
        StatusLook("waived", "WAIVED", "WAIVED", "waived", "◆", "waived", 3, 0, "skipped", "notice", "◆"),
        StatusLook(
            "not_tested", "NOT TESTED", "NOT TESTED", "not tested", "–", "not-tested", 4, 3, "skipped", None, "–"
        ),
        StatusLook("pass", "PASS", "PASSED", "pass", "✔", "pass", 5, 0, "none", None, "✅"),
    )
}

MEASURED = StatusLook(
    "not_tested", "MEASURED", "NOT TESTED", "measured only", "•", "measured", 4, 3, "skipped", None, "•"
)
"""A check at level `report`: its status is `not_tested`, but a reader must not take it for one that could not run."""


def look_of(check: Mapping[str, Any]) -> StatusLook:
    """The look of a check: that of its status, except that level `report` is shown as measured.

    >>> look_of({"status": "not_tested", "level": "report", "reason": {"code": "no_limit"}}).word
    'MEASURED'
    """
    measured_only = check.get("level") == "report" and check["status"] == "not_tested"
    if measured_only and check["reason"]["code"] in {"no_limit", ""}:
        return MEASURED
    return STATUSES[check["status"]]
