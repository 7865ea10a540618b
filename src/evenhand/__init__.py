"""evenhand audits the decisions of a model for fairness: pass, fail or not enough evidence.

Public names: `audit` (rows or files in, an `AuditResult` out), `AuditResult`, `EvenhandError`. Importing this package
imports nothing heavy; the work is loaded when `audit` is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenhand.errors import EvenhandError

if TYPE_CHECKING:
    from evenhand.api import AuditResult, audit

__version__ = "0.1.0"
__all__ = ["AuditResult", "EvenhandError", "__version__", "audit"]


def __getattr__(name: str) -> Any:
    if name in ("audit", "AuditResult"):
        from evenhand import api

        return getattr(api, name)
    raise AttributeError(f"module `evenhand` has no attribute `{name}`")
