"""How often the gate is wrong: `python benchmarks/simulate.py` (or `make simulate`) prints every figure it must show.

The four-fifths check (ratio of selection rates at least .8, assurance, one-sided alpha .05, default floors) is put
before k groups, k − 1 of them of n people and a reference of n or 10·n, over base rates from .02 to .9.

Every chance is computed exactly, by enumeration over the reference's count: given it, the groups are independent, and
each fails up to one cut-off and passes from another on. The limits are held against these figures, which have no
noise. Beside them stand 20,000 simulated audits a setting with a fixed seed, which must agree within four standard
errors. Statistic, Holm's levels and floors are the product's own; sampled audits are also put before the product's
judge, comparison by comparison, and none may disagree.

Exit code 1 if a figure misses its limit, the simulation disagrees with the enumeration, or the judge with either.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.special import bdtr, bdtrc, gammaln

from evenhand.judge.decide import decide
from evenhand.judge.rules import Floors, Rule
from evenhand.measure.base import Finding
from evenhand.stats.many import holm
from evenhand.stats.score import ScoreRatio
from evenhand.stats.score_statistics import ratio_statistic
from evenhand.stats.tails import normal_below_array

LIMIT = Fraction(4, 5)
ALPHA = 0.05
SEED = 20260302
BASE_RATES = (0.02, 0.05, 0.1, 0.3, 0.5, 0.9)
GROUP_SIZES = (100, 500, 2000)
REFERENCE_TIMES = (1, 10)
GROUPS = (2, 5, 10, 20)
FLOORS = Floors()
NEGLIGIBLE = 1e-12
AT_LIMIT, BELOW_LIMIT, PARITY = 0.8, 0.7, 1.0
JUDGED = (
    (AT_LIMIT, "fail", "any false FAIL, all groups at the limit", 0.056),
    (AT_LIMIT, "passed_alone", "false PASS of a comparison at the limit", 0.06),
    (BELOW_LIMIT, "passed_alone", "false PASS of a comparison at ratio .7", ALPHA),
)


@dataclass(frozen=True)
class Cell:
    """One setting: a reference of `n_reference` at rate `base`, and k − 1 groups of n people at `ratio` times that."""

    base: float
    n: int
    n_reference: int
    k: int
    ratio: float

    @property
    def comparisons(self) -> int:
        return self.k - 1

    @property
    def rate(self) -> float:
        return self.base * self.ratio

    @property
    def expected(self) -> float:
        return self.n * min(self.base, 1 - self.base)


@dataclass(frozen=True)
class Chances:
    """Of a check in which every group has the cell's ratio: any group fails; all pass; a single comparison passes."""

    fail: float
    passed: float
    passed_alone: float


@dataclass(frozen=True)
class Figure:
    """An exact chance against its limit, and the simulated one where there is one; no limit: for information."""

    name: str
    exact: float
    limit: float | None
    simulated: float | None = None

    @property
    def held(self) -> bool:
        return self.limit is None or self.exact <= self.limit


@dataclass(frozen=True)
class Outcome:
    """Everything that a run found: figures, chances simulated and those that disagree, audits judged and wrong ones."""

    figures: list[Figure]
    compared: int
    apart: int
    audits: int
    disagreements: int

    @property
    def missed(self) -> int:
        return sum(not figure.held for figure in self.figures)


def cells(ratio: float, *, base_rates: tuple[float, ...] = BASE_RATES, above_floor: bool = True) -> Iterator[Cell]:
    """The grid of settings, those above `min_expected` only unless told otherwise."""
    for base in base_rates:
        for n in GROUP_SIZES:
            for times in REFERENCE_TIMES:
                for k in GROUPS:
                    cell = Cell(base, n, n * times, k, ratio)
                    if not above_floor or cell.expected >= FLOORS.min_expected:
                        yield cell


# Exactly -------------------------------------------------------------------------------------------------------


