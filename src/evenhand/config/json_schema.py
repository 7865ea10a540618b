"""The JSON Schema of the audit file, for editors: draft-07, made from the models of `schema.py`.

May import: config.schema. Imports pydantic: not for `evenhand --help`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from evenhand.config.schema import POLARITY_OF_KIND, AuditFile

DRAFT = "http://json-schema.org/draft-07/schema#"

EXAMPLES: dict[str, list[Any]] = {
    "model": [{"name": "spring-offer-ranker", "version": "4.2.0", "kind": "targeting", "owner": "growth analytics"}],
    "purpose": ["decide who is sent the spring card offer"],
    "approved": [{"by": "ethics board", "on": "2026-03-02"}],
    "data": [{"predictions": "predictions.parquet", "attributes": "people.csv", "key": "customer_id"}],
    "columns": [
        {"decision": "offered", "selected": 1, "score": "score", "label": "bought", "positive": "yes"},
        {"price": "premium", "technical_price": "risk_premium", "tenure": "years", "tenure_bands": [1, 3, 5]},
    ],
    "protected": [
        {"age_band": {"column": "age", "bands": [18, 30, 60, 75], "reference": "30-59"}},
        {"sex": {"probabilities": {"female": "p_female", "male": "p_male"}, "reference": "male"}},
    ],
    "intersections": [[["sex", "age_band"]]],
    "factors": [{"region": {"why": "the product is licensed by region"}}],
    "exclude": [[{"attribute": "race", "group": "AIAN", "why": "under 2% of the applicants"}]],
    "population": [{"sex": {"female": 0.51, "male": 0.49}}],
    "extends": [["four-fifths"]],
    "checks": [[{"id": "offer-parity", "metric": "selection_rate_ratio", "min": 0.8, "decide_by": "assurance"}]],
}
"""One example for each section that is not plain text; a test validates them against the schema they stand in."""


def json_schema() -> dict[str, Any]:
    """The schema as a dictionary in the order of the file. Keys that are optional may also be null.

    pydantic writes draft 2020-12, which editors read less well; what we use of it differs from draft-07 only in the
    name of `definitions`.
    """
    schema = _draft_07(AuditFile.model_json_schema(mode="validation"))
    schema |= _required_but_for("polarity", POLARITY_OF_KIND, schema)
    for key, examples in EXAMPLES.items():
        schema["properties"][key] = {**schema["properties"][key], "examples": copy.deepcopy(examples)}
    return {
        "$schema": DRAFT,
        "title": "evenhand audit file",
        "description": "What is audited, which column plays which role, who is protected, and which checks decide.",
        **{key: value for key, value in schema.items() if key not in ("title", "description")},
    }


def _required_but_for(key: str, kinds: Iterable[str], schema: dict[str, Any]) -> dict[str, Any]:
    """The parts of the schema by which a required key may be left out, or null, in files of these kinds of model."""
    of_these = {"properties": {"model": {"properties": {"kind": {"enum": list(kinds)}}, "required": ["kind"]}}}
    said = schema["properties"][key]
    described = {name: part for name, part in said.items() if name == "description"}
    plain = {name: part for name, part in said.items() if name not in described}
    return {
        "required": [name for name in schema["required"] if name != key],
        "properties": {**schema["properties"], key: {**described, "anyOf": [plain, {"type": "null"}]}},
        "if": {**of_these, "required": ["model"]},
        "else": {"required": [key], "properties": {key: plain}},
    }


def _draft_07(node: Any) -> Any:
    if isinstance(node, list):
        return [_draft_07(item) for item in node]
    if not isinstance(node, dict):
        return node
    turned = {}
    for key, value in node.items():
        if key == "$defs":
            turned["definitions"] = {name: _section(_draft_07(part)) for name, part in value.items()}
        elif key == "$ref":
            turned["$ref"] = value.replace("#/$defs/", "#/definitions/")
        elif key == "title" and isinstance(value, str):
            continue  # pydantic repeats the key's name in capitals
        else:
            turned[key] = _draft_07(value)
    return _section(turned) if "properties" in node and "$defs" in node else turned


def _section(section: dict[str, Any]) -> dict[str, Any]:
    """Each optional key of a section may be null, as in the file."""
    required = section.get("required", [])
    properties = {
        key: _described(value, nullable=key not in required) for key, value in section.get("properties", {}).items()
    }
    return {**section, "properties": properties} if properties else section


def _described(value: dict[str, Any], *, nullable: bool) -> dict[str, Any]:
    """The value, or null too; what describes it stands outside the choice, since draft-07 ignores it beside `$ref`."""
    outside = {key: part for key, part in value.items() if key == "description"}
    if isinstance(value.get("default"), str | int | bool):
        outside["default"] = value["default"]
    inside = {key: part for key, part in value.items() if key not in ("description", "default")}
    choices = inside["anyOf"] if list(inside) == ["anyOf"] else [inside]
    null = {"type": "null"}
    if nullable and null not in choices:
        choices = [*choices, null]
    return (
        {**outside, **choices[0]} if len(choices) == 1 and "$ref" not in choices[0] else {**outside, "anyOf": choices}
    )
