"""Writes the synthetic campaign of this folder: the same bytes on every machine, from the seeds below.

`python sample_data/targeting/generate.py` rewrites predictions.csv and people.csv here, in clean/ and in too_little/.
Nobody in them exists. README.md says what was planted and why; the numbers of that page follow from `Campaign` alone.

Only NumPy's `RandomState.random_sample` is drawn from: its stream is frozen for ever (NEP 19). Numbers are compared
with constants or rounded to thousandths, which leaves nothing that could differ between processors.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LOWEST, SPREAD = 0.05, 0.75
"""Chance of taking up the card: LOWEST + SPREAD·u², u uniform on (0, 1); 0.30 on average, in every group alike."""

SCORED, LABELLED = 0.98, 0.97
OPT_IN, IN_DEBT = 0.80, 0.12
AGE_EDGES = (18, 30, 45, 60, 75, 91)


@dataclass(frozen=True)
class Campaign:
    """One campaign: its size, and what is planted in it."""

    folder: str
    seed: int
    people: int
    cutoff: float
    """Lowest score that is offered the card."""
    ages: tuple[float, ...]
    """Shares of the age bands <30, 30-44, 45-59, 60-74, 75+."""
    countries: tuple[tuple[str, float], ...]
    score_of_women: float = 1.0
    """The model multiplies the true chance of women by this: below 1 it scores them too low."""
    score_of_oldest: float = 1.0
    """The same for people of 75 and over."""
    breaches: int = 0
    """Opt-outs that are offered the card all the same."""
    islanders: int = 0
    """People of a group too small to judge."""
    unknown_people: int = 0
    """Customers with predictions who are missing from people.csv."""
    genders_missing: float = 0.0


CAMPAIGNS = (
    Campaign(
        folder=".",
        seed=20260305,
        people=12_000,
        cutoff=0.40,
        ages=(0.22, 0.28, 0.26, 0.22, 0.02),
        countries=(("SE", 0.40), ("NO", 0.20), ("FI", 0.20), ("DK", 0.20)),
        score_of_women=0.75,
        score_of_oldest=0.88,
        breaches=14,
        islanders=3,
        unknown_people=150,
        genders_missing=0.015,
    ),
    Campaign(
        folder="clean",
        seed=20260308,
        people=8_000,
        cutoff=0.30,
        ages=(0.25, 0.30, 0.25, 0.20, 0.0),
        countries=(("SE", 0.40), ("NO", 0.30), ("FI", 0.30)),
        genders_missing=0.01,
    ),
    Campaign(
        folder="too_little",
        seed=20260304,
        people=400,
        cutoff=0.45,
        ages=(0.25, 0.30, 0.25, 0.20, 0.0),
        countries=(("SE", 0.40), ("NO", 0.30), ("FI", 0.30)),
    ),
)


def files(campaign: Campaign) -> dict[str, str]:
    """File name -> text of one campaign."""
    n = campaign.people
    state = np.random.RandomState(campaign.seed)

    woman = state.random_sample(n) < 0.5
    band = np.searchsorted(np.cumsum(campaign.ages)[:-1], state.random_sample(n), side="right")
    low, high = np.array(AGE_EDGES)[band], np.array(AGE_EDGES)[band + 1]
    age = low + np.floor(state.random_sample(n) * (high - low)).astype(int)
    place = np.searchsorted(
        np.cumsum([share for _, share in campaign.countries])[:-1], state.random_sample(n), side="right"
    )
    country = np.array([name for name, _ in campaign.countries], dtype=object)[place]
    postcode = np.floor(state.random_sample(n) * 99_999).astype(int)
    in_debt = state.random_sample(n) < IN_DEBT
    opt_in = state.random_sample(n) < OPT_IN
    gender_known = state.random_sample(n) >= campaign.genders_missing

    chance = LOWEST + SPREAD * state.random_sample(n) ** 2
    bought = state.random_sample(n) < chance
    labelled = state.random_sample(n) < LABELLED
    scored = state.random_sample(n) < SCORED

    score = chance * np.where(woman, campaign.score_of_women, 1.0) * np.where(age >= 75, campaign.score_of_oldest, 1.0)
    thousandths = np.floor(score * 1000 + 0.5).astype(int)
    wanted = scored & (thousandths >= round(campaign.cutoff * 1000))

    # Planted by hand: the first rows that fit, so that the counts are exact and not left to chance.
    islander = np.arange(n) < campaign.islanders
    country[islander] = "AX"
    breach = np.flatnonzero(wanted & ~opt_in & ~islander)[: campaign.breaches]
    offered = wanted & opt_in & ~islander
    offered[breach] = True
    sent = offered & (state.random_sample(n) < 0.97)
    postcode[:1] = 1234

    predictions = ["customer_id,score,scored,offered,sent,bought,marketing_opt_in"]
    people = ["customer_id,gender,age,country,postcode,in_debt"]
    order = np.argsort(state.random_sample(n), kind="stable")
    for i in order:
        written = f"0.{thousandths[i]:03d}" if scored[i] else ""
        label = ("yes" if bought[i] else "no") if labelled[i] else ""
        predictions.append(
            f"{name_of(i)},{written},{flag(scored[i])},{int(offered[i])},{flag(sent[i])},{label},{flag(opt_in[i])}"
        )
    for i in range(n - campaign.unknown_people):
        gender = ("F" if woman[i] else "M") if gender_known[i] else ""
        people.append(f"{name_of(i)},{gender},{age[i]},{country[i]},{postcode[i]:05d},{flag(in_debt[i])}")
    return {"predictions.csv": "\n".join(predictions) + "\n", "people.csv": "\n".join(people) + "\n"}


def name_of(i: int) -> str:
    return f"C{i + 1:05d}"


def flag(value: bool) -> str:
    return "true" if value else "false"


def main(folder: Path) -> None:
    """Write every campaign below `folder`."""
    for campaign in CAMPAIGNS:
        for name, text in files(campaign).items():
            target = folder / campaign.folder / name
            target.write_bytes(text.encode("utf-8"))
            print(f"{target}: {text.count(chr(10)) - 1:,} rows, {len(text):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
