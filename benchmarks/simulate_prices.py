"""How good intervals and verdicts on prices are: `python benchmarks/simulate_prices.py` (`make simulate-prices`).

Prices are log-normal with sigma .5, 1 and 1.5: plain rows, rows with weights, and people with one, five or twenty rows.
Printed for each setting: how often the 95% interval of the mean ratio, the mean difference and the like-for-like gap
covers the truth, and how often Cochran's rule (n < 25 · skewness²) would have flagged the audit as approximate. A
setting holds where coverage is .93 to .965, or where most audits are flagged.

Then the verdicts: groups drawn at random, so that the limit 0 is exactly the truth, over 1,000 seeds: the check may
fail in no more than 5% (two standard errors allowed); and a planted gap of 5% must be found.

Exit code 1 if a figure misses. Everything is seeded.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from evenhand.judge.decide import decide
from evenhand.judge.rules import Rule
from evenhand.measure.base import Finding
from evenhand.stats.contrast import Contrast
from evenhand.stats.like_for_like import like_for_like
from evenhand.stats.means import enough_for_a_mean, mean_difference, mean_ratio
from evenhand.stats.moments import Moments

SEED = 20260302
SIGMAS = (0.5, 1.0, 1.5)
LOWEST, HIGHEST = 0.93, 0.965
ALPHA = 0.05
STRATA = 8
Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Sample:
    """One group's rows: prices in cents, weights, person and stratum of each."""

    cents: Array
    weights: Array
    people: Array
    strata: Array

    def moments(self, rows: Array | None = None) -> Moments:
        """Sums over people, in whole numbers: each person adds w = Σ weights and w·p = Σ weight × price."""
        chosen = np.ones(len(self.cents), dtype=bool) if rows is None else rows
        _, person = np.unique(self.people[chosen], return_inverse=True)
        weight = np.bincount(person, self.weights[chosen]).astype(np.int64).astype(object)
        value = np.bincount(person, self.weights[chosen] * self.cents[chosen]).astype(np.int64).astype(object)
        return Moments(
            n=len(weight),
            weight=int(weight.sum()),
            weight_squared=int((weight**2).sum()),
            value=Fraction(int(value.sum()), 100),
            weight_squared_value=Fraction(int((weight * value).sum()), 100),
            weight_squared_squares=Fraction(int((value**2).sum()), 10_000),
        )

    def by_stratum(self) -> dict[int, Moments]:
        return {int(s): self.moments(self.strata == s) for s in np.unique(self.strata)}

    @property
    def skewness(self) -> float:
        centred = self.cents - self.cents.mean()
        spread = float((centred**2).mean()) ** 1.5
        return float((centred**3).mean()) / spread if spread else 0.0


def drawn(
    generator: np.random.Generator, people: int, sigma: float, *, rows: int, weighted: bool, mix: Array, gap: float
) -> Sample:
    """People with `rows` prices each; strata raise prices by 10% a step, `gap` multiplies them all."""
    person = np.repeat(np.arange(people), rows)
    strata = np.repeat(generator.choice(STRATA, size=people, p=mix), rows)
    own = np.repeat(generator.normal(0.0, sigma * (0.7 if rows > 1 else 0.0), people), rows)
    noise = generator.normal(0.0, sigma * (0.714143 if rows > 1 else 1.0), people * rows)
    prices = 100.0 * (1 + 0.1 * strata) * (1 + gap) * np.exp(own + noise)
    weights = generator.integers(1, 6, people * rows).astype(float) if weighted else np.ones(people * rows)
    return Sample(np.floor(prices * 100 + 0.5), weights, person.astype(float), strata.astype(float))


FLAT = np.full(STRATA, 1 / STRATA)
RISING = np.arange(1, STRATA + 1) / np.arange(1, STRATA + 1).sum()


def truths(sigma: float, gap: float) -> dict[str, float]:
    """Population values: the group's mix rises, the reference's is flat; the like-for-like gap keeps the group's."""
    level = 100.0 * float(np.exp(sigma**2 / 2))
    steps = 1 + 0.1 * np.arange(STRATA)
    group, reference = level * (1 + gap) * float(RISING @ steps), level * float(FLAT @ steps)
    return {
        "mean ratio": group / reference,
        "mean difference": group - reference,
        "like-for-like gap": level * gap * float(RISING @ steps),
    }


