"""In what two definitions of cells differ, in the words of an audit file and not by the names inside cells.

May import: nothing of evenhand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

NAMED: Mapping[str, str] = {
    "count": "the role `count`",
    "weight": "the role `weight`",
    "unit": "who a person is (`unit`, or `key`)",
    "unit_rows": "whether people have several rows",
    "missing_values": "`missing_values`",
}
SECTIONS: Mapping[str, str] = {
    "attributes": "the attribute",
    "factors": "the factor",
    "labels": "the role",
    "where": "`where` of the column",
    "in_common": "the value of",
}
"""Parts of a definition whose keys are names that people gave, and what kind of thing they name."""

COMPARED: Mapping[str, str] = {
    "price_sign": "price",
    "price_to_list": "list_price",
    "price_to_new_business": "equivalent_new_business_price",
    "error": "technical_price",
    "loss_error": "actual_loss",
}
"""Derived keys and amounts that are not called like a role, and the role that they come from."""


def in_words(paths: Iterable[str], one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The places where two definitions differ (`cells.differences`) as a reader of the audit file would name them.

    Distributions are left to the roles that they are made of, unless nothing else differs.

    Example: `factors.factor:power` and `derived.price_sign` are "the factor `power`, the role `price`".
    """
    split = [path.partition(".") for path in paths]
    others = [(part, name) for part, _, name in split if part != "distributions"]
    told = others or [(part, name) for part, _, name in split]
    return ", ".join(dict.fromkeys(_word(part, name, one, other) for part, name in told))


def _word(part: str, name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    if part in NAMED:
        return NAMED[part]
    if part == "flags":
        stage = name.removeprefix("stage:")
        return f"the stage `{stage}`" if stage != name else f"the role `{name}`"
    if part in ("derived", "amounts", "distributions"):
        return _number(part, name, one, other)
    return f"{SECTIONS.get(part, part)} `{name.removeprefix('factor:')}`" if name else f"`{part}`"


def _number(part: str, name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """A role whose numbers are counted or summed; where both name the same columns, the step or tolerance."""
    left, right = ((definition.get(part) or {}).get(name) or {} for definition in (one, other))
    if part == "distributions":
        left, right = left.get("bins", {}), right.get("bins", {})
    if left.get("columns") and left.get("columns") == right.get("columns"):
        if left.get("tolerance") != right.get("tolerance"):
            return "`walking_tolerance`"
        return "`score_resolution`" if name == "score" else "`resolution`"
    role = name.removesuffix("_presence").partition(" ")[0]
    return f"the role `{COMPARED.get(role, role)}`"
