"""Hand-written results documents for the tests of every output: no pipeline is needed to make them.

The numbers are typed in to show a state, not computed; where a test asserts a number, it says so there.
"""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
SCRIPT, DOLLARS, FORMULA, HIDDEN = "<script>alert(1)</script>", "$0-$50", r"$\foo$", "_hidden"
RIGHT_TO_LEFT, IMAGE, ANSI = "עברית (ישראל)", '"><img src=x onerror=alert(1)>', "red\x1b[31mred"
LONG = "long " * 1000
HOSTILE = (SCRIPT, DOLLARS, FORMULA, HIDDEN, RIGHT_TO_LEFT, IMAGE, ANSI, LONG)


def comparison(
    attribute: str,
    group: str,
    status: str,
    estimate: float | None = None,
    bounds: tuple[float | None, float | None] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """One comparison; what is not given is what an ordinary ratio would have."""
    low_high = bounds or (None, None)
    decision = None
    if bounds:
        decision = {"low": bounds[0], "high": bounds[1], "unbounded": None in bounds}
    plain = None
    if bounds:
        plain = {**decision, "confidence": 0.95, "method": "Miettinen–Nurminen score, ratio"}
        plain["low"] = None if low_high[0] is None else round(low_high[0] - 0.01, 6)
        plain["high"] = None if low_high[1] is None else round(low_high[1] + 0.01, 6)
    made: dict[str, Any] = {
        "attribute": attribute,
        "group": group,
        "groups": {attribute: group},
        "reference": "male" if attribute == "sex" else "30-59",
        "at": {},
        "run": None,
        "n": 8214,
        "n_reference": 12003,
        "n_effective": None,
        "estimate": estimate,
        "value": None if estimate is None else round(0.378 * estimate, 6),
        "value_reference": 0.378,
        "interval": plain,
        "decision_interval": decision,
        "p": p_values(0.2, 0.5, 0.01, 0.5) if bounds else p_values(None, None, None, None),
        "needs_n": None,
        "detectable": None,
        "status": status,
        "reason": {"code": "", "text": ""},
        "sentence": "",
    }
    return {**made, **changes}


def crossed(status: str, **changes: Any) -> dict[str, Any]:
    """A comparison of the intersection `female × 75+`."""
    made = comparison("sex × age_band", "female × 75+", status, reference="male × 30-59", value=None)
    return {**made, "groups": {"sex": "female", "age_band": "75+"}, **changes}


def p_values(parity: float | None, fail: float | None, pass_: float | None, adjusted: float | None) -> dict[str, Any]:
    return {"parity": parity, "fail": fail, "pass": pass_, "fail_adjusted": adjusted}


def check(identity: str, metric: str, status: str, comparisons: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": identity,
        "pack": None,
        "metric": metric,
        "level": "error",
        "decide_by": "assurance",
        "limit": {"min": 0.8, "max": None},
        "alpha": 0.05,
        "status": status,
        "reason": {"code": "", "text": ""},
        "sentence": "",
        "source": {"file": "evenhand.yaml", "line": 21},
        "comparisons": comparisons,
    }
    return {**made, **changes}


def evidence(rows: list[list[Any]] | None = None, curve: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "table": {
            "columns": ["group", "selected", "people"],
            "rows": rows or [["female", 2267, 8214], ["male", 4537, 12003]],
        },
        "curve": curve,
        "formula": "selected of the group / people of the group, divided by the same of the reference",
        "source": "Miettinen and Nurminen (1985), Statistics in Medicine 4, 213-226",
    }


def document(checks: list[dict[str, Any]], verdict: str, exit_code: int, **changes: Any) -> Document:
    """A document around these checks, with the sections that every audit has."""
    statuses = [c["status"] for c in checks]
    compared = [c["status"] for k in checks for c in k["comparisons"]]
    made: Document = {
        "schema": "evenhand.results/1",
        "verdict": verdict,
        "exit_code": exit_code,
        "reason": {"code": verdict, "text": ""},
        "audit": {
            "id": "9c41e0b7",
            "title": "spring-offer-ranker 4.2.0",
            "kind": "targeting",
            "model": {"name": "spring-offer-ranker", "version": "4.2.0", "owner": "growth analytics"},
            "purpose": "decide who is sent the spring card offer",
            "polarity": "benefit",
            "as_of": "2026-11-22",
            "approved": {"by": "ethics board", "on": "2026-03-02"},
        },
        "tool": {"name": "evenhand", "version": "0.1.0"},
        "policy": {
            "sha256": "ab" * 32,
            "packs": [
                {
                    "id": "four-fifths",
                    "version": "2026-11",
                    "binding": "practice",
                    "in_force": None,
                    "sentence": "A practice standard, contested in law. Not legal advice, no safe harbour.",
                }
            ],
        },
        "seed": "cd" * 32,
        "rows": {
            "read": 48900,
            "audited": 48210,
            "excluded": [
                {"code": "not_in_scope", "reason": "country is not one of the audited ones", "rows": 640},
                {"code": "missing_decision", "reason": "the decision is missing", "rows": 50},
            ],
        },
        "people": 48210,
        "roles": {"decision": "offered", "label": "bought", "score": "score", "stages": ["eligible", "sent"]},
        "counts": {
            "checks": {s: statuses.count(s) for s in dict.fromkeys(statuses)},
            "comparisons": {s: compared.count(s) for s in dict.fromkeys(compared)},
        },
        "checks": checks,
        "overview": {"factors": [], "currency": None, "price_unit": None, "min_people": 30, "measures": []},
        "groups": [
            group("sex", "female", 20117, 0.4173, 0.276),
            group("sex", "male", 28051, 0.5818, 0.378),
            group("sex", "(missing)", 42, 0.0009, None),
        ],
        "data": {
            "missing": [
                {"attribute": "sex", "rows": 42, "share": 0.00087},
                {"attribute": "label", "rows": 9642, "share": 0.2},
            ],
            "notes": [{"code": "near_spellings", "text": "`region` has groups that differ by case only", "rows": 118}],
        },
        "statements": [],
        "waivers": [],
        "changes": [],
        "warnings": [{"code": "assumed_unit", "text": "each row was taken to be a person: no key or unit is declared"}],
        "evidence": {c["id"]: evidence() for c in checks},
    }
    return {**made, **changes}


def group(attribute: str, label: str, n: int, share: float, rate: float | None) -> dict[str, Any]:
    bounds = None if rate is None else {"low": round(rate - 0.012, 4), "high": round(rate + 0.012, 4)}
    return {
        "attribute": attribute,
        "group": label,
        "groups": {attribute: label},
        "n": n,
        "share": share,
        "measures": {"selection_rate": {"value": rate, "n": n, "interval": bounds}},
    }


def every_state() -> Document:
    """One document with every status, level, way of deciding, form of metric and hostile label."""
    small = {"code": "too_few_people", "text": "the group has fewer people than the floor of 30"}
    offer = [
        comparison(
            "sex", "female", "fail", 0.7296, (0.69, 0.7704), p=p_values(1e-9, 0.0004, 0.9999, 0.0016), detectable=0.781
        ),
        comparison(
            "age_band", "75+", "inconclusive", 0.81, (0.70, 0.93),
            n=212, p=p_values(0.04, 0.55, 0.45, 1.0), needs_n=1873, detectable=0.61,
            reason={"code": "not_enough_evidence", "text": ""},
        ),
        comparison("age_band", "18-29", "pass", 0.95, (0.91, 0.99), n=9105, p=p_values(0.03, 0.99, 1e-6, 1.0)),
        comparison(
            "age_band", "60-74", "inconclusive", 0.7712, (0.742, 0.809),
            n=1501, p=p_values(1e-5, 0.021, 0.97, 0.063), needs_n=2420,
        ),
        crossed("not_tested", n=17, reason=small, needs_n=390),
    ]  # fmt: skip
    segments = [
        comparison(
            "segment", label, "pass", 0.97 - 0.01 * i, (0.79, 1.2),
            reference="standard", n=900 + i, p=p_values(0.6, 0.9, 0.06, 1.0),
        )
        for i, label in enumerate(HOSTILE)
    ]  # fmt: skip
    differences = [
        comparison(
            "sex", "female", "fail", -0.0712, (-0.093, -0.0501),
            p=p_values(1e-6, 0.004, 0.9, 0.004), value=0.61, value_reference=0.6812,
        ),
    ]  # fmt: skip
    legal = [
        comparison("sex", "female", "warn", 0.9, None, p=p_values(0.001, None, None, None)),
        comparison("age_band", "75+", "pass", 0.96, None, p=p_values(0.4, None, None, None)),
    ]
    unbounded = [
        comparison(
            "region", "North", "inconclusive", None, (0.61, None),
            reference="South", value=0.032, value_reference=0.0, n=510,
            reason={"code": "unbounded", "text": "nobody of the reference was selected"},
        ),
        comparison(
            "region", "East", "inconclusive", None, (0.0, None), reference="South", value=0.0, value_reference=0.0,
        ),
    ]  # fmt: skip
    quantiles = {
        "x": "share of people by price, from low to high",
        "y": "price ratio",
        "series": [
            {"name": "female", "points": [[0.1, 1.01], [0.5, 1.04], [0.9, 1.12]]},
            {"name": SCRIPT, "points": [[0.1, 0.99], [0.5, 1.0], [0.9, 1.02]]},
        ],
    }
    rates = [
        comparison(
            "sex", label, "not_tested", rate, None, reference=None, value=rate, value_reference=None, n=n,
            interval={
                "low": rate - 0.01, "high": rate + 0.01, "confidence": 0.95, "method": "Wilson", "unbounded": False,
            },
            reason={"code": "no_limit", "text": ""},
        )
        for label, rate, n in (("female", 0.276, 20117), ("male", 0.378, 28051))
    ]  # fmt: skip
    reported = {"level": "report", "limit": {"min": None, "max": None}, "reason": {"code": "no_limit", "text": ""}}
    made = document(
        [
            check("offer-parity", "selection_rate_ratio", "fail", offer),
            check("segment-parity", "selection_rate_ratio", "pass", segments, decide_by="confirmatory"),
            check(
                "hit-rate-gap", "true_positive_rate_difference", "warn", differences,
                level="warn", limit={"min": -0.05, "max": 0.05}, source={"file": "evenhand.yaml", "line": 24},
            ),
            check(
                "four-fifths/impact-ratio", "impact_ratio", "fail",
                [
                    comparison("sex", "female", "fail", 0.7296, None, reference="male"),
                    comparison("sex", "male", "pass", 1.0, None, reference="male"),
                ],
                pack="four-fifths", decide_by="point", source={"file": "four-fifths.yaml", "line": 12},
            ),
            check("legal-reading", "selection_rate_ratio", "warn", legal, decide_by="legal"),
            check(
                "waived-check", "selection_rate_ratio", "waived",
                [comparison("region", "N", "fail", 0.70, (0.66, 0.74), p=p_values(1e-8, 0.001, 1.0, 0.001))],
            ),
            check("never-selected-reference", "selection_rate_ratio", "inconclusive", unbounded),
            check(
                "coverage", "selection_rate_ratio", "inconclusive",
                [
                    comparison("tribe", "A", "pass", 0.99, (0.95, 1.03)),
                    comparison("tribe", "B", "not_tested", None, None, n=22, reason=small, value=None),
                ],
                reason={"code": "coverage", "text": "6% of the people are in groups that could not be tested"},
            ),
            check("rates", "selection_rate", "not_tested", rates, **reported),
            check(
                "four-fifths/calibration", "expected_calibration_error", "not_tested", [],
                pack="four-fifths", reason={"code": "roles_absent", "text": "the audit file names no `score`"},
            ),
            check(
                "two-sided", "false_positive_rate_ratio", "fail",
                [
                    comparison("tribe", "A", "fail", 2.4, (1.9, 3.1), reference="B", n=4100),
                    comparison("tribe", "C", "inconclusive", 0.9, (0.11, 19.0), reference="B", n=61, needs_n=6200),
                    comparison("tribe", "D", "pass", 1.02, (0.96, 1.08), reference="B", n=9100),
                ],
                limit={"min": 0.8, "max": 1.25},
            ),
            check("near-tie", "selection_rate_ratio", "fail", [
                comparison("sex", "female", "fail", 0.7996, (0.7601, 0.79998), p=p_values(1e-9, 0.04, 0.96, 0.04))
            ]),
            check("age-pass", "selection_rate_ratio", "pass", [
                comparison("age_band", "18-29", "pass", 0.95, (0.91, 0.99), p=p_values(0.03, 0.99, 1e-6, 1.0)),
                comparison("age_band", "60-74", "pass", 1.0, (0.96, 1.04), p=p_values(0.9, 0.99, 1e-6, 1.0)),
            ]),
            check(
                "outside-metric", "fairlearn:count_ratio", "pass",
                [comparison("sex", "female", "pass", 0.93, None)], decide_by="point",
            ),
        ],
        "fail",
        1,
    )  # fmt: skip
    made["groups"] += [group("segment", label, 900 + i, 0.019, 0.3) for i, label in enumerate(HOSTILE)]
    made["evidence"]["age-pass"] = evidence(curve=quantiles)
    made["audit"]["model"]["name"] = "spring-offer-ranker"
    return made


def many_checks(checks: int, groups: int) -> Document:
    """The size that report.md limits: so many checks of so many groups each."""
    made = []
    for i in range(checks):
        compared = [
            comparison(
                "age_band", f"{10 * j}-{10 * j + 9}", "fail" if (i + j) % 7 == 0 else "pass",
                round(0.7 + 0.05 * ((i * 3 + j) % 8), 4), (0.66 + 0.05 * j, 0.75 + 0.05 * j),
                p=p_values(0.01, 0.001, 0.9, 0.004), n=1000 + 37 * j,
            )
            for j in range(groups)
        ]  # fmt: skip
        status = "fail" if any(c["status"] == "fail" for c in compared) else "pass"
        made.append(check(f"check-number-{i}", "selection_rate_ratio", status, compared))
    full = document(made, "fail", 1)
    columns = ["attribute", "group", "at", "cases", "total", "value"]
    for entry in full["evidence"].values():
        rows = [["age_band", f"{10 * j}-{10 * j + 9}", "", 367, 1277, 0.287392325763508] for j in range(groups + 1)]
        entry["table"] = {"columns": columns, "rows": rows}
    return full
