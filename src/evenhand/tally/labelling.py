"""Raw key values, as an engine grouped them, into the labels of cells: text, bands, 1/0 flags.

Runs on the few cells, not on rows, so there is one definition of a label whatever the engine. Errors name columns and
counts, never a value.

May import: errors, load.labels, tally.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evenhand.errors import DataError
from evenhand.load.labels import MISSING, label
from evenhand.tally.definition import NO, YES, Attribute, Definition, Flag


def text_of(value: Any, definition: Definition, described: str) -> str:
    """Label text of a raw value; a real label that reads `(missing)` is refused."""
    return label(value, ("", *definition.missing_values), column=described)


def attribute_label(value: Any, attribute: Attribute, definition: Definition) -> str:
    """The group of a raw value: band label, mapped label, or the text as it stands."""
    if attribute.band_labels is not None:
        return MISSING if value is None else attribute.band_labels[int(value)]
    text = text_of(value, definition, attribute.described)
    return text if attribute.values is None else attribute.values.get(text, text)


def flag_labels(
    values: Sequence[Any], rows: Sequence[int], flag: Flag, definition: Definition
) -> tuple[list[str], dict[str, tuple[Any, ...]]]:
    """'1', '0' or '(missing)' for each raw value, and the raw values of each label, by which a later pass selects rows.

    `rows` says how many rows each value stands for. DataError when a third value turns up.
    """
    distinct = {repr(value): value for value in values}
    position = {written: i for i, written in enumerate(distinct)}
    rows_of = [0] * len(distinct)
    for value, n in zip(values, rows, strict=True):
        rows_of[position[repr(value)]] += n
    texts = [text_of(value, definition, flag.described) for value in distinct.values()]
    labels = boolean_labels(texts, rows_of, flag) if flag.boolean else declared_labels(texts, rows_of, flag)
    by_label: dict[str, list[Any]] = {}
    for value, found in zip(distinct.values(), labels, strict=True):
        by_label.setdefault(found, []).append(value)
    names = dict(zip(distinct, labels, strict=True))
    return [names[repr(value)] for value in values], {found: tuple(raw) for found, raw in by_label.items()}


def declared_labels(texts: Sequence[str], rows: Sequence[int], flag: Flag) -> list[str]:
    """Labels of a column whose values for yes, and perhaps for no, are declared."""
    others = {text for text in texts if text != MISSING and text not in flag.ones}
    zeros = others if flag.zeros is None else set(flag.zeros)
    unknown = others - zeros
    if flag.zeros is None and len(others) > 1 and not flag.rest_is_no:
        raise DataError(
            f"column `{flag.described}` ({flag.role}) has {len(others)} values besides those that mean yes; "
            f"which of them mean no is not declared" + spelling_hint(others, flag),
            hint=f"list them under `columns.{flag.zeros_key}`, or give the column that holds the decision itself"
            if flag.zeros_key
            else "give a column with two values",
        )
    if unknown:
        affected = sum(n for text, n in zip(texts, rows, strict=True) if text in unknown)
        raise DataError(
            f"column `{flag.described}` ({flag.role}) has {len(unknown)} values that are declared neither yes nor no, "
            f"in {affected:,} rows" + spelling_hint(unknown, flag),
            hint=f"add them to `columns.{flag.zeros_key}` or to the list that means yes",
        )
    return [MISSING if text == MISSING else "1" if text in flag.ones else "0" for text in texts]


def boolean_labels(texts: Sequence[str], rows: Sequence[int], flag: Flag) -> list[str]:
    """Labels of a Boolean column: true/false, 1/0 or yes/no."""
    affected = sum(n for text, n in zip(texts, rows, strict=True) if text.lower() not in (MISSING, *YES, *NO))
    if affected:
        raise DataError(
            f"column `{flag.described}` ({flag.role}) holds something else than true/false, 1/0 or yes/no "
            f"in {affected:,} rows"
        )
    return [MISSING if text == MISSING else "1" if text.lower() in YES else "0" for text in texts]


def spelling_hint(texts: set[str], flag: Flag) -> str:
    """A remark when a declared value stands in the data in another spelling (1.0 for 1, Yes for yes)."""

    def folded(text: str) -> str:
        try:
            return str(float(text))
        except ValueError:
            return text.strip().casefold()

    wanted = {folded(text): text for text in flag.ones}
    for text in sorted(texts):
        if folded(text) in wanted:
            return f" (one of them is `{wanted[folded(text)]}` in another spelling; write it as the file does)"
    return ""
