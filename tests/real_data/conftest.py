"""Real data lie outside this repository and are never copied into it; without them these tests are skipped.

They are looked for in the folder that EVENHAND_SHARED_DATA names, else in `../shared/data` beside the repository.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evenhand import audit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # pytest's importlib mode does not put test folders on the path


def data_folder() -> Path:
    return Path(os.environ.get("EVENHAND_SHARED_DATA") or HERE.parents[2] / "shared" / "data")


@pytest.fixture(scope="session")
def data() -> Path:
    folder = data_folder()
    if not folder.is_dir():
        pytest.skip("no real data: set EVENHAND_SHARED_DATA")
    return folder


@pytest.fixture
def audited() -> Callable[..., Mapping[str, Any]]:
    """The results document of rows (a path or a frame) under one of the audit files of this folder."""

    def run(rows: Any, name: str) -> Mapping[str, Any]:
        return audit(rows, HERE / name).document

    return run
