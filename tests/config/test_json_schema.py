"""The JSON Schema for editors: valid draft-07, takes what the loader takes, refuses what an editor can see is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
import yaml

from evenhand.config.json_schema import EXAMPLES, json_schema
from evenhand.config.schema import AuditFile, CheckEntry, Columns, Data, Factor, Protected, SmallGroups


class Editor(yaml.SafeLoader):
    """YAML 1.2 as editors read it: numbers and true/false are what they look like; dates, `yes` and `NO` are text."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(("timestamp", "bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def problems(text: str) -> list[str]:
    validator = jsonschema.Draft7Validator(json_schema())
    return [error.message for error in validator.iter_errors(yaml.load(text, Loader=Editor))]  # a SafeLoader


def test_it_is_draft_07_and_plain_json() -> None:
    schema = json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    text = json.dumps(schema)
    assert "$defs" not in text
    assert "prefixItems" not in text
    assert text == json.dumps(json_schema()), "the same every time"


def test_every_key_is_there_with_a_description() -> None:
    schema = json_schema()
    assert list(schema["properties"]) == list(AuditFile.model_fields)
    for model in (Data, Columns, Protected, Factor, SmallGroups, CheckEntry):
        properties = schema["definitions"][model.__name__]["properties"]
        assert list(properties) == list(model.model_fields)
        assert all(part["description"] for part in properties.values())


def test_it_takes_what_the_loader_takes(base: str) -> None:
    assert problems(base) == []
    widest = base.replace("reference: male", "reference: 1, values: {M: 1, F: NO}, special_category: true")
    widest = widest.replace(
        "{predictions: rows.csv}", "{predictions: rows.csv, where: {zip: 0123, on: [true, 1.5]}, key: null}"
    )
    widest += "approved: {by: board, on: 2026-03-02}\npopulation: {sex: {1: .5, NO: '0.5'}}\nfactors: null\n"
    widest = widest.replace(
        "id: parity,", "id: parity, attributes: [sex, [sex, age_band]], max: '1.25', bootstrap: null,"
    )
    assert problems(widest) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("min: 0.80", "mni: 0.80"),
        ("min: 0.80", "min: 80%"),
        ("min: 0.80", "min: 0.80, level: eror"),
        ("polarity: benefit\n", ""),
        ("polarity: benefit", "polarity: both"),
        ("kind: targeting", "kind: recommendation"),
        ("polarity: benefit", "polarity: null"),
        ("selected: 1,", "selected: 1, price_unit: cents,"),
        ("sex: {reference: male}", "sex: {reference: f, probabilities: p}"),
        ("version: 1\n", "version: 2\n"),
        ("sex: {reference: male}", "sex: male"),
        ("bands: [18, 30, 60, 75]", "bands: [young]"),
    ],
)
def test_it_refuses_what_an_editor_can_see(base: str, refusal: Callable[..., Any], old: str, new: str) -> None:
    assert old in base
    assert problems(base.replace(old, new))
    refusal((old, new))


def test_only_kinds_with_a_usual_polarity_may_leave_it_out(base: str) -> None:
    pricing = base.replace("kind: targeting", "kind: pricing")
    for text in (pricing, pricing.replace("polarity: benefit\n", ""), pricing.replace(": benefit\n", ": null\n")):
        assert problems(text) == []
    assert problems(pricing.replace("polarity: benefit", "polarity: both"))
    assert problems(base.replace("polarity: benefit\n", "").replace("kind: targeting", "owner: me"))


def test_the_examples_hold_in_the_loader_too(base: str) -> None:
    validator = jsonschema.Draft7Validator(json_schema())
    whole = yaml.load(base, Loader=Editor)  # a SafeLoader
    for key, examples in EXAMPLES.items():
        for example in examples:
            validator.validate({**whole, key: example})
