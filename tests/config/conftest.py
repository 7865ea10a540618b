"""A small audit file, a made-up catalogue of measures, and ways to load an edited copy of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evenhand.config.loader import Audit, load_audit
from evenhand.errors import AuditFileError

BASE = """\
version: 1
model: {name: offer, version: 1.10, kind: targeting}
purpose: decide who is sent the offer
data: {predictions: rows.csv}
columns: {decision: offered, selected: 1, label: bought, positive: yes}
polarity: benefit
protected:
  sex: {reference: male}
  age_band: {column: age, bands: [18, 30, 60, 75], reference: 30-59}
intersections: [[sex, age_band]]
checks:
  - {id: parity, metric: selection_rate_ratio, min: 0.80}
"""


@dataclass(frozen=True)
class FakeMeasure:
    """What a policy is checked against, and nothing else of a measure."""

    name: str
    form: str
    unit: str
    parity: float | None = None
    polar: bool = False
    decide_by: tuple[str, ...] = ("assurance", "confirmatory", "point")
    roles: tuple[str, ...] = ("decision",)
    lowest: float | None = None


EVERY_WAY = ("assurance", "confirmatory", "point", "legal")
LABELLED = ("decision", "label")
MEASURES = (
    FakeMeasure("selection_rate", "level", "rate", polar=True),
    FakeMeasure("selection_rate_ratio", "ratio", "ratio", 1, True, EVERY_WAY),
    FakeMeasure("selection_rate_difference", "difference", "difference", 0, True, EVERY_WAY),
    FakeMeasure("impact_ratio", "own", "ratio", 1, True, ("point", "legal")),
    FakeMeasure("selection_odds_ratio", "own", "ratio", 1, True),
    FakeMeasure("two_sd", "own", "z", 0, True, ("point", "confirmatory")),
    FakeMeasure("shortfall", "own", "people", 0, True),
    FakeMeasure("consent_breaches", "own", "count", roles=("decision", "consent")),
    FakeMeasure("false_positive_rate_difference", "difference", "difference", 0, roles=LABELLED),
    FakeMeasure("true_positive_rate_difference", "difference", "difference", 0, roles=LABELLED),
    FakeMeasure("positive_predictive_value_ratio", "ratio", "ratio", 1, roles=LABELLED),
    FakeMeasure("calibration_slope", "level", "score", roles=LABELLED),
    FakeMeasure("auc", "level", "score", roles=("score", "label")),
    FakeMeasure("score_above_median_rate_ratio", "ratio", "ratio", 1, True, roles=("score",)),
    FakeMeasure("stage_rate_ratio", "ratio", "ratio", 1, True, roles=("stages",)),
    FakeMeasure("representation_ratio", "own", "ratio", 1, roles=("population",)),
    FakeMeasure("conditional_selection_ratio", "own", "ratio", 1, True, roles=("decision", "factors")),
    FakeMeasure("missing_attribute_rate", "level", "rate", roles=()),
    FakeMeasure("score_above_median_rate", "level", "rate", polar=True, roles=("score",)),
    FakeMeasure("mean_price_ratio", "ratio", "ratio", 1, True, roles=("price",)),
    FakeMeasure("like_for_like_gap_percent", "own", "percent", 0, True, roles=("price", "factors")),
    FakeMeasure("price_walking", "own", "count", roles=("price", "equivalent_new_business_price")),
    FakeMeasure("selection_bounds", "own", "ratio", 1, roles=("decision", "probabilities")),
    FakeMeasure("wasserstein", "own", "score", decide_by=()),
)
CATALOGUE = {measure.name: measure for measure in MEASURES}
ALIASES = {"equal_opportunity_difference": "true_positive_rate_difference"}

Edit = tuple[str, str]


def edited(*edits: Edit) -> str:
    """BASE with each (old, new) replaced; an old text that is not there is a mistake of the test."""
    text = BASE
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture
def base() -> str:
    return BASE


@pytest.fixture
def catalogue() -> Mapping[str, FakeMeasure]:
    return CATALOGUE


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Audit]:
    """Load BASE with edits, from a working directory that holds it as evenhand.yaml."""
    monkeypatch.chdir(tmp_path)

    def load_edited(*edits: Edit, text: str | None = None, **options: Any) -> Audit:
        path = Path("evenhand.yaml")
        path.write_text(edited(*edits) if text is None else text, encoding="utf-8")
        return load_audit(path, **{"catalogue": CATALOGUE, "aliases": ALIASES, "environment": {}, **options})

    return load_edited


@pytest.fixture
def refusal(load: Callable[..., Audit]) -> Callable[..., AuditFileError]:
    """The error that loading BASE with edits raises."""

    def refuse(*edits: Edit, text: str | None = None, **options: Any) -> AuditFileError:
        with pytest.raises(AuditFileError) as caught:
            load(*edits, text=text, **options)
        assert caught.value.exit_code == 2
        return caught.value

    return refuse


@pytest.fixture
def refused_at(refusal: Callable[..., AuditFileError]) -> Callable[..., AuditFileError]:
    """Assert that BASE with edits is refused with `message` exactly where the edits hold the mark §.

    The place is counted in the text itself, so that no test depends on the parser's own idea of lines and columns.
    """

    def refuse(message: str, *edits: Edit, **options: Any) -> AuditFileError:
        before, mark, after = edited(*edits).partition("§")
        assert mark, "the edits say where"
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        error = refusal(text=before + after, **options)
        assert str(error).startswith(f"evenhand.yaml:{line}:{column}: "), str(error)
        assert message in str(error)
        return error

    return refuse
