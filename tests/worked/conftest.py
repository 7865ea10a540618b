"""Worked numbers go the whole way: a table as rows of a CSV file, an audit file around it, the results document out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evenhand import audit

Comparisons = Mapping[str, Mapping[str, Any]]

HEAD = """\
version: 1
model: {name: worked, version: 1, kind: targeting}
purpose: a worked number
data: {predictions: rows.csv}
small_groups: {min_people: 1, min_denominator: 1, min_expected: 1}
polarity: benefit
protected: {group: {reference: REFERENCE}}
columns: COLUMNS
checks: [CHECK]
"""


@pytest.fixture
def compared(tmp_path: Path) -> Callable[..., Comparisons]:
    """Audit rows by one check and return its comparisons by group.

    Without `columns` a row is (group, selected, not selected): a line of a published table, typed with `count`.
    """

    def run(
        rows: Iterable[Sequence[object]],
        reference: str,
        check: Mapping[str, object],
        *,
        names: Sequence[str] = ("group", "chosen", "people"),
        columns: Mapping[str, object] | None = None,
    ) -> Comparisons:
        if columns is None:
            columns = {"decision": "chosen", "selected": "yes", "count": "people"}
            rows = [line for group, yes, no in rows for line in ((group, "yes", yes), (group, "no", no))]
        with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([names, *rows])
        text = HEAD.replace("REFERENCE", json.dumps(reference)).replace("COLUMNS", json.dumps(columns))
        path = tmp_path / "evenhand.yaml"
        path.write_text(text.replace("CHECK", json.dumps({"id": "worked", **check})), encoding="utf-8")
        found = audit(audit_file=path).checks["worked"]["comparisons"]
        return {comparison["group"]: comparison for comparison in found}

    return run
