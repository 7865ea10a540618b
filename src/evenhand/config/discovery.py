"""Which audit file is meant: the argument, else EVENHAND_AUDIT, else `evenhand.yaml` here or above.

May import: errors. Imports no pydantic, so that the command line can look before it loads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from evenhand.errors import UsageError, near_name

FILE_NAME = "evenhand.yaml"


def find_audit_file(argument: str | None, *, folder: Path, environment: Mapping[str, str]) -> Path:
    """The path of the audit file; the first that is found wins and nothing is merged.

    `argument` (a file, or a folder that holds `evenhand.yaml`) goes before EVENHAND_AUDIT, which goes before
    `evenhand.yaml` in `folder` and its parents up to the root of the repository. Without a repository only `folder` is
    looked at: a stray file above it is not what anyone meant. Relative paths are relative to `folder`.

    Source: report.md, "Command line". Raises UsageError if nothing is found, or not a file.

    Example: in repo/models/ranker with repo/.git and repo/evenhand.yaml, no argument gives repo/evenhand.yaml.
    """
    if argument is not None:
        return _named(argument, folder, "")
    from_environment = environment.get("EVENHAND_AUDIT")
    if from_environment:
        return _named(from_environment, folder, "EVENHAND_AUDIT: ")
    above = [folder, *folder.parents]
    root = next((i for i, place in enumerate(above) if (place / ".git").exists()), 0)
    for place in above[: root + 1]:
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    raise UsageError(
        f"there is no `{FILE_NAME}` in this folder or above it in the repository",
        hint="name the audit file, or write one with `evenhand init DATA`",
    )


def _named(written: str, folder: Path, origin: str) -> Path:
    path = folder / written
    if os.path.isdir(path):  # unlike Path.is_dir, False for a name that is too long
        path = path / FILE_NAME
    if os.path.isfile(path):
        return path
    parent = path.parent
    near = near_name(path.name, [p.name for p in parent.glob("*.y*ml")]) if os.path.isdir(parent) else None
    suggestion = f" (did you mean '{near}'?)" if near else ""
    raise UsageError(
        f"{origin}there is no audit file `{written}`{suggestion}",
        hint="`evenhand init DATA` writes one",
    )
