"""Decisions of a small model for data sets that come without any: trained on one half of the rows, made for the other.

`python tests/real_data/make_decisions.py german_credit decisions.csv` writes them down. The models are ordinary
logistic regressions that do not see the protected columns; nobody should use them for anything but trying an audit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd


def decided(features: pd.DataFrame, label: pd.Series, protected: pd.DataFrame, *, share: float) -> pd.DataFrame:
    """Held-out half with `score`, `label` and `decision`: yes for the `share` with the highest scores."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    matrix = pd.get_dummies(features).astype(float)
    held_out = np.arange(len(matrix)) % 2 == 1
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    model.fit(matrix[~held_out], label[~held_out])
    score = model.predict_proba(matrix[held_out])[:, 1].round(4)
    rows = protected[held_out].reset_index(drop=True)
    rows["score"] = score
    rows["label"] = np.where(label[held_out], "yes", "no")
    rows["decision"] = np.where(score >= np.quantile(score, 1 - share), "yes", "no")
    return rows


def german_credit(folder: Path) -> pd.DataFrame:
    """Who gets a loan: 1 is good credit. `personal_status` carries sex: A92 and A95 are women."""
    rows = pd.read_csv(folder / "german_credit" / "german.csv")
    sex = pd.Series(np.where(rows["personal_status"].isin(["A92", "A95"]), "female", "male"), name="sex")
    protected = pd.concat([sex, rows["age"]], axis=1)
    features = rows.drop(columns=["credit", "personal_status", "age", "foreign_worker"])
    return decided(features, rows["credit"] == 1, protected, share=0.7)


def adult(folder: Path) -> pd.DataFrame:
    """Who is taken to earn more than 50K."""
    rows = pd.read_parquet(folder / "adult" / "adult.parquet")
    protected = rows[["sex", "race", "age"]]
    features = rows.drop(columns=["income-per-year", "sex", "race", "age", "relationship", "native-country", "fnlwgt"])
    return decided(features, rows["income-per-year"].str.contains(">50K"), protected, share=0.24)


def law_school(folder: Path) -> pd.DataFrame:
    """Who would be admitted by predicted bar passage; sex is 1 for women and 2 for men in this file."""
    rows = pd.read_csv(folder / "law_school" / "law_data.csv", encoding="utf-8-sig")
    return decided(rows[["LSAT", "UGPA", "region_first"]], rows["first_pf"] == 1, rows[["race", "sex"]], share=0.5)


def bank_marketing(folder: Path) -> pd.DataFrame:
    """Who is called: the tenth most likely to subscribe, by what is known before the call."""
    rows = pd.read_parquet(folder / "bank_marketing" / "bank-additional-full.parquet")
    protected = rows[["age", "marital", "job"]]
    features = rows.drop(columns=["y", "age", "marital", "job", "duration"])
    return decided(features, rows["y"] == "yes", protected, share=0.1)


DATASETS: Mapping[str, Callable[[Path], pd.DataFrame]] = {
    function.__name__: function for function in (german_credit, adult, law_school, bank_marketing)
}

if __name__ == "__main__":
    from conftest import data_folder

    DATASETS[sys.argv[1]](data_folder()).to_csv(sys.argv[2], index=False)
