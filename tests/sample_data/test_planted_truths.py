"""What was planted in the synthetic campaign is found: truths follow from the generator's constants, by hand.

A chance 0.05 + 0.75·u² reaches a cut-off t where u ≥ √((t − 0.05)/0.75); the model multiplies the chance of women by
0.75, so that they need t/0.75. 80% may be contacted and 98% are scored, whoever they are.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evenhand import audit

ComparisonOf = Callable[[str, str, str], Mapping[str, Any]]
MAY_BE_OFFERED = 0.80 * 0.98


def least(cutoff: float) -> float:
    """The u at which the chance reaches the cut-off."""
    return math.sqrt((cutoff - 0.05) / 0.75)


def offered(cutoff: float) -> float:
    """Share offered when the true chance must reach `cutoff`."""
    return MAY_BE_OFFERED * (1 - least(cutoff))


def found_among_takers(cutoff: float) -> float:
    """The same among those who take up a card: ∫ chance above the cut-off / ∫ chance, which is 0.30."""
    u = least(cutoff)
    return MAY_BE_OFFERED * (0.05 * (1 - u) + 0.25 * (1 - u**3)) / 0.30


MEN, WOMEN = 0.40, 0.40 / 0.75
OLD_MEN, OLD_WOMEN = 0.40 / 0.88, 0.40 / (0.75 * 0.88)

TRUTHS = (
    ("targeting", "offer-parity", "female", offered(WOMEN) / offered(MEN)),
    ("targeting", "equal-opportunity", "female", found_among_takers(WOMEN) - found_among_takers(MEN)),
    (
        "targeting",
        "offer-parity-age",
        "75+",
        (offered(OLD_MEN) + offered(OLD_WOMEN)) / (offered(MEN) + offered(WOMEN)),
    ),
    ("targeting", "offer-parity-age", "<30", 1.0),
    ("targeting", "offer-parity-age", "45-59", 1.0),
    ("targeting", "offer-parity-age", "60-74", 1.0),
    ("targeting", "offer-parity-region", "NO", 1.0),
    ("targeting", "offer-parity-region", "FI", 1.0),
    ("targeting", "offer-parity-region", "DK", 1.0),
    ("targeting", "ranking-quality", "female", 0.0),
    ("targeting", "score-level", "male", 0.0),
    ("targeting", "debt", "vulnerable", 1.0),
    ("targeting", "who-is-in-the-data", "female", 1.0),
    ("targeting", "known-outcomes", "female", 0.03),
    ("targeting/clean", "offer-parity", "female", 1.0),
    ("targeting/clean", "equal-opportunity", "female", 0.0),
    ("targeting/too_little", "offer-parity", "female", 1.0),
)


@pytest.mark.parametrize(("folder", "check", "group", "truth"), TRUTHS, ids=lambda value: str(value))
def test_the_interval_covers_the_truth(
    comparison_of: ComparisonOf, folder: str, check: str, group: str, truth: float
) -> None:
    interval = comparison_of(folder, check, group)["interval"]
    assert interval["low"] <= truth <= interval["high"]


def test_truths_as_the_datasheet_prints_them(samples: Path) -> None:
    page = (samples / "targeting" / "README.md").read_text(encoding="utf-8")
    difference = found_among_takers(WOMEN) - found_among_takers(MEN)
    for truth, decimals in ((offered(WOMEN) / offered(MEN), 2), (TRUTHS[2][3], 2), (difference, 3)):
        assert f"**{truth:.{decimals}f}**".replace("-", "−") in page


def test_the_planted_fault_is_far_beyond_its_limit(comparison_of: ComparisonOf) -> None:
    women = comparison_of("targeting", "offer-parity", "female")
    assert women["p"]["fail"] < 1e-6
    assert comparison_of("targeting", "equal-opportunity", "female")["p"]["fail"] < 1e-4


def test_fourteen_opt_outs_exactly(comparison_of: ComparisonOf, samples: Path) -> None:
    with (samples / "targeting" / "predictions.csv").open(encoding="utf-8", newline="") as file:
        by_hand = sum(row["offered"] == "1" and row["marketing_opt_in"] == "false" for row in csv.DictReader(file))
    assert by_hand == 14
    assert comparison_of("targeting", "opt-outs", "everyone")["estimate"] == 14
    assert comparison_of("targeting/clean", "opt-outs", "everyone")["estimate"] == 0


def test_three_islanders_are_shown_and_not_judged(comparison_of: ComparisonOf) -> None:
    islanders = comparison_of("targeting", "offer-parity-region", "AX")
    assert (islanders["n"], islanders["status"], islanders["reason"]["code"]) == (3, "not_tested", "too_few_people")


def test_norway_is_a_group(document_of: Callable[[str], Mapping[str, Any]]) -> None:
    regions = {g["group"]: g["n"] for g in document_of("targeting")["groups"] if g["attribute"] == "region"}
    assert set(regions) == {"SE", "NO", "FI", "DK", "AX", "(missing)"}
    assert "false" not in regions


def test_unknown_people_are_counted(document_of: Callable[[str], Mapping[str, Any]], samples: Path) -> None:
    """150 customers are not in people.csv; the empty genders of that file come on top."""
    with (samples / "targeting" / "people.csv").open(encoding="utf-8", newline="") as file:
        empty = sum(not row["gender"] for row in csv.DictReader(file))
    groups = document_of("targeting")["groups"]
    missing = {g["attribute"]: g["n"] for g in groups if g["group"] == "(missing)"}
    assert missing["age_band"] == missing["region"] == 150
    assert missing["sex"] == 150 + empty


def test_leading_zeros_of_postcodes_survive(samples: Path, tmp_path: Path) -> None:
    """The small campaign with postcodes as groups: 01234 is one of them, 1234 is not."""
    folder = samples / "targeting" / "too_little"
    text = (folder / "evenhand.yaml").read_text(encoding="utf-8")
    for name in ("predictions.csv", "people.csv"):
        text = text.replace(name, str(folder / name))
    text = text.replace("{column: country, reference: SE}", '{column: postcode, reference: "01234"}')
    file = tmp_path / "evenhand.yaml"
    file.write_text(text, encoding="utf-8")
    groups = {g["group"] for g in audit(audit_file=file).document["groups"] if g["attribute"] == "region"}
    assert "01234" in groups
    assert "1234" not in groups
