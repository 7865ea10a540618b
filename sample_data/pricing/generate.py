"""Writes the synthetic prices of this folder: the same bytes on every machine, from the seeds below.

`python sample_data/pricing/generate.py` rewrites the CSV files here and in the folders below. Nobody in them exists.
README.md says what was planted and why; the numbers of that page follow from the constants alone.

Only NumPy's `RandomState.random_sample` is drawn from: its stream is frozen for ever (NEP 19). Amounts are products of
constants and draws, rounded to whole cents (of a rate: basis points), which leaves nothing that could differ between
processors.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Files = dict[str, str]

WOMEN_PAY = 1.05
"""The motor tariff multiplies the premium of women by this."""

VEHICLES = ("city", "family", "sport")
TARIFF = (300.0, 450.0, 500.0)
VEHICLES_OF_WOMEN = (0.40, 0.40, 0.20)
VEHICLES_OF_MEN = (0.30, 0.40, 0.30)
"""Women: 400.00 on average by the tariff, times 1.05 is 420.00; men 420.00. Hence no raw gap. Shares are exact."""

REGIONS = ("north", "centre", "south")
REGION_FACTOR = (1.1, 1.0, 0.9)
COAST_OF_OLDEST = 0.40
"""Share of people of 75 and over who live on the coast (factor 1.0), where nobody else does."""

OCCUPATIONS = ("care", "office", "trade")
OCCUPATIONS_OF_WOMEN = (0.45, 0.45, 0.10)
OCCUPATIONS_OF_MEN = (0.10, 0.45, 0.45)

AGE_EDGES = (18, 25, 45, 60, 75, 91)
AGES = (0.15, 0.33, 0.27, 0.20, 0.05)

EXCEPTIONS, EXCEPTIONS_OF_YOUNGEST = 0.20, 0.36
"""How often an adviser adds to the list price; under 25 more often."""
SURCHARGE = 0.04
RENEWALS = 0.60
BREACHES = 37
"""Renewals of five years and more that cost more than a new customer would pay."""
CLAIM_CHANCE, EXPECTED_SHARE = 0.25, 0.70
NEITHER = 12
"""People of a third gender: too few to judge."""

HOMES = ("flat", "terrace", "detached")
HOME_PRICES = (180.0, 240.0, 360.0)
HOMES_OF_WOMEN = (0.2, 0.4, 0.4)
HOMES_OF_MEN = (0.4, 0.4, 0.2)

SHARES_OF_MINORITY = (0.1, 0.7)
CLASSES = ("low", "medium", "high")
CLASS_PRICES = (400.0, 500.0, 600.0)
CLASSES_OF_MIXED = ((0.4, 0.4, 0.2), (0.2, 0.4, 0.4))
"""By how large the minority is: territories where it is large are costlier too."""
LOADING = 0.15
"""A territory's price is multiplied by 1 + LOADING × share of the minority."""

BORROWERS = (("White", 0.50), ("Black", 0.20), ("Hispanic", 0.20), ("Asian", 0.10))
TIERS = ("A", "B", "C")
TERMS = ("48", "72")
BUY_RATES = ((3.50, 4.10), (5.20, 5.90), (7.40, 8.20))
MARKUP_GAP = {"White": 0, "Black": 29, "Hispanic": 20, "Asian": 0}
"""Basis points more of mark-up than White borrowers."""
NO_MARKUP = 0.25


