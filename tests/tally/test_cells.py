"""Laws of cells: they add like the rows they came from, in any order and any tree, and survive being stored."""

from __future__ import annotations

import functools
import itertools
import operator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from comparing import assert_equal_in_every_way, whole_people
from hostile_rows import hostile_tables
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_audits import audit_of, cells_of, every_measure, random_rows

from evenhand.errors import DataError, EvenhandError
from evenhand.tally.cell_table import CellTable, KeyColumn, product_total, weight_squares
from evenhand.tally.cells import Cells, CellsHeader
from evenhand.tally.engines import ENGINES
from evenhand.tally.needs import Mask
from evenhand.tally.plan import join_limbs, product_columns
from evenhand.tally.stored import read, to_bytes, write

WEIGHTED = {"weight": "weight"}
REPEATED = {"unit": "person", "weight": "weight"}


# Rows in shards -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [{}, WEIGHTED, {"count": "people"}, REPEATED])
@pytest.mark.parametrize("shards", [2, 7])
def test_shards_add_up_to_the_whole_in_any_order_and_tree(columns: dict[str, str], shards: int) -> None:
    audit = audit_of(measures=every_measure(), columns=columns)
    rows = random_rows(21, 700, people=150)
    whole = cells_of(audit, rows)
    parts = [cells_of(audit, part) for part in whole_people(rows, shards, seed=1)]
    assert_equal_in_every_way(functools.reduce(operator.add, parts), whole)
    assert_equal_in_every_way(functools.reduce(operator.add, reversed(parts)), whole)
    assert_equal_in_every_way(functools.reduce(lambda right, left: left + right, parts[1:], parts[0]), whole)
    while len(parts) > 1:  # a balanced tree
        parts = [functools.reduce(operator.add, parts[i : i + 2]) for i in range(0, len(parts), 2)]
    assert_equal_in_every_way(parts[0], whole)


@settings(max_examples=30, deadline=None)
@given(rows=hostile_tables(), seed=st.integers(0, 3), columns=st.sampled_from([{}, WEIGHTED, {"count": "people"}]))
def test_shards_of_hostile_rows_add_up(rows: pa.Table, seed: int, columns: dict[str, str]) -> None:
    audit = audit_of(measures=("accuracy", "auc", "missing_score_rate", "consent_breaches"), columns=columns)
    parts = [part for part in whole_people(rows, 3, seed) if len(part)]
    try:
        whole = cells_of(audit, rows)
        cells = [cells_of(audit, part) for part in parts]
    except EvenhandError:
        assume(False)  # a refusal is test_engines' matter
    assert_equal_in_every_way(functools.reduce(operator.add, cells), whole)


def test_shards_with_one_attributes_file_add_up() -> None:
    """What is unused in one shard may be used in the next: such counts are not kept by a merger, and do not matter."""
    audit = audit_of(measures=("selection_rate_ratio",), data={"key": "person"})
    rows = random_rows(22, 300, people=60)
    people = pa.table({"person": range(70), "sex": ["m", "f"] * 35, "age": [20, 45] * 35})
    rows = rows.drop_columns(["sex", "age"])
    parts = [cells_of(audit, part, people) for part in whole_people(rows, 2, seed=3)]
    merged, whole = parts[0] + parts[1], cells_of(audit, rows, people)
    assert merged == whole
    assert merged.digest == whole.digest
    assert "attribute_rows_unmatched" in whole.header.counts
    assert "attribute_rows_unmatched" not in merged.header.counts


def test_spelling_notes_appear_when_shards_meet() -> None:
    audit = audit_of(measures=("selection_rate",))
    rows = random_rows(23, 60)
    one, other = (rows.set_column(1, "sex", pa.array([sex] * 30 + ["m"] * 30)) for sex in ("f", "F"))
    assert not cells_of(audit, one).header.notes
    merged = cells_of(audit, one) + cells_of(audit, other)
    assert [note[0] for note in merged.header.notes] == ["label_case"]
    assert merged.header == cells_of(audit, pa.concat_tables([one, other])).header


def test_marginals_and_selections_commute_with_addition() -> None:
    audit = audit_of(measures=every_measure(), columns=REPEATED)
    rows = random_rows(24, 400, people=100)
    a, b = (cells_of(audit, part) for part in whole_people(rows, 2, seed=5))
    selected = Mask.of(decision=("1",), label=("1", "0")) | Mask.of(decision=("0",))
    for name in a.tables:
        left, right = a.tables[name], b.tables[name]
        keys = list(left.keys)
        for count in range(len(keys) + 1):
            for kept in itertools.islice(itertools.combinations(keys, count), 4):
                assert (left + right).marginal(kept) == left.marginal(kept) + right.marginal(kept)
                assert (left + right).marginal(kept).totals() == (left + right).totals()
        for sex in (["m"], ["f", "x"], ["nobody"]):
            assert (left + right).select({"sex": sex}) == left.select({"sex": sex}) + right.select({"sex": sex})
        assert sum(part.total(next(iter(left.sums))) for part in left.by("sex", "age").values()) == left.total(
            next(iter(left.sums))
        )
    assert (a.main + b.main).masked(selected) == a.main.masked(selected) + b.main.masked(selected)


