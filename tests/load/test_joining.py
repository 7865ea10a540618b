"""Decisions on the counts of a join; each case is counted by hand from a few keys in its comment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evenhand.errors import DataError, SelfCheckError
from evenhand.load.joining import JoinCounts, check_join, compare_keys_as
from evenhand.load.table import Column, Note

# predictions: a a b c -   attributes: a b d -
COUNTS = JoinCounts(
    rows=5,
    rows_without_key=1,
    keys=3,
    attribute_rows=4,
    attribute_keys=3,
    attribute_rows_without_key=1,
    attribute_rows_unmatched=2,
)


def test_rows_that_do_not_meet_are_noted() -> None:
    assert check_join(COUNTS, key="id", attributes="people.csv", predictions="`rows.csv`") == (
        Note("key_missing", "rows of `rows.csv` without `id`: their attributes are missing", 1),
        Note("attribute_key_missing", "rows of `people.csv` without `id`: not used", 1),
        Note("attributes_unused", "rows of `people.csv` whose `id` is not in `rows.csv`: not used", 1),
        Note("key_repeated", "rows of `rows.csv` that repeat the `id` of another row", 1),
    )


def test_a_perfect_join_has_nothing_to_say() -> None:
    assert check_join(JoinCounts(2, 0, 2, 2, 2, 0, 0), key="id", attributes="people.csv") == ()


def test_key_not_unique_in_the_attributes() -> None:
    # attributes: a a a b - ; matches are not counted then
    counts = replace(COUNTS, attribute_rows=5, attribute_keys=2, attribute_rows_unmatched=0)
    with pytest.raises(DataError) as caught:
        check_join(counts, key="id", attributes="people.csv")
    assert str(caught.value) == (
        "`people.csv`: key `id` is not unique: 4 rows have 2 different keys, so 2 rows repeat an earlier one"
    )
    assert caught.value.exit_code == 2


def test_no_key_in_common() -> None:
    with pytest.raises(DataError, match=r"no key `id` of `people\.csv` occurs in the predictions") as caught:
        check_join(replace(COUNTS, attribute_rows_unmatched=4), key="id", attributes="people.csv")
    assert "leading zeros" in str(caught.value.hint)


def test_a_side_without_any_key() -> None:
    with pytest.raises(DataError, match="key `id` is missing in every row of the predictions"):
        check_join(replace(COUNTS, rows_without_key=5, keys=0), key="id", attributes="people.csv")
    with pytest.raises(DataError, match=r"key `id` is missing in every row of `people\.csv`"):
        check_join(JoinCounts(2, 0, 2, 2, 0, 2, 2), key="id", attributes="people.csv")


@pytest.mark.parametrize(
    "impossible",
    [
        {"keys": 5},  # 4 rows have a key
        {"attribute_keys": 4},  # 3 rows have a key
        {"attribute_rows_unmatched": 5},  # of 4
        {"attribute_rows_unmatched": 0},  # a row without a key meets none
        {"rows_without_key": 6},  # of 5
    ],
)
def test_counts_that_contradict_each_other(impossible: dict[str, int]) -> None:
    with pytest.raises(SelfCheckError):
        check_join(replace(COUNTS, **impossible), key="id", attributes="people.csv")


def test_text_and_integer_keys_are_compared_as_text() -> None:
    integer, text = Column("id", "c0", "integer"), Column("id", "c0", "text")
    assert compare_keys_as(integer, text) == compare_keys_as(text, integer) == "text"
    assert compare_keys_as(integer, integer) == compare_keys_as(text, text) == "as is"
