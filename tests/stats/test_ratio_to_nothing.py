"""A ratio to a score that resamples to 0 or below: those draws have no ratio, and are counted as undefined."""

from __future__ import annotations

import numpy as np

from evenhand.stats.confusion import confusion_contrast, matthews_correlation


def test_draws_below_zero_in_the_reference_are_undefined_not_negative() -> None:
    """Group 45, 5, 5, 45 has MCC .8 in every draw near; the reference 30, 20, 20, 30 has .2 with standard error .1.

    Two in a hundred of its draws lie below 0. A quotient to one of them would be a large negative ratio.
    """
    contrast = confusion_contrast(
        matthews_correlation, (45, 5, 5, 45), (30, 20, 20, 30), form="ratio", replicates=4000, seed=3
    )
    assert contrast is not None
    undefined = np.isnan(contrast.replicates)
    assert 0.01 < undefined.mean() < 0.05
    assert (contrast.replicates[~undefined] > 0).all()
