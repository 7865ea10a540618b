"""results.json: strict, in the contract's key order, equal after a round trip, and refused with one plain sentence."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import render_documents as made

from evenhand.errors import DataError, SelfCheckError
from evenhand.render.json_v1 import dumps, load, validate
from evenhand.render.schema import UNDERSTOOD, problems, results_schema

# Copied by hand from contract.md, "results.json".
CONTRACT_KEYS = [
    "schema", "verdict", "exit_code", "reason", "audit", "tool", "policy", "seed", "rows", "people", "roles", "counts",
    "checks", "overview", "groups", "data", "statements", "waivers", "changes", "warnings", "evidence",
]  # fmt: skip
CHECK_KEYS = [
    "id", "pack", "metric", "level", "decide_by", "limit", "alpha", "status", "reason", "sentence", "source",
    "comparisons",
]  # fmt: skip
COMPARISON_KEYS = [
    "attribute", "group", "groups", "reference", "at", "run", "n", "n_reference", "n_effective", "estimate", "value",
    "value_reference", "interval", "decision_interval", "p", "needs_n", "detectable", "status", "reason", "sentence",
]  # fmt: skip


def test_keys_and_their_order_are_the_contracts(every_state: dict[str, Any]) -> None:
    shuffled = {key: every_state[key] for key in sorted(every_state)}
    written = json.loads(dumps(shuffled))
    assert list(written) == CONTRACT_KEYS
    assert list(written["checks"][0]) == CHECK_KEYS
    assert list(written["checks"][0]["comparisons"][0]) == COMPARISON_KEYS


def test_round_trip_is_byte_for_byte(every_state: dict[str, Any], tmp_path: Path) -> None:
    text = dumps(every_state)
    (tmp_path / "results.json").write_text(text, encoding="utf-8")
    assert dumps(load(tmp_path / "results.json")) == text
    assert text.endswith("}\n")


def test_document_follows_the_published_schema(every_state: dict[str, Any], fifty_checks: dict[str, Any]) -> None:
    validate(every_state)
    validate(fifty_checks)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, numpy.float64("nan")])
def test_a_number_that_is_not_finite_is_refused_with_its_place(number: float) -> None:
    document = made.every_state()
    document["checks"][0]["comparisons"][0]["estimate"] = number
    with pytest.raises(SelfCheckError, match=r"checks\.0\.comparisons\.0\.estimate"):
        dumps(document)


def test_only_json_types_are_written() -> None:
    with pytest.raises(SelfCheckError, match="int64"):
        dumps({"people": numpy.int64(3)})
    assert dumps({"people": 3, "seed": numpy.float64(0.1)}) == '{\n "seed": 0.1,\n "people": 3\n}\n'


def test_floats_are_shortest_and_zero_has_no_sign() -> None:
    assert '"seed": 0.1\n' in dumps({"seed": 0.1})
    assert '"seed": 0.0\n' in dumps({"seed": -0.0})


def test_a_lone_surrogate_is_escaped_so_that_the_file_is_utf8() -> None:
    dumps({"verdict": "\ud800"}).encode("utf-8")


def spoil(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = made.every_state()
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("rows"), "`rows`: is missing"),
        (lambda d: d.update(extra=1), "`extra`: is not a key"),
        (lambda d: d.update(verdict="passed"), "`verdict`: must be one of"),
        (lambda d: d.update(exit_code=True), "`exit_code`: must be integer"),
        (lambda d: d["checks"][0].update(limit={"min": 0.8}), "`checks.0.limit.max`: is missing"),
        (lambda d: d["checks"][0]["comparisons"][0].update(n=-1), "`checks.0.comparisons.0.n`: must be at least 0"),
        (lambda d: d["groups"][0].update(groups={"sex": 1}), "`groups.0.groups.sex`: must be string"),
        (
            lambda d: d["evidence"]["age-pass"]["curve"]["series"][0].update(points=[[1]]),
            "`evidence.age-pass.curve.series.0.points.0`: must have 2 entries",
        ),
    ],
)
def test_a_document_off_the_schema_is_named_by_place(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(SelfCheckError, match=message.replace(".", r"\.")):
        validate(spoil(change))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not valid JSON, at line 1 column 1"),
        (b'{"schema": "evenhand.results/1",\n', "is not valid JSON, at line"),
        (b"[]", "is not a results file of this version"),
        (b'{"schema": "evenhand.results/2"}', "is not a results file of this version"),
        (b'{"schema": "evenhand.results/1"}', "does not follow schema"),
        (b'{"schema": NaN}', "NaN or Infinity"),
        (b'{"schema": 1e999}', "too large"),
        (b'{"a": 1, "a": 2}', "same key twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"schema": "\xff"}', "is not UTF-8 text"),
        (b"1" * 10_000, "strict JSON"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "results.json"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load(file)
    assert "results.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read `results\.json`"):
        load(tmp_path / "results.json")


def test_the_validator_understands_every_word_of_the_schema() -> None:
    def words(schema: object) -> set[str]:
        if isinstance(schema, list):
            return set().union(*(words(item) for item in schema), set())
        if not isinstance(schema, dict):
            return set()
        found = set(schema)
        for key in ("properties", "$defs"):
            found |= set().union(*(words(item) for item in schema.get(key, {}).values()), set())
        for key in ("items", "additionalProperties"):
            found |= words(schema.get(key))
        return found

    assert words(results_schema()) <= UNDERSTOOD


def test_integers_and_booleans_are_told_apart_as_in_json_schema() -> None:
    assert list(problems(3.0, {"type": "integer"})) == []
    assert list(problems(True, {"type": ["integer", "number"]})) != []
    assert list(problems(None, {"type": ["string", "null"]})) == []