def test_adding_nothing_changes_nothing() -> None:
    cells = cells_of(audit_of(measures=("auc",)), random_rows(25, 50))
    for table in cells.tables.values():
        assert table + table.select({"sex": []}) == table
        assert table.select({"sex": []}).totals() == dict.fromkeys(table.sums, 0)


def test_the_digest_is_that_of_every_number_and_label() -> None:
    """It seeds bootstraps and names an audit: no change of a sum, a label or a score bin may leave it as it is."""
    cells = cells_of(audit_of(measures=("auc",)), random_rows(35, 60))
    digests = {cells.digest}
    for name, table in cells.tables.items():
        for sum_ in table.sums:
            more = {**table.sums, sum_: table.sums[sum_] + np.eye(len(table), dtype=np.int64)[0]}
            digests.add(Cells(cells.header, {**cells.tables, name: CellTable(table.keys, more)}).digest)
        for key, column in table.keys.items():
            labels = None if column.labels is None else ("other", *column.labels[1:])
            moved = KeyColumn(column.codes + (labels is None), labels)
            digests.add(
                Cells(cells.header, {**cells.tables, name: CellTable({**table.keys, key: moved}, table.sums)}).digest
            )
    assert len(digests) == 1 + sum(len(table.sums) + len(table.keys) for table in cells.tables.values())


# What must not be added -----------------------------------------------------------------------------------------


def test_cells_of_different_definitions_refuse_to_merge() -> None:
    rows = random_rows(26, 100)
    here = cells_of(audit_of(), rows)
    protected = {"sex": {"reference": "m"}, "age": {"bands": [31, 60], "reference": "31-59"}}
    for other, different in (
        (audit_of(protected=protected), "the attribute `age`"),
        (audit_of(columns={"selected": ["0"]}), "the role `decision`"),
        (audit_of(columns={"score_resolution": 0.01}), "`score_resolution`"),
        (audit_of(factors={"campaign": {"why": "a test"}}), "the factor `campaign`"),
        (audit_of(columns=WEIGHTED), "the role `weight`"),
        (audit_of(data={"where": {"campaign": ["spring"]}}), "`where` of the column `campaign`"),
        (audit_of(data={"missing_values": ["n/a"]}), "`missing_values"),
    ):
        with pytest.raises(DataError, match=f"different definitions.*{different}"):
            here + cells_of(other, rows)


def test_cells_of_different_checks_refuse_to_merge() -> None:
    rows = random_rows(27, 100)
    with pytest.raises(DataError, match="different keys or sums"):
        cells_of(audit_of(), rows) + cells_of(audit_of(measures=("stage_rate",)), rows)


def test_repeated_people_in_one_shard_only_are_said() -> None:
    audit = audit_of(columns={"unit": "person"})
    with pytest.raises(DataError, match="several rows in one shard and one row in the other"):
        cells_of(audit, random_rows(28, 100)) + cells_of(audit, random_rows(28, 100, people=20))


# Stored cells ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [{}, WEIGHTED, {"count": "people"}, REPEATED])
def test_stored_cells_come_back_whole(columns: dict[str, str], tmp_path: Path) -> None:
    cells = cells_of(audit_of(measures=every_measure(), columns=columns), random_rows(29, 300, people=90))
    path = tmp_path / "cells.parquet"
    write(path, cells)
    back = read(path)
    assert_equal_in_every_way(back, cells)
    assert path.read_bytes() == to_bytes(cells)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {name: list(table.keys) for name, table in back.tables.items()} == {
        name: list(table.keys) for name, table in cells.tables.items()
    }


def test_merged_bytes_do_not_depend_on_order() -> None:
    audit = audit_of(measures=every_measure())
    a, b = (cells_of(audit, random_rows(seed, 200)) for seed in (30, 31))
    assert to_bytes(a + b) == to_bytes(b + a)


