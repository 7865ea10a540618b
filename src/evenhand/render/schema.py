"""A validator for the JSON Schema words that the schema of results.json uses, and no others.

A general validator would be one more dependency for one file; a test holds the schema to the words understood here.
May import: the standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

UNDERSTOOD = frozenset(
    {
        "$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties", "required", "items", "enum",
        "const", "additionalProperties", "minimum", "minItems", "maxItems",
    }
)  # fmt: skip
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


@cache
def results_schema() -> dict[str, Any]:
    """The published schema of results.json, as shipped in the package."""
    text = resources.files("evenhand.render").joinpath("results_v1.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def problems(document: object, schema: Mapping[str, Any] | None = None) -> Iterator[str]:
    """What is wrong with a document, each as `path: what was expected`; never with the value found.

    >>> next(problems({"schema": "evenhand.results/2"}, {"properties": {"schema": {"const": "evenhand.results/1"}}}))
    '`schema`: must be `evenhand.results/1`'
    """
    root = results_schema() if schema is None else schema
    return _problems(document, root, root, "")


def _problems(value: object, schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        yield from _problems(value, root["$defs"][name], root, path)
        return
    shown = f"`{path}`" if path else "the document"
    if "type" in schema and not _is_a(value, schema["type"]):
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        yield f"{shown}: must be {' or '.join(kinds)}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{shown}: must be `{schema['const']}`"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{shown}: must be one of {', '.join(f'`{e}`' for e in schema['enum'] if e is not None)}"
    if "minimum" in schema and isinstance(value, int | float) and value < schema["minimum"]:
        yield f"{shown}: must be at least {schema['minimum']}"
    if isinstance(value, dict):
        yield from _object_problems(value, schema, root, path)
    elif isinstance(value, list | tuple):
        low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
        if not low <= len(value) <= high:
            yield f"{shown}: must have {low} entries" if low == high else f"{shown}: must have {low} to {high} entries"
        if "items" in schema:
            for position, item in enumerate(value):
                yield from _problems(item, schema["items"], root, f"{path}.{position}".lstrip("."))


def _object_problems(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], path: str
) -> Iterator[str]:
    named = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in value:
            yield f"`{f'{path}.{key}'.lstrip('.')}`: is missing"
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        below = f"{path}.{key}".lstrip(".")
        if key in named:
            yield from _problems(item, named[key], root, below)
        elif others is False:
            yield f"`{below}`: is not a key of this schema"
        elif isinstance(others, dict):
            yield from _problems(item, others, root, below)


def _is_a(value: object, kinds: str | list[str]) -> bool:
    """JSON's types: true is no integer, and 3.0 is one."""
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if isinstance(value, bool) and kind != "boolean":
            continue
        if isinstance(value, _TYPES[kind]):
            return True
        if kind == "integer" and isinstance(value, float) and value.is_integer():
            return True
    return False
