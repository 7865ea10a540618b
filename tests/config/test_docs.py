"""docs/audit-file.md names every key, default and pack, and its examples load."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand.config.loader import Audit
from evenhand.config.packs import find_pack, shipped_names
from evenhand.config.schema import (
    Approved,
    AuditFile,
    CheckEntry,
    Columns,
    Data,
    Exclusion,
    Factor,
    Model,
    PackFile,
    Protected,
    Section,
    SmallGroups,
)
from evenhand.measure import ALIASES, MEASURES

PAGE = (Path(__file__).parents[2] / "docs" / "audit-file.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
SECTIONS: dict[str, type[Section]] = {
    "### Top level": AuditFile,
    "### `model`": Model,
    "### `approved`": Approved,
    "### `data`": Data,
    "### `columns`": Columns,
    "### `protected`": Protected,
    "### `factors`": Factor,
    "### `exclude`": Exclusion,
    "### `small_groups`": SmallGroups,
    "### `checks`": CheckEntry,
}


def rows(heading: str) -> dict[str, tuple[bool, str]]:
    """Key -> (whether it is bold, its default) in the table under a heading."""
    part = PAGE.split(f"\n{heading}", 1)[1].split("\n##", 1)[0]
    found = re.findall(r"^\| (\**)`(\w+)`\** \|[^|]*\|([^|]*)\|", part, flags=re.MULTILINE)
    return {key: (bool(bold), default.strip()) for bold, key, default in found}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_stands_in_its_table(heading: str) -> None:
    fields = SECTIONS[heading].model_fields
    table = rows(heading)
    assert set(table) == set(fields)
    for key, (bold, default) in table.items():
        required = fields[key].is_required() or (heading == "### `checks`" and key == "metric")
        assert bold == required, key
        plain = fields[key].default
        if isinstance(plain, str | int) and not isinstance(plain, bool):
            assert default == f"`{plain}`", key


def test_every_pack_stands_in_the_table() -> None:
    for name in shipped_names():
        binding = find_pack(name, folder=Path(), inside=None, policies=None).info.binding
        assert f"| `{name}` | {binding} (" in PAGE


def test_every_key_of_a_pack_is_named() -> None:
    assert all(f"`{key}`" in PAGE for key in PackFile.model_fields)


def test_the_example_loads(load: Callable[..., object]) -> None:
    load(text=EXAMPLES[0], catalogue=MEASURES, aliases=ALIASES)


def test_the_example_about_prices_loads(load: Callable[..., Audit]) -> None:
    audit = load(text=EXAMPLES[1])
    assert (audit.file.model.kind, audit.file.polarity) == ("pricing", "burden")
