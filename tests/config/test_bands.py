"""Names of bands; expected values from contract.md, "The audit file", or read off the rule by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from evenhand.config.bands import band_labels


@pytest.mark.parametrize(
    ("edges", "labels"),
    [
        ("18 30 60 75", "<18|18-29|30-59|60-74|75+"),  # the contract's own
        ("0.5 1.5", "<0.5|0.5 to <1.5|1.5+"),  # the contract's form for other edges
        ("18.0 30.00", "<18|18-29|30+"),  # whole numbers, however they are written
        ("1 2 4", "<1|1|2-3|4+"),  # a band of one number is that number
        ("50", "<50|50+"),
        ("0 100", "<0|0-99|100+"),
        ("-5 0 5", "<-5|-5 to <0|0 to <5|5+"),  # `-5--1` would not be read by anybody
        ("18 29.5", "<18|18 to <29.5|29.5+"),  # one edge that is not whole: all are written out
        ("1000000 2000000", "<1000000|1000000-1999999|2000000+"),
        ("0.10 0.50", "<0.1|0.1 to <0.5|0.5+"),
    ],
)
def test_labels(edges: str, labels: str) -> None:
    assert band_labels([Decimal(edge) for edge in edges.split()]) == tuple(labels.split("|"))


@pytest.mark.parametrize("edges", ["", "30 18", "18 18", "18 18.0"])
def test_edges_must_increase(edges: str) -> None:
    with pytest.raises(ValueError, match="edge"):
        band_labels([Decimal(edge) for edge in edges.split()])
