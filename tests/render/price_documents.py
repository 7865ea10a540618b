"""Hand-written results documents of pricing models, with an overview; numbers are typed in to show a state.

Those that a test asserts say there where they come from.
"""

from __future__ import annotations

from typing import Any

import render_documents as made

NO_LIMIT = {"code": "no_limit", "text": ""}
PLAIN = {"confidence": 0.95, "method": "Welch", "unbounded": False}


def shown(group: str, estimate: float | None, bounds: tuple[float, float] | None = None, **changes: Any) -> Any:
    """One comparison of the overview: never judged, with its plain interval."""
    interval = None if bounds is None else {"low": bounds[0], "high": bounds[1], **PLAIN}
    attribute = changes.pop("attribute", "sex")
    usual = {"interval": interval, "reason": NO_LIMIT, "n": 5120, "n_reference": 6044, "value": None}
    return made.comparison(
        attribute, group, "not_tested", estimate, None, **{**usual, "value_reference": None, **changes}
    )


def age(group: str, estimate: float | None, bounds: tuple[float, float] | None = None, **changes: Any) -> Any:
    return shown(group, estimate, bounds, attribute="age_band", n=812, **changes)


def measures() -> list[dict[str, Any]]:
    """Every measure of the overview of a pricing model."""
    quantiles = {0.1: 0.97, 0.25: 0.98, 0.5: 1.0, 0.75: 1.04, 0.9: 1.08, 0.95: 1.11}
    bands = ["1st tenth", "2nd tenth", "3rd tenth"]
    parts = {
        "Kitagawa": {"mix": -28.5, "like for like at the average mix": 5.17, "no counterpart": 0.0},
        "Oaxaca–Blinder, pooled": {"explained": -27.9, "unexplained": 4.57, "explained by region": -20.1},
    }
    old_parts = {"mix": 40.0, "like for like": -1.2, "no counterpart": 12.0}
    prices = {"value": 489.2, "value_reference": 512.53}
    old = {"value": 563.33, "value_reference": 512.53}
    found: dict[str, list[Any]] = {
        "mean_price_ratio": [
            shown("female", 0.9545, (0.932, 0.977), **prices),
            age("75+", 1.0991, (1.01, 1.19), **old),
        ],
        "mean_price_difference": [
            shown("female", -23.33, (-35.1, -11.5), **prices),
            age("75+", 50.8, (5.2, 96.4), **old),
        ],
        "like_for_like_gap": [
            shown("female", 5.17, (3.3, 7.04), value=489.2, value_reference=484.03),
            age("75+", -1.2, (-4.9, 2.5), value=520.0, value_reference=521.2),
        ],
        "like_for_like_gap_percent": [
            shown("female", 1.07, (0.68, 1.46)),
            age("75+", -0.23, (-0.94, 0.48), reason={"code": "withheld", "text": ONLY_61}),
        ],
        "overcharge_total": [shown("female", 26470.4, (16896.0, 36044.8)), age("75+", -974.4, (-3978.8, 2030.0))],
        "decomposition": [
            *(
                shown("female", amount, at={"method": method, "part": part})
                for method, amounts in parts.items()
                for part, amount in amounts.items()
            ),
            *(age("75+", amount, at={"method": "Kitagawa", "part": part}) for part, amount in old_parts.items()),
        ],
        "quantile_ratio_curve": [
            shown("female", ratio, (ratio - 0.03, ratio + 0.03), at={"quantile": q}) for q, ratio in quantiles.items()
        ],
        "actual_to_expected_ratio": [shown("female", 0.97, (0.9, 1.05), value=0.98, value_reference=1.01)],
        "actual_to_expected_by_band": [
            shown(group, base + 0.05 * i, (base - 0.1, base + 0.2), reference=None, at={"band": band})
            for group, base in (("female", 0.9), ("male", 0.95))
            for i, band in enumerate(bands)
        ],
        "loss_ratio_ratio": [shown("female", 0.879, (0.71, 1.06), value=0.61, value_reference=0.694)],
        "proxy_strength": [
            shown(group, strength, at={"factor": factor}, reference=None)
            for factor, strength in (("region", 0.021), ("cover", 0.384))
            for group in ("female", "male")
        ],
        "proxy_strength_joint_auc": [shown("female", 0.71, (0.69, 0.73))],
    }
    return [{"metric": metric, "comparisons": rows, "curve": None} for metric, rows in found.items()]


ONLY_61 = (
    "only 61% of the group's people are in strata with at least 5 people of both groups; the audit file asks for 80%"
)


