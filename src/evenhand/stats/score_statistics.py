"""The signed score statistics of Miettinen and Nurminen for two proportions, for single tables and for arrays of them.

z is positive where the data lie above the limit. The rates are restricted by the limit (maximum likelihood under
p₁/p₀ = limit, p₁ − p₀ = limit or odds ratio = limit) and the variance carries the factor N/(N−1).
Source: Miettinen & Nurminen 1985, Statistics in Medicine 4, 213-226; restricted rates: Farrington & Manning 1990.

Each formula is written once, for Python floats (fast for one table) and numpy arrays (fast for a million): hence no
branches, and `_TINY` added where a denominator is zero only together with its numerator, so that 0/0 reads 0.
May import: numpy and the standard library.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float64])

_TINY = 1e-200
_SCALAR: Any = SimpleNamespace(
    sqrt=math.sqrt,
    acos=math.acos,
    cos=math.cos,
    copysign=math.copysign,
    clip=lambda value, low, high: min(max(value, low), high),
    maximum=max,
    minimum=min,
)


def _arithmetic(value: object) -> Any:
    return np if isinstance(value, np.ndarray) else _SCALAR


def ratio_statistic(
    cases: Number, total: Number, reference_cases: Number, reference_total: Number, limit: Number
) -> Number:
    """z of p₁/p₀ against `limit` ≥ 0: (p̂₁ − τp̂₀) / √{[p̃₁q̃₁/n₁ + τ²p̃₀q̃₀/n₀]·N/(N−1)}.

    p̃₀ is the smaller root of Nτp² − (n₁τ + x₁ + n₀ + x₀τ)p + (x₁ + x₀) = 0 and p̃₁ = τp̃₀. All sums below are of
    terms of one sign, so that nothing cancels when a rate comes close to 0 or 1.

    Example: 48 of 100 against 60 of 100 at 0.8 gives 0, since .48 = .8 · .60.
    """
    arithmetic = _arithmetic(cases)
    misses, reference_misses = total - cases, reference_total - reference_cases
    everyone, selected = total + reference_total, cases + reference_cases
    ours, theirs = (total + reference_cases) * limit, reference_total + cases
    root = arithmetic.sqrt((ours - theirs) * (ours - theirs) + 4 * limit * misses * reference_misses)
    whole = ours + theirs + root
    reference_rate = 2 * selected / whole
    rate = limit * reference_rate
    miss_rate = _root_sum(root, ours + theirs - 2 * limit * selected, 4 * limit * selected * misses * (limit - 1))
    reference_miss_rate = _root_sum(root, ours + theirs - 2 * selected, 4 * selected * reference_misses * (1 - limit))
    variance = rate * miss_rate / total + limit * limit * reference_rate * reference_miss_rate / reference_total
    deviation = arithmetic.sqrt(variance / whole * everyone / (everyone - 1))
    statistic: Number = (cases / total - limit * reference_cases / reference_total) / (deviation + _TINY)
    return statistic


def difference_statistic(
    cases: Number, total: Number, reference_cases: Number, reference_total: Number, limit: Number
) -> Number:
    """z of p₁ − p₀ against `limit` in [−1, 1]: (p̂₁ − p̂₀ − δ) / √{[p̃₁q̃₁/n₁ + p̃₀q̃₀/n₀]·N/(N−1)}.

    p̃₀ is the root of the likelihood cubic that lies between max(0, −δ) and min(1, 1 − δ), by Miettinen and
    Nurminen's cosine, then two Newton steps: near a double root the cosine alone keeps eight digits.

    Example: 30 of 100 against 20 of 100 at 0: z = .1/√(2·.25·.75/100·200/199) = 1.6289.
    """
    arithmetic = _arithmetic(cases)
    everyone, selected = total + reference_total, cases + reference_cases
    cubic = 3 * everyone
    square = (total + 2 * reference_total) * limit - everyone - selected
    linear = (reference_total * limit - everyone - 2 * reference_cases) * limit + selected
    constant = reference_cases * limit * (1 - limit)
    shift = square / cubic
    turn = shift * shift * shift - linear * square / (2 * cubic * everyone) + constant / (2 * everyone)
    spread = arithmetic.copysign(arithmetic.sqrt(arithmetic.maximum(shift * shift - linear / cubic, 0.0)), turn)
    cosine = turn / (spread * spread * spread + arithmetic.copysign(_TINY, turn))
    angle = (math.pi + arithmetic.acos(arithmetic.clip(cosine, -1.0, 1.0))) / 3
    reference_rate = 2 * spread * arithmetic.cos(angle) - shift
    for _ in range(2):
        value = ((everyone * reference_rate + square) * reference_rate + linear) * reference_rate + constant
        slope = (cubic * reference_rate + 2 * square) * reference_rate + linear
        step = value / (slope + arithmetic.copysign(_TINY, slope))
        reference_rate = reference_rate - step * (abs(step) < 1e-6)
    low, high = arithmetic.maximum(0.0, -limit), arithmetic.minimum(1.0, 1 - limit)
    reference_rate = arithmetic.clip(reference_rate, low, high)
    rate = arithmetic.clip(reference_rate + limit, 0.0, 1.0)
    variance = rate * (1 - rate) / total + reference_rate * (1 - reference_rate) / reference_total
    deviation = arithmetic.sqrt(variance * everyone / (everyone - 1))
    statistic: Number = (cases / total - reference_cases / reference_total - limit) / (deviation + _TINY)
    return statistic


def odds_ratio_statistic(
    cases: Number, total: Number, reference_cases: Number, reference_total: Number, limit: Number
) -> Number:
    """z of the odds ratio against `limit` > 0: n₁(p̂₁ − p̃₁)·√{[1/(n₁p̃₁q̃₁) + 1/(n₀p̃₀q̃₀)]·(N−1)/N}.

    p̃₀ is the positive root of n₀(ψ−1)p² + [n₁ψ + n₀ − (x₁+x₀)(ψ−1)]p − (x₁+x₀) = 0 and p̃₁ has ψ times its odds.

    Example: 30 of 100 against 20 of 100 at 1: p̃ = .25, z = 5·√(2/18.75·199/200) = 1.6289, as for the difference.
    """
    arithmetic = _arithmetic(cases)
    everyone, selected = total + reference_total, cases + reference_cases
    excess = limit - 1
    middle = total * limit + reference_total - selected * excess
    lift = 4 * reference_total * selected * excess
    # For ψ < 1 the lift is negative: write the discriminant as a sum of positive terms instead.
    flat = total * limit + reference_total + selected * excess
    below = flat * flat - 4 * selected * excess * total * limit
    above = middle * middle + lift
    root = arithmetic.sqrt(arithmetic.maximum(below * (excess < 0) + above * (excess >= 0), 0.0))
    whole = _root_sum(root, middle, lift)
    reference_rate = 2 * selected / (whole + _TINY)
    missed = everyone - selected
    reference_miss_rate = _root_sum(root, middle - 2 * selected, 4 * selected * limit * missed) / (whole + _TINY)
    odds_scale = reference_miss_rate + limit * reference_rate + _TINY
    rate, miss_rate = limit * reference_rate / odds_scale, reference_miss_rate / odds_scale
    spread, reference_spread = total * rate * miss_rate, reference_total * reference_rate * reference_miss_rate
    variance = spread * reference_spread / (spread + reference_spread + _TINY) * everyone / (everyone - 1)
    # n₁(p̂₁ − p̃₁) = −n₀(p̂₀ − p̃₀): taken from the smaller group, where it is not the remainder of a large count.
    ours = cases * miss_rate - (total - cases) * rate
    theirs = (reference_total - reference_cases) * reference_rate - reference_cases * reference_miss_rate
    gap = ours * (total <= reference_total) + theirs * (total > reference_total)
    statistic: Number = gap / (arithmetic.sqrt(variance) + _TINY)
    return statistic


def _root_sum(root: Number, term: Number, excess: Number) -> Number:
    """root + term without cancellation, where excess = root² − term² is known in closed form."""
    return (abs(term) + term) + excess / (root + abs(term) + _TINY)
