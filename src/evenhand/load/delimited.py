"""CSV read strictly: one fixed dialect, one number of fields, our own reading of the header, wanted columns only.

The dialect is RFC 4180 (fields quoted with `"`, doubled inside) with any single-character delimiter and LF, CRLF or CR
line ends. Blank lines are not rows. May import: errors, load.bytestream, load.convert, load.paths, load.table, pyarrow.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from evenhand.errors import DataError
from evenhand.load.bytestream import NOT_TEXT, ByteStream, not_text
from evenhand.load.convert import counted_rows, row_of

BLOCK = 8 * 1024 * 1024
LONGEST_HEADER = 4 * 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")


@dataclass
class BadFields:
    """Rows whose number of fields is not the header's, counted while pyarrow reads."""

    rows: int = 0
    first: int = 0
    expected: int = 0
    actual: int = 0

    def __call__(self, row: pa.csv.InvalidRow) -> str:
        if not self.rows:
            self.first, self.expected, self.actual = row.number, row.expected_columns, row.actual_columns
        self.rows += 1
        return "skip"


@dataclass
class Header:
    """The names in the first line, and those that occur more than once."""

    names: list[str]
    repeated: set[str] = field(default_factory=set)


def read_header(stream: ByteStream, delimiter: str) -> Header:
    """Take the first record off the stream and split it into names. Raises DataError if it is no header."""
    record = _first_record(stream)
    text = record.decode()
    if stream.damaged and NOT_TEXT in text:
        raise not_text(stream, "in its header")
    if text.count('"') % 2:
        raise DataError(f"`{stream.name}`: the header cannot be split into names: a quote is left open")
    try:
        # Not strict: with the wrong delimiter quotes end in odd places; the delimiter is then what to complain about.
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        raise DataError(f"`{stream.name}`: the header holds a name that is too long to be one") from None
    if not any(names):
        raise DataError(f"`{stream.name}` begins with a blank line instead of column names")
    return Header(names, {name for name, times in Counter(names).items() if times > 1})


def likely_delimiter(header: Sequence[str], wanted: Sequence[str], delimiter: str) -> str | None:
    """Another delimiter that would split the header into names among which are wanted ones; None if there is none.

    >>> likely_delimiter(["group;score"], ["score"], ",")
    ';'
    """
    line = delimiter.join(header)
    for other in _DELIMITERS:
        if other != delimiter and other in line and set(wanted) & {name.strip('"') for name in line.split(other)}:
            return other
    return None


def guessed_delimiter(header: Sequence[str], delimiter: str) -> str:
    """The delimiter that splits the header into most names; the one in use unless it finds a single name.

    >>> guessed_delimiter(["group;score"], ","), guessed_delimiter(["a", "b;c"], ",")
    (';', ',')
    """
    if len(header) > 1:
        return delimiter
    return max((delimiter, *_DELIMITERS), key=lambda other: header[0].count(other))


def batches(
    stream: ByteStream, header: Header, positions: Sequence[int], delimiter: str, described: str
) -> Iterator[tuple[int, list[pa.Array]]]:
    """Text columns at `positions` (not empty), batch by batch, each with the number of its first row.

    Raises DataError after the last batch if rows had too few or too many fields or a quote was left open, and at once
    for bytes that are no text or a row longer than 8 MB.
    """
    aliases = [f"c{i}" for i in range(len(header.names))]
    wanted = [aliases[position] for position in positions]
    # An open quote swallows the rest of the file without any complaint from the parser. A last row of our own, with a
    # text that no file can know, shows whether it did.
    end = secrets.token_hex(16)
    stream.tail = delimiter.join([end] * len(aliases)).encode() + b"\n"
    bad = BadFields()
    row, previous = 1, None
    for arrays in _parsed(stream, aliases, wanted, delimiter, bad):
        if previous is not None:
            yield row, _checked(previous, header, positions, stream, row)
            row += len(previous[0])
        previous = arrays
    ended = previous is not None and len(previous[0]) > 0 and previous[0][-1].as_py() == end
    if bad.rows:
        _refuse_fields(bad, stream.name, described, delimiter)
    if not ended or previous is None:
        raise DataError(
            f"`{stream.name}` ends inside a quoted field: a quote is opened and never closed",
            hint='a quote inside a quoted field is written twice: `""`',
        )
    yield row, _checked([array[:-1] for array in previous], header, positions, stream, row)


