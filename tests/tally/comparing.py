"""Comparing cells: of one engine with another's, of shards with the whole."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
from small_audits import cells_of

from evenhand.errors import EvenhandError
from evenhand.tally.cells import Cells
from evenhand.tally.stored import to_bytes


def whole_people(rows: pa.Table, shards: int, seed: int) -> list[pa.Table]:
    """The rows dealt out so that all rows of one person come into one shard."""
    dealer = random.Random(seed)
    shard_of = {person: dealer.randrange(shards) for person in sorted(set(rows["person"].to_pylist()), key=repr)}
    number = np.array([shard_of[person] for person in rows["person"].to_pylist()])
    return [rows.filter(pa.array(number == i)) for i in range(shards)]


def assert_equal_in_every_way(found: Cells, expected: Cells) -> None:
    assert found == expected
    assert found.digest == expected.digest
    assert found.header == expected.header
    assert to_bytes(found) == to_bytes(expected)


def cells_or_refusal(*arguments: Any, **options: Any) -> Cells | str:
    """Cells, or the sentence that says why there are none: engines must agree in that too."""
    try:
        return cells_of(*arguments, **options)
    except EvenhandError as refused:
        return str(refused)


def assert_same(found: Cells | str, expected: Cells | str) -> None:
    """Equal cells, digest, notes and stored bytes."""
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
        return
    assert found.header == expected.header
    for name, table in expected.tables.items():
        assert found.tables[name].rows() == table.rows(), name
    assert found == expected
    assert found.digest == expected.digest
    assert to_bytes(found) == to_bytes(expected)
