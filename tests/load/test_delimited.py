"""CSV, strictly. Cases: hostile.md, "Files" and "Reading"; expected values counted by hand in each test."""

from __future__ import annotations

import csv
import io
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenhand.load import delimited
from evenhand.load.sources import column_names, open_table
from evenhand.load.table import WantedColumn

Write = Callable[[str | bytes], Path]
Refused = Callable[..., Any]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def writing(content: str | bytes) -> Path:
        path = tmp_path / "rows.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writing


def test_missing_column_names_the_near_one(write: Write, refused: Refused) -> None:
    error = refused(write("grp,chosen\na,1\n"), "grp", "choosen")
    assert str(error) == "`rows.csv` has no column `choosen` (did you mean `chosen`?)"


def test_names_that_differ_by_case_are_different_columns(write: Write, read: Any, refused: Refused) -> None:
    path = write("Sex,sex,SEX\na,b,c\n")
    assert read(path, "sex", "SEX")[1] == {"sex": ["b"], "SEX": ["c"]}
    assert "no column `sEx` (did you mean" in str(refused(path, "sEx"))


def test_repeated_names_matter_only_where_wanted(write: Write, read: Any, refused: Refused) -> None:
    path = write("sex,x,x,y\nF,1,2,3\n")
    table, values = read(path, "sex")
    assert values == {"sex": ["F"]}
    assert [(note.code, note.text) for note in table.notes] == [
        ("repeated_columns", "`rows.csv` repeats column names that are not used: `x`")
    ]
    assert "`rows.csv` has 2 columns named `x`" in str(refused(path, "x"))


def test_byte_order_mark_is_no_part_of_the_first_name(write: Write, read: Any) -> None:
    assert read(write(b"\xef\xbb\xbfsex,y\nF,1\n"), "sex")[1] == {"sex": ["F"]}


def test_bytes_that_are_not_utf8_by_row_and_column(write: Write, refused: Refused, read: Any) -> None:
    path = write("sex,city\nF,Oslo\nM,Ål\n".encode("latin-1"))
    error = refused(path, "city")
    assert str(error) == "`rows.csv` is not UTF-8 text in column `city` at row 2 (header not counted)"
    assert "data.encoding" in str(error.hint)
    assert read(path, "city", options={"encoding": "latin-1"})[1] == {"city": ["Oslo", "Ål"]}
    assert read(path, "sex")[1] == {"sex": ["F", "M"]}  # columns that nobody asked for change nothing


def test_wrong_rows_with_bytes_that_are_not_utf8_print_nothing(write: Write, refused: Refused, capfd: Any) -> None:
    # pyarrow fails to decode such a row for its own handler and says so on stderr
    error = refused(write("sex,city\nF,Oslo\nM,Ål,Ål\n".encode("latin-1")), "city")
    assert "1 row with the wrong number of fields; the first is row 2 " in str(error)
    assert capfd.readouterr() == ("", "")


def test_header_that_is_not_utf8(write: Write, refused: Refused) -> None:
    assert "is not UTF-8 text in its header" in str(refused(write("kjønn\nF\n".encode("latin-1")), "kjønn"))


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig", "shift_jis"])
def test_other_encodings(write: Write, read: Any, encoding: str) -> None:
    text = "sex,city\nF,日本\n" if encoding == "shift_jis" else "sex,city\nF,Ål\n"
    path = write(text.encode(encoding))
    assert read(path, "city", options={"encoding": encoding})[1] == {"city": [text.split(",")[-1].strip()]}


def test_text_that_is_not_in_the_declared_encoding(write: Write, refused: Refused) -> None:
    error = refused(write("sex,city\nF,Ål\n"), "city", options={"encoding": "ascii"})
    assert str(error) == "`rows.csv` is not ASCII text in column `city` at row 1 (header not counted)"
    assert "not a known text encoding" in str(refused(write("a\n1\n"), "a", options={"encoding": "utf-9"}))
    assert "not a known text encoding" in str(refused(write("a\n1\n"), "a", options={"encoding": "zlib"}))


def test_utf16_that_nobody_announced(write: Write, refused: Refused) -> None:
    assert "is UTF-16" in str(refused(write("sex\nF\n".encode("utf-16")), "sex"))


def test_nul_byte_by_line(write: Write, refused: Refused) -> None:
    assert "`rows.csv` holds a NUL byte at line 3" in str(refused(write(b"sex,y\nF,1\nM,\x000\n"), "sex"))
    far = b"sex,y\n" + b"F,1\n" * 1_000_000 + b"M,\x000\n"
    assert "`rows.csv` holds a NUL byte at line 1,000,002" in str(refused(write(far), "sex"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            "F,1\nM\nF,0\nM\n",
            "2 rows with the wrong number of fields; the first is row 2 (header not counted), with too few: 1 inst",
        ),
        (
            "F,1\nM,0\n\n\nF,1,0\n",
            "1 row with the wrong number of fields; the first is row 3 (header not counted), with too many: 3 in",
        ),
        ("F\n", "1 row with the wrong number of fields; the first is row 1 (header not counted), with too few"),
    ],
)
def test_wrong_number_of_fields(write: Write, refused: Refused, rows: str, said: str) -> None:
    assert f"`rows.csv`: {said}" in str(refused(write("sex,y\n" + rows), "sex"))


