"""Pricing: what each person pays: a premium, a rate, a fee, a fare."""

from __future__ import annotations

from evenhand.kinds.kind import Kind

PRICING = Kind(
    name="pricing",
    title="pricing model",
    question="What does each person pay?",
    summary=("mean_price", "actual_to_expected", "loss_ratio", "missing_price_rate"),
    sample="pricing",
    overview={
        "what each group pays": (
            "mean_price_ratio",
            "mean_price_difference",
            "like_for_like_gap",
            "like_for_like_gap_percent",
            "overcharge_total",
            "quantile_ratio_curve",
        ),
        "what explains it": (
            "decomposition",
            "actual_to_expected_ratio",
            "actual_to_expected_by_band",
            "actual_to_technical_ratio",
            "actual_to_technical_by_band",
            "loss_ratio_ratio",
            "proxy_strength",
            "proxy_strength_joint_auc",
        ),
    },
)
