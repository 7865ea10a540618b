"""The judge's words: statuses, reasons and the frozen records that the results document is made of.

May import: stats, measure. Nothing here computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evenhand.measure.base import Finding
from evenhand.stats.contrast import Interval

Status = Literal["pass", "warn", "fail", "inconclusive", "not_tested", "waived"]


@dataclass(frozen=True)
class Reason:
    """Why a status is what it is: a stable code for programs and one clause for people."""

    code: str
    text: str


VACUOUS = Reason("vacuous", "both groups stand at 0% or at 100%, so that there is nothing to compare")


@dataclass(frozen=True)
class PValues:
    """One-sided p at the limit towards fail and towards pass, the Holm-adjusted fail, and two-sided parity."""

    parity: float | None = None
    fail: float | None = None
    pass_: float | None = None
    fail_adjusted: float | None = None


@dataclass(frozen=True)
class ComparisonVerdict:
    """One group against the limit. `decision_interval` is the interval that decided (see contract)."""

    finding: Finding
    status: Status
    reason: Reason
    interval: Interval | None = None
    decision_interval: Interval | None = None
    p: PValues = PValues()
    needs_n: int | None = None
    detectable: float | None = None


@dataclass(frozen=True)
class CheckVerdict:
    """One check: its status from its comparisons."""

    status: Status
    reason: Reason
    comparisons: tuple[ComparisonVerdict, ...]
