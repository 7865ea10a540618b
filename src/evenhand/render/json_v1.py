"""results.json, schema `evenhand.results/1`: written strictly, in one key order, and read back with plain errors.

Internal types may change; this file may not (contract.md). Its published schema is `results_v1.schema.json` beside it.
May import: errors, render.schema.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from evenhand.errors import DataError, SelfCheckError
from evenhand.render.schema import problems, results_schema

SCHEMA = "evenhand.results/1"
_LARGEST = 256 * 1024 * 1024
_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(document: Mapping[str, Any]) -> str:
    """The document as the text of results.json: strict JSON, shortest floats, the schema's key order, a last newline.

    Maps with free keys (groups, measures, roles) keep the order they were built in, which is the policy's.

    Errors: SelfCheckError for NaN, an infinity or anything that JSON cannot hold: unknown is null, with a reason.

    >>> dumps({"verdict": "pass", "schema": "evenhand.results/1"})
    '{\\n "schema": "evenhand.results/1",\\n "verdict": "pass"\\n}\\n'
    """
    root = results_schema()
    ordered = _ordered(document, root, root, "")
    text = json.dumps(ordered, indent=1, ensure_ascii=False, allow_nan=False)
    # A lone surrogate (from `\ud800` in an audit file) has no UTF-8; JSON can still write it as an escape.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n"


def _ordered(value: object, schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> object:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise SelfCheckError(f"results hold a number that is not finite at `{path}`")
        return float(value) + 0.0 if isinstance(value, float) else int(value)
    if isinstance(value, Mapping):
        named = schema.get("properties", {})
        others = schema.get("additionalProperties", {})
        below = others if isinstance(others, dict) else {}
        keys = [k for k in named if k in value] + [k for k in value if k not in named]
        return {k: _ordered(value[k], named.get(k, below), root, f"{path}.{k}".lstrip(".")) for k in keys}
    if isinstance(value, list | tuple):
        items = schema.get("items", {})
        return [_ordered(item, items, root, f"{path}.{i}".lstrip(".")) for i, item in enumerate(value)]
    raise SelfCheckError(f"results hold a {type(value).__name__}, which JSON has no word for, at `{path}`")


def validate(document: object) -> None:
    """Hold a document against the schema. Errors: SelfCheckError that names the first places that do not fit."""
    found = list(islice(problems(document), 5))
    if found:
        raise SelfCheckError(f"results do not follow schema `{SCHEMA}`: {'; '.join(found)}")


def load(path: Path) -> dict[str, Any]:
    """Read a results.json that `report` re-renders.

    Errors: DataError in one sentence if there is no such file, it is not strict JSON, or it has another schema.
    """
    name = path.name
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"`{name}` is larger than 256 MiB, which no results file is")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"`{name}` is not UTF-8 text, from byte {error.start + 1}") from None
    except OSError as error:
        raise DataError(f"cannot read `{name}`: {(error.strerror or 'unreadable').lower()}") from None
    document = _parsed(text, name)
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA:
        raise DataError(
            f"`{name}` is not a results file of this version: its `schema` is not `{SCHEMA}`",
            hint="make it again with `evenhand audit`, or use the version of evenhand that wrote it",
        )
    wrong = list(islice(problems(document), 3))
    if wrong:
        raise DataError(f"`{name}` does not follow schema `{SCHEMA}`: {'; '.join(wrong)}")
    result: dict[str, Any] = document
    return result


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_without_duplicates
        )
    except json.JSONDecodeError as error:
        raise DataError(f"`{name}` is not valid JSON, at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise DataError(f"`{name}` is nested too deeply for a results file") from None
    except ValueError as error:
        raise DataError(f"`{name}` is not strict JSON: {error}") from None


def _refuse_constant(_: str) -> float:
    raise ValueError("it holds NaN or Infinity")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("it holds a number too large to read")
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise ValueError("an object has the same key twice")
    return unique