def overview(**changes: Any) -> dict[str, Any]:
    usual = {
        "factors": [
            {"name": "region", "column": "region", "why": "claims differ by region: filed with the tariff 2025"},
            {"name": "cover", "column": "cover", "why": "dearer cover costs more"},
        ],
        "currency": "EUR",
        "price_unit": "money",
        "min_people": 30,
        "measures": measures(),
    }
    return {**usual, **changes}


def pricing(**changes: Any) -> dict[str, Any]:
    """A pricing model's document: a gap like for like above its limit, one withheld, a ratio within."""
    percent = {"limit": {"min": None, "max": 5.0}}
    checks = [
        made.check(
            "like-for-like", "like_for_like_gap_percent", "inconclusive",
            [
                made.comparison(
                    "sex", "female", "pass", 4.9, (3.1, 4.99),
                    value=512.3, value_reference=488.4, n=5120, p=made.p_values(1e-6, 0.9, 0.04, 0.9),
                ),
                made.comparison(
                    "age_band", "75+", "inconclusive", -0.23, (-0.94, 0.48),
                    n=812, value=520.0, value_reference=521.2, reason={"code": "withheld", "text": ONLY_61},
                ),
            ],
            **percent,
        ),
        made.check(
            "average", "mean_price_ratio", "fail",
            [
                made.comparison(
                    "age_band", "75+", "fail", 1.0991, (1.06, 1.19), value=563.33, value_reference=512.53, n=812,
                    p=made.p_values(1e-4, 0.003, 1.0, 0.003),
                )
            ],
            limit={"min": None, "max": 1.05},
        ),
        made.check(
            "what-they-pay", "mean_price", "not_tested",
            [
                made.comparison(
                    "sex", group, "not_tested", price, None, reference=None, value=price, value_reference=None, n=n,
                    interval={"low": price - 9.1, "high": price + 9.1, **PLAIN}, reason=NO_LIMIT,
                )
                for group, price, n in (("female", 489.2, 5120), ("male", 512.53, 6044))
            ],
            level="report", limit={"min": None, "max": None}, reason=NO_LIMIT,
        ),
    ]  # fmt: skip
    document = made.document(checks, "fail", 1, overview=overview())
    document["audit"].update(
        title="motor-tariff 7.1.0",
        kind="pricing",
        polarity="burden",
        purpose="set the yearly premium of motor insurance",
        model={"name": "motor-tariff", "version": "7.1.0", "owner": "pricing"},
    )
    document["roles"] = {"price": "premium", "expected_loss": "technical", "actual_loss": "claims"}
    for group, price in zip(document["groups"], (489.2, 512.53, None), strict=True):
        bounds = None if price is None else {"low": price - 9.1, "high": price + 9.1}
        group["measures"] = {"mean_price": {"value": price, "n": group["n"], "interval": bounds}}
    for behind in document["evidence"].values():
        behind["table"] = {"columns": ["attribute", "group", "value"], "rows": [["sex", "female", 1234567.891]]}
    return {**document, **changes}


WOMEN, MEN = 557 / 1835, 1198 / 2691


def within(ratio: float, bounds: tuple[float, float] | None, **changes: Any) -> Any:
    usual = {"value": WOMEN, "value_reference": MEN, "n": 1835, "n_reference": 2691}
    return shown("female", ratio, bounds, **{**usual, **changes})


def with_factors(**changes: Any) -> Any:
    """A targeting model that declares a factor: rates on the face of it and within departments."""
    strength = [shown("female", 0.235, at={"factor": "department"}, reference=None)]
    measures = {
        "conditional_selection_ratio": [within(1.058, (0.970, 1.154)), within(1.3, None, n=12)],
        "standardised_selection_ratio": [within(1.004, (0.906, 1.112))],
        "proxy_strength": strength,
        "proxy_strength_joint_auc": [shown("female", 0.766)],
    }
    few = measures["conditional_selection_ratio"][1]
    few.update(group="few", groups={"sex": "few"})
    overview = {
        "factors": [{"name": "department", "column": "dept_code", "why": "each decides on its own applicants"}],
        "currency": None,
        "price_unit": None,
        "min_people": 30,
        "measures": [{"metric": m, "comparisons": c, "curve": None} for m, c in measures.items()],
    }
    document = made.document([], "not_tested", 3, overview={**overview, **changes}, groups=[])
    document["audit"]["polarity"] = "benefit"
    return document
