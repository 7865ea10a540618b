"""What a kind of model declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """`summary` are the quantities that the groups table of the report shows, where their roles are present.

    `overview` are the measures that the report shows of every model of this kind, whatever the policy checks, by the
    question that they answer.
    """

    name: str
    title: str
    question: str
    summary: tuple[str, ...]
    sample: str
    """Folder of sample_data that `evenhand demo` audits."""
    overview: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
