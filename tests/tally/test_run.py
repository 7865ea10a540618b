"""The passes of an audit on tables small enough to count by hand, and what stops them."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from small_audits import audit_of, cells_of, random_rows

from evenhand.checking import needs_of
from evenhand.errors import DataError
from evenhand.load.labels import MISSING
from evenhand.roles import Sources, read_rows
from evenhand.tally.cells import Cells
from evenhand.tally.engines import ENGINES, engine_class
from evenhand.tally.needs import Mask
from evenhand.tally.run import tally

SEX_ONLY: dict[str, Any] = {"sex": {"reference": "m"}}
NO_ROLES = {"score": None, "consent": None, "vulnerable": None, "stages": None, "campaign": None, "contacts": None}


def table(**columns: list[Any]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def by(cells: Cells, *keys: str, sums: tuple[str, ...] = ("n",), of: str = "main") -> dict[tuple[Any, ...], Any]:
    """Key -> sums, one number bare."""
    marginal = cells.tables[of].marginal(keys)
    found = {key: tuple(part.total(name) for name in sums) for key, part in marginal.by(*keys).items()}
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_main_cells_counted_by_hand(engine: str) -> None:
    """Six rows: m selected twice, once not; f selected once; one f without a decision; one person of unknown sex."""
    rows = table(
        sex=["m", "m", "m", "f", "f", None],
        decided=[1, 1, 0, 1, None, 0],
        turned_out=["yes", "no", "no", "", "yes", "no"],
    )
    cells = cells_of(audit_of(measures=["accuracy"], columns=NO_ROLES, protected=SEX_ONLY), rows, engine=engine)
    assert cells.main.rows() == {
        ("(missing)", "0", "0"): (1, 1),
        ("f", "(missing)", "1"): (1, 1),
        ("f", "1", "(missing)"): (1, 1),
        ("m", "0", "0"): (1, 1),
        ("m", "1", "0"): (1, 1),
        ("m", "1", "1"): (1, 1),
    }
    assert dict(cells.header.counts) == {
        "rows_read": 6,
        "rows_audited": 6,
        "people": 6,
        "rows_outside_where": 0,
        "rows_person_unknown": 0,
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_bands_include_their_lower_edge(engine: str) -> None:
    """30 is 30-59 and 60 is 60+; a number just below is not; NaN, infinity and nothing are missing."""
    ages = [29.999999999999996, 30.0, 59.99999999999999, 60.0, float("nan"), float("inf"), None, -5.0]
    rows = table(age=ages, decided=[1] * len(ages))
    audit = audit_of(
        measures=["selection_rate"],
        columns={**NO_ROLES, "label": None},
        protected={"age": {"bands": [30, 60], "reference": "30-59"}},
    )
    cells = cells_of(audit, rows, engine=engine)
    assert by(cells, "age") == {(MISSING,): 3, ("30-59",): 2, ("60+",): 1, ("<30",): 2}


@pytest.mark.parametrize("engine", ENGINES)
def test_values_are_mapped_as_written_and_others_stay(engine: str) -> None:
    """F and `female` become one group; `f` is not F, and a missing value stays missing."""
    rows = table(sex=["F", "female", "f", "M", None], decided=[1] * 5)
    audit = audit_of(
        measures=["selection_rate"],
        columns={**NO_ROLES, "label": None},
        protected={"sex": {"reference": "male", "values": {"F": "female", "M": "male"}}},
        population={},
    )
    found = by(cells_of(audit, rows, engine=engine), "sex")
    assert found == {(MISSING,): 1, ("f",): 1, ("female",): 2, ("male",): 1}


@pytest.mark.parametrize("engine", ENGINES)
def test_score_bins_are_floor_of_the_scaled_score_plus_a_half(engine: str) -> None:
    """.0004999 → 0, .0005 → 1 (half up, never half to even), .0015 → 2, −.0005 → 0; NaN and ±inf are in no bin."""
    scores = [0.0004999, 0.0005, 0.0015, -0.0005, 0.9995, 1.0, float("nan"), float("-inf"), None]
    rows = table(sex=["m"] * 9, score=scores, turned_out=["yes"] * 9)
    audit = audit_of(
        measures=["auc", "missing_score_rate"],
        columns={**NO_ROLES, "score": "score", "decision": None},
        protected=SEX_ONLY,
    )
    cells = cells_of(audit, rows, engine=engine)
    assert by(cells, "score", of="value:score") == {(0,): 2, (1,): 1, (2,): 1, (1000,): 2}
    assert by(cells, "score_presence") == {("finite",): 6, ("missing",): 1, ("not finite",): 2}


@pytest.mark.parametrize("engine", ENGINES)
def test_unit_cells_counted_by_hand(engine: str) -> None:
    """Person 1 has three rows, two selected; person 2 two rows, none; person 3 one row, selected, weight 2.5.

    Selected: sums 2, 0, 2.5 → squares 4 + 0 + 6.25; decided: 3, 2, 2.5 → 9 + 4 + 6.25; products 6 + 0 + 6.25.
    Weights are in millionths, products in 10⁻¹².
    """
    rows = table(person=[1, 1, 1, 2, 2, 3], sex=["m"] * 6, decided=[1, 1, 0, 0, 0, 1], weight=[1.0] * 5 + [2.5])
    columns = {**NO_ROLES, "label": None, "unit": "person", "weight": "weight"}
    cells = cells_of(audit_of(measures=["selection_rate"], columns=columns, protected=SEX_ONLY), rows, engine=engine)
    assert cells.unit is not None
    sums = cells.unit.totals()
    selected, decided = Mask.of(decision=("1",)).name, Mask.of(decision=("0", "1")).name
    assert (sums["units"], sums[f"{selected}#people"], sums[f"{decided}#people"]) == (3, 2, 3)
    assert (sums[selected], sums[decided]) == (4_500_000, 7_500_000)

    def product(left: str, right: str) -> int:
        return sum(sums[f"{left}*{right}#{limb}"] << bits for limb, bits in (("hi", 48), ("mid", 24), ("lo", 0)))

    assert product(selected, selected) == 10_250_000_000_000
    assert product(decided, decided) == 19_250_000_000_000
    assert product(*sorted((selected, decided))) == 12_250_000_000_000


@pytest.mark.parametrize("engine", ENGINES)
def test_where_and_unknown_persons_leave_rows_out(engine: str) -> None:
    """Of six rows one is outside and one names nobody; an odd decision and a missing weight out there do no harm."""
    rows = table(
        person=[1, 2, 3, 4, None, 5],
        country=["FI", "FI", "SE", "FI", "FI", "FI"],
        sex=["m", "m", "m", "f", "f", "f"],
        decided=["1", "0", "perhaps", "1", "1", "0"],
        weight=[1.0, 1.0, float("nan"), 1.0, 1.0, 1.0],
    )
    audit = audit_of(
        measures=["selection_rate"],
        columns={**NO_ROLES, "label": None, "unit": "person", "weight": "weight"},
        protected=SEX_ONLY,
        data={"where": {"country": ["FI"]}},
    )
    cells = cells_of(audit, rows, engine=engine)
    assert by(cells, "sex", "decision") == {("f", "0"): 1, ("f", "1"): 1, ("m", "0"): 1, ("m", "1"): 1}
    counts = cells.header.counts
    assert (counts["rows_read"], counts["rows_audited"]) == (6, 4)
    assert (counts["rows_outside_where"], counts["rows_person_unknown"]) == (1, 1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array([7, 8, 7, None]), ["7"]),
        (pa.array([0.5, 1.0, 0.5, None]), ["0.5"]),
        (pa.array([1.0, 2.0, 1.0, None]), ["1"]),
        (pa.array([True, False, True, None]), ["true"]),
        (pa.array(["a", "b", "a", ""]), ["a"]),
        (pa.array(["a", "b", "c", "d"]), ["c", "a", "--5"]),
        (pa.array([-7, 8, -7, None]), ["-7", "007", "x"]),
        (pa.array([-7, 8, -7, None]), ["-7", "--7", "9" * 30]),
    ],
)
def test_where_compares_label_text(engine: str, column: pa.Array, wanted: list[str]) -> None:
    rows = table(sex=["m", "m", "f", "f"], decided=[1, 0, 1, 0]).append_column("kept", column)
    audit = audit_of(
        measures=["selection_rate"],
        columns={**NO_ROLES, "label": None},
        protected=SEX_ONLY,
        data={"where": {"kept": wanted}},
    )
    assert by(cells_of(audit, rows, engine=engine), "sex", "decision") == {("f", "1"): 1, ("m", "1"): 1}


@pytest.mark.parametrize("engine", ENGINES)
def test_people_repeat_only_if_they_do_among_audited_rows(engine: str) -> None:
    """Each person has a row per campaign; an audit of one campaign has one row a person, and no cells of units."""
    rows = table(
        person=[1, 1, 2, 2, 3, 3],
        campaign=["spring", "autumn"] * 3,
        sex=["m", "m", "m", "m", "f", "f"],
        decided=[1, 0, 1, 1, 0, 0],
    )
    columns = {**NO_ROLES, "label": None, "unit": "person"}
    both = cells_of(audit_of(columns=columns, protected=SEX_ONLY), rows, engine=engine)
    spring = cells_of(
        audit_of(columns=columns, protected=SEX_ONLY, data={"where": {"campaign": ["spring"]}}), rows, engine=engine
    )
    assert both.unit is not None
    assert both.header.counts["units"] == 3
    assert spring.unit is None
    assert spring.header.counts["units"] == spring.header.counts["rows_audited"] == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_persons_named_in_the_attributes_file_repeat_too(engine: str) -> None:
    """`unit` may be a household that stands with the attributes: four rows of two households, and ten more unused."""
    predictions = table(id=[1, 2, 3, 4], decided=[1, 0, 1, 1])
    people = table(id=list(range(1, 15)), household=[1, 1, 2, 2, *range(3, 13)], sex=["m", "m", "f", "f"] + ["m"] * 10)
    audit = audit_of(columns={**NO_ROLES, "label": None, "unit": "household"}, protected=SEX_ONLY, data={"key": "id"})
    cells = cells_of(audit, predictions, people, engine=engine)
    assert cells.header.counts["units"] == 2
    assert cells.unit is not None
    assert cells.unit.total("units") == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_people_in_several_groups_are_noted(engine: str) -> None:
    rows = table(person=[1, 1, 2, 2], sex=["m", "f", "m", "m"], decided=[1, 0, 1, 0])
    cells = cells_of(
        audit_of(columns={**NO_ROLES, "label": None, "unit": "person"}, protected=SEX_ONLY), rows, engine=engine
    )
    assert [(code, rows) for code, _, rows in cells.header.notes] == [("people_in_several_groups", 1)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_join_counts_what_does_not_meet(engine: str) -> None:
    """Rows of keys 1, 1, 2, 9 and one without; people 1, 2, 3: 9 is unmatched, the row without a key is left out."""
    predictions = table(id=[1, 1, 2, 9, None], decided=[1, 0, 1, 1, 1])
    people = table(id=["1", "2", "3"], sex=["m", "f", "m"])
    audit = audit_of(columns={**NO_ROLES, "label": None}, protected=SEX_ONLY, data={"key": "id"})
    cells = cells_of(audit, predictions, people, engine=engine)
    assert by(cells, "sex") == {(MISSING,): 1, ("f",): 1, ("m",): 2}
    counts = cells.header.counts
    assert (counts["rows_unmatched"], counts["attribute_rows_unmatched"], counts["units"]) == (1, 1, 3)
    assert counts["rows_person_unknown"] == 1


# What stops an audit --------------------------------------------------------------------------------------------


def refusal(rows: pa.Table, engine: str = "duckdb", attributes: Any = None, **changes: Any) -> DataError:
    """The error; it is one sentence that holds no value of the rows."""
    changes = {"columns": {**NO_ROLES, "label": None}, "protected": SEX_ONLY, **changes}
    with pytest.raises(DataError) as caught:
        cells_of(audit_of(**changes), rows, attributes, engine=engine)
    assert "CANARY" not in f"{caught.value} {caught.value.hint}"
    assert str(caught.value)[0] in "`abcdefghijklmnopqrstuvwxyz"
    return caught.value


@pytest.mark.parametrize(
    ("role", "values", "message"),
    [
        ("weight", [1.0, None], "column `size` (weight) is missing in 1 rows and not a finite number in 0"),
        ("weight", [1.0, float("nan")], "column `size` (weight) is missing in 0 rows and not a finite number in 1"),
        ("weight", [1.0, -0.5], "column `size` (weight) holds negative numbers"),
        ("weight", [0.0, 0.0], "column `size` (weight) is 0 in every row"),
        ("count", [3, None], "column `size` (count) is missing in 1 rows"),
        ("count", [3, -1], "column `size` (count) holds negative numbers"),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_counts_and_weights_must_be_usable(engine: str, role: str, values: list[Any], message: str) -> None:
    rows = table(sex=["m", "f"], decided=[1, 0], size=values)
    assert message in str(refusal(rows, engine, columns={**NO_ROLES, "label": None, role: "size"}))


def test_a_score_too_large_for_its_grid_is_refused() -> None:
    rows = table(sex=["m", "f"], score=[1e13, 0.5], turned_out=["yes", "no"])
    error = refusal(rows, measures=["auc"], columns={**NO_ROLES, "score": "score", "decision": None})
    assert "column `score` (score) is too large for its resolution" in str(error)
    assert error.hint is not None
    assert "score_resolution" in error.hint


def test_no_audited_row_is_an_error() -> None:
    rows = table(sex=["m", "f"], decided=[1, 0], country=["FI", "SE"])
    error = refusal(rows, data={"where": {"country": ["fi"]}})
    assert "none of the 2 rows is audited: 2 are outside `data.where`" in str(error)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_third_decision_is_refused_without_naming_it(engine: str) -> None:
    rows = table(sex=["m", "f", "f"], decided=["1", "0", "CANARY"])
    error = refusal(rows, engine)
    assert "column `decided` (decision) holds what means yes, and has 2 values besides" in str(error)
    assert error.hint is not None
    assert "columns.unselected" in error.hint
    declared = {**NO_ROLES, "label": None, "unselected": ["0"]}
    assert "1 value that is declared neither yes nor no, in 1 row" in str(refusal(rows, engine, columns=declared))


def test_a_value_that_means_yes_and_never_occurs_is_said_so() -> None:
    rows = table(sex=["m", "f", "f"], decided=["approved", "declined", "approved"])
    columns = {**NO_ROLES, "label": None, "selected": ["1"]}
    assert "never holds `1`, which means yes, and has 2 other values" in str(refusal(rows, columns=columns))


def test_another_spelling_of_a_declared_value_is_hinted_at() -> None:
    rows = table(sex=["m", "f"], decided=["Yes", "No"])
    columns = {**NO_ROLES, "label": None, "selected": ["yes"], "unselected": ["No"]}
    assert "one of them is `yes` in another spelling" in str(refusal(rows, columns=columns))


@pytest.mark.parametrize("engine", ENGINES)
def test_boolean_columns_take_the_usual_words_and_no_others(engine: str) -> None:
    rows = table(sex=["m"] * 7, decided=[1] * 7, hurt=["TRUE", "1", "yes", "False", "0", "NO", None])
    columns = {**NO_ROLES, "label": None, "vulnerable": "hurt"}
    audit = audit_of(measures=["vulnerable_overtargeting_ratio"], columns=columns, protected=SEX_ONLY)
    assert by(cells_of(audit, rows, engine=engine), "vulnerable") == {(MISSING,): 1, ("0",): 3, ("1",): 3}
    odd = table(sex=["m", "m"], decided=[1, 1], hurt=["CANARY", "yes"])
    error = refusal(odd, engine, measures=["vulnerable_overtargeting_ratio"], columns=columns)
    assert "something else than true/false, 1/0 or yes/no in 1 rows" in str(error)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_group_really_called_missing_is_refused(engine: str) -> None:
    rows = table(sex=["m", MISSING], decided=[1, 0])
    assert "really written `(missing)`" in str(refusal(rows, engine))


def test_an_identifier_is_no_group() -> None:
    rows = table(sex=[f"id{i}" for i in range(10_001)], decided=[1] * 10_001)
    assert "`sex` has 10,001 different values" in str(refusal(rows))


def test_too_many_combinations_are_counted_before_they_are_made(tmp_path: Path) -> None:
    """30 × 30 values could make 961 groups; rows that hold 60 of them fit 100 cells, rows that hold 900 do not."""
    columns = {**NO_ROLES, "label": None}
    audit = audit_of(columns=columns, protected={"sex": {"reference": "0"}, "age": {"reference": "0"}}, population={})
    few = table(sex=[str(i % 30) for i in range(60)], age=[str(i % 60) for i in range(60)], decided=[1] * 60)
    many = table(sex=[str(i % 30) for i in range(900)], age=[str(i // 30) for i in range(900)], decided=[1] * 900)
    for engine in ENGINES:
        for rows, fits in ((few, True), (many, False)):
            read, definition = read_rows(audit, Sources(rows), tmp_path)
            small = dataclasses.replace(definition, max_cells=100)
            with engine_class(engine)(read, scratch=tmp_path) as running:
                if fits:
                    assert len(tally(running, small, needs_of(audit)).main) == 60
                else:
                    with pytest.raises(DataError, match="together make 900 groups, more than 100"):
                        tally(running, small, needs_of(audit))


def test_keys_must_be_unique_in_the_attributes() -> None:
    predictions = table(id=[1, 2], decided=[1, 0])
    people = table(id=[1, 1, 2], sex=["m", "f", "f"])
    error = refusal(predictions, attributes=people, data={"key": "id"})
    assert re.search(r"key `id` is not unique: 3 rows have 2 different keys", str(error))


def test_keys_that_never_meet_are_an_error() -> None:
    predictions = table(id=["01", "02"], decided=[1, 0])
    people = table(id=["1", "2"], sex=["m", "f"])
    assert "no key `id`" in str(refusal(predictions, attributes=people, data={"key": "id"}))


def test_what_is_not_asked_for_is_not_tallied() -> None:
    """Keys, distribution and units come only where a measure needs them: cells stay small."""
    cells = cells_of(audit_of(measures=["selection_rate"], columns={**NO_ROLES, "label": None}), random_rows(1, 50))
    assert list(cells.tables) == ["main"]
    assert list(cells.main.keys) == ["sex", "age", "decision"]
