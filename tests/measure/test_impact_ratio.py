"""The impact ratio's reference: the highest group that may be one."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.roles import Sources

AUDIT = """\
version: 1
model: {{name: m, version: 1, kind: targeting}}
purpose: p
columns: {{decision: offered, selected: 1, count: people}}
polarity: {polarity}
protected: {{race: {{reference: White}}}}
exclude: {exclude}
checks:
  - {{id: four-fifths, metric: impact_ratio, min: 0.8, decide_by: point, why: rule}}
"""
ROWS = pa.table(
    {
        "race": ["White", "White", "Black", "Black", "AIAN"],
        "offered": ["1", "0", "1", "0", "1"],
        "people": [60, 40, 45, 55, 3],
    }
)


def ratios(
    tmp_path: Path, *, exclude: str = "[]", polarity: str = "benefit", rows: pa.Table = ROWS
) -> dict[str, tuple]:
    path = tmp_path / "evenhand.yaml"
    path.write_text(AUDIT.format(exclude=exclude, polarity=polarity))
    (check,) = audit_rows(open_audit(path), Sources(rows), Options()).document["checks"]
    return {c["group"]: (c["estimate"], c["reference"], c["status"]) for c in check["comparisons"]}


def test_three_lucky_people_are_nobodys_reference(tmp_path: Path) -> None:
    found = ratios(tmp_path)
    assert found["Black"] == (0.75, "White", "fail"), "UGESP Q&A: 45% against 60% is .75"
    assert found["White"] == (1.0, "White", "pass")
    assert found["AIAN"][2] == "not_tested"


def test_an_excluded_group_is_nobodys_reference(tmp_path: Path) -> None:
    many = ROWS.set_column(2, "people", pa.array([60, 40, 45, 55, 300]))
    assert ratios(tmp_path, rows=many)["Black"][:2] == (0.45, "AIAN")
    exclude = "[{attribute: race, group: AIAN, why: under 2%}]"
    assert ratios(tmp_path, rows=many, exclude=exclude)["Black"] == (0.75, "White", "fail")


def test_of_a_burden_the_spared_are_compared(tmp_path: Path) -> None:
    """Spared: White 40%, Black 55%: the highest is Black, and White's ratio is 40/55."""
    found = ratios(tmp_path, polarity="burden")
    assert found["White"] == (40 / 55, "Black", "fail")
