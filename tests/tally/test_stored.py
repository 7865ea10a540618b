"""Stored cells that were damaged or tampered with are refused in one sentence; merging says what it takes for granted.

Every damaged file here is made from a sound one by one change, described beside it; what must be refused follows from
what the tally itself ensures of fresh cells (`tally.run.check_totals`), not from what `read` happens to do.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from small_audits import audit_of, cells_of, every_measure, random_rows
from spoiling import Metadata, changed, first_gone, opened, places, put, saved, without

from evenhand.errors import DataError, EvenhandError, UsageError
from evenhand.pipeline import Options, judge_stored
from evenhand.tally.cells import Cells
from evenhand.tally.stored import check_output, merged, read, write

AUDIT = audit_of(measures=every_measure(), columns={"unit": "person", "weight": "weight"})
PLAIN = audit_of(measures=("selection_rate_ratio", "auc"), columns={"unit": "person"})


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, Metadata]:
    """Cells with every kind of table: main, value and unit."""
    path = tmp_path_factory.mktemp("stored") / "cells.parquet"
    write(path, cells_of(AUDIT, random_rows(41, 300, people=60)))
    assert set(read(path).tables) == {"main", "value:score", "unit"}
    return opened(path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, Metadata]:
    """Unweighted cells of people with one row each."""
    path = tmp_path_factory.mktemp("stored") / "cells.parquet"
    write(path, cells_of(PLAIN, random_rows(42, 80)))
    return opened(path)


def shifted(table: pa.Table, column: str, of: str) -> pa.Table:
    """One moved from the second cell to the first: totals stay."""
    moved = changed(table, column, lambda n: n - 1, of=of, rows=2)
    return changed(moved, column, lambda n: n + 2, of=of)


# Damaged tables -------------------------------------------------------------------------------------------------

TABLES: list[tuple[str, Callable[[pa.Table], pa.Table], str]] = [
    ("a sum is negative", lambda t: changed(t, "sum:n", lambda n: -n - 1), "negative sum"),
    ("a sum is null", lambda t: changed(t, "sum:n", lambda _: None), "lacks a key or a sum"),
    ("a sum is huge", lambda t: changed(t, "sum:n", lambda _: 2**62), "do not add up to the people"),
    ("a sum is one more", lambda t: changed(t, "sum:rows", lambda n: n + 1), "do not add up to the rows audited"),
    ("rows move between cells", lambda t: shifted(t, "sum:n", "main"), "other people than rows"),
    ("a key is null", lambda t: changed(t, "key:sex", lambda _: None), "lacks a key or a sum"),
    ("a flag is 7", lambda t: changed(t, "key:decision", lambda _: "7"), "`decision` has a label that it cannot have"),
    ("a presence is odd", lambda t: changed(t, "key:score_presence", lambda _: "no"), "`score_presence` has a label"),
    ("a band is not declared", lambda t: changed(t, "key:age", lambda _: "30-31"), "`age` has a label"),
    ("a table is foreign", lambda t: changed(t, "table", lambda _: "more"), "rows of no known table"),
    ("a table is null", lambda t: changed(t, "table", lambda _: None), "rows of no known table"),
    ("a sum's column is gone", lambda t: t.drop_columns(["sum:n"]), "its columns are not those"),
    ("a key's column is gone", lambda t: t.drop_columns(["key:sex"]), "its columns are not those"),
    ("a column is foreign", lambda t: t.append_column("name", t["key:sex"]), "its columns are not those"),
    ("a column comes twice", lambda t: t.append_column("sum:n", t["sum:n"]), "its columns are not those"),
    ("sums are text", lambda t: recast(t, "sum:n", pa.string()), "another type"),
    ("sums are floats", lambda t: recast(t, "sum:n", pa.float64()), "another type"),
    ("sums are narrow", lambda t: recast(t, "sum:n", pa.int32()), "another type"),
    ("every cell comes twice", lambda t: pa.concat_tables([t, t]), "the same key in several rows"),
    ("no cells are left", lambda t: t.slice(0, 0), "do not add up to the rows audited"),
    ("a score is text", lambda t: changed(t, "key:score", lambda _: "high", of="value:score"), "not a whole number"),
    (
        "a score is spelt twice",
        lambda t: changed(t, "key:score", lambda s: f"0{s}", of="value:score"),
        "not a whole number",
    ),
    ("a scored row is lost", lambda t: t.filter(pa.array(first_gone(t, "value:score"))), "score distribution"),
]


def recast(table: pa.Table, column: str, kind: pa.DataType) -> pa.Table:
    return table.set_column(table.column_names.index(column), column, table[column].cast(kind))


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in TABLES], ids=[case[0] for case in TABLES])
def test_damaged_tables_are_refused(
    plain: tuple[pa.Table, Metadata], change: Callable[[pa.Table], pa.Table], message: str, tmp_path: Path
) -> None:
    table, metadata = plain
    with pytest.raises(DataError, match=f"`cells.parquet` is damaged: .*{message}"):
        read(saved(tmp_path / "cells.parquet", change(table), metadata))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: changed(t, "sum:all", lambda n: n + 1, of="unit"), "sums per person do not add up"),
        (lambda t: changed(t, "sum:units", lambda _: 10**6, of="unit"), "more people than rows"),
        (lambda t: changed(t, "sum:w", lambda w: w + 1, of="value:score"), "score distribution"),
    ],
)
def test_tables_that_contradict_main_are_refused(
    sound: tuple[pa.Table, Metadata], change: Callable[[pa.Table], pa.Table], message: str, tmp_path: Path
) -> None:
    table, metadata = sound
    assert "sum:all" in table.column_names
    with pytest.raises(DataError, match=f"is damaged: .*{message}"):
        read(saved(tmp_path / "cells.parquet", change(table), metadata))


# Damaged headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("layout"), "layout is missing"),
        (put({}, "layout"), "tables that its definition implies"),
        (put([], "layout", "main", "keys"), "other keys"),
        (put("x", "layout", "main"), "layout of table `main` is malformed"),
        (put(["rows", "zzz"], "layout", "main", "sums"), "other sums"),
        (put("text", "layout", "value:score", "keys", -1, 1), "a key of the wrong kind"),
        (without("layout", "unit"), "tables that its definition implies"),
        (put("one", "definition", "unit_rows"), "tables that its definition implies"),
        (without("definition", "unit_rows"), "definition is incomplete"),
        (put(None, "definition", "unit"), "no `unit`"),
        (put({}, "definition", "attributes"), "other keys"),
        (put(None, "definition"), "definition is incomplete"),
        (put({}, "counts"), "counts are incomplete"),
        (without("counts", "units"), "counts are incomplete"),
        (put(10**6, "counts", "units"), "how many rows a person has"),
        (put(-5, "counts", "people"), "whole numbers from 0 up"),
        (put("300", "counts", "people"), "whole numbers from 0 up"),
        (put(10**30, "counts", "people"), "whole numbers from 0 up"),
        (put(1, "counts", "rows_audited"), "do not add up to the rows audited"),
        (put(1, "counts", "people"), "do not add up to the people counted"),
        (put(10**6, "counts", "rows_read"), "do not add up to the rows read"),
        (put("zzz", "notes"), "notes are malformed"),
        (put([["code", "text"]], "notes"), "notes are malformed"),
        (put([["code", None, 0]], "notes"), "notes are malformed"),
        (put([["code", "text", -1]], "notes"), "notes are malformed"),
    ],
)
def test_damaged_headers_are_refused(
    sound: tuple[pa.Table, Metadata], change: Callable[[Metadata], None], message: str, tmp_path: Path
) -> None:
    table, metadata = sound
    metadata = copy.deepcopy(metadata)
    change(metadata)
    with pytest.raises(DataError, match=f"`cells.parquet` is damaged: .*{message}"):
        read(saved(tmp_path / "cells.parquet", table, metadata))


@pytest.mark.parametrize("junk", [None, "x", -1, 1.5, True, [], {}, [[]], {"x": None}, float("inf"), "\ud800", 10**400])
def test_no_header_whatsoever_is_an_internal_error(
    plain: tuple[pa.Table, Metadata], junk: object, tmp_path: Path
) -> None:
    """Everything in the header replaced by something else in turn: sound cells or our own error, nothing in between."""
    table, metadata = plain
    for path in places(metadata):
        spoilt = copy.deepcopy(metadata)
        put(junk, *path)(spoilt)
        file = saved(tmp_path / "cells.parquet", table, spoilt)
        try:
            cells = read(file)
            judge_stored(PLAIN, cells, Options(seed=1))
        except EvenhandError:
            continue
        assert cells.main.total("n") == 80


@pytest.mark.parametrize("lost", ["sum:decision=1#people", "sum:decision=0|1*decision=1#mid"])
def test_cells_without_a_sum_per_person_are_said_to_lack_it(
    sound: tuple[pa.Table, Metadata], lost: str, tmp_path: Path
) -> None:
    table, metadata = sound
    metadata = copy.deepcopy(metadata)
    metadata["layout"]["unit"]["sums"].remove(lost.removeprefix("sum:"))
    cells = read(saved(tmp_path / "cells.parquet", table.drop_columns([lost]), metadata))
    with pytest.raises(DataError, match="lack what a check needs: sums per person"):
        judge_stored(AUDIT, cells, Options(seed=1))


def test_a_folder_is_no_file_of_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"`\.` is not a file of evenhand cells"):
        read(Path())


# Merging --------------------------------------------------------------------------------------------------------


def shard(folder: Path, name: str, seed: int, *, unit: str | None = "person") -> tuple[Path, Cells]:
    cells = cells_of(audit_of(columns={"unit": unit}), random_rows(seed, 60))
    write(folder / name, cells)
    return folder / name, cells


def test_the_same_cells_are_not_merged_twice(tmp_path: Path) -> None:
    (a, _), (b, _) = shard(tmp_path, "a", 51), shard(tmp_path, "b", 52)
    copied, _ = shard(tmp_path, "copied", 51)
    with pytest.raises(UsageError, match="/a` is given twice"):
        merged([a, b, a])
    with pytest.raises(UsageError, match=r"/copied` holds the same cells as .*/a`"):
        merged([a, b, copied])


def test_merged_cells_say_that_people_were_taken_to_be_whole(tmp_path: Path) -> None:
    (a, one), (b, two), (c, three) = (shard(tmp_path, name, 53 + i) for i, name in enumerate("abc"))
    both = merged([a, b])
    text = "merged from 2 shards; every person was taken to have all rows in one of them"
    assert ("merged_shards", text, 0) in both.header.notes
    assert both == one + two
    assert both.digest == (one + two).digest
    write(tmp_path / "both", both)
    for order in ([tmp_path / "both", c], [c, tmp_path / "both"], [a, b, c]):  # a shard is a shard in any tree
        every = merged(order)
        assert every == one + two + three
        assert [note[1] for note in every.header.notes] == [text.replace("2", "3")]
    document = judge_stored(audit_of(columns={"unit": "person"}), read(tmp_path / "both"), Options(seed=1)).document
    assert {"code": "merged_shards", "text": text, "rows": None} in document["data"]["notes"]


def test_nothing_is_taken_for_granted_where_each_row_is_a_person_or_nothing_is_added(tmp_path: Path) -> None:
    (a, one), (b, two) = (shard(tmp_path, name, 56 + i, unit=None) for i, name in enumerate("ab"))
    assert merged([a, b]).header == (one + two).header
    path, alone = shard(tmp_path, "c", 58)
    assert merged([path]).header == alone.header


def test_the_command_says_it_on_stderr(tmp_path: Path) -> None:
    shard(tmp_path, "a", 59)
    shard(tmp_path, "b", 60)
    done = command(tmp_path, "merge", "a", "b", "-o", "both")
    assert done.returncode == 0, done.stderr
    assert "merged from 2 shards; every person" in done.stderr
    assert "120 people" in done.stdout
    done = command(tmp_path, "merge", "a", "a", "-o", "twice")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: `a` is given twice")
    assert not (tmp_path / "twice").exists()
    done = command(tmp_path, "merge", "nowhere", "-o", ".")
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot write `.`: it is not a file")


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evenhand", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (".", "it is not a file"),
        ("..", "it is not a file"),
        ("/dev/null", "it is not a file"),
        ("no/such", "there is no folder `no`"),
        ("file/below", "there is no folder `file`"),
        ("n" * 300, "file name too long"),
    ],
)
def test_outputs_that_cannot_be_files(
    output: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    with pytest.raises(UsageError, match=f"cannot write .*: {message}"):
        check_output(Path(output))
    check_output(Path("file"))
    check_output(Path("new.parquet"))


def test_a_name_too_long_for_the_file_beside_it_is_an_error_of_ours(tmp_path: Path) -> None:
    _, cells = shard(tmp_path, "a", 61)
    with pytest.raises(EvenhandError, match=r"cannot write .*file name too long"):
        write(tmp_path / ("n" * 254), cells)
