"""Findings as plain facts that laws compare, and the small changes of rows that laws are about."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from evenhand.measure.base import Finding

VARIANTS: dict[str, dict[str, str]] = {
    "plain rows": {},
    "weights": {"weight": "weight"},
    "counts": {"count": "people"},
    "repeated people": {"unit": "person"},
    "repeated people with weights": {"unit": "person", "weight": "weight"},
}
Facts = dict[tuple[Any, ...], dict[str, Any]]


def facts(finding: Finding) -> dict[str, Any]:
    """Everything that a finding says, its interval and p-values included, but for names of groups."""
    said = {f.name: getattr(finding, f.name) for f in dataclasses.fields(finding)}
    for name in ("group", "groups", "reference", "contrast", "attribute"):
        said.pop(name)
    contrast = finding.contrast
    if contrast is not None:
        interval = contrast.interval(0.9)
        said |= {"low": interval.low, "high": interval.high, "method": interval.method}
        said |= {"p_less": contrast.p_less(0.83), "p_greater": contrast.p_greater(0.83), "parity": contrast.p_parity()}
    return said


def facts_of(found: Mapping[str, list[Finding]], renamed: Mapping[str, str] | None = None) -> dict[str, Facts]:
    """Measure -> (attribute, group, at) -> facts; groups by their former names where they were `renamed`."""
    old = {new: former for former, new in (renamed or {}).items()}

    def key(finding: Finding) -> tuple[Any, ...]:
        labels = [old.get(label, label) for label in finding.groups.values()] or [old.get(finding.group, finding.group)]
        return finding.attribute, *labels, *sorted(finding.at.items())

    return {name: {key(finding): facts(finding) for finding in findings} for name, findings in found.items()}


def same(left: Any, right: Any, tolerance: float) -> bool:
    """Equal; numbers up to a relative tolerance, containers part by part."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[k], right[k], tolerance) for k in left)
    if isinstance(left, float) and isinstance(right, float) and tolerance:
        return left == right or math.isclose(left, right, rel_tol=tolerance, abs_tol=tolerance)
    return bool(left == right)


def changed(left: dict[str, Facts], right: dict[str, Facts], tolerance: float = 0.0) -> set[str]:
    """Measures of which anything differs."""
    assert left.keys() == right.keys()
    return {name for name in left if not same(left[name], right[name], tolerance)}


def replaced(rows: pa.Table, name: str, values: Any) -> pa.Table:
    return rows.set_column(
        rows.column_names.index(name), name, values if isinstance(values, pa.ChunkedArray) else pa.array(values)
    )


def copies(rows: pa.Table, times: int) -> pa.Table:
    return pa.concat_tables([rows] * times)
