"""What a kind of model declares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`summary` are the quantities that the groups table of the report shows, where their roles are present."""

    name: str
    title: str
    question: str
    summary: tuple[str, ...]
    sample: str
    """Folder of sample_data that `evenhand demo` audits."""
