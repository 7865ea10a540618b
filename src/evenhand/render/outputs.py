"""Every file of a run folder, from the results document. May import: render."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evenhand.render import FORMATS
from evenhand.render.options import RenderOptions


def run_folder_files(
    document: Mapping[str, Any], options: RenderOptions, *, run: Mapping[str, Any] | None = None
) -> dict[str, bytes]:
    """File name -> bytes: every format that has a file, and `run.json` where how the run went is known."""
    files = {
        entry.file_name: entry.render(document, options).encode("utf-8")
        for entry in FORMATS.values()
        if entry.file_name is not None
    }
    if run is not None:
        files["run.json"] = (json.dumps(run, indent=1) + "\n").encode("utf-8")
    return files
