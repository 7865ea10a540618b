"""Audits of made-up data for the tests of tally, measures and external metrics: rows, an audit file, cells, findings.

Everything goes the way of a real audit (audit file, reader, engine), up to where a test looks.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from evenhand.checking import EVERYONE, groupings_of, needs_of
from evenhand.config.loader import Audit
from evenhand.measure import MEASURES
from evenhand.measure.base import Finding, Grouping, Setting
from evenhand.pipeline import Options, Outcome, audit_rows, open_audit
from evenhand.roles import Sources, read_rows
from evenhand.tally.cells import Cells
from evenhand.tally.engines import engine_class
from evenhand.tally.run import tally

STAGES = ("eligible", "reached")
COLUMNS: dict[str, Any] = {
    "decision": "decided",
    "selected": ["1"],
    "label": "turned_out",
    "positive": ["yes"],
    "score": "score",
    "consent": {"column": "consent", "given": ["yes"]},
    "vulnerable": "vulnerable",
    "stages": list(STAGES),
    "campaign": "campaign",
    "contacts": "contacts",
}
PROTECTED: dict[str, Any] = {
    "sex": {"reference": "m"},
    "age": {"bands": [30, 60], "reference": "30-59"},
}
POPULATION = {"sex": {"m": 0.5, "f": 0.45, "x": 0.05}}
CUTS = ("10%", "7")
PRICE_CUT = "400.5"
PRICED: dict[str, Any] = {
    **COLUMNS,
    "price": "price",
    "technical_price": "technical",
    "expected_loss": "expected",
    "actual_loss": "actual",
    "list_price": "listed",
    "equivalent_new_business_price": "as_new",
    "walking_tolerance": 0.02,
    "is_renewal": "renewal",
    "tenure": "years",
    "tenure_bands": [1, 4],
    "item": "item",
    "time_bucket": "day",
    "channel": "channel",
    "currency": "currency",
}
FACTORS: dict[str, Any] = {
    "region": {"why": "tariff by region", "values": {"N": "north", "S": "south"}},
    "power": {"why": "claims rise with power", "column": "horsepower", "bands": [100]},
}
PRICE_ROLES = frozenset(PRICED) - frozenset(COLUMNS) | {"factors"}


def every_measure(*, priced: bool = False) -> list[str]:
    """Every name of the table that is about prices or factors, or about neither; `@k` at two cuts."""
    names = []
    for name, measure in MEASURES.items():
        if bool(PRICE_ROLES.intersection(measure.roles)) == priced:
            cuts = (PRICE_CUT,) if priced else CUTS
            names += [name.replace("@k", f"@{cut}", 1) for cut in cuts] if "@k" in name else [name]
    return names


@cache
def _opened(text: str) -> Audit:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evenhand.yaml"
        path.write_text(text, encoding="utf-8")  # JSON is YAML
        return open_audit(path)


def audit_of(
    *,
    measures: Iterable[str] = ("selection_rate_ratio",),
    columns: Mapping[str, Any] | None = None,
    checks: Iterable[Mapping[str, Any]] | None = None,
    **changes: Any,
) -> Audit:
    """An audit that reports `measures`, or has these `checks`; a column of None is left out."""
    roles = {role: column for role, column in {**COLUMNS, **(columns or {})}.items() if column is not None}
    if "decision" not in roles:
        roles.pop("selected", None)
    if "label" not in roles:
        roles.pop("positive", None)
    reported = [{"id": f"check-{i}", "metric": name, "level": "report"} for i, name in enumerate(measures)]
    spec = {
        "version": 1,
        "model": {"name": "test", "version": "1", "kind": "targeting"},
        "purpose": "a test",
        "polarity": "benefit",
        "columns": roles,
        "protected": PROTECTED,
        "intersections": [["sex", "age"]],
        "population": POPULATION,
        "checks": list(checks) if checks is not None else reported,
        **changes,
    }
    if not {"sex", "age"} <= set(spec["protected"]):
        spec.pop("intersections")
    if "sex" not in spec["protected"]:
        spec.pop("population")
    return _opened(json.dumps(spec))


def priced_audit(
    *, measures: Iterable[str] = ("mean_price_ratio",), columns: Mapping[str, Any] | None = None, **changes: Any
) -> Audit:
    """An audit of prices, with every role that there is and two factors.

    Its kind is still targeting, so that it tallies what `measures` ask for and no overview of a pricing model.
    """
    changes = {"polarity": "burden", "factors": FACTORS, **changes}
    return audit_of(measures=measures, columns={**PRICED, **(columns or {})}, **changes)


def cells_of(
    audit: Audit,
    predictions: Any,
    attributes: Any = None,
    *,
    key: str | None = None,
    engine: str = "plain",
    threads: int | None = None,
) -> Cells:
    """The cells of these rows; the plain engine unless another is asked for."""
    with tempfile.TemporaryDirectory() as folder:
        rows, definition = read_rows(audit, Sources(predictions, attributes, key or audit.key), Path(folder))
        with engine_class(engine)(rows, scratch=Path(folder), threads=threads) as running:
            return tally(running, definition, needs_of(audit))


def setting_of(audit: Audit, cells: Cells, *, seed: int = 7, polarity: str | None = None) -> Setting:
    """What measures read, as the pipeline makes it; the seed of bootstraps is fixed here."""
    return Setting(
        cells=cells,
        polarity=polarity or audit.file.polarity,  # type: ignore[arg-type]
        stages=audit.file.columns.stages,
        population={a: {g: float(s) for g, s in shares.items()} for a, shares in audit.file.population.items()},
        seed=seed,
        min_in_stratum=audit.small_groups.min_in_stratum,
        min_overlap=float(audit.small_groups.min_overlap),
        price_unit=audit.file.columns.price_unit,
        why={name: factor.why for name, factor in audit.file.factors.items()},
    )


def groupings_for(name: str, audit: Audit) -> list[Grouping]:
    """The groupings that a measure is asked about."""
    return [EVERYONE] if MEASURES[name].scope == "everyone" else list(groupings_of(audit).values())


def findings_of(audit: Audit, cells: Cells, **options: Any) -> dict[str, list[Finding]]:
    """Findings of every check's metric, by name."""
    setting = setting_of(audit, cells, **options)
    return {
        check.metric: [
            finding
            for grouping in groupings_for(check.metric, audit)
            for finding in MEASURES[check.metric].findings(setting, grouping)
        ]
        for check in audit.checks
        if not check.missing_roles
    }


