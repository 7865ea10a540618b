"""Contact pressure, counted by hand; and the group of missing values, which is shown but never judged."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from evenhand.errors import DataError
from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.roles import Sources

AUDIT = """\
version: 1
model: {name: m, version: 1, kind: targeting}
purpose: p
columns: {decision: offered, selected: 1, contacts: calls}
polarity: burden
protected: {sex: {reference: male}}
checks:
  - {id: mean, metric: contact_pressure, max: 5, why: agreed}
  - {id: ratio, metric: contact_pressure_ratio, max: 1.5, why: agreed}
  - {id: gap, metric: contact_pressure_difference, max: 1, why: agreed}
"""


def document(tmp_path: Path, calls: list[int | str | None], sex: list[str | None]) -> dict:
    path = tmp_path / "evenhand.yaml"
    path.write_text(AUDIT)
    rows = pa.table(
        {"sex": sex, "calls": [None if c is None else str(c) for c in calls], "offered": [1, 0] * (len(sex) // 2)}
    )
    return audit_rows(open_audit(path), Sources(rows), Options()).document


def test_means_ratio_and_difference_by_hand(tmp_path: Path) -> None:
    """Men 1, 2, 3 calls (mean 2), women 2, 4, 6 (mean 4), each forty times; one woman's calls are unknown."""
    found = document(tmp_path, [1, 2, 3] * 40 + [2, 4, 6] * 40 + [None, None], ["male"] * 120 + ["female"] * 122)
    checks = {check["id"]: check["comparisons"] for check in found["checks"]}
    assert {c["group"]: (c["estimate"], c["n"]) for c in checks["mean"]} == {"female": (4.0, 120), "male": (2.0, 120)}
    assert [c["estimate"] for c in checks["ratio"]] == [2.0]
    gap = checks["gap"][0]
    assert gap["estimate"] == 2.0
    # Welch: s² = 2·4·(120/119)/3 and 2·(120/119)/3 over 120 each; standard error √((8/3 + 2/3)/119) = .16737.
    half = (gap["interval"]["high"] - gap["interval"]["low"]) / 2
    assert half / 0.16737 == pytest.approx(1.9735, abs=0.002), "t at .975 with about 175 degrees of freedom"
    assert [check["status"] for check in found["checks"]] == ["pass", "fail", "fail"]


def test_contacts_that_are_no_whole_numbers_are_refused_without_their_value(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="whole numbers") as caught:
        document(tmp_path, ["often"] * 40, ["male", "female"] * 20)
    assert "often" not in str(caught.value)


def test_the_group_of_missing_values_is_shown_with_its_rates_and_never_judged(tmp_path: Path) -> None:
    found = document(tmp_path, [1] * 240, ["male"] * 100 + ["female"] * 100 + [None] * 40)
    missing = [g for g in found["groups"] if g["group"] == "(missing)"]
    assert [g["n"] for g in missing] == [40]
    assert missing[0]["measures"]["selection_rate"]["value"] == 0.5
    assert all(c["group"] != "(missing)" for check in found["checks"] for c in check["comparisons"])
