"""Other real data: awkward files read as they are, groups as pandas counts them, and models trained on the spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import make_decisions
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from evenhand import EvenhandError, audit

Audited = Callable[[Any, str], Mapping[str, Any]]
HERE = Path(__file__).parent


def sizes(document: Mapping[str, Any], attribute: str) -> dict[str, int]:
    return {g["group"]: g["n"] for g in document["groups"] if g["attribute"] == attribute}


def comparisons(document: Mapping[str, Any], check: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    found = next(c for c in document["checks"] if c["id"] == check)["comparisons"]
    return {(c["attribute"], c["group"]): c for c in found}


# Files as they are ----------------------------------------------------------------------------------------------


def test_stop_and_frisk_one_model_at_a_time(data: Path, tmp_path: Path) -> None:
    """Four models in one file, told apart by `where`: 48 labels are missing, and nine people make a group."""
    path = data / "nyc_sqf_models" / "nyc_sqf_4models.csv"
    rows = pd.read_csv(path)
    missing = 0
    for model in (1, 3, 5, 7):
        file = tmp_path / "evenhand.yaml"
        text = (HERE / "nyc_sqf.yaml").read_text(encoding="utf-8")
        file.write_text(text.replace("model_id: [1]", f"model_id: [{model}]"), encoding="utf-8")
        document = audit(path, file).document
        own = rows[rows["model_id"] == model]
        assert (document["rows"]["read"], document["rows"]["audited"]) == (45_184, 11_296)
        assert document["rows"]["excluded"][0]["rows"] == 45_184 - 11_296
        assert sizes(document, "race") == own["race"].value_counts().to_dict()
        labels = next(m for m in document["data"]["missing"] if m["attribute"] == "label")
        assert labels["rows"] == own["label_value"].isna().sum()
        missing += labels["rows"]
        few = comparisons(document, "stops")["race", "AMER IND"]
        assert (few["n"], few["status"]) == (9, "not_tested")
    assert missing == 48


def test_semicolons_and_unknown(audited: Audited, data: Path) -> None:
    path = data / "bank_marketing" / "bank-additional.csv"
    document = audited(path, "bank_outcomes.yaml")
    rows = pd.read_csv(path, sep=";")
    expected = rows["marital"].replace("unknown", "(missing)").value_counts().to_dict()
    assert sizes(document, "marital") == expected
    assert expected["(missing)"] == 11
    found = comparisons(document, "answers")
    for group, part in rows[rows["marital"] != "unknown"].groupby("marital"):
        assert found["marital", group]["estimate"] == pytest.approx((part["y"] == "yes").mean(), abs=1e-12)
    assert document["exit_code"] == 0


def test_a_forgotten_delimiter_is_named(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "evenhand.yaml"
    text = (HERE / "bank_outcomes.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace('delimiter: ";", ', ""), encoding="utf-8")
    with pytest.raises(EvenhandError) as caught:
        audit(data / "bank_marketing" / "bank-additional.csv", file)
    assert "delimiter" in f"{caught.value} {caught.value.hint}"


def test_mark_and_empty_column_names(audited: Audited, data: Path) -> None:
    """A byte order mark, a column without a name and two more at the end: none of them is asked for."""
    path = data / "law_school" / "law_data.csv"
    document = audited(path, "law_school_rows.yaml")
    rows = pd.read_csv(path, encoding="utf-8-sig")
    assert document["people"] == len(rows) == 21_791
    assert sizes(document, "sex") == {"female": (rows["sex"] == 1).sum(), "male": (rows["sex"] == 2).sum()}
    black = comparisons(document, "passing")["race", "Black"]
    rates = rows.groupby("race")["first_pf"].mean()
    assert black["estimate"] == pytest.approx(rates["Black"] / rates["White"], rel=1e-12)
    assert black["status"] == "fail"


# Models trained on one half, audited on the other ---------------------------------------------------------------


@pytest.fixture(scope="module")
def decisions(data: Path) -> Mapping[str, pd.DataFrame]:
    return {name: make(data) for name, make in make_decisions.DATASETS.items()}


@pytest.mark.parametrize(
    ("name", "check", "attribute", "reference"),
    [
        ("german_credit", "loans", "sex", "male"),
        ("adult", "offers", "sex", "Male"),
        ("adult", "offers", "race", "White"),
        ("law_school", "admissions", "race", "White"),
        ("bank_marketing", "calls", "marital", "married"),
    ],
)
def test_selection_ratios(
    audited: Audited, decisions: Mapping[str, pd.DataFrame], name: str, check: str, attribute: str, reference: str
) -> None:
    """Against pandas on the same rows."""
    rows = decisions[name]
    selected = (rows["decision"] == "yes").groupby(rows[attribute]).mean()
    found = comparisons(audited(rows, f"{name}.yaml"), check)
    groups = {group for other, group in found if other == attribute}
    assert groups == {str(g) for g in selected.index} - {reference, "unknown"}
    for group in groups:
        estimate = found[attribute, group]["estimate"]
        assert estimate == pytest.approx(selected[group] / selected[reference], rel=1e-12)


def test_area_under_the_curve(audited: Audited, decisions: Mapping[str, pd.DataFrame]) -> None:
    """scikit-learn on scores of three decimals, the grid on which they are counted."""
    rows = decisions["adult"]
    on_grid = (rows["score"] * 1000 + 0.5).floordiv(1) / 1000
    found = comparisons(audited(rows, "adult.yaml"), "ranking")["sex", "Female"]
    for sex, value in (("Female", found["value"]), ("Male", found["value_reference"])):
        part = rows["sex"] == sex
        assert value == pytest.approx(roc_auc_score(rows.loc[part, "label"] == "yes", on_grid[part]), abs=1e-9)


@pytest.mark.parametrize(("name", "exit_code"), [("german_credit", 1), ("adult", 1), ("law_school", 1)])
def test_outcomes_and_reports(
    audited: Audited, decisions: Mapping[str, pd.DataFrame], tmp_path: Path, name: str, exit_code: int
) -> None:
    """Women in adult and Black applicants to law school are far below four fifths. Of 500 applicants for credit, those
    under 26 get it .74 times as often: significant (p .0002, z −3.69), so that the legal reading fails; not enough to
    rule out .80, so that assurance does not.
    """
    result = audit(decisions[name], HERE / f"{name}.yaml")
    assert result.exit_code == exit_code
    report = result.save(tmp_path / name) / "report.html"
    assert report.stat().st_size < 1_000_000
    assert "<title>" in report.read_text(encoding="utf-8")


def test_a_frame_and_its_file_give_the_same_results(decisions: Mapping[str, pd.DataFrame], tmp_path: Path) -> None:
    rows = decisions["german_credit"]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    file = HERE / "german_credit.yaml"
    assert audit(rows, file).document == audit(tmp_path / "rows.csv", file).document
