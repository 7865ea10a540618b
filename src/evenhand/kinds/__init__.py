"""The table of kinds of model. A kind is a declaration: what its roles are called and what its report shows.

How to add a kind: a file with a `Kind` and a line in `KINDS`. If the pipeline would need to ask which kind it is, a
need is missing in `measure` instead. Imports nothing of evenhand.
"""

from __future__ import annotations

from collections.abc import Mapping

from evenhand.kinds.kind import Kind
from evenhand.kinds.pricing import PRICING
from evenhand.kinds.targeting import TARGETING

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (TARGETING, PRICING)}

__all__ = ["KINDS", "Kind"]
