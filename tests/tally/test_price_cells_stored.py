"""Stored cells of prices come back whole; damaged ones are refused: limbs, steps, strata, shares, pairs of strata.

Every damaged file is made from a sound one by one change; what must be refused follows from what sums can be at all.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from comparing import assert_equal_in_every_way
from price_roles import ROLES, SHARED
from small_audits import cells_of, every_measure, priced_audit, priced_rows
from spoiling import Metadata, changed, first_gone, opened, places, put, saved, without

from evenhand.errors import DataError, EvenhandError
from evenhand.pipeline import Options, judge_stored
from evenhand.tally.stored import SCHEMA, read, to_bytes, write

SOME = (
    "mean_price_difference",
    "like_for_like_gap",
    "loss_ratio",
    "exception_rate",
    "root_mean_squared_error",
    "wasserstein",
)
AUDIT = priced_audit(
    measures=SOME, protected=SHARED, columns={"unit": "person", "score": None}, intersections=[["sex", "race"]]
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, Metadata]:
    """Cells with every kind of table, of labelled groups and of shares."""
    path = tmp_path_factory.mktemp("stored") / "cells.parquet"
    write(path, cells_of(AUDIT, priced_rows(41, 200, people=60), engine="duckdb"))
    kinds = {"main", "unit", "unit strata", "value:price", "value:error"}
    assert set(read(path).tables) == kinds | {f"{kind}@race" for kind in kinds}
    return opened(path)


@pytest.mark.parametrize("roles", ROLES)
def test_stored_prices_come_back_whole(roles: str, tmp_path: Path) -> None:
    audit = priced_audit(measures=every_measure(priced=True), **ROLES[roles])
    cells = cells_of(audit, priced_rows(42, 150, people=50))
    path = tmp_path / "cells.parquet"
    write(path, cells)
    back = read(path)
    assert_equal_in_every_way(back, cells)
    assert path.read_bytes() == to_bytes(cells)
    assert judge_stored(audit, back, Options(seed=1)).document["checks"]


def test_files_of_the_former_schema_are_refused(sound: tuple[pa.Table, Metadata], tmp_path: Path) -> None:
    table, metadata = sound
    assert metadata["schema"] == SCHEMA == "evenhand.cells/2"
    with pytest.raises(DataError, match="another cells schema than this version of evenhand reads"):
        read(saved(tmp_path / "cells.parquet", table, {**metadata, "schema": "evenhand.cells/1"}))


Change = Callable[[pa.Table], pa.Table]
TABLES: list[tuple[str, Change, str]] = [
    ("a low limb is negative", lambda t: changed(t, "sum:price#lo", lambda _: -1), "`main` has a limb of a sum"),
    ("a middle limb is too large", lambda t: changed(t, "sum:price*price#mid", lambda _: 2**24), "has a limb of a sum"),
    ("a square is negative", lambda t: changed(t, "sum:price*price#hi", lambda _: -1), "`main` has a negative sum"),
    ("a total is too large", lambda t: changed(t, "sum:price#hi", lambda _: 2**40), "sums larger than their squares"),
    (
        "a product is too large",
        lambda t: changed(t, "sum:actual_loss*price#hi", lambda _: -(2**40)),
        "products larger than their squares",
    ),
    (
        "a square per person is too small",
        lambda t: zeroed(t, "price_presence=finite*price_presence=finite", of="unit"),
        "`unit` has sums larger than their squares",
    ),
    ("a person is negative", lambda t: changed(t, "sum:units", lambda _: -1, of="unit"), "`unit` has a negative sum"),
    (
        "a sign is odd",
        lambda t: changed(t, "key:price_to_list", lambda _: "beside"),
        "`price_to_list` has a label that it cannot have",
    ),
    (
        "a band is not declared",
        lambda t: changed(t, "key:factor:power", lambda _: "warp"),
        "`factor:power` has a label",
    ),
    (
        "a band of a pair is not declared",
        lambda t: changed(t, "key:other:factor:power", lambda _: "warp", of="unit strata"),
        "`other:factor:power` has a label",
    ),
    ("a share is of nobody", lambda t: changed(t, "key:race", lambda _: "z", of="main@race"), "`race` has a label"),
    ("a price is text", lambda t: changed(t, "key:price", lambda _: "much", of="value:price"), "not a whole number"),
    ("a price is lost", lambda t: t.filter(pa.array(first_gone(t, "value:price"))), "price distribution"),
    (
        "a price of shares is lost",
        lambda t: t.filter(pa.array(first_gone(t, "value:price@race"))),
        "price distribution",
    ),
    (
        "a pair of strata is lost",
        lambda t: t.filter(pa.array(first_gone(t, "unit strata"))),
        "pairs of strata do not add up",
    ),
    (
        "a pair of strata of shares is another",
        lambda t: changed(t, "sum:price_presence=finite", lambda n: n + 1, of="unit strata@race"),
        "pairs of strata do not add up",
    ),
    (
        "rows of shares are too many",
        lambda t: moved(t, "main@race", 10**6),
        "more rows in the groups of `race` than there are",
    ),
]


def zeroed(table: pa.Table, name: str, *, of: str) -> pa.Table:
    for limb in ("hi", "mid", "lo"):
        table = changed(table, f"sum:{name}#{limb}", lambda _: 0, of=of)
    return table


def moved(table: pa.Table, of: str, more: int) -> pa.Table:
    for column in ("sum:rows", "sum:n"):
        table = changed(table, column, lambda n: n + more, of=of)
    return table


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in TABLES], ids=[case[0] for case in TABLES])
def test_damaged_tables_are_refused(
    sound: tuple[pa.Table, Metadata], change: Change, message: str, tmp_path: Path
) -> None:
    table, metadata = sound
    with pytest.raises(DataError, match=f"`cells.parquet` is damaged: .*{message}"):
        read(saved(tmp_path / "cells.parquet", change(table), metadata))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(3, "steps", "value:price"), "steps are not powers of ten"),
        (put(10**16, "steps", "value:price"), "steps are not powers of ten"),
        (put(0, "steps", "value:price"), "steps are not powers of ten"),
        (without("steps", "value:price"), "steps are not those of its distributions"),
        (put(1, "steps", "value:score"), "steps are not those of its distributions"),
        (without("layout", "value:price@race"), "tables that its definition implies"),
        (without("layout", "unit strata@race"), "tables that its definition implies"),
        (without("layout", "main@race"), "tables that its definition implies"),
        (put(None, "definition", "attributes", "race", "shares"), "tables that its definition implies"),
        (without("definition", "factors", "factor:power"), "other keys than its definition implies"),
        (put({}, "definition", "amounts"), "other sums than its definition implies"),
        (put(0, "definition", "amounts", "price", "scale"), "definition is incomplete"),
        (put("x", "definition", "distributions", "price", "coarsened"), "definition is incomplete"),
        (put("value", "definition", "distributions", "price", "key"), "other keys than its definition implies"),
        (put(7, "definition", "in_common", "currency"), "definition is incomplete"),
        (without("definition", "derived"), "definition is incomplete"),
        (put("Raw", "definition", "derived", "price_to_list", "derive"), "has a label that it cannot have"),
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


JUNK = (None, "x", -1, True, [], {}, [[]], {"x": None}, 10**400)


@pytest.mark.parametrize("first", range(len(JUNK)))
def test_no_header_of_prices_is_an_internal_error(sound: tuple[pa.Table, Metadata], first: int, tmp_path: Path) -> None:
    """Parts of the header replaced in turn, each by one kind of junk: sound cells or our own error, nothing between."""
    table, metadata = sound
    junk: Any = JUNK[first]
    for path in list(places(metadata))[first :: len(JUNK)]:
        spoilt = copy.deepcopy(metadata)
        put(junk, *path)(spoilt)
        try:
            cells = read(saved(tmp_path / "cells.parquet", table, spoilt))
            judge_stored(AUDIT, cells, Options(seed=1))
        except EvenhandError:
            continue
        assert cells.main.total("n") == 200


def test_a_step_of_a_fixed_grid_is_refused(tmp_path: Path) -> None:
    audit = priced_audit(measures=["price_walking_percent"], factors={})
    path = tmp_path / "cells.parquet"
    write(path, cells_of(audit, priced_rows(43, 60)))
    table, metadata = opened(path)
    metadata["steps"]["value:walking"] = 10
    with pytest.raises(DataError, match="the distribution of walking has another step than its definition says"):
        read(saved(path, table, metadata))
