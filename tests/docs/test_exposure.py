"""What docs/tutorial-pricing.md says of exposure: the two right ways agree, and the wrong one does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evenhand import audit

PAGE = (Path(__file__).parents[2] / "docs/tutorial-pricing.md").read_text(encoding="utf-8")
FILE = """\
version: 1
model: {{name: tariff, version: 1, kind: pricing}}
purpose: set a premium
data: {{predictions: rows.csv, currency: EUR}}
columns: {{price: {price}, actual_loss: {loss}{weight}}}
protected: {{sex: {{reference: m}}}}
checks:
  - {{id: level, metric: loss_ratio, level: report}}
"""


def loss_ratio(folder: Path, price: str, loss: str, weight: str) -> float:
    (folder / "evenhand.yaml").write_text(FILE.format(price=price, loss=loss, weight=weight))
    found = audit(audit_file=folder / "evenhand.yaml").checks["level"]["comparisons"]
    return float(next(one["value"] for one in found if one["group"] == "f"))


def test_the_table_of_exposure(tmp_path: Path) -> None:
    """400 a year, half a year insured, claims of 150: worked out by hand in the page, for 40 women who are all alike."""
    rows = ["sex,yearly,earned,claims,yearly_claims,exposure"]
    rows += [f"{'fm'[i % 2]},400,200,150,300,0.5" for i in range(80)]
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    said = [float(number) for number in re.findall(r"= (0\.\d+) \|$", PAGE, re.M)]
    assert said == [0.75, 0.75, 0.375]
    weighted = loss_ratio(tmp_path, "yearly", "yearly_claims", ", weight: exposure")
    earned = loss_ratio(tmp_path, "earned", "claims", "")
    wrong = loss_ratio(tmp_path, "yearly", "claims", ", weight: exposure")
    assert [weighted, earned, wrong] == pytest.approx(said)


def test_a_constant_currency_stands_where_that_of_a_column_would(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("sex,p,l\n" + "f,110,50\nm,100,50\n" * 40)
    (tmp_path / "evenhand.yaml").write_text(FILE.format(price="p", loss="l", weight=""))
    document = audit(audit_file=tmp_path / "evenhand.yaml").document
    assert document["overview"]["currency"] == "EUR"
    assert document["overview"]["price_unit"] == "money"
