"""Terms of the glossary that come with comparing like with like, with prices and with several comparisons.

May import: render's own words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evenhand.render.order import family_size

Document = Mapping[str, Any]
_STRATA = ("like_for_like", "conditional_", "standardised_", "decomposition")
_MIXES = ("like_for_like", "standardised_", "decomposition")


@dataclass(frozen=True)
class _Term:
    term: str
    words: str
    used: Callable[[Document], bool]


def _begins(*starts: str) -> Callable[[Document], bool]:
    return lambda document: any(name.startswith(starts) for name in _metrics(document))


def _holds(*parts: str) -> Callable[[Document], bool]:
    return lambda document: any(part in name for name in _metrics(document) for part in parts)


def _metrics(document: Document) -> set[str]:
    """Metrics of the checks, and of the overview where it has a number."""
    shown = (m for m in document["overview"]["measures"] if any(c["estimate"] is not None for c in m["comparisons"]))
    return {part["metric"] for part in (*document["checks"], *shown)}


def _withheld(document: Document) -> bool:
    parts = (*document["checks"], *document["overview"]["measures"])
    return any(c["reason"]["code"] == "withheld" for part in parts for c in part["comparisons"])


def _several(document: Document) -> bool:
    return any(family_size(check["comparisons"]) > 1 for check in document["checks"])


_TERMS = (
    _Term(
        "Stratum", "People who are alike in all declared factors: one combination of their levels.", _begins(*_STRATA)
    ),
    _Term(
        "Mix",
        "How the people of a group are spread over the strata. Two groups that are treated alike in every stratum "
        "still have different averages where their mixes differ.",
        _begins(*_MIXES),
    ),
    _Term(
        "Like for like",
        "Compared stratum by stratum, then averaged over a mix that is named: the group's own unless something else is "
        "said. With another mix the number is another one.",
        _begins("like_for_like", "decomposition"),
    ),
    _Term(
        "Counterpart",
        "A person of the other group in the same stratum. Where a stratum has people of one group only, nobody can be "
        "compared like for like.",
        _begins("like_for_like", "decomposition"),
    ),
    _Term(
        "Overlap",
        "The share of a group's people in strata with enough people of both groups. Where it is below what the audit "
        "file asks for, no verdict is given.",
        _withheld,
    ),
    _Term(
        "Comparisons allowed for (Holm)",
        "Of many comparisons some lie beyond a limit by chance alone. Holm's method asks for the more evidence before "
        "one of them fails, the more comparisons the check makes.",
        _several,
    ),
    _Term(
        "Area under the curve (AUC)",
        "How often, of one person of each group, a score ranks the two the right way round: 0.5 is no better than a "
        "coin, 1 is always.",
        _holds("auc"),
    ),
    _Term("Mark-up", "What a person pays above the list price.", _holds("markup")),
    _Term(
        "Equivalent new-business price",
        "What the same person would pay for the same cover as a new customer, as the data give it.",
        _holds("price_walking"),
    ),
)


def terms_used(document: Document) -> dict[str, str]:
    """The terms that this document uses, with their words."""
    return {entry.term: entry.words for entry in _TERMS if entry.used(document)}
