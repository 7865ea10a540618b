"""May these two tables be joined? Decisions on counts; the counting itself is the engine's.

May import: errors, load.table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evenhand.errors import DataError, SelfCheckError
from evenhand.load.table import Column, Note


@dataclass(frozen=True)
class JoinCounts:
    """What an engine counts on both sides of a join by key. `keys` are distinct and not missing.

    `attribute_rows_unmatched` are rows of the attributes that no row of the predictions meets, those without a key
    included; 0 where the key is not unique, since it is not counted then.
    """

    rows: int
    rows_without_key: int
    keys: int
    attribute_rows: int
    attribute_keys: int
    attribute_rows_without_key: int
    attribute_rows_unmatched: int


def compare_keys_as(key: Column, attribute_key: Column) -> Literal["as is", "text"]:
    """How two key columns are compared: as text where one is text and the other a whole number.

    Integers are then written plainly: 7 meets '7' and does not meet '007'.

    >>> compare_keys_as(Column("id", "c0", "integer"), Column("id", "c0", "text"))
    'text'
    """
    return "as is" if key.type == attribute_key.type else "text"


def check_join(
    counts: JoinCounts, *, key: str, attributes: str, predictions: str = "the predictions"
) -> tuple[Note, ...]:
    """Notes on rows that do not meet; raises where the join would be wrong.

    DataError: the key is not unique in the attributes, is missing in all rows of a side, or no key of one side occurs
    on the other. SelfCheckError: the counts contradict each other. Rows of the predictions without a match stay, with
    their attributes missing. `attributes` and `predictions` name the sides in messages.

    3 rows with 3 keys, 4 attribute rows of which 1 is met by none: one note, `attributes_unused`, with rows = 1.
    """
    with_key = counts.attribute_rows - counts.attribute_rows_without_key
    _assert_consistent(counts, key, with_key)
    surplus = with_key - counts.attribute_keys
    if surplus:
        raise DataError(
            f"`{attributes}`: key `{key}` is not unique: {with_key:,} rows have {counts.attribute_keys:,} different "
            f"keys, so {surplus:,} {'row repeats' if surplus == 1 else 'rows repeat'} an earlier one",
            hint="the attributes need one row per key; the predictions may repeat it",
        )
    for side, keys in ((predictions, counts.keys), (f"`{attributes}`", counts.attribute_keys)):
        if not keys:
            raise DataError(f"key `{key}` is missing in every row of {side}")
    if counts.attribute_rows_unmatched == counts.attribute_rows:
        raise DataError(
            f"no key `{key}` of `{attributes}` occurs in {predictions}",
            hint="are the keys written alike, with the same leading zeros, letter case and type on both sides?",
        )
    unused = counts.attribute_rows_unmatched - counts.attribute_rows_without_key
    said = (
        (
            "key_missing",
            f"rows of {predictions} without `{key}`: their attributes are missing",
            counts.rows_without_key,
        ),
        (
            "attribute_key_missing",
            f"rows of `{attributes}` without `{key}`: not used",
            counts.attribute_rows_without_key,
        ),
        ("attributes_unused", f"rows of `{attributes}` whose `{key}` is not in {predictions}: not used", unused),
        (
            "key_repeated",
            f"rows of {predictions} that repeat the `{key}` of another row",
            counts.rows - counts.rows_without_key - counts.keys,
        ),
    )
    return tuple(Note(code, text, rows) for code, text, rows in said if rows)


def _assert_consistent(counts: JoinCounts, key: str, with_key: int) -> None:
    """Distinct keys are no more than rows with a key; no part exceeds its whole."""
    holds = (
        0 <= counts.keys <= counts.rows - counts.rows_without_key
        and 0 <= counts.attribute_keys <= with_key
        and 0 <= counts.attribute_rows_unmatched <= counts.attribute_rows
    )
    unique = with_key == counts.attribute_keys
    if not holds or (unique and counts.attribute_rows_unmatched < counts.attribute_rows_without_key):
        raise SelfCheckError(f"the counts of the join by `{key}` contradict each other")
