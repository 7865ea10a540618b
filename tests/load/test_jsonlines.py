"""JSON Lines, strictly: expected values by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evenhand.load import jsonlines
from evenhand.load.sources import column_names

Refused = Callable[..., Any]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def writing(content: str | bytes) -> Path:
        path = tmp_path / "rows.jsonl"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writing


def test_values_become_label_text(write: Any, read: Any) -> None:
    values = [
        '"F"',
        '"01"',
        "1",
        "1.0",
        "0.1",
        "true",
        "null",
        '""',
        "-0.0",
        "1e2",
        '"true"',
        "123456789012345678901234567890",
    ]
    path = write("".join(f'{{"x": {value}}}\n' for value in values))
    expected = ["F", "01", "1", "1", "0.1", "true", None, None, "0", "100", "true", "123456789012345678901234567890"]
    assert read(path, "x")[1] == {"x": expected}


def test_numbers(write: Any, read: Any, refused: Refused) -> None:
    path = write('{"x": 0.1}\n{"x": "0.5"}\r\n\n{"x": null}\n{"x": NaN}\n{"x": -Infinity}\n{}')
    found = read(path, x="number")[1]["x"]
    assert found[:3] == [0.1, 0.5, None]
    assert math.isnan(found[3])
    assert found[4:] == [-math.inf, None]
    assert "must hold numbers; 1 row does not, the first is row 2 " in str(
        refused(write('{"x": 1}\n{"x": true}\n'), x="number")
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"x": 1, "x": 2}', "row 2 names a key twice"),
        ('{"x": 1', "row 2 is not valid JSON"),
        ("x", "row 2 is not valid JSON"),
        ("[1]", "row 2 is not a JSON object"),
        ('{"x": [1]}', "column `x` is nested (lists or records) in row 2"),
        ('{"x": {"y": 1}}', "column `x` is nested (lists or records) in row 2"),
        ('{"x": ' + "[" * 100_000 + "}", "row 2 is not valid JSON"),
        ('{"x": "\\ud800"}', "holds half of a character"),
    ],
)
def test_bad_lines(write: Any, refused: Refused, line: str, said: str) -> None:
    error = refused(write(f'{{"x": 1}}\n{line}\n'), "x")
    assert "`rows.jsonl`" in str(error)
    assert said in str(error)


def test_bytes_that_are_not_utf8(write: Any, refused: Refused, read: Any) -> None:
    path = write('{"x": "Ål"}\n'.encode("latin-1"))
    assert "`rows.jsonl` is not UTF-8 text in column `x` at row 1" in str(refused(path, "x"))
    assert read(path, "x", options={"encoding": "latin-1"})[1] == {"x": ["Ål"]}


def test_a_key_that_no_line_has(write: Any, refused: Refused, read: Any) -> None:
    path = write('{"chosen": 1}\n{"chosen": 0, "late": "F"}\n')
    assert str(refused(path, "choosen")) == "`rows.jsonl` has no column `choosen` (did you mean `chosen`?)"
    assert read(path, "late")[1] == {"late": [None, "F"]}
    assert column_names(path) == ("chosen", "late")


def test_nested_values_that_nobody_asked_for(write: Any, read: Any) -> None:
    assert read(write('{"x": "F", "y": [1, {"z": 2}]}\n'), "x")[1] == {"x": ["F"]}


def test_batches_and_long_lines(write: Any, read: Any, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "BATCH", 10)
    path = write("".join(f'{{"x": "{i}"}}\n' for i in range(25)))
    assert read(path, "x")[1] == {"x": [str(i) for i in range(25)]}
    monkeypatch.setattr(jsonlines, "LONGEST_LINE", 20)
    assert "line 2 is longer than" in str(refused(write('{"x": 1}\n{"x": "' + "y" * 30 + '"}\n'), "x"))


def test_no_rows(write: Any, refused: Refused) -> None:
    assert "`rows.jsonl` has no rows" in str(refused(write("\n"), "x"))