def contrasts(group: Sample, reference: Sample, *, whole: bool) -> dict[str, Contrast | None]:
    """The product's contrasts; like for like only where a person lies in one stratum (`whole`)."""
    ours, theirs = group.moments().estimate(), reference.moments().estimate()
    found: dict[str, Contrast | None] = {"mean ratio": None, "mean difference": None}
    if ours is not None and theirs is not None:
        found = {"mean ratio": mean_ratio(ours, theirs), "mean difference": mean_difference(ours, theirs)}
    if whole:
        found["like-for-like gap"] = like_for_like(group.by_stratum(), reference.by_stratum(), floor=2).gap
    return found


def coverage(replicates: int) -> Iterator[tuple[str, bool]]:
    """One line per setting and quantity, and whether it holds."""
    settings = [
        (sigma, people, rows, weighted)
        for sigma in SIGMAS
        for people in (400, 4000)
        for rows, weighted in ((1, False), (1, True), (5, False), (20, False))
        if people * rows <= 8000
    ]
    for sigma, people, rows, weighted in settings:
        generator = np.random.default_rng([SEED, int(sigma * 10), people, rows, weighted])
        truth = truths(sigma * (0.99999 if rows > 1 else 1.0), 0.05)
        covered = dict.fromkeys(truth, 0)
        flagged = 0
        for _ in range(replicates):
            group = drawn(generator, people, sigma, rows=rows, weighted=weighted, mix=RISING, gap=0.05)
            reference = drawn(generator, people, sigma, rows=rows, weighted=weighted, mix=FLAT, gap=0.0)
            skew = max(group.skewness, reference.skewness)
            flagged += not enough_for_a_mean(n=people, skewness=skew)
            for name, contrast in contrasts(group, reference, whole=True).items():
                if contrast is not None:
                    interval = contrast.interval(0.95)
                    covered[name] += interval.low <= truth[name] <= interval.high
        for name, hits in covered.items():
            share, marked = hits / replicates, flagged / replicates
            error = 2 * (LOWEST * (1 - LOWEST) / replicates) ** 0.5
            holds = LOWEST - error <= share <= HIGHEST + error or marked > 0.5
            kind = f"sigma {sigma}, {people} people × {rows} rows{', weighted' if weighted else ''}"
            yield f"{kind:44} {name:18} covers {share:.3f}   flagged {marked:.2f}", holds


def failing(generator: np.random.Generator, gap: float, people: int, groups: int) -> bool:
    """Whether the check `like_for_like_gap max 0` fails with `groups` groups of which the last has the gap."""
    reference = drawn(generator, people, 0.5, rows=1, weighted=False, mix=FLAT, gap=0.0).by_stratum()
    findings = []
    for i in range(groups):
        own = drawn(
            generator, people, 0.5, rows=1, weighted=False, mix=RISING, gap=gap if i == groups - 1 else 0.0
        ).by_stratum()
        contrast = like_for_like(own, reference, floor=5).gap
        findings.append(
            Finding(
                measure="like_for_like_gap",
                attribute="group",
                group=str(i),
                groups={"group": str(i)},
                reference="reference",
                n=people,
                n_reference=people,
                people=people,
                people_reference=people,
                estimate=contrast.estimate if contrast else None,
                contrast=contrast,
                undefined=None if contrast else "no_interval",
            )
        )
    rule = Rule(minimum=None, maximum=Fraction(0), parity=0.0)
    return any(verdict.status == "fail" for verdict in decide(findings, rule))


def verdicts(seeds: int) -> Iterator[tuple[str, bool]]:
    """False alarms with groups at random, and power on a planted gap."""
    for groups in (1, 5):
        failures = sum(failing(np.random.default_rng([SEED, 1, groups, s]), 0.0, 1000, groups) for s in range(seeds))
        allowed = ALPHA + 2 * (ALPHA * (1 - ALPHA) / seeds) ** 0.5
        share = failures / seeds
        yield f"groups at random, {groups} compared, limit exactly at the truth: fails {share:.3f}", share <= allowed
    found = sum(failing(np.random.default_rng([SEED, 2, s]), 0.05, 4000, 1) for s in range(seeds))
    yield f"planted gap of 5%, 4,000 people a group, sigma .5: found {found / seeds:.3f}", found / seeds >= 0.8


def main() -> int:
    """Print every figure; 1 if one misses."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--replicates", type=int, default=1000)
    arguments.add_argument("--seeds", type=int, default=1000)
    options = arguments.parse_args()
    began, missed = time.perf_counter(), 0
    for lines in (coverage(options.replicates), verdicts(options.seeds)):
        for line, holds in lines:
            missed += not holds
            print(f"{'ok    ' if holds else 'MISSED'} {line}", flush=True)
    print(f"{missed} missed, {time.perf_counter() - began:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
