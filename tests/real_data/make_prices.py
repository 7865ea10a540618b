"""Frames of real insurance data: French premiums as they were, Belgian ones from models trained on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

RISK = ["ageph", "bm", "power", "agec", "coverage", "fuel", "use"]


def french_motor(folder: Path) -> pd.DataFrame:
    """Contract-years; all payments of a policy stand on its first row, since their dates lie outside some years.

    Nothing is lost by that: a policy is one unit, and its rows are added up before anything is squared.
    """
    rows = pd.read_parquet(folder / "fremotor1prem0304a.parquet")
    paid = pd.read_parquet(folder / "fremotor1sev0304a.parquet").astype({"Payment": float})
    rows = rows.sort_values(["IDpol", "Year"], ignore_index=True)
    per_policy = rows["IDpol"].map(paid.groupby("IDpol")["Payment"].sum()).fillna(0.0)
    loss = per_policy.where(~rows.duplicated("IDpol"), 0.0)
    gender = rows.groupby("IDpol")["DrivGender"].transform("first")
    return pd.DataFrame(
        {
            "policy": rows["IDpol"].astype(str),
            "gender": gender.astype(str),
            "premium": rows["PremTot"],
            "loss": loss,
            "region": rows["Region"].astype(str),
            "vehicle": rows["VehClass"].astype(str),
            "use": rows["VehUsage"].astype(str),
        }
    )


def belgian_mtpl(folder: Path, *, with_sex: bool) -> pd.DataFrame:
    """A pure premium per year of exposure, by gradient boosting with a Poisson loss on claims, fitted on half of the
    policies and applied to the other half; `technical` is that of a model that knows the sex, either way.
    """
    rows = pd.read_parquet(folder / "beMTPL97.parquet").reset_index(drop=True)
    for column in ("coverage", "fuel", "use", "sex"):
        rows[column] = rows[column].astype(str)
    trained = np.random.default_rng(20260302).random(len(rows)) < 0.5
    severity = rows.loc[trained, "amount"].clip(upper=50_000).sum() / rows.loc[trained, "nclaims"].sum()

    def premium(columns: list[str]) -> np.ndarray:
        words = [column for column in columns if rows[column].dtype == object or rows[column].dtype.name == "str"]
        encoder = make_column_transformer((OrdinalEncoder(), words), remainder="passthrough")
        booster = HistGradientBoostingRegressor(loss="poisson", max_iter=60, max_leaf_nodes=8, random_state=0)
        model = make_pipeline(encoder, booster)
        part = rows[trained]
        model.fit(
            part[columns], part["nclaims"] / part["expo"], histgradientboostingregressor__sample_weight=part["expo"]
        )
        return np.asarray(model.predict(rows.loc[~trained, columns])) * severity

    held = rows[~trained]
    frame = held[["sex", "ageph", "bm", "power", "coverage", "fuel", "expo"]].copy()
    known = premium([*RISK, "sex"])
    frame["premium"] = known if with_sex else premium(RISK)
    frame["technical"] = known
    frame["loss"] = (held["amount"].clip(upper=50_000) / held["expo"]).to_numpy()
    return frame.reset_index(drop=True)
