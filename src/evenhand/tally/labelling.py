"""Raw key values, as an engine grouped them, into the labels of cells: text, bands, 1/0 flags.

Runs on the few cells, not on rows, so there is one definition of a label whatever the engine. Errors name columns and
counts, never a value.

May import: errors, load.labels, tally.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evenhand.errors import DataError
from evenhand.load.labels import MISSING, label
from evenhand.tally.definition import NO, YES, Attribute, Definition, Flag

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa


def text_of(value: Any, definition: Definition, described: str) -> str:
    """Label text of a raw value; a real label that reads `(missing)` is refused."""
    return label(value, ("", *definition.missing_values), column=described)


def attribute_label(value: Any, attribute: Attribute, definition: Definition) -> str:
    """The group of a raw value: band label, mapped label, or the text as it stands."""
    if attribute.band_labels is not None:
        return MISSING if value is None else attribute.band_labels[int(value)]
    text = text_of(value, definition, attribute.described)
    return text if attribute.values is None else attribute.values.get(text, text)


def distinct_values(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[Any]]:
    """The position of each row's value among the different values, and these; missing is a value like any other.

    >>> import pyarrow as pa
    >>> positions, values = distinct_values(pa.chunked_array([["b", None, "b"]]))
    >>> positions.tolist(), values
    ([0, 1, 0], ['b', None])
    """
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def flag_labels(values: Sequence[Any], rows: Sequence[int], flag: Flag, definition: Definition) -> list[str]:
    """'1', '0' or '(missing)' for each different raw value of a flag, of which there are so many `rows`.

    DataError when a value means neither yes nor no.
    """
    texts = [text_of(value, definition, flag.described) for value in values]
    return boolean_labels(texts, rows, flag) if flag.boolean else declared_labels(texts, rows, flag)


def declared_labels(texts: Sequence[str], rows: Sequence[int], flag: Flag) -> list[str]:
    """Labels of a column whose values for yes, and perhaps for no, are declared."""
    others = {text for text in texts if text != MISSING and text not in flag.ones}
    zeros = others if flag.zeros is None else set(flag.zeros)
    unknown = others - zeros
    if flag.zeros is None and len(others) > 1 and not flag.rest_is_no:
        never = not any(text in flag.ones for text in texts)
        declared = ", ".join(f"`{text}`" for text in flag.ones)
        found = f"never holds {declared}, which means yes" if never else "holds what means yes"
        several = f"{len(others)} other values" if never else f"{len(others)} values besides"
        raise DataError(
            f"column `{flag.described}` ({flag.role}) {found}, and has {several}; which of them mean no is not declared"
            + spelling_hint(others, flag),
            hint=f"list them under `columns.{flag.zeros_key}`, or give the column that holds the decision itself"
            if flag.zeros_key
            else "give a column with two values",
        )
    if unknown:
        affected = sum(n for text, n in zip(texts, rows, strict=True) if text in unknown)
        values = "1 value that is" if len(unknown) == 1 else f"{len(unknown)} values that are"
        places = "1 row" if affected == 1 else f"{affected:,} rows"
        raise DataError(
            f"column `{flag.described}` ({flag.role}) has {values} declared neither yes nor no, in {places}"
            + spelling_hint(unknown, flag),
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