def motor(seed: int = 20260401, people: int = 6_000) -> Files:
    """The demonstration: a like-for-like gap hidden by mix, a loyalty penalty, a proxy, thin overlap, claims."""
    state = RandomState(seed)
    woman = state.random_sample(people) < 0.5
    band = chosen(state, np.tile(AGES, (people, 1)))
    low, high = np.array(AGE_EDGES)[band], np.array(AGE_EDGES)[band + 1]
    age = low + np.floor(state.random_sample(people) * (high - low)).astype(np.int64)
    vehicle = dealt(state, woman, VEHICLES_OF_WOMEN, VEHICLES_OF_MEN)
    occupation = chosen(state, either(woman, OCCUPATIONS_OF_WOMEN, OCCUPATIONS_OF_MEN))
    region = np.floor(state.random_sample(people) * 3).astype(np.int64)
    coast = (age >= 75) & (state.random_sample(people) < COAST_OF_OLDEST)

    tariff = np.array(TARIFF)[vehicle] * np.where(coast, 1.0, np.array(REGION_FACTOR)[region])
    model = np.where(woman, WOMEN_PAY, 1.0) * (0.98 + 0.04 * state.random_sample(people))
    listed = cents(tariff * model)
    exception = state.random_sample(people) < np.where(age < 25, EXCEPTIONS_OF_YOUNGEST, EXCEPTIONS)
    premium = listed + np.where(exception, cents(listed * SURCHARGE / 100), 0)
    expected = cents(tariff * EXPECTED_SHARE)
    claimed = state.random_sample(people) < CLAIM_CHANCE
    claims = np.where(claimed, cents(expected * (0.5 + state.random_sample(people)) / CLAIM_CHANCE / 100), 0)

    renewal = state.random_sample(people) < RENEWALS
    years = np.where(renewal, 1 + np.floor(state.random_sample(people) * 12).astype(np.int64), 0)
    cheaper = cents(premium * (1 + 0.03 * state.random_sample(people)) / 100)
    new_price = np.where(renewal, np.maximum(cheaper, premium), premium)
    priced = state.random_sample(people) >= 0.01
    web = state.random_sample(people) < 0.45
    gender_known = state.random_sample(people) >= 0.015

    # Planted by hand: the first rows that fit, so that the counts are exact and not left to chance.
    breach = np.flatnonzero(renewal & priced & (years >= 5))[:BREACHES]
    new_price[breach] = cents(premium[breach] * 0.92 / 100)
    gender = np.where(np.arange(people) < NEITHER, "X", np.where(woman, "F", "M"))

    header = (
        "customer_id,premium,list_price,expected_claims,claims,renewal,tenure_years,new_business_price,vehicle,region,occupation,"
        "channel,currency"
    )
    quotes = [
        f"{name_of(i)},{money(premium[i]) if priced[i] else ''},{money(listed[i])},{money(expected[i])},"
        f"{money(claims[i])},{flag(renewal[i])},{years[i]},{money(new_price[i])},{VEHICLES[vehicle[i]]},"
        f"{'coast' if coast[i] else REGIONS[region[i]]},{OCCUPATIONS[occupation[i]]},"
        f"{'web' if web[i] else 'adviser'},EUR"
        for i in np.argsort(state.random_sample(people), kind="stable")
    ]
    known = people - 60  # so many customers are missing from people.csv
    rows = [f"{name_of(i)},{gender[i] if gender_known[i] else ''},{age[i]}" for i in range(known)]
    return {"quotes.csv": lines([header, *quotes]), "people.csv": lines(["customer_id,gender,age", *rows])}


def mix_only(seed: int = 20260402, people: int = 3_000) -> Files:
    """Home insurance where women pay more because of what they insure, and only because of it; no renewal is dearer."""
    state = RandomState(seed)
    woman = state.random_sample(people) < 0.5
    home = chosen(state, either(woman, HOMES_OF_WOMEN, HOMES_OF_MEN))
    premium = cents(np.array(HOME_PRICES)[home] * (0.95 + 0.10 * state.random_sample(people)))
    renewal = state.random_sample(people) < RENEWALS
    years = np.where(renewal, 1 + np.floor(state.random_sample(people) * 9).astype(np.int64), 0)
    dearer = np.where(renewal, cents(premium * 0.05 * state.random_sample(people) / 100), 0)
    rows = [
        f"{'F' if woman[i] else 'M'},{HOMES[home[i]]},{money(premium[i])},{flag(renewal[i])},{years[i]},"
        f"{money(premium[i] + dearer[i])}"
        for i in range(people)
    ]
    return {"quotes.csv": lines(["gender,home,premium,renewal,tenure_years,new_business_price", *rows])}


def too_little(seed: int = 20260403, people: int = 100) -> Files:
    """Prices that differ by person and not by group; 100 people cannot show it."""
    state = RandomState(seed)
    woman = state.random_sample(people) < 0.5
    home = chosen(state, either(woman, HOMES_OF_MEN, HOMES_OF_MEN))
    premium = cents(np.array(HOME_PRICES)[home] * (0.4 + 1.2 * state.random_sample(people)))
    rows = [f"{'F' if woman[i] else 'M'},{HOMES[home[i]]},{money(premium[i])}" for i in range(people)]
    return {"quotes.csv": lines(["gender,home,premium", *rows])}


