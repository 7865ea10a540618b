"""The run from its checks: the order, the exit codes and `--fail-on` of the contract's table."""

from __future__ import annotations

import pytest

from evenhand.judge.checks import exit_code, run_status


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([("error", "pass"), ("error", "fail"), ("error", "inconclusive")], "fail"),
        ([("error", "pass"), ("error", "inconclusive"), ("error", "not_tested")], "inconclusive"),
        ([("error", "pass"), ("error", "not_tested")], "not_tested"),
        ([("error", "pass"), ("warn", "warn")], "warn"),
        ([("error", "waived"), ("error", "pass")], "waived"),
        ([("error", "pass"), ("warn", "inconclusive")], "pass"),
        ([("error", "pass"), ("report", "not_tested")], "pass"),
        ([("report", "not_tested")], "not_tested"),
        ([("warn", "inconclusive")], "not_tested"),
        ([], "not_tested"),
    ],
)
def test_run_is_the_first_that_occurs(checks: list[tuple[str, str]], expected: str) -> None:
    assert run_status(checks) == expected  # type: ignore[arg-type]  # literals, as texts


@pytest.mark.parametrize(
    ("checks", "fail_on", "expected"),
    [
        ([("error", "pass")], "inconclusive", 0),
        ([("error", "fail")], "inconclusive", 1),
        ([("error", "inconclusive")], "inconclusive", 3),
        ([("error", "inconclusive"), ("error", "pass")], "fail", 0),
        ([("error", "inconclusive")], "fail", 0),
        ([("error", "not_tested")], "fail", 3),
        ([("error", "not_tested"), ("warn", "pass")], "fail", 3),
        ([("error", "fail")], "fail", 1),
        ([("error", "fail")], "never", 0),
        ([("error", "inconclusive")], "never", 0),
        ([("error", "not_tested")], "never", 3),
        ([("report", "not_tested")], "never", 3),
    ],
)
def test_exit_codes(checks: list[tuple[str, str]], fail_on: str, expected: int) -> None:
    assert exit_code(run_status(checks), checks, fail_on) == expected  # type: ignore[arg-type]  # literals, as texts
