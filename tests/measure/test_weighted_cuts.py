"""Weights count in every measure that can take them: re-cut selections and mixes, against sums over rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from evenhand.pipeline import Options, audit_rows, open_audit
from evenhand.roles import Sources

AUDIT = """\
version: 1
model: {name: m, version: 1, kind: targeting}
purpose: p
columns: {decision: offered, selected: 1, score: score, weight: w}
polarity: benefit
protected: {sex: {reference: male}}
population: {sex: {male: 0.5, female: 0.5}}
checks:
  - {id: median, metric: score_above_median_rate, level: report, why: w}
  - {id: top, metric: selection_rate_at_top@20%, level: report, why: w}
  - {id: mix, metric: audience_variance, level: report, why: w}
  - {id: share, metric: representation_ratio, level: report, why: w}
  - {id: distance, metric: representation_distance, level: report, why: w}
"""
RNG = np.random.Generator(np.random.PCG64(11))
SEX = np.where(RNG.random(900) < 0.4, "female", "male")
SCORE = RNG.integers(0, 1000, 900) / 1000
WEIGHT = np.where(SEX == "female", 3.0, 1.0) * np.where(SCORE > 0.5, 2.0, 1.0)
OFFERED = (RNG.random(900) < 0.3).astype(int)


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict]]:
    path = tmp_path_factory.mktemp("audit") / "evenhand.yaml"
    path.write_text(AUDIT)
    rows = pa.table({"sex": SEX, "score": SCORE, "w": WEIGHT, "offered": OFFERED})
    document = audit_rows(open_audit(path), Sources(rows), Options()).document
    return {check["id"]: check["comparisons"] for check in document["checks"]}


def share(mask: np.ndarray, among: np.ndarray) -> float:
    return float(WEIGHT[mask & among].sum() / WEIGHT[among].sum())


def weighted_median() -> float:
    """The two middle units of weight, the weights being whole numbers: scores repeated as often as they weigh."""
    return float(np.median(np.repeat(SCORE, WEIGHT.astype(int))))


@pytest.mark.parametrize("sex", ["female", "male"])
def test_share_above_the_weighted_median(comparisons: dict[str, list[dict]], sex: str) -> None:
    found = next(c for c in comparisons["median"] if c["group"] == sex)
    assert found["estimate"] == pytest.approx(share(weighted_median() + 1e-9 < SCORE, sex == SEX), abs=1e-12)
    assert found["interval"] is not None
    assert found["n"] == (sex == SEX).sum()
    assert found["n_effective"] is not None


@pytest.mark.parametrize("sex", ["female", "male"])
def test_share_among_the_top_fifth_of_the_weight(comparisons: dict[str, list[dict]], sex: str) -> None:
    order = np.argsort(-SCORE, kind="stable")
    reached = np.cumsum(WEIGHT[order])
    cut = SCORE[order][np.searchsorted(reached, 0.2 * WEIGHT.sum())]
    found = next(c for c in comparisons["top"] if c["group"] == sex)
    assert found["estimate"] == pytest.approx(share(cut <= SCORE, sex == SEX), abs=1e-12)


def test_mixes_are_mixes_of_weights(comparisons: dict[str, list[dict]]) -> None:
    everyone, offered = np.ones(900, dtype=bool), OFFERED == 1
    mixes = [[share(sex == SEX, among) for sex in ("female", "male")] for among in (offered, everyone)]
    expected = 0.5 * sum(abs(a - b) for a, b in zip(*mixes, strict=True))
    assert comparisons["mix"][0]["estimate"] == pytest.approx(expected, abs=1e-12)
    ratios = {c["group"]: c["estimate"] for c in comparisons["share"]}
    assert ratios["female"] == pytest.approx(mixes[1][0] / 0.5, abs=1e-12)
    assert comparisons["distance"][0]["estimate"] == pytest.approx(abs(mixes[1][0] - 0.5), abs=1e-12)
