"""An estimate outside its own interval is our defect: no report is written."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from evenhand import checking
from evenhand.errors import SelfCheckError
from evenhand.judge.verdicts import CheckVerdict, ComparisonVerdict, Reason
from evenhand.measure.base import Finding
from evenhand.results import CheckResult, finite, refuse_contradictions
from evenhand.stats.contrast import Interval


def result(estimate: float | None, low: float, high: float, method: str, *, decided: bool = False) -> Any:
    finding = Finding("m", "sex", "f", {"sex": "f"}, "m", 100, estimate=estimate)
    interval = Interval(low, high, 0.95, method)
    verdict = ComparisonVerdict(
        finding, "pass", Reason("", ""), interval=None if decided else interval, decision_interval=interval
    )
    check: Any = SimpleNamespace(id="parity")
    return CheckResult(check, CheckVerdict("pass", Reason("", ""), (verdict,)))


@pytest.mark.parametrize("decided", [False, True])
def test_an_estimate_outside_its_interval_is_refused(decided: bool) -> None:
    with pytest.raises(SelfCheckError, match="check `parity`: an estimate lies outside its own interval"):
        refuse_contradictions(result(0.73, 0.75, 0.8, "Wilson score", decided=decided))
    with pytest.raises(SelfCheckError):
        refuse_contradictions(result(math.inf, 0.75, 0.8, "Wilson score", decided=decided))


@pytest.mark.parametrize("method", ["percentile bootstrap", "10,000 replicates", "max-T over sets of groups"])
def test_draws_may_leave_the_estimate_out(method: str) -> None:
    refuse_contradictions(result(0.73, 0.75, 0.8, method))


def test_the_last_bit_and_open_ends_are_no_contradiction() -> None:
    refuse_contradictions(result(0.75 - 1e-10, 0.75, 0.8, "Wilson score"))
    refuse_contradictions(result(math.inf, 0.75, math.inf, "Wilson score"))
    refuse_contradictions(result(None, 0.75, 0.8, "Wilson score"))


def test_every_run_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    from small_audits import audit_of, audited, random_rows

    def wrong(*arguments: Any) -> CheckVerdict:
        made: CheckVerdict = result(0.73, 0.75, 0.8, "Wilson score").verdict
        return made

    monkeypatch.setattr(checking, "judge_check", wrong)
    monkeypatch.setattr(checking, "findings_of", lambda *arguments: [None])
    with pytest.raises(SelfCheckError, match="outside its own interval"):
        audited(audit_of(measures=["selection_rate"]), random_rows(1))


def test_no_number_is_minus_zero() -> None:
    shown = finite(-0.0)
    assert shown is not None
    assert math.copysign(1, shown) == 1
