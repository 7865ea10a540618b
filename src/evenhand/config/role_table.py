"""The table of roles that a single column can play. A new role is a row here and a key of `schema.Columns`.

Reading, the report's list of roles, the names that attributes may not have and the guesses of `evenhand init` all walk
it. Roles of another shape (`consent` with its values, the list of `stages`, whole sections) are named beside it.

May import: nothing of evenhand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

RoleType = Literal["label", "number", "integer", "raw"]


@dataclass(frozen=True)
class Role:
    """A role of `columns:` that one column plays.

    `type` is what the column is read as: text labels, numbers, whole numbers, or as it is (`raw`, for identifying).
    `kinds` are the kinds of model that it is about; any audit file may declare it. An `amount` is a number whose sums
    are kept, in steps of `columns.resolution`. An audit of a kind in `needed_by` cannot do without it.
    """

    name: str
    type: RoleType
    kinds: tuple[str, ...]
    amount: bool = False
    needed_by: tuple[str, ...] = ()


TARGETING = ("targeting",)
PRICING = ("pricing",)
EVERY = (*TARGETING, *PRICING)

ROLES: Mapping[str, Role] = {
    role.name: role
    for role in (
        Role("decision", "label", TARGETING),
        Role("label", "label", TARGETING),
        Role("score", "number", TARGETING),
        Role("unit", "raw", EVERY),
        Role("count", "integer", EVERY),
        Role("weight", "number", EVERY),
        Role("vulnerable", "label", TARGETING),
        Role("campaign", "label", TARGETING),
        Role("contacts", "label", TARGETING),
        Role("price", "number", PRICING, amount=True, needed_by=PRICING),
        Role("technical_price", "number", PRICING, amount=True),
        Role("expected_loss", "number", PRICING, amount=True),
        Role("actual_loss", "number", PRICING, amount=True),
        Role("list_price", "number", PRICING, amount=True),
        Role("equivalent_new_business_price", "number", PRICING, amount=True),
        Role("is_renewal", "label", PRICING),
        Role("tenure", "label", PRICING),
        Role("item", "label", PRICING),
        Role("time_bucket", "label", PRICING),
        Role("channel", "label", PRICING),
        Role("currency", "label", PRICING),
        Role("period", "label", EVERY),
    )
}
"""In the order in which reports list them. `tenure` is read as a number where `tenure_bands` cut it."""

COMPOUND = ("consent", "stages")
"""Roles of `columns:` that are a mapping or a list."""

OUTSIDE: Mapping[str, str] = {
    "factors": "`factors`",
    "population": "`population`",
    "key": "`data.key`",
    "probabilities": "`probabilities` of an attribute in `protected`",
}
"""What measures may need that is no key of `columns:`, and where the audit file declares it."""


def where_declared(role: str) -> str:
    """The key of the audit file that declares a role, as messages name it.

    >>> where_declared("price"), where_declared("key")
    ('`columns.price`', '`data.key`')
    """
    return OUTSIDE.get(role, f"`columns.{role}`")
