"""Real prices: French premiums must not be over-claimed; Belgian models with and without sex are told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import make_prices
import numpy as np
import pandas as pd
import pytest

Audited = Callable[[Any, str], Mapping[str, Any]]


def comparison(document: Mapping[str, Any], check: str, group: str) -> Mapping[str, Any]:
    found = next(c for c in document["checks"] if c["id"] == check)["comparisons"]
    return next(c for c in found if c["group"] == group)


def ratio_of_sums(rows: pd.DataFrame, above: str, below: str) -> tuple[float, float]:
    """Σabove/Σbelow over policies and the variance of its logarithm, linearised (Cochran 1977, ch. 6)."""
    policies = rows.groupby("policy")[[above, below]].sum()
    ratio = policies[above].sum() / policies[below].sum()
    left = policies[above] - ratio * policies[below]
    n = len(policies)
    return ratio, n / (n - 1) * (left**2).sum() / policies[above].sum() ** 2


def test_french_women_pay_less_and_nobody_can_say_whether_they_cost_less(audited: Audited, data: Path) -> None:
    """Women pay .887 of men's premium; their loss ratio is .879 of men's, .72 to 1.08: it decides nothing."""
    rows = make_prices.french_motor(data / "french_motor_premiums")
    document = audited(rows, "french_motor.yaml")
    means = rows.groupby("gender")["premium"].mean()
    paid = comparison(document, "premium", "female")
    assert paid["estimate"] == pytest.approx(means["F"] / means["M"], abs=1e-9)
    assert paid["estimate"] == pytest.approx(0.887, abs=1e-3)
    assert paid["status"] == "fail"
    found = comparison(document, "losses", "female")
    ours, theirs = (ratio_of_sums(rows[rows["gender"] == sex], "loss", "premium") for sex in "FM")
    assert found["estimate"] == pytest.approx(ours[0] / theirs[0], abs=1e-9)
    assert found["estimate"] == pytest.approx(0.879, abs=5e-4)
    reach = 1.96 * np.sqrt(ours[1] + theirs[1])
    assert found["interval"]["low"] == pytest.approx(found["estimate"] * np.exp(-reach), rel=1e-3)
    assert found["interval"]["high"] == pytest.approx(found["estimate"] * np.exp(reach), rel=1e-3)
    assert found["status"] == "inconclusive"


def test_belgian_models_with_and_without_sex(audited: Audited, data: Path) -> None:
    """The model that knows the sex charges it like for like; the other one does not, within the limit of 2%."""
    found = {}
    for with_sex in (True, False):
        rows = make_prices.belgian_mtpl(data / "belgian_mtpl", with_sex=with_sex)
        document = audited(rows, "belgian_mtpl.yaml")
        found[with_sex] = comparison(document, "like-for-like", "female")
        strata = rows.assign(
            bm=pd.cut(rows["bm"], [-1, 0, 4, 9, 99]), power=pd.cut(rows["power"], [0, 49, 79, 999])
        ).assign(weighed=rows["premium"] * rows["expo"])
        sums = strata.groupby(["sex", "coverage", "bm", "power", "fuel"], observed=True).agg(
            n=("expo", "size"), w=("expo", "sum"), p=("weighed", "sum")
        )
        female, male = (sums.loc[sex] for sex in ("female", "male"))
        both = female.add_suffix("_f").join(male.add_suffix("_m"), how="inner").query("n_f >= 5 and n_m >= 5")
        standardised = (both["w_f"] * both["p_m"] / both["w_m"]).sum()
        expected = 100 * (both["p_f"].sum() / standardised - 1)
        assert found[with_sex]["estimate"] == pytest.approx(expected, abs=1e-3)  # prices are rounded to cents
    assert abs(found[False]["estimate"]) < abs(found[True]["estimate"])
