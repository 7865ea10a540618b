"""Time and memory of an audit of a million rows: `python benchmarks/million_rows.py` (or `make bench`).

Makes decisions, scores and labels of a million people (Parquet), their attributes in a second file joined by key,
and an audit file with three protected attributes, their intersections and 20 checks. Runs it in processes of their
own, as a user does, and prints wall time, peak memory and the time of each stage against the goals.

Exit code 1 if a goal is missed. The figures are of one machine: the number of processors is printed with them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

SEED = 20260302
RESULTS_SECONDS = 5.0
"""Rows to results.json, interpreter start and imports included."""
REPORT_SECONDS, CHART_SECONDS = 2.0, 0.2
"""The HTML report on top of it: a fixed part, and for every chart."""
PEAK_MEGABYTES = 1000.0

CHECKS = (
    ("selection_rate_ratio", "min: 0.8"),
    ("selection_rate_difference", "min: -0.2"),
    ("true_positive_rate_ratio", "min: 0.8"),
    ("true_positive_rate_difference", "min: -0.2, max: 0.2"),
    ("true_negative_rate_difference", "min: -0.2, max: 0.2"),
    ("false_positive_rate_ratio", "max: 1.25"),
    ("false_positive_rate_difference", "min: -0.2, max: 0.2"),
    ("false_negative_rate_difference", "min: -0.2, max: 0.2"),
    ("positive_predictive_value_ratio", "min: 0.8"),
    ("negative_predictive_value_difference", "min: -0.2, max: 0.2"),
    ("accuracy_difference", "min: -0.2, max: 0.2"),
    ("balanced_accuracy_difference", "min: -0.2, max: 0.2"),
    ("equalized_odds_difference", "max: 0.2"),
    ("average_odds_difference", "min: -0.2, max: 0.2"),
    ("f1_difference", "min: -0.2, max: 0.2"),
    ("mcc_difference", "min: -0.2, max: 0.2"),
    ("auc_difference", "min: -0.1, max: 0.1"),
    ("brier_difference", "min: -0.1, max: 0.1"),
    ("score_above_median_rate_ratio", "min: 0.8"),
    ("missing_label_rate_difference", "max: 0.05"),
)

AUDIT = """\
version: 1
model: {{name: benchmark, version: '1', kind: targeting}}
purpose: time an audit of many rows
data: {{predictions: predictions.parquet, attributes: people.parquet, key: customer_id}}
columns: {{decision: offered, selected: 1, score: score, label: bought, positive: 1}}
polarity: benefit
protected:
  sex: {{reference: male}}
  age_band: {{column: age, bands: [30, 45, 60], reference: 30-44}}
  region: {{reference: north}}
intersections: [[sex, age_band], [sex, region], [age_band, region], [sex, age_band, region]]
checks:
{checks}
"""

RESULTS = """\
import json, sys
import evenhand
result = evenhand.audit(audit_file=sys.argv[1], engine=sys.argv[3])
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(result.document, file)
"""


@dataclass(frozen=True)
class Measured:
    """One process: seconds of wall time, peak memory in megabytes, exit code."""

    seconds: float
    megabytes: float
    exit_code: int


def make_data(folder: Path, rows: int) -> None:
    """Write predictions, attributes and the audit file."""
    random = np.random.default_rng(SEED)
    score = np.round(random.beta(2, 3, rows), 4)
    bought = (random.random(rows) < score).astype(np.int8)
    labelled = pa.array(bought, mask=random.random(rows) < 0.1)
    offered = (score + random.normal(0, 0.1, rows) > 0.4).astype(np.int8)
    predictions = {"customer_id": np.arange(rows), "offered": offered, "score": score, "bought": labelled}
    parquet.write_table(pa.table(predictions), folder / "predictions.parquet")
    people = {
        "customer_id": random.permutation(rows),
        "sex": random.choice(["female", "male", "other"], rows, p=[0.49, 0.49, 0.02]),
        "age": random.integers(18, 90, rows),
        "region": random.choice(["north", "east", "south", "west"], rows),
    }
    parquet.write_table(pa.table(people), folder / "people.parquet")
    checks = "\n".join(f"  - {{id: check-{i}, metric: {m}, {limit}}}" for i, (m, limit) in enumerate(CHECKS))
    (folder / "evenhand.yaml").write_text(AUDIT.format(checks=checks), encoding="utf-8")


def measured(command: list[str]) -> Measured:
    """Run a process; its own peak memory, by wait4."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in kilobytes here
    return Measured(seconds, usage.ru_maxrss * unit / 1e6, os.waitstatus_to_exitcode(status))


def line(name: str, found: float, goal: float | None, unit: str) -> bool:
    """Print a figure beside its goal; whether it is held."""
    held = goal is None or found <= goal
    mark = "  " if goal is None else "ok" if held else "NO"
    print(f"{mark}  {name:45s} {found:9.2f} {unit}" + (f"   goal {goal:g}" if goal is not None else ""))
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engine", default="duckdb")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder, options.rows)
        audit_file, out = folder / "evenhand.yaml", folder / "out"
        made = [sys.executable, "-c", RESULTS, str(audit_file), str(folder / "results.json"), options.engine]
        results = measured(made)
        command = [sys.executable, "-m", "evenhand", "audit", str(audit_file), "--out", str(out), "--quiet"]
        whole = measured([*command, "--engine", options.engine])
        if whole.exit_code not in (0, 1, 3) or results.exit_code:
            print("the audit could not be made", file=sys.stderr)
            return 2
        html = (out / "report.html").read_text(encoding="utf-8")
        run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    charts = html.count("<svg")
    print(f"{options.rows:,} rows, {len(CHECKS)} checks, {charts} charts, {os.cpu_count()} processors")
    goal = RESULTS_SECONDS + REPORT_SECONDS + CHART_SECONDS * charts
    held = [
        line("rows to results.json", results.seconds, RESULTS_SECONDS, "s"),
        line("evenhand audit, all formats", whole.seconds, goal, "s"),
        line("peak memory", max(whole.megabytes, results.megabytes), PEAK_MEGABYTES, "MB"),
    ]
    for stage, seconds in run["seconds"].items():
        line(f"  of which {stage}", seconds, None, "s")
    line("  passes over the rows", run["passes"], None, "")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