def audited(
    audit: Audit, predictions: Any, attributes: Any = None, *, engine: str = "duckdb", seed: int = 7
) -> Outcome:
    """The whole pipeline."""
    return audit_rows(audit, Sources(predictions, attributes, audit.key), Options(engine=engine, seed=seed))


def random_rows(seed: int, size: int = 400, *, people: int | None = None) -> pa.Table:
    """Rows with every role: three sexes, ages on both sides of the bands, scores on the grid, some values missing.

    `weight` has two decimals, so that it is exact in fixed point; `person` repeats where there are fewer `people`, and
    then sex and age are the person's.
    """
    random = np.random.default_rng(seed)
    persons = random.permutation(size) if people is None else random.integers(0, people, size)
    sex_of = random.choice(["m", "f", "x"], size, p=[0.5, 0.4, 0.1])
    age_of = random.integers(15, 90, size)
    score = random.integers(0, 1001, size) / 1000
    turned_out = random.random(size) < 0.2 + 0.5 * score
    decided = random.random(size) < 0.1 + 0.7 * score
    reached = random.random(size) < 0.7

    def sometimes(values: list[Any], share: float) -> list[Any]:
        return [None if gone else value for value, gone in zip(values, random.random(size) < share, strict=True)]

    return pa.table(
        {
            "person": pa.array(persons),
            "sex": pa.array(sometimes(sex_of[persons].tolist(), 0.02 if people is None else 0.0)),
            "age": pa.array(sometimes(age_of[persons].tolist(), 0.02 if people is None else 0.0), pa.int64()),
            "decided": pa.array(sometimes(decided.astype(int).tolist(), 0.02), pa.int64()),
            "turned_out": pa.array(sometimes(np.where(turned_out, "yes", "no").tolist(), 0.05)),
            "score": pa.array(sometimes(score.tolist(), 0.03), pa.float64()),
            "weight": pa.array(random.integers(1, 400, size) / 100),
            "people": pa.array(random.integers(0, 5, size)),
            "consent": pa.array(random.choice(["yes", "no", ""], size, p=[0.9, 0.07, 0.03])),
            "vulnerable": pa.array(random.random(size) < 0.3),
            "eligible": pa.array(random.random(size) < 0.9),
            "reached": pa.array(reached),
            "campaign": pa.array(random.choice(["spring", "autumn"], size)),
            "contacts": pa.array(sometimes(random.integers(0, 6, size).tolist(), 0.02), pa.int64()),
        }
    )


def priced_rows(seed: int, size: int = 400, *, people: int | None = None) -> pa.Table:
    """`random_rows` with every role of prices: in cents, some missing, zero or negative; losses, lists, renewals."""
    rows = random_rows(seed, size, people=people)
    random = np.random.default_rng([seed, 1])
    region, power = random.integers(0, 4, size), random.integers(60, 160, size)
    technical = np.round(150 + 100 * (region % 2) + power + random.gamma(2, 30, size), 2)
    listed = np.round(technical * 1.25, 2)
    price = np.where(random.random(size) < 0.6, listed, np.round(listed * random.normal(1, 0.1, size), 2))
    price = np.where(random.random(size) < 0.01, random.choice([0.0, -12.34], size), price)
    as_new = np.round(price * random.choice([0.9, 1.0, 1.1], size), 2)

    def sometimes(values: Any, share: float) -> pa.Array:
        return pa.array(values, mask=random.random(size) < share)

    columns = {
        "price": sometimes(price, 0.02),
        "technical": sometimes(technical, 0.02),
        "expected": pa.array(np.round(technical * 0.7, 2)),
        "actual": pa.array(np.where(random.random(size) < 0.3, np.round(random.gamma(1, 600, size), 2), 0.0)),
        "listed": sometimes(listed, 0.02),
        "as_new": sometimes(as_new, 0.05),
        "renewal": sometimes(random.random(size) < 0.7, 0.02),
        "years": sometimes(random.integers(0, 8, size), 0.02),
        "item": pa.array(random.choice(["cover", "extra"], size)),
        "day": pa.array(random.choice(["mon", "tue", "wed"], size)),
        "channel": pa.array(random.choice(["web", "branch"], size)),
        "currency": pa.array(["EUR"] * size),
        "region": pa.array(np.array(["north", "N", "south", "S"])[region]),
        "horsepower": pa.array(power),
        "share_a": pa.array(np.round(random.random(size), 3)),
        "share_b": pa.array(random.choice([0.0, 0.25, 1.0, 3.0], size)),
    }
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return rows
