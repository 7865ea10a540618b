"""The shape of the house: imports go one way, files stay small, every kind of thing has one table."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evenhand.kinds import KINDS
from evenhand.measure import ALIASES, MEASURES
from evenhand.render import FORMATS
from evenhand.tally.engines import ENGINES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "evenhand"
MODULES = sorted(SOURCE.rglob("*.py"))

STAGES = {"load", "tally", "stats", "measure", "judge", "kinds"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "stats": set(),
    "kinds": set(),
    "resources": {"errors"},
    "load": {"errors"},
    "config": {"errors"},
    "tally": {"errors", "load"},
    "measure": {"errors", "load", "stats", "tally"},
    "judge": {"measure", "stats"},
    "render": {"errors", "judge", "measure", "stats"},
    "defining": {"config", "tally"},
    "roles": {"config", "defining", "errors", "load", "tally"},
    "external": {"errors", "load", "measure", "stats", "tally"},
    "remarks": {"config", "errors", "judge", "load", "measure", "render"},
    "results": {"remarks", "config", "errors", "render", *STAGES},
    "checking": {"config", "errors", "results", *STAGES},
    "pipeline": {"checking", "config", "errors", "external", "results", "roles", *STAGES},
    "streams": {"errors"},
    "endings": {"errors", "streams"},
    "choices": {"errors", "load", "render"},
    "api": {"choices", "errors", "pipeline", "render", "roles", "tally"},
    "doctor": {"errors", "pipeline", "resources", "roles", "tally"},
    "explaining": {"config", "errors", "measure"},
    "command_options": {"choices", "errors", "render"},
    "cli": {
        *("choices", "command_options", "config", "doctor", "endings", "errors", "explaining", "kinds", "load"),
        *("pipeline", "render", "resources", "roles", "streams", "tally"),
    },
    "__init__": {"api", "errors"},
    "__main__": {"cli"},
}
"""Package or top-level module -> what it may import of evenhand, beside itself. No exceptions by file."""


def part_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Packages and top-level modules of evenhand that a file imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            part = rest.partition(".")[0]
            if package == "evenhand" and ((SOURCE / part).is_dir() or (SOURCE / f"{part}.py").is_file()):
                yield part


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_one_way(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"{part} is new: say here what it may import"
    assert set(imported(path)) - {part} <= MAY_IMPORT[part]


def test_the_table_of_imports_has_no_cycle() -> None:
    left = {part: set(imports) for part, imports in MAY_IMPORT.items()}
    while left:
        free = {part for part, imports in left.items() if not imports & left.keys()}
        assert free, f"a cycle among {sorted(left)}"
        left = {part: imports for part, imports in left.items() if part not in free}


def test_the_table_of_imports_names_what_exists() -> None:
    assert set(MAY_IMPORT) == {part_of(path) for path in MODULES}


# Files --------------------------------------------------------------------------------------------------------------

PYTHON = sorted(path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_files_are_named_for_what_they_hold() -> None:
    assert [path for path in PYTHON if path.stem.rstrip("s") in ("util", "helper", "common", "misc", "tool")] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_holds(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_asking_for_help_imports_nothing_heavy() -> None:
    """pandas takes .8 s to import, matplotlib 1.0, scipy.stats 1.9: `evenhand --help` must not pay."""
    heavy = [
        "duckdb",
        "fairlearn",
        "matplotlib",
        "narwhals",
        "numpy",
        "pandas",
        "polars",
        "pyarrow",
        "pydantic",
        "scipy",
        "sklearn",
    ]
    code = f"import sys, evenhand.cli; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# One table per kind of thing --------------------------------------------------------------------------------------------

TABLES = {
    "ENGINES": (frozenset(ENGINES), "tally/engines/__init__.py"),
    "FORMATS": (frozenset(FORMATS), "render/__init__.py"),
    "MEASURES": (frozenset(MEASURES), "measure/__init__.py"),
    "ALIASES": (frozenset(ALIASES), "measure/__init__.py"),
}


def literal_names(path: Path) -> Iterator[frozenset[str]]:
    """The strings of every list, tuple, set and dict that is written out in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        items = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
        yield frozenset(item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str))


@pytest.mark.parametrize("table", TABLES)
def test_no_second_list_of_what_a_table_lists(table: str) -> None:
    """A list elsewhere that holds all names of a table, or many of them, is forgotten when the table grows."""
    names, home = TABLES[table]
    many = min(len(names), 10)
    elsewhere = [path for path in MODULES if path != SOURCE / home]
    assert [path for path in elsewhere if any(len(found & names) >= many for found in literal_names(path))] == []


def test_kinds_are_declarations() -> None:
    """No code in a kind, and no `if kind ==` anywhere: a difference between kinds is a need, a role or a template."""
    for name in KINDS:
        tree = ast.parse((SOURCE / "kinds" / f"{name}.py").read_text(encoding="utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.If, ast.For))]
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                compared = [node.left, *node.comparators]
                literals = {item.value for item in compared if isinstance(item, ast.Constant)}
                assert not literals & set(KINDS), f"{path} compares with the name of a kind"


def test_nothing_registers_itself_on_import() -> None:
    """Tables are written out: no decorator adds a measure, an engine or a format."""
    known = {"property", "cached_property", "dataclass", "classmethod", "staticmethod", "abstractmethod", "cache"}
    known |= {
        "lru_cache",
        "contextmanager",
        "model_validator",
        "field_validator",
        "command",
        "callback",
        "override",
        "overload",
    }
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for decorator in getattr(node, "decorator_list", []):
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                assert name in known, f"{path}: @{name}"