def exact_chances(cell: Cell) -> Chances:
    """Enumerate the reference's count; given it, a group fails up to one cut-off and passes from another on."""
    log_rate, log_miss = np.log(cell.base), np.log1p(-cell.base)
    counts = np.arange(cell.n_reference + 1.0)
    log_mass = (gammaln(cell.n_reference + 1) - gammaln(counts + 1) - gammaln(cell.n_reference - counts + 1)) + (
        counts * log_rate + (cell.n_reference - counts) * log_miss
    )
    kept = log_mass > np.log(NEGLIGIBLE)
    counts, mass = counts[kept], np.exp(log_mass[kept])
    # Any rejection at all by Holm is a rejection at its first level, alpha/k.
    first_level = holm([1.0] * cell.comparisons, ALPHA).alpha_star
    no_fail, no_pass = withheld(counts, cell)
    last_failing = last_where(lambda x: p_fail(x, counts, cell) <= first_level, counts, cell)
    last_not_passing = last_where(lambda x: ~(p_pass(x, counts, cell) < ALPHA), counts, cell)
    fails = np.where(
        no_fail, 0.0, np.where(last_failing < 0, 0.0, bdtr(np.maximum(last_failing, 0), cell.n, cell.rate))
    )
    passes = np.where(no_pass, 0.0, bdtrc(np.maximum(last_not_passing, 0), cell.n, cell.rate))
    return Chances(
        fail=float((mass * (1 - (1 - fails) ** cell.comparisons)).sum()),
        passed=float((mass * passes**cell.comparisons).sum()),
        passed_alone=float((mass * passes).sum()),
    )


def last_where(holds, counts: np.ndarray, cell: Cell) -> np.ndarray:  # type: ignore[no-untyped-def]  # numpy predicate
    """The largest group count at which `holds` (true up to some count, then false); −1 if it never does."""
    low, high = np.full(len(counts), -1.0), np.full(len(counts), cell.n + 1.0)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        true = holds(np.clip(middle, 0, cell.n)) & (middle >= 0) & (middle <= cell.n)
        low, high = np.where(true, middle, low), np.where(true, high, middle)
    return low


def statistic(cases: np.ndarray, reference_cases: np.ndarray, cell: Cell) -> np.ndarray:
    one = np.ones(np.broadcast(cases, reference_cases).shape)
    return ratio_statistic(cases * one, cell.n * one, reference_cases * one, cell.n_reference * one, float(LIMIT) * one)


def p_fail(cases: np.ndarray, reference_cases: np.ndarray, cell: Cell) -> np.ndarray:
    return normal_below_array(statistic(cases, reference_cases, cell))


def p_pass(cases: np.ndarray, reference_cases: np.ndarray, cell: Cell) -> np.ndarray:
    return normal_below_array(-statistic(cases, reference_cases, cell))


def withheld(reference_cases: np.ndarray, cell: Cell) -> tuple[np.ndarray, np.ndarray]:
    """(fail withheld, pass withheld) by the floor on expected cases, at the reference's observed rate."""
    rate = reference_cases / cell.n_reference
    small = cell.n * np.minimum(rate, 1 - rate) < FLOORS.min_expected
    return small & (rate > 0.5), small


# By simulated audits -------------------------------------------------------------------------------------------


def simulated_chances(cell: Cell, replicates: int, generator: np.random.Generator, judged: int) -> tuple[Chances, int]:
    """Simulate audits; also put the first `judged` of them before the product's judge and count disagreements."""
    reference = generator.binomial(cell.n_reference, cell.base, size=(replicates, 1))
    groups = generator.binomial(cell.n, cell.rate, size=(replicates, cell.comparisons))
    p = p_fail(groups, reference, cell)
    no_fail, no_pass = withheld(reference, cell)
    # Holm rejects something only if the smallest p is within its first level: no need to ask it otherwise.
    first_level = holm([1.0] * cell.comparisons, ALPHA).alpha_star
    levels = np.array([holm(row, ALPHA).alpha_star if min(row) <= first_level else first_level for row in p.tolist()])
    fails = (p <= levels[:, None]) & ~no_fail
    passes = (p_pass(groups, reference, cell) < ALPHA) & ~no_pass & ~(p <= levels[:, None])
    disagreements = sum(
        [verdict.status for verdict in judge(groups[i], int(reference[i, 0]), cell)]
        != ["fail" if f else "pass" if ok else "inconclusive" for f, ok in zip(fails[i], passes[i], strict=True)]
        for i in range(judged)
    )
    chances = Chances(
        fail=float(fails.any(axis=1).mean()),
        passed=float(passes.all(axis=1).mean()),
        passed_alone=float(passes.mean()),
    )
    return chances, disagreements


