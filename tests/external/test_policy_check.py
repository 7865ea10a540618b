"""A misspelt function of another package is an error of the audit file, found before any row is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.errors import AuditFileError
from evenhand.pipeline import open_audit

AUDIT = """\
version: 1
model: {{name: m, version: 1, kind: targeting}}
purpose: p
columns: {{decision: d, selected: 1}}
polarity: benefit
protected: {{sex: {{reference: male}}}}
checks:
  - {{id: c, metric: '{metric}', min: 0.5, decide_by: point, why: w}}
"""


@pytest.mark.parametrize(
    ("metric", "part"),
    [
        ("sklearn:f1_scroe", "`f1_score`"),
        ("no_such_package:score", "cannot be imported"),
        ("sklearn:f1_score", "`columns.label`"),
        ("os:system", "part of Python itself"),
    ],
)
def test_named_at_its_line(tmp_path: Path, metric: str, part: str) -> None:
    path = tmp_path / "evenhand.yaml"
    path.write_text(AUDIT.format(metric=metric))
    with pytest.raises(AuditFileError, match=r"evenhand\.yaml:8:") as caught:
        open_audit(path)
    assert part in str(caught.value)
