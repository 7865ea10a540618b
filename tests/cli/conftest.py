"""A small audit on disk, and the command line run as users run it: another process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

AUDIT_FILE = """\
version: 1
model: {name: ranker, version: 4.2.0, kind: targeting, owner: growth}
purpose: decide who is sent the offer
data: {predictions: p.csv, attributes: people.csv, key: id}
columns: {decision: offered, selected: 1, score: score, label: bought, positive: yes}
polarity: benefit
protected:
  sex: {reference: male}
checks:
  - {id: parity, metric: selection_rate_ratio, min: 0.80, why: agreed}
"""


@pytest.fixture
def audit_folder(tmp_path: Path) -> Path:
    """1,200 men of whom half are offered, 1,000 women of whom one in ten is: a clear fail."""
    predictions = ["id,offered,score,bought"]
    people = ["id,sex"]
    for i in range(2200):
        male = i < 1200
        offered = i % 2 == 0 if male else i % 10 == 0
        predictions.append(f"k{i},{int(offered)},{(i % 97) / 97:.4f},{'yes' if i % 3 else 'no'}")
        people.append(f"k{i},{'male' if male else 'female'}")
    (tmp_path / "p.csv").write_text("\n".join(predictions) + "\n")
    (tmp_path / "people.csv").write_text("\n".join(people) + "\n")
    (tmp_path / "evenhand.yaml").write_text(AUDIT_FILE)
    return tmp_path


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def evenhand(audit_folder: Path) -> Run:
    """`evenhand ARGUMENTS` in the folder of the audit."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "evenhand", *arguments],
            cwd=audit_folder,
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            check=False,
        )

    return run