def judge(groups: np.ndarray, reference_cases: int, cell: Cell) -> list:  # type: ignore[type-arg]
    """The product's verdicts on one simulated audit."""
    rate = reference_cases / cell.n_reference
    findings = []
    for number, cases in enumerate(int(x) for x in groups):
        contrast = ScoreRatio(
            cases=cases, total=cell.n, reference_cases=reference_cases, reference_total=cell.n_reference
        )
        findings.append(
            Finding(
                measure="selection_rate_ratio",
                attribute="group",
                group=f"g{number}",
                groups={"group": f"g{number}"},
                reference="reference",
                n=cell.n,
                n_reference=cell.n_reference,
                estimate=contrast.estimate,
                contrast=contrast,
                vacuous=cases / cell.n == rate and rate in (0.0, 1.0),
                people=cell.n,
                people_reference=cell.n_reference,
                expected_cases=cell.n * min(rate, 1 - rate),
                reference_rate=rate,
            )
        )
    return decide(findings, Rule(minimum=LIMIT, maximum=None, alpha=ALPHA, floors=FLOORS))


# The figures ---------------------------------------------------------------------------------------------------

Found = dict[Cell, Chances]


def describe(cell: Cell) -> str:
    return f"k = {cell.k:2d}, base {cell.base:g}, n {cell.n}, reference {cell.n_reference}"


def figure(what: str, chance: str, cell: Cell, exact: Found, drawn: Found, limit: float | None) -> Figure:
    simulated = getattr(drawn[cell], chance) if cell in drawn else None
    return Figure(f"{what}: {describe(cell)}", getattr(exact[cell], chance), limit, simulated)


def worst(exact: Found, chance: str, k: int) -> Cell:
    """The cell of `k` groups with the largest chance."""
    return max((cell for cell in exact if cell.k == k), key=lambda cell: getattr(exact[cell], chance))


def run(replicates: int, judged: int, *, base_rates: tuple[float, ...] = BASE_RATES) -> Outcome:
    """All figures. `judged` audits of every setting are put before the product's judge."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    exact: dict[float, Found] = {}
    drawn: dict[float, Found] = {}
    compared = apart = audits = disagreements = 0
    for ratio in (AT_LIMIT, BELOW_LIMIT, PARITY):
        everywhere = cells(ratio, base_rates=base_rates, above_floor=ratio != PARITY)
        exact[ratio], drawn[ratio] = {cell: exact_chances(cell) for cell in everywhere}, {}
        for cell in cells(ratio, base_rates=base_rates):
            if cell.k == 2:
                continue  # one comparison: enumeration is all there is to say
            drawn[ratio][cell], wrong = simulated_chances(cell, replicates, generator, judged)
            audits, disagreements = audits + judged, disagreements + wrong
            for chance in ("fail", "passed"):
                truth, seen = getattr(exact[ratio][cell], chance), getattr(drawn[ratio][cell], chance)
                compared += 1
                apart += abs(seen - truth) > 4 * np.sqrt(truth * (1 - truth) / replicates) + 2 / replicates
    found = []
    for k in GROUPS:
        for ratio, chance, what, limit in JUDGED:
            cell = worst(exact[ratio], chance, k)
            found.append(figure(f"{what}, worst at", chance, cell, exact[ratio], drawn[ratio], limit))
    for cell in exact[PARITY]:
        limit = (0.005 if cell.n == 100 else 0.001) if cell.base == 0.3 else None
        found.append(figure("false FAIL at parity", "fail", cell, exact[PARITY], drawn[PARITY], limit))
    found += [
        figure("power to PASS at parity", "passed", cell, exact[PARITY], drawn[PARITY], None) for cell in exact[PARITY]
    ]
    return Outcome(found, compared, apart, audits, disagreements)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=20_000, help="simulated audits per setting")
    parser.add_argument("--judged", type=int, default=5, help="audits per setting put before the product's judge")
    options = parser.parse_args()
    start = time.perf_counter()
    outcome = run(options.replicates, options.judged)
    print("      exact   simulated  limit")
    for one in outcome.figures:
        mark = "  " if one.limit is None else "ok" if one.held else "NO"
        simulated = "-" if one.simulated is None else f"{one.simulated:.4f}"
        limit = "-" if one.limit is None else f"{one.limit:g}"
        print(f"{mark}    {one.exact:.4f}  {simulated:9s}  {limit:5s}  {one.name}")
    judged = sum(one.limit is not None for one in outcome.figures)
    print(f"{judged - outcome.missed} of {judged} figures hold")
    print(
        f"{outcome.apart} of {outcome.compared} simulated chances differ from the exact ones by over 4 standard errors"
    )
    print(f"{outcome.disagreements} of {outcome.audits} audits are judged otherwise by the product")
    print(f"R = {options.replicates}, seed {SEED}, {time.perf_counter() - start:.0f} s")
    return 1 if outcome.missed or outcome.apart or outcome.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