def test_rows_are_numbered_across_blocks(write: Write, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 1000)
    rows = "F,1\n" * 5000
    path = write("sex,y\n" + rows + "M\n" + rows + "M,1,2\n" + rows)
    assert "2 rows with the wrong number of fields; the first is row 5,001 " in str(refused(path, "sex"))
    path = write("sex,y\n" + rows + "M,x\n" + rows + "M,x\n")
    assert "2 rows do not, the first is row 5,001 " in str(refused(path, y="number"))


def test_semicolons_get_a_hint_and_decimal_commas_are_never_50(write: Write, refused: Refused, read: Any) -> None:
    path = write("group;score\na;0,5\nb;0,7\n")
    error = refused(path, "group", score="number")
    assert "`rows.csv` has no column `group`" in str(error)
    assert "`data.delimiter: ';'`" in str(error.hint)
    error = refused(path, "group", score="number", options={"delimiter": ";"})
    assert "column `score` must hold numbers; 2 rows do not, the first is row 1" in str(error)
    assert "write 0.5, not 0,5" in str(error.hint)
    assert read(path, "group", options={"delimiter": ";"})[1] == {"group": ["a", "b"]}


def test_quoted_header_with_another_delimiter(write: Write, refused: Refused) -> None:
    assert "`data.delimiter: '\\t'`" in str(refused(write('"age"\t"sex"\n31\tF\n'), "sex").hint)
    assert "`data.delimiter: ';'`" in str(refused(write('"age";"sex"\n31;F\n'), "sex").hint)


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "é"])
def test_delimiters_that_cannot_be(write: Write, refused: Refused, delimiter: str) -> None:
    assert "must be one character" in str(refused(write("a\n1\n"), "a", options={"delimiter": delimiter}))


@pytest.mark.parametrize(
    "content",
    [
        "sex,y\r\nF,1\r\nM,0\r\n",
        "sex,y\nF,1\r\nM,0\n",
        "sex,y\rF,1\rM,0\r",
        "sex,y\r\nF,1\r\nM,0",
        "\n".join(["sex,y", "F,1", "", "M,0", "", ""]),
    ],
)
def test_line_ends_and_blank_lines(write: Write, read: Any, content: str) -> None:
    assert read(write(content), "sex", "y")[1] == {"sex": ["F", "M"], "y": ["1", "0"]}


def test_line_ends_inside_quotes(write: Write, read: Any) -> None:
    path = write('"the\nsex",y\n"F\r\nF",1\n"say ""M""",0\n')
    assert read(path, "the\nsex", "y")[1] == {"the\nsex": ["F\r\nF", 'say "M"'], "y": ["1", "0"]}
    assert column_names(path) == ("the\nsex", "y")


@pytest.mark.parametrize(
    "rows",
    ['F,"1\nM,0\nM,1\n', 'F,1\nM,0\nM,"1', 'F,1\nM,"0"""\nM,"1""'],
)
def test_a_quote_left_open_in_the_last_field_loses_no_rows_silently(write: Write, refused: Refused, rows: str) -> None:
    assert "ends inside a quoted field" in str(refused(write("sex,y\n" + rows), "sex"))


