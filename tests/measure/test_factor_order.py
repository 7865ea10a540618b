"""Numbers do not depend on the order of factors in the audit file, nor on whether cells were just made or stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from finding_facts import changed, facts_of
from price_audits import TWO_FACTORS, measured, random_prices

from evenhand.pipeline import Options, audit_rows, judge_stored, open_audit
from evenhand.roles import Sources
from evenhand.tally import stored

SAMPLES = Path(__file__).parents[2] / "sample_data"
BERKELEY = SAMPLES / "published" / "berkeley_1973"
MEASURES = (
    "like_for_like_gap",
    "overcharge_total",
    "decomposition",
    "price_regression_gap",
    "price_regression_log_gap_percent",
    "price_regression_gamma_gap_percent",
    "proxy_strength_joint_auc",
)


def both_ways(path: Path, folder: Path, *, data: Path) -> tuple[str, str]:
    """The results document of an audit from rows, and from its stored cells."""
    audit = open_audit(path)
    files = audit.file.data
    assert files is not None
    assert files.predictions is not None
    attributes = None if files.attributes is None else data / files.attributes
    outcome = audit_rows(audit, Sources(data / files.predictions, attributes, audit.key), Options())
    place = folder / "cells"
    stored.write(place, outcome.cells)
    again = judge_stored(audit, stored.read(place), Options())
    return json.dumps(outcome.document), json.dumps(again.document)


def reported(metrics: Sequence[str]) -> str:
    """Checks that report these measures."""
    return "".join(f"  - {{id: {name.replace('_', '-')}, metric: {name}, level: report}}\n" for name in metrics)


def test_prices_from_rows_and_from_their_cells(tmp_path: Path) -> None:
    """Three factors that are not in the order of the alphabet, decomposed and joint as proxies."""
    head, checks, tail = (SAMPLES / "pricing" / "evenhand.yaml").read_text(encoding="utf-8").partition("checks:\n")
    assert head.index("  vehicle:") < head.index("  region:") < head.index("  occupation:")
    path = tmp_path / "evenhand.yaml"
    more = reported(("proxy_strength_joint_auc", "price_regression_gap"))
    path.write_text(head + checks + more + tail, encoding="utf-8")
    rows, cells = both_ways(path, tmp_path, data=SAMPLES / "pricing")
    assert rows == cells


def test_admissions_from_rows_and_from_their_cells(tmp_path: Path) -> None:
    """Berkeley with its departments as the second factor, and their halves of the alphabet as the first."""
    head = (BERKELEY / "evenhand.yaml").read_text(encoding="utf-8").partition("checks:\n")[0]
    head += (
        "factors:\n"
        "  half: {column: department, values: {A: 1st, B: 1st, C: 1st, D: 2nd, E: 2nd, F: 2nd}, why: a test}\n"
        "  department: {why: departments decide on their own}\n"
        "checks:\n"
    )
    metrics = ("conditional_selection_ratio", "standardised_selection_difference", "proxy_strength_joint_auc")
    path = tmp_path / "evenhand.yaml"
    path.write_text(head + reported(metrics), encoding="utf-8")
    rows, cells = both_ways(path, tmp_path, data=BERKELEY)
    assert rows == cells


@pytest.mark.parametrize("columns", [{}, {"weight": "weight"}])
def test_the_order_of_the_factors_changes_no_digit(columns: dict[str, str]) -> None:
    backwards = dict(reversed(TWO_FACTORS.items()))
    one, other = (
        facts_of(measured(random_prices(17), *MEASURES, columns=columns, factors=factors))
        for factors in (TWO_FACTORS, backwards)
    )
    assert changed(one, other) == set()