@pytest.mark.parametrize("content", [b"", b"not Parquet", b"PAR1 nor this PAR1"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cells.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match="is not a file of evenhand cells"):
        read(path)
    with pytest.raises(DataError, match="does not exist"):
        read(tmp_path / "nowhere.parquet")


def test_parquet_of_something_else_is_refused(tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    parquet.write_table(pa.table({"sex": ["m"]}), tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="is not a file of evenhand cells"):
        read(tmp_path / "rows.parquet")


# Exact sums -----------------------------------------------------------------------------------------------------


def one_column(values: list[int]) -> CellTable:
    return CellTable({"sex": KeyColumn.of_labels(["f"] * len(values))}, {"n": np.array(values, dtype=np.int64)})


def test_sums_beyond_64_bits_are_refused_never_wrapped() -> None:
    half = 2**62
    assert one_column([half - 1, half]).marginal(["sex"]).total("n") == 2**63 - 1
    with pytest.raises(DataError, match="passes 2⁶³"):
        one_column([half, half]).marginal(["sex"])
    assert one_column([half] * 8).total("n") == 2**65  # totals are Python integers


def test_five_billion_people_are_counted_exactly() -> None:
    rows = random_rows(32, 200).set_column(7, "people", pa.array([5_000_000_000 + i for i in range(200)]))
    cells = cells_of(audit_of(columns={"count": "people"}), rows, engine="duckdb")
    assert cells.header.counts["people"] == cells.main.total("n") == 200 * 5_000_000_000 + sum(range(200))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("columns", "changes", "message"),
    [
        ({"weight": "weight"}, {"weight": 2e8}, "weight.*too large to be summed exactly"),
        ({"count": "people"}, {"people": 2**47}, "count.*too large to be summed exactly"),
        ({"count": "people", "weight": "weight"}, {"people": 2**38}, "count.*too large to be summed exactly"),
        ({"unit": "person", "weight": "weight"}, {"weight": 1e8}, "weight.*too large to be summed exactly per person"),
    ],
)
def test_what_could_overflow_is_refused(
    engine: str, columns: dict[str, str], changes: dict[str, Any], message: str
) -> None:
    rows = random_rows(33, 2_000, people=400)
    for name, value in changes.items():
        rows = rows.set_column(rows.column_names.index(name), name, pa.array([value] * len(rows)))
    with pytest.raises(DataError, match=message):
        cells_of(audit_of(columns=columns), rows, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_squares_just_below_the_guard_are_exact(engine: str) -> None:
    """Weights near 10⁷ squared in units of 10⁻¹² pass 2⁶³ many times over; against Python's own integers."""
    rows = random_rows(34, 1_000, people=30)
    weights = [9_999_999.123456 - i / 7 for i in range(len(rows))]
    rows = rows.set_column(rows.column_names.index("weight"), "weight", pa.array(weights))
    fixed = [int(np.floor(w * 1e6 + 0.5)) for w in weights]
    cells = cells_of(audit_of(columns={"weight": "weight"}), rows, engine=engine)
    assert cells.main.total("w") == sum(fixed)
    assert weight_squares(cells.main) == sum(w * w for w in fixed)
    smaller = [w / 1000 for w in weights]
    rows = rows.set_column(rows.column_names.index("weight"), "weight", pa.array(smaller))
    cells = cells_of(audit_of(columns={"unit": "person", "weight": "weight"}), rows, engine=engine)
    per_person: dict[tuple[Any, ...], int] = {}
    known = zip(rows["person"].to_pylist(), rows["decided"].to_pylist(), smaller, strict=True)
    for person, decided, weight in known:
        if decided is not None:
            per_person[person] = per_person.get(person, 0) + int(np.floor(weight * 1e6 + 0.5))
    assert cells.unit is not None
    decided_name = Mask.of(decision=("0", "1")).name
    assert product_total(cells.unit.totals(), decided_name, decided_name) == sum(w * w for w in per_person.values())


@given(left=st.integers(0, 2**55 - 1), right=st.integers(0, 2**55 - 1))
def test_limbs_hold_any_product(left: int, right: int) -> None:
    """Hand arithmetic: high·2⁴⁸ + middle·2²⁴ + low is the product again."""
    product, base = left * right, 1 << 24
    assert join_limbs(product >> 48, (product >> 24) % base, product % base) == product
    names = product_columns("a", "b")
    assert (
        product_total(dict(zip(names, (product >> 48, (product >> 24) % base, product % base), strict=True)), "b", "a")
        == product
    )


def test_headers_add_their_counts() -> None:
    header = CellsHeader({"attributes": {}}, {"rows_read": 3, "people": 2}, (("note", "said", 1),))
    both = header + CellsHeader({"attributes": {}}, {"rows_read": 4, "rows_unmatched": 1}, (("note", "said", 2),))
    assert both.counts == {"people": 2, "rows_read": 7, "rows_unmatched": 1}
    assert both.notes == (("note", "said", 3),)
