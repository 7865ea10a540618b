"""Every sample comes out as its expected.json says, which was written from what was planted or published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evenhand.kinds import KINDS

FOLDERS = (
    "targeting",
    "targeting/clean",
    "targeting/too_little",
    "pricing",
    "pricing/mix_only",
    "pricing/too_little",
    "pricing/territories",
    "pricing/loan_rates",
    "published/berkeley_1973",
    "published/compas",
    "published/hanley_mcneil",
    "published/nyc_ll144/race",
    "published/nyc_ll144/sex",
)


def test_the_list_is_complete(samples: Path) -> None:
    audited = {str(path.parent.relative_to(samples)) for path in samples.rglob("evenhand.yaml")}
    assert audited == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_outcome(folder: str, samples: Path, document_of: Callable[[str], Mapping[str, Any]]) -> None:
    expected = json.loads((samples / folder / "expected.json").read_text(encoding="utf-8"))
    document = document_of(folder)
    assert {check["id"]: check["status"] for check in document["checks"]} == expected["checks"]
    assert document["exit_code"] == expected["exit_code"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_demo_shows_every_state(kind: str, document_of: Callable[[str], Mapping[str, Any]]) -> None:
    document = document_of(KINDS[kind].sample)
    judged = [check for check in document["checks"] if check["level"] != "report"]
    assert {check["status"] for check in judged} == {"pass", "warn", "fail", "inconclusive"}
    assert "not_tested" in {c["status"] for check in judged for c in check["comparisons"]}


@pytest.mark.parametrize(("part", "most"), [("targeting", 1_300_000), ("pricing", 1_000_000), ("published", 50_000)])
def test_the_samples_stay_small(part: str, most: int, samples: Path) -> None:
    assert sum(path.stat().st_size for path in (samples / part).rglob("*") if path.is_file()) < most


def test_every_sample_has_a_datasheet_in_its_folder_or_above(samples: Path) -> None:
    for folder in FOLDERS:
        places = [samples / folder, (samples / folder).parent]
        assert any((place / "README.md").is_file() for place in places), folder