def test_a_quote_left_open_elsewhere(write: Write, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "wrong number of fields; the first is row 1 " in str(refused(write('sex,y\n"F,1\nM,0\n'), "sex"))
    assert "a quote is left open" in str(refused(write('sex,"y\nF,1\n'), "sex"))
    monkeypatch.setattr(delimited, "BLOCK", 1024 * 1024)
    path = write('sex,y\nF,"' + "x,1\nM," * 500_000)
    error = refused(path, "sex")
    assert "a row that is longer than 1 MB" in str(error)
    assert "quote" in str(error.hint)


def test_an_endless_header_is_refused(write: Write, refused: Refused) -> None:
    assert "longer than 4 MB or leaves a quote open" in str(refused(write('"' + "a,\n" * 2_000_000), "a"))


def test_blank_first_line(write: Write, refused: Refused) -> None:
    assert "begins with a blank line" in str(refused(write("\nsex,y\nF,1\n"), "sex"))


def test_twenty_thousand_columns(write: Write, read: Any) -> None:
    names = [f"column {i}" for i in range(20_000)]
    path = write(",".join(names) + "\n" + (",".join("1" for _ in names) + "\n") * 20)
    assert read(path, "column 19999")[1] == {"column 19999": ["1"] * 20}


def test_long_labels(write: Write, read: Any) -> None:
    label = "x" * 5000
    assert read(write(f"sex,y\n{label},1\n"), "sex")[1] == {"sex": [label]}


def test_only_the_empty_text_and_what_is_listed_is_missing(write: Write, read: Any) -> None:
    path = write('sex,y\nNA,1\nnull,2\nNone,3\nn/a,4\n,5\n"",6\n" ",7\nnan,8\n')
    kept = ["NA", "null", "None", "n/a", None, None, " ", "nan"]
    assert read(path, "sex")[1] == {"sex": kept}
    listed = [None if value in ("NA", "n/a") else value for value in kept]
    assert read(path, "sex", options={"missing_values": ("NA", "n/a")})[1] == {"sex": listed}


def test_leading_zeros_are_kept(write: Write, read: Any) -> None:
    assert read(write("zip,y\n01234,1\n1234,0\n"), "zip")[1] == {"zip": ["01234", "1234"]}


def test_a_blank_line_of_a_single_column_is_a_missing_value(write: Write, read: Any) -> None:
    assert read(write("sex\nF\n\nM\n"), "sex")[1] == {"sex": ["F", None, "M"]}


def test_late_types_do_not_matter(write: Write, read: Any) -> None:
    # readers that sniff types take 30,001 rows of digits for numbers and crash at the first letter
    path = write("zip,y\n" + "1234,1\n" * 30_001 + "K1A,1\n")
    assert read(path, "zip")[1]["zip"][-1] == "K1A"


def test_numbers_as_text_become_numbers(write: Write, read: Any) -> None:
    _, values = read(write("score,y\n0.5,1\n1e-3,1\n-2,1\n.5,1\n,1\nnan,1\ninf,1\n-Infinity,1\n"), score="number")
    score = values["score"]
    assert score[:5] == [0.5, 0.001, -2.0, 0.5, None]
    assert math.isnan(score[5])
    assert score[6:] == [math.inf, -math.inf]


@pytest.mark.parametrize(
    "text", ["$97", '"9,734.50"', "0x97", " 97", "97 ", "9_734", "97e", "--97", "９７", "nan(97)", "true"]
)
def test_what_is_no_number(write: Write, refused: Refused, text: str) -> None:
    error = refused(write(f"price,y\n1,1\n{text},1\n"), price="number")
    assert "`rows.csv`: column `price` must hold numbers; 1 row does not, the first is row 2 " in str(error)
    assert text.strip('" ') not in str(error)


def test_whole_numbers_and_flags(write: Write, read: Any, refused: Refused) -> None:
    path = write("rank,flag\n1,true\n2.0,No\n+3,1\n,\n")
    assert read(path, rank="integer", flag="boolean")[1] == {"rank": [1, 2, 3, None], "flag": [True, False, True, None]}
    for text in ("1.5", "9223372036854775808", "1e3", "one"):
        assert "must hold whole numbers; 1 row does not" in str(refused(write(f"rank\n{text}\n"), rank="integer"))
    assert "must hold true or false; 1 row does not" in str(refused(write("flag\n2\n"), flag="boolean"))


def test_the_same_column_in_two_types(write: Write, tmp_path: Path) -> None:
    wanted = [WantedColumn("age", "label"), WantedColumn("age", "number", key="age as number")]
    table = open_table(write("age,y\n031,1\n"), wanted, staging=tmp_path, what="predictions")
    assert table.source.table.to_pydict() == {"c0": ["031"], "c1": [31.0]}
    assert table.columns["age as number"].alias == "c1"


def test_unused_columns_change_nothing(write: Write, read: Any) -> None:
    first = read(write("sex,y\nF,1\nM,0\n"), "sex")[0].source.table
    second = read(write("z,y,sex\n1,1,F\n$,0,M\n"), "sex")[0].source.table
    assert first.equals(second)


FIELD = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=12), ends=st.sampled_from(["\n", "\r\n"]))
def test_whatever_python_writes_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str]], ends: str
) -> None:  # oracle: csv.writer of the standard library
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=ends, quoting=csv.QUOTE_ALL)
    writer.writerows([("first", "second"), *rows])
    path = tmp_path / "rows.csv"
    path.write_bytes(buffer.getvalue().encode())
    wanted = [WantedColumn("second", "label"), WantedColumn("first", "label")]
    table = open_table(path, wanted, staging=tmp_path, what="predictions")
    expected = {"c0": [b or None for _, b in rows], "c1": [a or None for a, _ in rows]}
    assert table.source.table.to_pydict() == expected


def test_memory_stays_small(write: Write, tmp_path: Path) -> None:
    path = write("sex,y\n" + "F,1\n" * 2_000_000)
    tracemalloc.start()
    open_table(path, [WantedColumn("sex", "label")], staging=tmp_path, what="predictions")
    assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024  # Python's own share; Arrow's pool is bounded by Stage
    tracemalloc.stop()
