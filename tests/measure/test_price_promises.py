"""Promises that reviewers broke once: names that are SQL, passes without looking, one person's price, legal on shares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from evenhand import audit


def audited(folder: Path, rows: Mapping[str, list[Any]], text: str, engine: str = "duckdb") -> Mapping[str, Any]:
    file = folder / "evenhand.yaml"
    file.write_text(f"version: 1\nmodel: {{name: m, version: 1, kind: pricing}}\npurpose: p\n{text}", encoding="utf-8")
    return audit(pa.table(dict(rows)), file, engine=engine).document


@pytest.mark.parametrize("engine", ["duckdb", "polars", "plain"])
@pytest.mark.parametrize("name", ["a.b", 'a"b', "it's", 'x", (select 1) as "y', "c0; drop table t"])
def test_names_of_factors_and_attributes_are_no_sql(name: str, engine: str, tmp_path: Path) -> None:
    quoted = "'" + name.replace("'", "''") + "'"
    rows = {
        "id": [str(i // 2) for i in range(80)],
        "sex": ["f", "f", "m", "m"] * 20,
        "zone": ["N", "S", "N", "S"] * 20,
        "price": [100.0 + i for i in range(80)],
    }
    text = (
        f"columns: {{price: price, unit: id}}\nprotected: {{{quoted}: {{column: sex, reference: m}}}}\n"
        f"factors: {{{quoted[:-1]}2': {{column: zone, why: law}}}}\n"
        "checks: [{id: j, metric: like_for_like_gap, level: report}]\n"
    )
    (comparison,) = audited(tmp_path, rows, text, engine)["checks"][0]["comparisons"]
    assert comparison["estimate"] == pytest.approx(-2.0)  # within a zone each woman pays 2 less than the man after her


WALKING = (
    "columns: {price: price, equivalent_new_business_price: new, is_renewal: renewal}\n"
    "protected: {sex: {reference: m}}\nchecks: [{id: w, metric: price_walking_breaches, max: 0, why: law}]\n"
)


@pytest.mark.parametrize(
    ("lacking", "breaches", "status"),
    [(0, 0, "pass"), (5, 0, "pass"), (6, 0, "inconclusive"), (99, 0, "inconclusive"), (60, 1, "fail")],
)
@pytest.mark.parametrize("column", ["new", "renewal"])
def test_no_pass_on_renewals_that_nobody_looked_at(
    column: str, lacking: int, breaches: int, status: str, tmp_path: Path
) -> None:
    """max_untested is 5%: of 100 renewals 5 may lack the price of a new customer, or be of unknown kind, 6 may not."""
    rows: dict[str, list[Any]] = {
        "sex": ["f", "m"] * 50,
        "price": [100.0] * 100,
        "new": [100.0] * (100 - breaches) + [99.0] * breaches,
        "renewal": ["true"] * 100,
    }
    rows[column] = [None] * lacking + rows[column][lacking:]
    check = audited(tmp_path, rows, WALKING)["checks"][0]
    assert check["status"] == status
    if status == "inconclusive":
        assert check["comparisons"][0]["reason"]["code"] == "coverage"


def test_what_one_person_pays_is_in_no_number(tmp_path: Path) -> None:
    rows = {
        "sex": ["f"] * 60 + ["m"] * 60 + ["x"],
        "region": ["N"] * 121,
        "price": [500.0] * 60 + [510.0] * 60 + [8888.88],
    }
    names = ("mean_price", "mean_price_ratio", "mean_price_difference", "geometric_price", "price_regression_gap")
    checks = "".join(f"  - {{id: c{i}, metric: {name}, level: report}}\n" for i, name in enumerate(names))
    text = (
        "columns: {price: price}\nprotected: {sex: {reference: m}}\nfactors: {region: {why: law}}\n"
        f"checks:\n{checks}"
    )
    document = audited(tmp_path, rows, text)
    assert "8888" not in str(document)
    alone = [c for check in document["checks"] for c in check["comparisons"] if c["group"] == "x"]
    assert {c["estimate"] for c in alone} == {None}


def test_legal_is_not_tested_where_groups_are_shares_of_rows(tmp_path: Path) -> None:
    file = tmp_path / "evenhand.yaml"
    file.write_text(
        "version: 1\nmodel: {name: m, version: 1, kind: targeting}\npurpose: p\npolarity: benefit\n"
        "columns: {decision: d, selected: 1}\n"
        "protected: {race: {probabilities: {a: pa, b: pb}, reference: b}}\nextends: [ecoa-practice]\n",
        encoding="utf-8",
    )
    rows = {"d": [1, 0] * 200, "pa": [0.5, 0.25] * 200, "pb": [0.5, 0.75] * 200}
    checks = audit(pa.table(rows), file).document["checks"]
    legal = [check for check in checks if check["decide_by"] == "legal" and check["level"] != "report"]
    assert legal
    assert {check["status"] for check in legal} == {"not_tested"}
    assert {c["reason"]["code"] for check in legal for c in check["comparisons"]} == {"units_unclear"}
