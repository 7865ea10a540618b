"""Time of the sums of a price audit beside SQL by hand: `python benchmarks/prices.py` (or `make bench-prices`).

Makes prices, losses and two protected attributes of a million people in 200 strata (three factors), in one Parquet
file. Times the tally of four checks and, in turn with it, the same keys and sums as one query that a person would write
for DuckDB, with floats and without any check; medians of five. Prints both, and their ratio against the goal.

Exit code 1 if the goal is missed. The figures are of one machine: the number of processors is printed with them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from evenhand.checking import needs_of
from evenhand.pipeline import open_audit
from evenhand.roles import Sources, read_rows
from evenhand.tally.engines import engine_class
from evenhand.tally.run import tally

SEED = 20260401
GOAL = 2.0
ROUNDS = 5

AUDIT = """\
version: 1
model: {name: benchmark, version: '1', kind: targeting}
purpose: time the sums of many prices
polarity: burden
columns: {price: price, expected_loss: expected, actual_loss: actual}
protected:
  sex: {reference: male}
  age_band: {column: age, bands: [30, 60], reference: 30-59}
intersections: [[sex, age_band]]
factors: {region: {why: tariff}, cover: {why: product}, power: {why: claims}}
checks:
  - {id: mean, metric: mean_price_ratio, max: 1.05}
  - {id: alike, metric: like_for_like_gap, max: 5}
  - {id: loss, metric: loss_ratio_ratio, min: 0.9}
  - {id: regression, metric: price_regression_gap, max: 5}
"""

MAIN = """\
SELECT sex, CASE WHEN age < 30 THEN 0 WHEN age < 60 THEN 1 ELSE 2 END AS band, region, cover, power,
       isfinite(price) AS priced, isfinite(actual) AS known, count(*) AS n,
       sum(p) AS p, sum(p * p) AS pp, sum(a) AS a, sum(a * a) AS aa, sum(a * p) AS ap
FROM (SELECT *, CAST(floor(price * 100 + 0.5) AS BIGINT) AS p, CAST(floor(actual * 100 + 0.5) AS BIGINT) AS a
      FROM read_parquet($1))
GROUP BY ALL"""
PRICES = """\
SELECT sex, CASE WHEN age < 30 THEN 0 WHEN age < 60 THEN 1 ELSE 2 END AS band,
       CAST(floor(price * 100 + 0.5) AS BIGINT) // {step} AS bin, count(*) AS n
FROM read_parquet($1) WHERE isfinite(price) GROUP BY ALL"""


def make_rows(path: Path, rows: int, chunk: int = 1_000_000) -> None:
    """Write the prices of so many people, in pieces that fit any memory."""
    random = np.random.default_rng(SEED)
    writer = None
    for start in range(0, rows, chunk):
        size = min(chunk, rows - start)
        region, cover, power = random.integers(0, 10, size), random.integers(0, 5, size), random.integers(0, 4, size)
        expected = np.round(100 + 15 * region + 20 * cover + 30 * power + random.gamma(2, 40, size), 2)
        table = pa.table(
            {
                "sex": random.choice(["female", "male"], size),
                "age": random.integers(18, 90, size),
                "region": pa.array(region).cast(pa.string()),
                "cover": pa.array(cover).cast(pa.string()),
                "power": pa.array(power).cast(pa.string()),
                "price": np.round(expected * random.normal(1.3, 0.1, size), 2),
                "expected": expected,
                "actual": np.where(random.random(size) < 0.1, np.round(random.gamma(1, 2000, size), 2), 0.0),
            }
        )
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=250_000)
    if writer is not None:
        writer.close()


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "prices.parquet"
        make_rows(path, options.rows)
        (folder / "evenhand.yaml").write_text(AUDIT, encoding="utf-8")
        audit = open_audit(folder / "evenhand.yaml")
        rows, definition = read_rows(audit, Sources(path), folder)
        passes, step = [], [1]

        def by_evenhand() -> None:
            with engine_class("duckdb")(rows, scratch=folder) as engine:
                cells = tally(engine, definition, needs_of(audit))
                passes.append(engine.passes)
                step[0] = cells.header.steps.get("value:price", 1)

        def by_hand() -> None:
            with duckdb.connect(":memory:") as connection:
                connection.execute("SET preserve_insertion_order = false")
                for query in queries:
                    connection.execute(query, [str(path)]).to_arrow_table()

        by_evenhand()
        queries = [MAIN] + ([PRICES.format(step=step[0])] if "price" in needs_of(audit).values else [])
        by_hand()
        ours, theirs = [], []
        for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine meets both
            ours.append(seconds(by_evenhand))
            theirs.append(seconds(by_hand))
    print("\n\n".join(queries))
    tallied, written = statistics.median(ours), statistics.median(theirs)
    ratio = tallied / written
    print(f"\n{options.rows:,} rows, 200 strata, {os.cpu_count()} processors, medians of {ROUNDS}")
    print(f"    tally ({passes[-1]} passes)   {tallied:8.2f} s")
    print(f"    SQL by hand        {written:8.2f} s")
    print(f"{'ok' if ratio <= GOAL else 'NO'}  ratio              {ratio:8.2f}     goal {GOAL:g}")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
