"""Audits of made-up prices for the tests of measures about factors and items: rows in, findings out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from small_audits import audit_of, audited, cells_of, groupings_for, setting_of

from evenhand.checking import groupings_of
from evenhand.config.loader import Audit
from evenhand.measure import MEASURES
from evenhand.measure.base import Finding, Grouping, Setting

Rows = Mapping[str, Any]
NOTHING = dict.fromkeys(("decision", "label", "score", "consent", "vulnerable", "stages", "campaign", "contacts"), None)
REGION = {"region": {"why": "claims differ by region"}}


def price_audit(*measures: str, columns: Mapping[str, Any] | None = None, **changes: Any) -> Audit:
    """An audit of prices: sex with reference m, one factor `region`, unless said otherwise."""
    made: dict[str, Any] = {
        "model": {"name": "test", "version": "1", "kind": "pricing"},
        "polarity": "burden",
        "protected": {"sex": {"reference": "m"}},
        "population": {},
        "factors": REGION,
        **changes,
    }
    roles = {**NOTHING, "price": "price", **(columns or {})}
    return audit_of(measures=measures, columns=roles, **{k: v for k, v in made.items() if v is not None})


def setting(audit: Audit, rows: Rows, *, engine: str = "plain", **options: Any) -> Setting:
    """What measures read of these rows, with the options that the pipeline takes from the audit file."""
    table = pa.table({name: pa.array(values) for name, values in rows.items()})
    return replace(
        setting_of(audit, cells_of(audit, table, engine=engine)),
        min_in_stratum=audit.small_groups.min_in_stratum,
        min_overlap=float(audit.small_groups.min_overlap),
        price_unit=audit.file.columns.price_unit,
        why={name: factor.why for name, factor in audit.file.factors.items()},
        **options,
    )


def found(audit: Audit, made: Setting) -> dict[str, list[Finding]]:
    """Findings of every check's metric, by name."""
    return {
        check.metric: [
            finding
            for grouping in groupings_for(check.metric, audit)
            for finding in MEASURES[check.metric].findings(made, grouping)
        ]
        for check in audit.checks
    }


def measured(rows: Rows, *measures: str, engine: str = "plain", **changes: Any) -> dict[str, list[Finding]]:
    """Findings of measures by name."""
    audit = price_audit(*measures, **changes)
    return found(audit, setting(audit, rows, engine=engine))


def estimates(findings: list[Finding]) -> dict[str, float | None]:
    return {finding.group: finding.estimate for finding in findings}


def grouping_of(audit: Audit, name: str = "sex") -> Grouping:
    return groupings_of(audit)[name]


def verdict_of(rows: Rows, check: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The whole pipeline: the one check in the results document."""
    audit = price_audit(checks=[{"id": "gap", **check}], **changes)
    table = pa.table({name: pa.array(values) for name, values in rows.items()})
    checked: dict[str, Any] = audited(audit, table).document["checks"][0]
    return checked


def cell_rows(cells: Mapping[tuple[str, str], tuple[int, float]], *, around: float = 0.0) -> dict[str, list[Any]]:
    """Rows of (sex, region) -> (people, mean price); half of a cell pays `around` more, half as much less."""
    rows: dict[str, list[Any]] = {"sex": [], "region": [], "price": []}
    for (sex, region), (people, mean) in cells.items():
        rows["sex"] += [sex] * people
        rows["region"] += [region] * people
        rows["price"] += [mean + around] * (people // 2) + [mean] * (people % 2) + [mean - around] * (people // 2)
    return rows


def random_prices(seed: int, size: int = 600) -> dict[str, Any]:
    """Skewed prices in cents that depend on sex, region and tariff; weights, counts, shares and persons beside them."""
    random = np.random.default_rng(seed)
    sex = random.choice(["m", "f", "x"], size, p=[0.5, 0.3, 0.2])
    region = random.choice(["N", "S", "W"], size)
    tariff = random.choice(["basic", "full"], size, p=[0.7, 0.3])
    mean = 200 + 30 * (sex == "f") + 50 * (region == "S") + 80 * (tariff == "full")
    price = np.round(mean * random.lognormal(0, 0.3, size), 2)
    return {
        "sex": sex.tolist(),
        "region": region.tolist(),
        "tariff": tariff.tolist(),
        "price": price.tolist(),
        "list_price": np.round(mean * 1.0, 2).tolist(),
        "weight": (random.integers(1, 300, size) / 100).tolist(),
        "people": random.integers(1, 4, size).tolist(),
        "person": random.integers(0, size // 3, size).tolist(),
    }


TWO_FACTORS = {"region": {"why": "claims differ by region"}, "tariff": {"why": "cover differs"}}
