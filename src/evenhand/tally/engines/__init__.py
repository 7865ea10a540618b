"""The table of engines. Every engine returns the same cells, bit for bit; the conformance test walks this table.

How to add an engine:
1. Write `engines/NAME.py` with a subclass of `LazyEngine` that says how to scan a table (or of `Engine`, if narwhals
   does not drive it).
2. Add a line below. The CLI's choices, `doctor`, the docs and tests/tally/test_engines.py read this table.
3. Declare its library as an extra in pyproject.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from evenhand.errors import UsageError, near_name
from evenhand.tally.engines.base import Engine, Rows

ENGINES: Mapping[str, tuple[str, str, str]] = {
    "duckdb": ("evenhand.tally.engines.duckdb", "DuckDBEngine", "embedded, the default"),
    "polars": ("evenhand.tally.engines.polars", "PolarsEngine", "pip install 'evenhand[polars]'"),
    "plain": (
        "evenhand.tally.engines.plain",
        "PlainEngine",
        "plain Python, slow: the oracle that the others are tested against",
    ),
}
"""Name -> (module, class, what it is). Modules are imported only when asked for."""

DEFAULT_ENGINE = "duckdb"


def engine_class(name: str) -> type[Engine]:
    """The engine of that name, imported now. UsageError when there is none or its library is not installed."""
    if name not in ENGINES:
        near = near_name(name, ENGINES)
        raise UsageError(
            f"unknown engine `{name}`" + (f" (did you mean `{near}`?)" if near else ""),
            hint="one of " + ", ".join(ENGINES),
        )
    module, attribute, how = ENGINES[name]
    try:
        return cast("type[Engine]", getattr(import_module(module), attribute))
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("evenhand"):
            raise
        raise UsageError(f"engine `{name}` needs `{missing.name}`, which is not installed", hint=how) from None


__all__ = ["DEFAULT_ENGINE", "ENGINES", "Engine", "Rows", "engine_class"]