def _first_record(stream: ByteStream) -> bytes:
    """The bytes up to the first line end outside quotes; the stream goes on after it."""
    taken = b""
    while len(taken) <= LONGEST_HEADER:
        piece = stream.read(max(64 * 1024, len(taken)))  # doubling: a header without an end costs linear time
        taken += piece
        end, after = _record_end(taken, last=not piece)
        if end >= 0:
            stream.push_back(taken[after:])
            return taken[:end]
    raise DataError(f"`{stream.name}`: the first line is longer than 4 MB or leaves a quote open")


def _record_end(taken: bytes, *, last: bool) -> tuple[int, int]:
    """Where the first record ends and the next begins; (-1, -1) if more bytes are needed to know."""
    quoted = False
    start = 0
    for found in re.finditer(rb"[\r\n]", taken):
        end = found.start()
        quoted ^= taken.count(b'"', start, end) % 2 == 1
        start = end
        if quoted:
            continue
        if taken[end : end + 1] == b"\r" and end + 1 == len(taken) and not last:
            break  # the LF of a CRLF may follow
        return end, end + (2 if taken[end : end + 2] == b"\r\n" else 1)
    return (len(taken), len(taken)) if last else (-1, -1)


def _parsed(
    stream: ByteStream, aliases: list[str], wanted: list[str], delimiter: str, bad: BadFields
) -> Iterator[list[pa.Array]]:
    """pyarrow's batches of the wanted columns as text. One thread: only so are bad rows numbered."""
    try:
        reader = pa.csv.open_csv(
            stream,
            read_options=pa.csv.ReadOptions(column_names=aliases, use_threads=False, block_size=BLOCK),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=len(aliases) > 1,  # in a file of one column a blank line is a missing value
                invalid_row_handler=bad,
            ),
            convert_options=pa.csv.ConvertOptions(
                include_columns=wanted,
                column_types={alias: pa.string() for alias in wanted},
                check_utf8=False,  # ByteStream hands out nothing else
            ),
        )
        for batch in reader:
            yield batch.columns
    except pa.ArrowInvalid:  # its message holds the row's text
        raise DataError(
            f"`{stream.name}` has a row that is longer than {BLOCK // 1024**2} MB",
            hint='is a quote left open? a quote inside a quoted field is written twice: `""`',
        ) from None


def _checked(
    arrays: Sequence[pa.Array], header: Header, positions: Sequence[int], stream: ByteStream, first_row: int
) -> list[pa.Array]:
    """The same texts, or a DataError that says in which row and column bytes are not text."""
    if stream.damaged:
        for array, position in zip(arrays, positions, strict=True):
            offset = pc.index(pc.fill_null(pc.match_substring(array, NOT_TEXT), False), True).as_py()
            if offset >= 0:
                row = row_of(first_row + offset, stream.name, stream.name)
                raise not_text(stream, f"in column `{header.names[position]}` at {row}")
    return list(arrays)


def _refuse_fields(bad: BadFields, name: str, described: str, delimiter: str) -> None:
    few_or_many = "few" if bad.actual < bad.expected else "many"
    raise DataError(
        f"`{described}`: {counted_rows(bad.rows)} with the wrong number of fields; the first is "
        f"{row_of(bad.first, name, described)}, with too {few_or_many}: {bad.actual} instead of {bad.expected}",
        hint=f"fields that hold `{'tab' if delimiter == chr(9) else delimiter}` or a line end must be quoted, "
        "and every quote that is opened must be closed",
    )