def territories(seed: int = 20260404, places: int = 600) -> Files:
    """One row a territory: its price, and how many people of either group live there."""
    state = RandomState(seed)
    large = state.random_sample(places) < 0.3
    mixed = chosen(state, either(~large, *CLASSES_OF_MIXED))
    share = np.array(SHARES_OF_MINORITY)[large.astype(np.int64)]
    price = cents(np.array(CLASS_PRICES)[mixed] * (1 + LOADING * share) * (0.98 + 0.04 * state.random_sample(places)))
    minority = np.floor(share * 1000 + 0.5).astype(np.int64)
    rows = [
        f"T{i + 1:03d},{CLASSES[mixed[i]]},{money(price[i])},{minority[i]},{1000 - minority[i]}" for i in range(places)
    ]
    return {"territories.csv": lines(["territory,cost_class,premium,minority,majority", *rows])}


def loan_rates(seed: int = 20260405, people: int = 4_000) -> Files:
    """Car loans: a buy rate by tier and term, and a mark-up that the dealer may choose."""
    state = RandomState(seed)
    group = chosen(state, np.tile([share for _, share in BORROWERS], (people, 1)))
    tier = chosen(state, np.tile((0.5, 0.3, 0.2), (people, 1)))
    term = (state.random_sample(people) < 0.6).astype(np.int64)
    buy = np.array([[round(rate * 100) for rate in row] for row in BUY_RATES])[tier, term]  # basis points
    gap = np.array([MARKUP_GAP[name] for name, _ in BORROWERS])[group]
    markup = 20 + np.floor(100 * state.random_sample(people)).astype(np.int64)
    flat = state.random_sample(people) < NO_MARKUP
    # Nobody without a mark-up has the gap either, so that whoever has one has it larger by gap / (1 − NO_MARKUP).
    extra = np.floor(gap / (1 - NO_MARKUP) + state.random_sample(people)).astype(np.int64)
    rate = buy + np.where(flat, 0, markup + extra)
    rows = [
        f"L{i + 1:04d},{BORROWERS[group[i]][0]},{TIERS[tier[i]]},{TERMS[term[i]]},{money(buy[i])},{money(rate[i])}"
        for i in range(people)
    ]
    return {"loans.csv": lines(["loan,borrower,credit_tier,months,buy_rate,rate", *rows])}


SAMPLES: Mapping[str, Callable[[], Files]] = {
    ".": motor,
    "mix_only": mix_only,
    "too_little": too_little,
    "territories": territories,
    "loan_rates": loan_rates,
}


def either(condition: Flags, if_true: Sequence[float], if_false: Sequence[float]) -> Numbers:
    """A row of shares for each person, by a condition."""
    return np.where(condition[:, None], if_true, if_false)


def chosen(state: RandomState, shares: Numbers) -> Whole:
    """For each row of shares, which entry a uniform draw falls on."""
    draws = state.random_sample(len(shares))
    passed: Whole = np.sum(draws[:, None] >= np.cumsum(shares, axis=1)[:, :-1], axis=1)
    return passed


def dealt(state: RandomState, condition: Flags, if_true: Sequence[float], if_false: Sequence[float]) -> Whole:
    """The same with the shares kept exactly, up to one person, on either side: who has what is drawn, not how many."""
    place = np.zeros(len(condition), dtype=np.int64)
    for side, shares in ((condition, if_true), (~condition, if_false)):
        order = np.argsort(np.where(side, state.random_sample(len(side)), 2.0), kind="stable")[: side.sum()]
        ends = np.floor(np.cumsum(shares)[:-1] * len(order) + 0.5).astype(np.int64)
        place[order] = np.searchsorted(ends, np.arange(len(order)), side="right")
    return place


def cents(amount: Numbers) -> Whole:
    """Whole cents, halves up."""
    return np.floor(amount * 100 + 0.5).astype(np.int64)


def money(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def flag(value: bool) -> str:
    return "true" if value else "false"


def name_of(i: int) -> str:
    return f"C{i + 1:04d}"


def lines(rows: Sequence[str]) -> str:
    return "\n".join(rows) + "\n"


def main(folder: Path) -> None:
    """Write every sample below `folder`."""
    for name, sample in SAMPLES.items():
        for file, text in sample().items():
            target = folder / name / file
            target.write_bytes(text.encode("utf-8"))
            print(f"{target}: {text.count(chr(10)) - 1:,} rows, {len(text):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
