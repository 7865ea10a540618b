"""Whatever the schema allows can be rendered: `report` takes files that somebody may have edited."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import render_documents as made

from evenhand.render import FORMATS
from evenhand.render.json_v1 import validate
from evenhand.render.options import RenderOptions
from evenhand.render.schema import results_schema
from evenhand.render.sentences import fill_sentences


def nullable(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every place that may be null."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if isinstance(value, dict):
        others = schema.get("additionalProperties")
        for key, item in value.items():
            below = schema.get("properties", {}).get(key, others if isinstance(others, dict) else {})
            yield from places(value, key, item, below, root)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from places(value, position, item, schema.get("items", {}), root)


def places(holder: Any, key: Any, item: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    resolved = root["$defs"][schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
    if isinstance(resolved.get("type"), list) and "null" in resolved["type"]:
        yield holder, key
    yield from nullable(item, schema, root)


@pytest.mark.parametrize("seed", range(12))
def test_any_unknown_may_be_null(seed: int) -> None:
    root = results_schema()
    draw = random.Random(seed)
    document = made.every_state()
    found = list(nullable(document, root, root))
    assert len(found) > 500
    for holder, key in found:
        if draw.random() < 0.15:
            holder[key] = None
    validate(document)
    document = fill_sentences(document)
    for entry in FORMATS.values():
        assert entry.render(document, RenderOptions(verbose=True))


@pytest.mark.parametrize("status", ["pass", "fail", "inconclusive", "not_tested", "warn", "waived"])
@pytest.mark.parametrize("level", ["error", "warn", "report"])
@pytest.mark.parametrize("mode", ["assurance", "confirmatory", "legal", "point"])
def test_any_combination_of_words(status: str, level: str, mode: str) -> None:
    rows = [
        made.comparison("sex", word, word, 0.7, (0.6, 0.9))
        for word in ("pass", "fail", "inconclusive", "not_tested", "warn")
    ]
    for compared in (rows, []):
        check = made.check("c", "selection_rate_ratio", status, compared, level=level, decide_by=mode)
        document = fill_sentences(made.document([check], status, 0))
        for name in ("text", "md", "junit", "github"):
            FORMATS[name].render(document, RenderOptions(verbose=True))


def test_evidence_rows_of_uneven_length_are_padded() -> None:
    document = made.every_state()
    document["evidence"]["offer-parity"]["table"] = {"columns": ["a", "b"], "rows": [["x"], ["y", 2], ["z", 3, 4], []]}
    document["evidence"].pop("near-tie")
    assert "Computed from" in FORMATS["html"].render(fill_sentences(document), RenderOptions())
