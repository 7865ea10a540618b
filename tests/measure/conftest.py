"""Puts this folder and that of `small_audits` on the path: pytest's importlib mode does not."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tally"))
sys.path.insert(0, str(Path(__file__).parent))
