"""Curves for the evidence of a check: points that a chart draws and a table lists. May import: stats, tally."""

from __future__ import annotations

from typing import Any

from evenhand.measure.base import Grouping, Setting
from evenhand.measure.scores import counts_by_group
from evenhand.stats.calibration import calibration_by_band


def calibration_curve(setting: Setting, grouping: Grouping) -> dict[str, Any]:
    """Calibration by band: mean score against the observed rate, ten bands of equal width, one series per group."""
    series = []
    for key, counts in counts_by_group(setting, grouping).items():
        bands = calibration_by_band(counts.scores, counts.positives, counts.negatives)
        points = [[band.mean_score, band.rate] for band in bands]
        series.append({"name": grouping.label(key), "points": points})
    return {"x": "mean score of the band", "y": "observed rate", "series": series}
