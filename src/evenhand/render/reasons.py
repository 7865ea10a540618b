"""The words of every reason code, for outputs whose document brings no text of its own.

May import: nothing of evenhand. The codes are the contract's; `not_tested` carries one of `NOT_TESTED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT_TESTED: Mapping[str, str] = {
    "too_few_people": "the group or its reference has fewer people than the policy's floor",
    "too_small_denominator": "too few people of the group or its reference are in the denominator",
    "no_denominator": "nobody of the group is in the denominator, so that the quantity does not exist",
    "vacuous": "both groups stand at 0% or at 100%, so that there is nothing to compare",
    "reference_absent": "the reference does not occur in the data",
    "reference_undefined": "the quantity does not exist for the reference",
    "excluded": "the audit file leaves this group out, with a reason",
    "roles_absent": "the audit file names no column for a role that this check needs",
    "no_interval": "the estimate has no interval that could decide",
    "no_limit": "the policy sets no limit",
    "units_unclear": "it is not known which rows belong to the same person",
}
INCONCLUSIVE: Mapping[str, str] = {
    "vacuous": "both groups stand at 0% or at 100%",
    "coverage": "too many people are in groups that could not be tested",
    "min_expected": "fewer people would be expected than the policy's floor for a decision asks for",
    "not_enough_evidence": "the interval includes the limit",
    "not_significant": "beyond the limit, but the numbers are too small to rule out chance",
    "undone_by_one": "beyond the limit, but moving a single person would undo it",
    "undefined": "the estimate has no finite value",
    "unbounded": "the estimate has no finite value",
    "withheld": "the groups have too little in common to be compared like for like",
}
WARNINGS: Mapping[str, str] = {
    "no_error_control": (
        "checks decided by the estimate alone (`decide_by: point`) do not consider chance: their result may be luck, "
        "above all in small groups"
    ),
}
"""Warnings that people read in other words than the log has."""


def warning_words(warning: Mapping[str, Any]) -> str:
    """A warning of the document for people."""
    return WARNINGS.get(warning["code"]) or str(warning["text"])


def reason_words(code: str, check: Mapping[str, Any]) -> str:
    """A lower-case clause for a code; empty for a code that adds nothing to its status.

    >>> reason_words("no_limit", {"status": "not_tested"})
    'the policy sets no limit'
    """
    if check.get("status") == "inconclusive" and code in INCONCLUSIVE:
        return INCONCLUSIVE[code]
    return NOT_TESTED.get(code) or INCONCLUSIVE.get(code, "")
