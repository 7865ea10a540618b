"""Laws that every Contrast obeys: bounds and p-values say the same, bounds nest, swapping and scaling act as they must.

The families below must name every concrete Contrast of the package, so that a new one is tested without asking.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import random
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest

import evenhand.stats
from evenhand.stats.actual_expected import PoissonLevel, PoissonRatio
from evenhand.stats.combined import LargestOf, MoverContrast
from evenhand.stats.contrast import Contrast
from evenhand.stats.distance import DistanceContrast, delivered_distance
from evenhand.stats.known import KnownValue
from evenhand.stats.quantiles import QuantileContrast, QuantileRatio, quantile_level, quantile_ratio
from evenhand.stats.rates import RateContrast
from evenhand.stats.resample import ReplicateContrast
from evenhand.stats.scaled import ScaledContrast
from evenhand.stats.score import ScoreContrast, ScoreDifference, ScoreOddsRatio, ScoreRatio
from evenhand.stats.stratified_rates import RateStratum
from evenhand.stats.stratified_score import StratifiedScoreRatio
from evenhand.stats.student import StudentContrast

TOTALS = (1, 2, 5, 20, 100, 1000, 10**6)
LEVELS = (0.49, 0.2, 0.05, 0.025, 0.0025, 0.001)


def table(draw: random.Random) -> dict[str, int]:
    total, reference_total = draw.choice(TOTALS), draw.choice(TOTALS)
    return {
        "cases": draw.randint(0, total),
        "total": total,
        "reference_cases": draw.randint(0, reference_total),
        "reference_total": reference_total,
    }


def student(draw: random.Random) -> StudentContrast:
    return StudentContrast(
        estimate=draw.uniform(0.2, 0.9),
        standard_error=draw.uniform(0.01, 1),
        degrees_of_freedom=draw.choice([1, 3, 20, 1e5, math.inf]),
        scale=draw.choice(["identity", "log"]),
        lowest=0,
        highest=draw.choice([1, math.inf]),
    )


def replicates(draw: random.Random) -> ReplicateContrast:
    drawn = np.random.default_rng(draw.randrange(10**6)).normal(0.5, 0.2, 2500).round(2)
    drawn[: draw.choice([0, 3])] = math.nan
    return ReplicateContrast(estimate=0.5, replicates=drawn)


def distance(draw: random.Random) -> Contrast:
    eligible = [draw.randint(20, 400) for _ in range(draw.choice([2, 3, 5]))]
    delivered = [draw.randint(1, n - 1) for n in eligible]
    found = delivered_distance(delivered, eligible, seed=draw.randrange(10**6))
    assert found is not None
    return found


def prices(draw: random.Random) -> tuple[list[float], list[int], list[int], float]:
    """A grid of prices with few or many ties, people of two groups on it, and a quantile."""
    steps = draw.choice([3, 20, 200])
    grid = [0.5 + 2 * step / steps for step in range(steps)]
    group, reference = ([draw.choice([0, 1, draw.randint(0, 9)]) for _ in grid] for _ in range(2))
    group[-1] += 1
    reference[0] += 1
    return grid, group, reference, draw.choice([0.1, 0.5, 0.9])


def quantile(draw: random.Random) -> Contrast:
    grid, group, _, share = prices(draw)
    found = quantile_level(grid, group, share, effective_n=draw.choice([None, 0.6 * sum(group)]))
    assert found is not None
    return found


def ratio_of_quantiles(draw: random.Random) -> Contrast:
    found = quantile_ratio(*prices(draw))
    assert found is not None
    return found


def expected(draw: random.Random) -> dict[str, int]:
    return {"actual": draw.choice([0, 1, draw.randint(0, 2000)]), "expected": draw.choice([1, 20, 1000])}


def strata(draw: random.Random) -> StratifiedScoreRatio:
    """Strata without a case of the group, of the reference, of either; or each all cases or none."""
    empty = draw.choice(["group", "reference", "both", "neither"])
    found = []
    for _ in range(draw.choice([1, 2, 7])):
        total, reference_total = draw.choice(TOTALS), draw.choice(TOTALS)
        cases, reference_cases = draw.randint(0, total), draw.randint(0, reference_total)
        if empty == "neither":
            all_of = draw.randint(0, 1)
            cases, reference_cases = all_of * total, all_of * reference_total
        cases *= empty in ("reference", "neither")
        reference_cases *= empty in ("group", "neither")
        found.append(
            RateStratum(cases=cases, total=total, reference_cases=reference_cases, reference_total=reference_total)
        )
    return StratifiedScoreRatio(strata=found)


FAMILIES: dict[type[Contrast], Callable[[random.Random], Contrast]] = {
    ScoreRatio: lambda draw: ScoreRatio(**table(draw)),
    ScoreDifference: lambda draw: ScoreDifference(**table(draw)),
    ScoreOddsRatio: lambda draw: ScoreOddsRatio(**table(draw)),
    RateContrast: lambda draw: RateContrast(cases=draw.randint(0, 20), total=draw.choice([20, 50, 10**6])),
    StratifiedScoreRatio: strata,
    StudentContrast: student,
    KnownValue: lambda draw: KnownValue(estimate=draw.choice([0, 1, 0.5, draw.random()])),
    ReplicateContrast: replicates,
    MoverContrast: lambda draw: MoverContrast(
        parts=((0.5, ScoreDifference(**table(draw))), (draw.choice([-0.5, 0.5]), ScoreDifference(**table(draw))))
    ),
    LargestOf: lambda draw: LargestOf(parts=(ScoreDifference(**table(draw)), ScoreDifference(**table(draw)))),
    DistanceContrast: distance,
    QuantileContrast: quantile,
    QuantileRatio: ratio_of_quantiles,
    PoissonLevel: lambda draw: PoissonLevel(**expected(draw)),
    PoissonRatio: lambda draw: PoissonRatio(
        **expected(draw), **{f"reference_{name}": count for name, count in expected(draw).items()}
    ),
    ScaledContrast: lambda draw: ScaledContrast(inner=ScoreDifference(**table(draw)), factor=draw.choice([-50, 0.5])),
}


def concrete(kind: type[Contrast]) -> Iterator[type[Contrast]]:
    if not inspect.isabstract(kind):
        yield kind
    for below in kind.__subclasses__():
        yield from concrete(below)


def test_every_contrast_of_the_package_is_here() -> None:
    for module in pkgutil.iter_modules(evenhand.stats.__path__):
        importlib.import_module(f"evenhand.stats.{module.name}")
    ours = {kind for kind in concrete(Contrast) if kind.__module__.startswith("evenhand.")}
    assert ours == set(FAMILIES)


def near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-11)


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_interval_excludes_a_limit_exactly_when_the_test_rejects_it(kind: type[Contrast]) -> None:
    draw = random.Random(kind.__name__)
    for _ in range(60 if kind is MoverContrast else 250):
        contrast, alpha = FAMILIES[kind](draw), draw.choice(LEVELS)
        low, high = contrast.lower(alpha), contrast.upper(alpha)
        edges = (low * (1 + 1e-7), low * (1 - 1e-7), high * (1 + 1e-7), high * (1 - 1e-7), low, high)
        for limit in (*edges, draw.uniform(-1.2, 2), 0.0, 0.8, 1.0, -1.0):
            if math.isinf(limit) or math.isnan(limit):
                continue
            if not near(high, limit) or isinstance(contrast, (ReplicateContrast, KnownValue)):
                assert (high < limit) == (contrast.p_less(limit) < alpha), (contrast, alpha, limit)
            if not near(low, limit) or isinstance(contrast, (ReplicateContrast, KnownValue)):
                assert (low > limit) == (contrast.p_greater(limit) < alpha), (contrast, alpha, limit)


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_estimate_lies_inside_and_intervals_nest(kind: type[Contrast]) -> None:
    draw = random.Random(kind.__name__ + "nest")
    for _ in range(100):
        contrast = FAMILIES[kind](draw)
        wide, middle, narrow = (contrast.interval(level) for level in (0.999, 0.95, 0.8))
        assert wide.low <= middle.low <= narrow.low <= narrow.high <= middle.high <= wide.high
        if contrast.estimate is not None:
            assert middle.low <= contrast.estimate + 1e-12
            assert contrast.estimate <= middle.high + 1e-12
        assert middle.method


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_p_values_are_probabilities_and_monotone(kind: type[Contrast]) -> None:
    draw = random.Random(kind.__name__ + "monotone")
    for _ in range(40):
        contrast = FAMILIES[kind](draw)
        limits = sorted(draw.uniform(-1.5, 3) for _ in range(8))
        less, greater = [contrast.p_less(limit) for limit in limits], [contrast.p_greater(limit) for limit in limits]
        assert all(0 <= p <= 1 for p in less + greater)
        assert less == sorted(less, reverse=True)
        assert greater == sorted(greater)


def swapped(counts: dict[str, int]) -> dict[str, int]:
    return {
        "cases": counts["reference_cases"],
        "total": counts["reference_total"],
        "reference_cases": counts["cases"],
        "reference_total": counts["total"],
    }


@pytest.mark.parametrize("kind", [ScoreRatio, ScoreOddsRatio])
def test_swapping_groups_gives_the_reciprocal_interval(kind: type[ScoreContrast]) -> None:
    draw = random.Random(31)
    for _ in range(1000):
        counts = table(draw)
        here, there = kind(**counts), kind(**swapped(counts))
        low, high = here.lower(0.025), here.upper(0.025)
        assert there.upper(0.025) == pytest.approx(1 / low if low else math.inf, rel=1e-8)
        assert there.lower(0.025) == pytest.approx(1 / high if high else math.inf, rel=1e-8, abs=1e-300)
        assert there.p_less(1.25) == pytest.approx(here.p_greater(0.8), rel=1e-8, abs=1e-280)


def test_swapping_groups_negates_the_difference() -> None:
    draw = random.Random(32)
    for _ in range(1000):
        counts = table(draw)
        here, there = ScoreDifference(**counts), ScoreDifference(**swapped(counts))
        assert there.lower(0.025) == pytest.approx(-here.upper(0.025), abs=1e-12)
        assert there.upper(0.025) == pytest.approx(-here.lower(0.025), abs=1e-12)


@pytest.mark.parametrize("kind", [ScoreRatio, ScoreDifference, ScoreOddsRatio])
def test_a_hundred_times_the_people_give_a_tenth_of_the_width(kind: type[ScoreContrast]) -> None:
    counts = {"cases": 300, "total": 1000, "reference_cases": 320, "reference_total": 1100}
    one, hundred = kind(**counts).interval(), kind(**{name: 100 * count for name, count in counts.items()}).interval()
    assert (one.high - one.low) / (hundred.high - hundred.low) == pytest.approx(10, rel=0.02)


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_comparison_with_a_limit_agrees_with_the_estimate(kind: type[Contrast]) -> None:
    draw = random.Random(kind.__name__ + "compare")
    for _ in range(100):
        contrast = FAMILIES[kind](draw)
        if contrast.estimate is None:
            continue
        limit = Fraction(draw.randint(-200, 200), 100)
        if not near(contrast.estimate, float(limit)):
            assert contrast.compare(limit) == (1 if contrast.estimate > limit else -1)
        exact = contrast.exact_estimate()
        if exact is not None:
            assert contrast.compare(exact) == 0
            assert float(exact) == pytest.approx(contrast.estimate, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("alpha", [0.0, -0.1, 0.6, 1.0])
@pytest.mark.parametrize("kind", [ScoreRatio, RateContrast, ReplicateContrast])
def test_levels_that_are_no_one_sided_level_are_refused(kind: type[Contrast], alpha: float) -> None:
    contrast = FAMILIES[kind](random.Random(5))
    with pytest.raises(ValueError, match="alpha"):
        contrast.lower(alpha)
