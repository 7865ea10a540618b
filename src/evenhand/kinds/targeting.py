"""Targeting: who gets an offer, a visit, a check, a loan."""

from __future__ import annotations

from evenhand.kinds.kind import Kind

TARGETING = Kind(
    name="targeting",
    title="targeting model",
    question="Who is selected?",
    summary=(
        "selection_rate",
        "base_rate",
        "true_positive_rate",
        "false_positive_rate",
        "positive_predictive_value",
        "auc",
        "missing_label_rate",
        "missing_score_rate",
    ),
    sample="targeting",
    overview={
        "what the factors explain": (
            "conditional_selection_ratio",
            "standardised_selection_ratio",
            "proxy_strength",
            "proxy_strength_joint_auc",
        ),
    },
)
