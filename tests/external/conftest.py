"""Puts the folder of `small_audits`, and this one with the user's own metrics, on the path: pytest's importlib mode does not."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parent.parent / "tally"):
    sys.path.insert(0, str(folder))
