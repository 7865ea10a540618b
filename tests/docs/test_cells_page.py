"""What docs/cells.md says may change without the rows, may; what it says needs them is refused, in words of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand import audit
from evenhand.errors import DataError

FILE = """\
version: 1
model: {name: tariff, version: 1, kind: pricing}
purpose: set a premium
data: {predictions: rows.csv, where: {country: [FI, SE]}, missing_values: [NA]}
columns: {price: premium, list_price: tariff, is_renewal: renewed, equivalent_new_business_price: enbp, unit: person,
          decision: gender, selected: f}
protected:
  sex: {reference: m}
  age: {bands: [30, 60], reference: 30-59}
factors:
  power: {column: hp, bands: [100], why: claims grow with it}
checks:
  - {id: mean, metric: mean_price_ratio, max: 1.25}
  - {id: gap, metric: like_for_like_gap_percent, max: 5}
"""
Edit = tuple[str, str]
Judge = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 240 rows, their audit file and the cells of its audit. Women pay exactly 10% more."""
    folder = tmp_path_factory.mktemp("cells")
    rows = ["person,sex,gender,age,hp,premium,tariff,renewed,enbp,country"]
    for i in range(240):
        sex, age, hp = "fm"[i % 2], (25, 40, 70)[i // 2 % 3], (80, 120)[i // 6 % 2]
        price = hp * (1.1 if sex == "f" else 1.0) + i // 12 % 5
        rows.append(f"p{i},{sex},{sex},{age},{hp},{price:.2f},{hp},{'yes' if i % 5 else 'no'},{price + 1:.2f},FI")
    (folder / "rows.csv").write_text("\n".join(rows) + "\n")
    (folder / "evenhand.yaml").write_text(FILE)
    audit(audit_file=folder / "evenhand.yaml").save(folder / "run")
    return folder


@pytest.fixture
def judge(stored: Path) -> Judge:
    def judged(*edits: Edit) -> dict[str, str]:
        text = FILE
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new)
        (stored / "other.yaml").write_text(text)
        again = audit(audit_file=stored / "other.yaml", cells=stored / "run/restricted/cells.parquet")
        return {check: found["status"] for check, found in again.checks.items()}

    return judged


def test_the_same_file_gives_the_same_verdicts(judge: Judge) -> None:
    assert judge() == {"mean": "pass", "gap": "fail"}


@pytest.mark.parametrize(
    "edits",
    [
        [("max: 5}", "max: 15, level: warn, decide_by: confirmatory, attributes: [sex], why: asked again}")],
        [("sex: {reference: m}", "sex: {reference: f}")],
        [("factors:", "intersections: [[sex, age]]\nfactors:")],
        [("factors:", "exclude: [{attribute: age, group: 60+, why: few}]\nfactors:")],
        [("factors:", "population: {sex: {f: 0.5, m: 0.5}}\nfactors:")],
        [("factors:", "small_groups: {min_people: 50, min_in_stratum: 2, min_overlap: 0.9}\nfactors:")],
        [("max: 1.25}", "max: 1.25}\n  - {id: other, metric: mean_price_difference, level: report}")],
        [("factors:", "polarity: benefit\nfactors:"), ("max: 1.25", "min: 0.8"), ("max: 5", "min: -5")],
        [("checks:", "extends: [fca-consumer-duty]\nchecks:")],
    ],
)
def test_what_can_change_without_the_rows(judge: Judge, edits: list[Edit]) -> None:
    assert judge(*edits)


def test_measures_that_need_more_are_refused(judge: Judge) -> None:
    with pytest.raises(DataError, match="the cells lack what a check needs") as refused:
        judge(("checks:", "extends: [fca-gipp]\nchecks:"))
    assert "audit the rows again" in (refused.value.hint or "")


def test_another_limit_is_another_verdict(judge: Judge) -> None:
    assert judge(("max: 5}", "max: 15}"))["gap"] == "pass"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (("sex: {reference", "sex: {column: gender, reference"), "the attribute `sex`"),
        (("bands: [30, 60]", "bands: [30, 60, 70]"), "the attribute `age`"),
        (("bands: [100]", "bands: [90]"), "the factor `power`"),
        (("power: {column: hp", "strength: {column: hp"), "the factor `power`, the factor `strength`"),
        (("price: premium", "price: tariff"), "the role `price`"),
        (("list_price: tariff", "list_price: enbp"), "the role `list_price`"),
        ((", is_renewal: renewed", ""), "the role `is_renewal`"),
        (("unit: person", "unit: hp"), "who a person is"),
        (("unit: person", "unit: person, resolution: 1"), "`resolution`"),
        (("unit: person", "unit: person, walking_tolerance: 0.01"), "`walking_tolerance`"),
        (("country: [FI, SE]", "country: [FI]"), "`where` of the column `country`"),
        (("missing_values: [NA]", "missing_values: []"), "`missing_values`"),
        (("unit: person", "unit: person, weight: hp"), "the role `weight`"),
    ],
)
def test_what_needs_the_rows_is_named_as_in_the_audit_file(judge: Judge, edit: Edit, told: str) -> None:
    with pytest.raises(DataError) as refused:
        judge(edit)
    message = str(refused.value)
    assert told in message
    differ = message.partition("differ in ")[2]
    for internal in ("factor:", "derived", "amounts", "price_", "flags", "distributions", "."):
        assert internal not in differ.replace("list_price", ""), message


def test_metrics_of_other_packages_need_the_rows(judge: Judge) -> None:
    with pytest.raises(DataError, match="there are only cells"):
        judge(("checks:", "checks:\n  - {id: x, metric: 'fairlearn:selection_rate', max: 1, decide_by: point}"))
