"""`evenhand doctor`: what is installed, and whether every engine gives the same cells as the plain one here.

May import: everything but the command line.
"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evenhand import __version__
from evenhand.errors import EvenhandError, UsageError
from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.resources import sample_folder
from evenhand.roles import Sources
from evenhand.tally.engines import ENGINES, engine_class

LIBRARIES = (
    "narwhals",
    "duckdb",
    "polars",
    "pyarrow",
    "numpy",
    "scipy",
    "pandas",
    "fairlearn",
    "scikit-learn",
    "matplotlib",
)
SAMPLE = "targeting/too_little"
"""The smallest sample: even the plain engine reads it in a moment."""


def doctor_lines() -> tuple[list[str], bool]:
    """Lines to print, and whether all is well."""
    lines = [f"evenhand {__version__}, Python {platform.python_version()}, {platform.machine()}"]
    lines += [f"  {name} {installed(name)}" for name in LIBRARIES]
    digests: dict[str, str] = {}
    healthy = True
    with sample_folder(SAMPLE) as folder:
        for name in ENGINES:
            try:
                engine_class(name)
            except UsageError as absent:
                lines.append(f"engine {name}: {absent}")
                continue
            try:
                digests[name] = cells_digest(folder, name)
                lines.append(f"engine {name}: cells {digests[name][:12]}")
            except EvenhandError as error:
                lines.append(f"engine {name}: {error}")
                healthy = False
    if len(set(digests.values())) > 1:
        healthy = False
        lines.append("the engines disagree: please report this")
    else:
        lines.append("all engines that are installed agree" if healthy else "an engine does not work here")
    return lines, healthy


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def cells_digest(folder: Path, engine: str) -> str:
    """Digest of the sample's cells as one engine makes them."""
    audit = open_audit(folder / "evenhand.yaml")
    outcome = audit_rows(audit, Sources(audit.predictions, audit.attributes_path, audit.key), Options(engine=engine))
    return outcome.cells.digest
