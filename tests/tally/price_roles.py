"""The ways in which audits of prices are declared here: weights, counts, people with several rows, shares."""

from __future__ import annotations

from typing import Any

from small_audits import PROTECTED

NOT_HERE = dict.fromkeys(("decision", "label", "score", "consent", "vulnerable", "contacts", "stages"))
"""Roles of targeting: what prices need has hostile columns of its own."""
PRICE_ONLY = (
    *("technical_price", "expected_loss", "actual_loss", "list_price", "equivalent_new_business_price"),
    *("walking_tolerance", "is_renewal", "tenure", "tenure_bands", "item", "time_bucket", "channel", "currency"),
    "campaign",
)
SHARED: dict[str, Any] = {**PROTECTED, "race": {"reference": "a", "probabilities": {"a": "share_a", "b": "share_b"}}}
ROLES: dict[str, dict[str, Any]] = {
    "plain rows": {},
    "counts": {"columns": {"count": "people"}},
    "weights": {"columns": {"weight": "weight"}},
    "counts and weights": {"columns": {"count": "people", "weight": "weight"}},
    "repeated people": {"columns": {"unit": "person"}},
    "repeated people with weights": {"columns": {"unit": "person", "weight": "weight"}},
    "shares": {"protected": SHARED, "intersections": [["sex", "race"]]},
    "shares and weights of repeated people": {
        "protected": SHARED,
        "columns": {"unit": "person", "weight": "weight"},
    },
    "where": {"columns": {"unit": "person"}, "data": {"where": {"campaign": ["spring"]}}},
}
