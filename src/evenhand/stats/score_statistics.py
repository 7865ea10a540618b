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
_TINY_ROOT = 1e-60
_SCALAR: Any = SimpleNamespace(sqrt=math.sqrt, acos=math.acos, cos=math.cos, maximum=max, minimum=min)


def _arithmetic(value: object) -> Any:
    return np if isinstance(value, np.ndarray) else _SCALAR


def ratio_statistic(
    cases: Number, total: Number, reference_cases: Number, reference_total: Number, limit: Number
) -> Number:
    """z of p₁/p₀ against `limit` ≥ 0: (p̂₁ − τp̂₀) / √`ratio_variance`.

    Example: 48 of 100 against 60 of 100 at 0.8 gives 0, since .48 = .8 · .60.
    """
    deviation = _arithmetic(cases).sqrt(ratio_variance(cases, total, reference_cases, reference_total, limit))
    statistic: Number = (cases / total - limit * reference_cases / reference_total) / (deviation + _TINY)
    return statistic


def ratio_variance(
    cases: Number, total: Number, reference_cases: Number, reference_total: Number, limit: Number
) -> Number:
    """[p̃₁q̃₁/n₁ + τ²p̃₀q̃₀/n₀]·N/(N−1): the variance of p̂₁ − τp̂₀ if the ratio is `limit` ≥ 0.

    p̃₀ is the smaller root of Nτp² − (n₁τ + x₁ + n₀ + x₀τ)p + (x₁ + x₀) = 0 and p̃₁ = τp̃₀. All sums below are of
    terms of one sign, so that nothing cancels when a rate comes close to 0 or 1.

    Example: 5 of 10 against 5 of 10 at 1: p̃ = ½, (.025 + .025)·20/19 = 1/19.
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
    found: Number = variance / whole * everyone / (everyone - 1)
    return found


def difference_statistic(
    cases: Number, total: Number, reference_cases: Number, reference_total: Number, limit: Number
) -> Number:
    """z of p₁ − p₀ against `limit` in [−1, 1]: (p̂₁ − p̂₀ − δ) / √{[p̃₁q̃₁/n₁ + p̃₀q̃₀/n₀]·N/(N−1)}.

    Example: 30 of 100 against 20 of 100 at 0: z = .1/√(2·.25·.75/100·200/199) = 1.6289.
    """
    arithmetic = _arithmetic(cases)
    everyone = total + reference_total
    # Write it for the group with the lower restricted rate s; the other one has s + gap. Exchange if δ < 0.
    gap, swap = abs(limit), limit < 0
    keep = 1 - swap
    low_cases, low_total = reference_cases * keep + cases * swap, reference_total * keep + total * swap
    high_cases, high_total = cases * keep + reference_cases * swap, total * keep + reference_total * swap
    # Count misses instead of cases if that brings s nearer to its end: then s and 1 − s − gap are both precise.
    over = _likelihood_cubic(low_cases, low_total, high_cases, high_total, gap, (1 - gap) / 2) > 0
    under = 1 - over
    low_cases, high_cases = (
        low_cases * under + (high_total - high_cases) * over,
        high_cases * under + (low_total - low_cases) * over,
    )
    low_total, high_total = low_total * under + high_total * over, high_total * under + low_total * over
    rate = _lower_restricted_rate(low_cases, low_total, high_cases, high_total, gap)
    high_rate, high_miss = rate + gap, arithmetic.maximum(1 - gap - rate, 0.0)
    variance = (rate * (1 - rate) / low_total + high_rate * high_miss / high_total) * everyone / (everyone - 1)
    z: Number = (cases / total - reference_cases / reference_total - limit) / (arithmetic.sqrt(variance) + _TINY)
    return z


def _coefficients(
    low_cases: Number, low_total: Number, high_cases: Number, high_total: Number, gap: Number
) -> tuple[Number, Number, Number]:
    """Of s², s and 1 in the likelihood cubic, divided by that of s³, which is N."""
    everyone, selected = low_total + high_total, low_cases + high_cases
    square = (high_total + 2 * low_total) * gap - everyone - selected
    linear = (low_total * gap - everyone - 2 * low_cases) * gap + selected
    constant = low_cases * gap * (1 - gap)
    return square / everyone, linear / everyone, constant / everyone


def _likelihood_cubic(
    low_cases: Number, low_total: Number, high_cases: Number, high_total: Number, gap: Number, rate: Number
) -> Number:
    """Miettinen and Nurminen's cubic, of the sign of the likelihood's slope between 0 and 1 − gap."""
    square, linear, constant = _coefficients(low_cases, low_total, high_cases, high_total, gap)
    return ((rate + square) * rate + linear) * rate + constant


def _lower_restricted_rate(
    low_cases: Number, low_total: Number, high_cases: Number, high_total: Number, gap: Number
) -> Number:
    """The cubic's middle root: one root is at most 0, one lies in [0, 1 − gap] and one beyond.

    Their cosine formula loses half the digits of the middle root where the lower two nearly meet, which with a group
    of one against a million changes z by 5%. The largest root never suffers: the other two follow from their sum
    and product with it.
    """
    arithmetic = _arithmetic(gap)
    square, linear, constant = _coefficients(low_cases, low_total, high_cases, high_total, gap)
    shift = square / 3
    turn = shift * shift * shift - linear * square / 6 + constant / 2
    spread = arithmetic.sqrt(arithmetic.maximum(shift * shift - linear / 3, 0.0)) + _TINY_ROOT
    cosine = arithmetic.minimum(arithmetic.maximum(-turn / (spread * spread * spread), -1.0), 1.0)
    largest = 2 * spread * arithmetic.cos(arithmetic.acos(cosine) / 3) - shift
    product = -constant / largest
    total = (linear - product) / largest
    root = arithmetic.sqrt(total * total - 4 * product)
    middle: Number = _root_sum(root, total, -4 * product) / 2
    return middle


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
