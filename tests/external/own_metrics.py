"""Metrics as a user might write them: the right ones and those that go wrong."""

from __future__ import annotations

from typing import Any

import numpy as np


def hit_share(y_true: Any, y_pred: Any) -> float:
    """Share of decisions that were right; takes no weights."""
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))


def weighted_hit_share(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
    return float(np.average(np.asarray(y_true) == np.asarray(y_pred), weights=sample_weight))


def mean_score(y_true: Any, y_score: Any) -> float:
    """Mean score: the name of the second argument asks for scores."""
    return float(np.mean(y_score))


def largest_group(y_true: Any, y_pred: Any, *, sensitive_features: Any) -> float:
    """A comparison of the groups by themselves: the share selected of the group called `m`."""
    return float(np.mean(np.asarray(y_pred)[np.asarray(sensitive_features) == "m"]))


def careless(y_true: Any, y_pred: Any) -> float:
    """Fails, with a value of the rows in its message."""
    raise ValueError(f"cannot cope with {np.asarray(y_pred)[0]} CANARY")


def several(y_true: Any, y_pred: Any) -> list[float]:
    return [0.1, 0.2]


def words(y_true: Any, y_pred: Any) -> str:
    return "CANARY"


def nothing(y_true: Any, y_pred: Any) -> None:
    return None


NOT_A_FUNCTION = 3
