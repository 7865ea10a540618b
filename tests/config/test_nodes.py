"""YAML stays text with places; what makes text mean more than it says is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenhand.config.nodes import DEEPEST, LARGEST_FILE, parse_document, read_document
from evenhand.errors import AuditFileError


def tree(text: str) -> object:
    return parse_document(text, file="a.yaml").tree


def test_scalars_stay_the_text_that_was_written() -> None:
    # hostile.md: safe_load reads these as False, True, 83, a date, a float and a sexagesimal number.
    assert tree("a: [NO, SE, on, 0123, 2026-03-02, .80, 12:30:45, 1_000, 1e3]\n") == {
        "a": ["NO", "SE", "on", "0123", "2026-03-02", ".80", "12:30:45", "1_000", "1e3"]
    }


def test_null_is_plain_null_tilde_or_nothing() -> None:
    written = "{a: null, b: ~, c: , d: 'null', e: \"\", f: Null}"
    assert tree(written) == {"a": None, "b": None, "c": None, "d": "null", "e": "", "f": "Null"}


def test_places_of_keys_and_values() -> None:
    # Counted by hand in the text below, lines and columns from 1.
    document = parse_document("one: 1\nchecks:\n  - {id: a, min: '0.8'}\n", file="a.yaml")
    assert document.position(("checks", 0, "min"), key=True) == (3, 13)
    assert document.position(("checks", 0, "min")) == (3, 18)
    assert document.position(("checks", 0)) == (3, 5)
    assert document.position(("checks",), key=True) == (2, 1)
    assert document.places["checks", 0, "min"].quoted
    assert not document.places["checks", 0, "id"].quoted
    assert document.position(("checks", 0, "not", "there")) == (3, 5), "the nearest thing around it"


def test_byte_order_mark_and_line_ends() -> None:
    document = parse_document("a: 1\r\nb: 2\r\n", file="a.yaml")
    assert document.tree == {"a": "1", "b": "2"}
    assert document.position(("b",)) == (2, 4)


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "a: the same key stands on line 1 already"),
        ("a: {b: 1, 'b': 2}\n", 1, 11, "a.b: the same key"),
        ("a: &x 1\nb: *x\n", 1, 4, "anchors"),
        ("a: *x\n", 1, 4, "aliases"),
        ("a: !!python/object:os.system x\n", 1, 4, "tags"),
        ("a: ! x\n", 1, 4, "tags"),
        ("<<: {a: 1}\nb: !!str 1\n", 2, 4, "tags"),
        ("a: 1\n---\nb: 2\n", 2, 1, "but found another document"),
        ("a: [1, 2\nb: 3\n", 2, 2, "expected ',' or ']'"),
        ("a: b: c\n", 1, 5, "mapping values are not allowed"),
        ("a:\n\t- 1\n", 2, 1, "cannot start any token"),
        ("a: \x07\n", 1, 4, "control character"),
        ("[a]: 1\n", 1, 1, "a key must be text"),
        ("- a\n", 1, 1, "expected keys"),
        ("just text\n", 1, 1, "expected keys"),
        ("", 1, 1, "empty"),
        ("# only a comment\n", 1, 1, "empty"),
    ],
)
def test_refused_with_the_place(text: str, line: int, column: int, part: str) -> None:
    with pytest.raises(AuditFileError) as caught:
        parse_document(text, file="a.yaml")
    assert str(caught.value).startswith(f"a.yaml:{line}:{column}: ")
    assert part in str(caught.value)


def test_depth_is_limited_before_python_is() -> None:
    fits = "a: " + "[" * (DEEPEST - 2) + "]" * (DEEPEST - 2)
    assert tree(fits)
    for depth in (DEEPEST, 100_000):
        with pytest.raises(AuditFileError, match="nested deeper than 20"):
            tree("a: " + "[" * depth + "]" * depth)


def test_the_error_shows_the_line_and_the_one_before() -> None:
    with pytest.raises(AuditFileError) as caught:
        parse_document("a: 1\nb: 2\nb: 3\n", file="a.yaml")
    assert caught.value.hint is not None
    assert caught.value.hint.splitlines()[-2:] == ["    a.yaml:2: b: 2", "    a.yaml:3: b: 3"]


def test_escapes_in_names_do_not_reach_the_terminal() -> None:
    with pytest.raises(AuditFileError) as caught:
        parse_document('"\\e[31mred": 1\n"\\e[31mred": 2\n', file="a.yaml")
    assert "\x1b" not in str(caught.value) + str(caught.value.hint)


def test_files_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(path).tree == {"a": "1"}, "a byte order mark is no key"
    path.write_bytes("a: 1\nb: é\n".encode("latin-1"))
    with pytest.raises(AuditFileError, match=r"a\.yaml:2:4: the text is not UTF-8"):
        read_document(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AuditFileError, match=r"none\.yaml: the file cannot be read \(no such file"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(AuditFileError, match="cannot be read"):
        read_document(tmp_path)
    (tmp_path / "big.yaml").write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(AuditFileError, match="larger than 256 KiB"):
        read_document(tmp_path / "big.yaml")


@given(st.text(alphabet="ab:-[]{},&*!|>'\"#%@`~?\n\t 0.\\é\x85", max_size=60))
def test_any_text_is_a_document_or_one_sentence(text: str) -> None:
    try:
        document = parse_document(text, file="a.yaml")
    except AuditFileError as error:
        message = str(error)
    else:
        message = "a.yaml:" if isinstance(document.tree, dict) else "no mapping"
    assert message.startswith("a.yaml:")
